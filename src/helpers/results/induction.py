"""Train copying with two layers as lesson 04 does, and with one layer four times as long.

    python -m helpers.results.induction

Writes induction.json after every run: {"runs": [{layers, steps, seed, accuracy: {length: share}}],
"lengths", "versions"}; runs that are there are not made again.  About 2 minutes of one CPU core
(OMP_NUM_THREADS=1).
"""

import json
from pathlib import Path
from typing import Any

from ..models import induction, training
from . import versions, write

FILE = Path(__file__).with_suffix(".json")
LENGTHS = (6, 9, 12, 14, 16, 20)
STEPS, SEEDS = {1: 2000, 2: induction.STEPS}, (0, 1, 2)  # {layers: steps}


def run(layers: int, steps: int, seed: int) -> dict[str, Any]:
    """Train one model as the lesson does, and test it at every length."""
    model = induction.new(layers, seed)
    training.train(model, induction.next_batch(seed), steps, induction.LEARNING_RATE)
    accuracy = {str(n): round(induction.accuracy(model, n), 4) for n in LENGTHS}
    return {"layers": layers, "steps": steps, "seed": seed, "accuracy": accuracy}


def main(path: Path = FILE, most: int = 99) -> int:
    """Make the runs that are not there, at most so many."""
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    done = {(made["layers"], made["steps"], made["seed"]) for made in runs}
    planned = [(layers, steps, seed) for layers, steps in STEPS.items() for seed in SEEDS]
    for task in [task for task in planned if task not in done][:most]:
        runs.append(run(*task))
        write(path, {"runs": runs, "lengths": list(LENGTHS), "versions": versions()})
        print(runs[-1], flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
