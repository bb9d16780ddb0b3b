"""Copying with one layer and with two, for longer than lesson 05 trains.

    python -m helpers.results.induction

Writes induction.json after every run: {"runs": [{layers, steps, seed, accuracy: {length: share}}],
"lengths", "versions"}.  About 4 minutes of one CPU core (OMP_NUM_THREADS=1).
"""

import itertools
from pathlib import Path
from typing import Any

from .. import induction, training
from . import versions, write

FILE = Path(__file__).with_suffix(".json")
LENGTHS = (6, 9, 12, 14, 16, 20)
STEPS, SEEDS = (600, 2400), (0, 1, 2)


def run(layers: int, steps: int, seed: int) -> dict[str, Any]:
    """Train one model as the lesson does, and mark it at every length."""
    model = induction.new(layers, seed)
    training.train(model, induction.next_batch(seed), steps, induction.LEARNING_RATE)
    accuracy = {str(n): round(induction.accuracy(model, n), 4) for n in LENGTHS}
    return {"layers": layers, "steps": steps, "seed": seed, "accuracy": accuracy}


def main(path: Path = FILE) -> int:
    kept: dict[str, Any] = {"runs": [], "lengths": list(LENGTHS), "versions": versions()}
    for layers, steps, seed in itertools.product((1, 2), STEPS, SEEDS):
        kept["runs"].append(run(layers, steps, seed))
        write(path, kept)
        print(kept["runs"][-1])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
