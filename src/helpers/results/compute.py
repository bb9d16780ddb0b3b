"""Train the size that D = 20 N asks for, with the FLOPs of results/scaling.py's largest decoder.

    python -m helpers.results.compute

Writes compute.json: {"runs": those of results/scaling.py, with "steps"}.
C = 6 N D and D = 20 N (Hoffmann et al. 2022, §3) give N = √(C / 120); WIDTH is the nearest multiple
of a head's 16 below it.  About 6 minutes of one CPU core (OMP_NUM_THREADS=1).
"""

import json
from pathlib import Path
from typing import Any

from ..models import scaling, training
from . import load, versions, write
from .scaling import run

FILE = Path(__file__).with_suffix(".json")
SEEDS, WIDTH, PRODUCT = (0, 1, 2), 80, 0.8  # PRODUCT: learning rate × width, best at 64 and 112
PER_PARAMETER = 20  # tokens


def best_size(flops: float, tokens: float = PER_PARAMETER) -> float:
    """Return the N of C = 6 N D, D = tokens × N."""
    return (flops / (6 * tokens)) ** 0.5


def steps_for(flops: float, data: scaling.Corpus) -> int:
    """Return how many steps of the model of WIDTH cost as many FLOPs."""
    model = scaling.new("decoder", WIDTH, len(data.characters))
    batch = scaling.next_batch("decoder", data)()
    return round(flops / training.step_flops(model, batch))


def main(path: Path = FILE) -> int:
    """Make the runs that are not there, with the FLOPs of the largest shipped decoder."""
    data = scaling.corpus(scaling.text())
    flops = max(r["flops"] for r in load("scaling")["runs"] if r["kind"] == "decoder")
    runs: list[dict[str, Any]] = []
    if path.is_file():
        runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
    steps = steps_for(flops, data)
    for seed in SEEDS[len(runs) :]:
        made = run(("decoder", WIDTH), seed, PRODUCT / WIDTH, data, steps)
        runs.append(made | {"steps": steps})
        write(path, {"runs": runs, "versions": versions()})
        print(runs[-1], flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
