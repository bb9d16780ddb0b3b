"""Losses of decoders and encoder-decoders of many sizes: python -m helpers.results.scaling

Writes scaling.json after every model: {"runs": [{kind, width, layers, seed, parameters, flops,
loss, accuracy, exact}], "settings"}.  exact: {k: share of runs of k characters that are all right}.
About 10 minutes of one CPU core (OMP_NUM_THREADS=1); what is already there is not trained again.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .. import scaling, training
from . import versions, write

FILE = Path(__file__).with_suffix(".json")
SEEDS = (0, 1)
LENGTHS = (1, 2, 4, 8, 16, 32)

Plan = tuple[int, str, int, int]  # seed, kind, width, layers


def plans() -> Iterator[Plan]:
    """Every size with the first seed; all but the two largest with the others."""
    for seed in SEEDS:
        for kind in scaling.KINDS:
            shapes = scaling.SHAPES[kind]
            yield from ((seed, kind, *shape) for shape in (shapes if seed == 0 else shapes[:-2]))


def run(plan: Plan, data: scaling.Corpus, steps: int = scaling.STEPS) -> dict[str, Any]:
    """Train one model and mark it."""
    seed, kind, width, layers = plan
    model = scaling.new(kind, width, layers, len(data.characters), seed)
    flops = training.step_flops(model, scaling.next_batch(kind, data, seed)())
    started = time.process_time()
    rate = scaling.learning_rate(kind, width)
    trained = training.train(model, scaling.next_batch(kind, data, seed), steps, rate)
    cpu_seconds = time.process_time() - started
    loss, hits = scaling.exam(model, kind, data)
    return {
        "kind": kind,
        "width": width,
        "layers": layers,
        "seed": seed,
        "parameters": training.parameter_count(model),
        "flops": flops * steps,
        "taught": scaling.taught(kind) * scaling.BATCH_SIZE * steps,
        "cpu_seconds": round(cpu_seconds),
        "training_loss": round(trained.mean_loss(50), 4),
        "loss": round(loss, 4),
        "exact": {str(k): round(scaling.exact_match(hits, k), 5) for k in LENGTHS},
    }


def settings(said: str, data: scaling.Corpus, steps: int) -> dict[str, Any]:
    return {
        "text": "pydoc_data.topics",
        "sha256": hashlib.sha256(said.encode()).hexdigest(),
        "characters": len(said),
        "different_characters": len(data.characters),
        "test_characters": len(data.test) - scaling.READ,
        "steps": steps,
        "batch_size": scaling.BATCH_SIZE,
        "read": scaling.READ,
        "written": scaling.WRITTEN,
        "versions": versions(),
    }


def main(path: Path = FILE, steps: int = scaling.STEPS, say: Callable[[str], None] = print) -> int:
    said = scaling.text()
    data = scaling.corpus(said)
    made = settings(said, data, steps)
    old = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    runs = old["runs"] if old.get("settings") == made else []
    done = {(r["seed"], r["kind"], r["width"], r["layers"]) for r in runs}
    for plan in plans():
        if plan not in done:
            runs.append(run(plan, data, steps))
            write(path, {"runs": runs, "settings": made})
            say(str(runs[-1]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
