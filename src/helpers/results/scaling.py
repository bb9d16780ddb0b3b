"""Measure the losses of models of many sizes: python -m helpers.results.scaling

Writes scaling.json after every size: {"runs", "sweep", "settings"}.
runs: {kind, width, seed, rate, parameters, flops, taught, cpu_seconds, training_loss, loss, exact},
    exact: {k: share of runs of k characters that are all right}
sweep: {kind, width, rate, training_loss} of every learning rate that was tried with the first seed
About 40 minutes of one CPU core, shared among the cores; sizes that are there are not made again.
"""

import hashlib
import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from ..models import scaling, training
from . import versions, write

FILE = Path(__file__).with_suffix(".json")
SEEDS = (0, 1, 2)
LENGTHS = (1, 2, 4, 8, 16, 32)
# Adam's best learning rate falls as 1/width (Yang et al. 2022, arXiv:2203.03466): the search starts
# at these products of both, and goes on, times 2 or by 2, until the best has a worse on each side.
START = (0.4, 0.8)

Size = tuple[str, int]  # kind, width
Losses = dict[float, float]  # {product: training loss}


def sizes() -> list[Size]:
    """List the sizes, the slow ones first: they should not be what the others wait for."""
    every = [(kind, width) for kind in scaling.KINDS for width in scaling.WIDTHS[kind]]
    return sorted(every, key=lambda size: -size[1])


def next_product(losses: Losses) -> float | None:
    """Return what to try next; None once the best product lies between two worse ones."""
    best = min(losses, key=losses.__getitem__)
    low, high = min(losses), max(losses)
    return low / 2 if best == low else high * 2 if best == high else None


def searched(train: Callable[[float], Any], loss: Callable[[Any], float]) -> dict[float, Any]:
    """Return {product: what train(product) gave} of all that the search tried."""
    found = {product: train(product) for product in START}
    while product := next_product({p: loss(run) for p, run in found.items()}):
        found[product] = train(product)
    return found


def run(size: Size, seed: int, rate: float, data: scaling.Corpus, steps: int) -> dict[str, Any]:
    """Train one model and test it."""
    kind, width = size
    model = scaling.new(kind, width, len(data.characters), seed)
    flops = training.step_flops(model, scaling.next_batch(kind, data, seed)())
    started = time.process_time()
    trained = training.train(model, scaling.next_batch(kind, data, seed), steps, rate)
    cpu_seconds = time.process_time() - started
    loss, hits = scaling.exam(model, kind, data)
    return {
        "kind": kind,
        "width": width,
        "seed": seed,
        "rate": rate,
        "parameters": training.parameter_count(model),
        "flops": flops * steps,
        "taught": scaling.characters_with_loss(kind) * scaling.BATCH_SIZE * steps,
        "cpu_seconds": round(cpu_seconds),
        "training_loss": round(trained.mean_loss(50), 4),
        "loss": round(loss, 4),
        "exact": {str(k): round(scaling.exact_match(hits, k), 5) for k in LENGTHS},
    }


def made(size: Size, data: scaling.Corpus, steps: int) -> dict[str, list[dict[str, Any]]]:
    """Search the learning rate with the first seed, by the training loss; run the other seeds."""
    first = searched(
        lambda product: run(size, SEEDS[0], product / size[1], data, steps),
        lambda result: result["training_loss"],
    )
    best = min(first.values(), key=lambda result: result["training_loss"])
    others = [run(size, seed, best["rate"], data, steps) for seed in SEEDS[1:]]
    keys = ("kind", "width", "rate", "training_loss")
    tried = [{key: first[product][key] for key in keys} for product in sorted(first)]
    return {"runs": [best, *others], "sweep": tried}


def settings(said: str, data: scaling.Corpus, steps: dict[str, int]) -> dict[str, Any]:
    """Return what the results depend on."""
    return {
        "text": "pydoc_data.topics",
        "sha256": hashlib.sha256(said.encode()).hexdigest(),
        "characters": len(said),
        "different_characters": len(data.characters),
        "test_characters": len(data.test) - scaling.READ,
        "steps": steps,
        "layers": scaling.LAYERS,
        "batch_size": scaling.BATCH_SIZE,
        "read": scaling.READ,
        "written": scaling.WRITTEN,
        "versions": versions(),
    }


def _work(task: tuple[Size, scaling.Corpus, int]) -> dict[str, list[dict[str, Any]]]:
    torch.set_num_threads(1)
    return made(*task)


def results(tasks: list, jobs: int) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Yield each size's results as soon as they are there."""
    if jobs == 1:
        yield from map(_work, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_work, tasks)


def main(
    path: Path = FILE,
    steps: dict[str, int] = scaling.STEPS,
    jobs: int | None = None,
    say: Callable[[str], None] = print,
) -> int:
    """Run all sizes, in several processes, and write the results after each."""
    said = scaling.text()
    data = scaling.corpus(said)
    kept = settings(said, data, steps)
    old = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    same = old.get("settings") == kept
    runs, sweep = (old["runs"], old["sweep"]) if same else ([], [])
    done = {(r["kind"], r["width"]) for r in runs}
    tasks = [(size, data, steps[size[0]]) for size in sizes() if size not in done]
    for made_now in results(tasks, jobs or multiprocessing.cpu_count()):
        runs, sweep = runs + made_now["runs"], sweep + made_now["sweep"]
        for rows in (runs, sweep):
            rows.sort(key=lambda r: (r["kind"], r["width"], r.get("seed", 0), r["rate"]))
        write(path, {"runs": runs, "sweep": sweep, "settings": kept})
        say(str(made_now["runs"][0]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
