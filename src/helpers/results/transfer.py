"""Translation from a few pairs: after span corruption, after other pre-training, and from scratch.

    python -m helpers.results.transfer [ARM …]

Writes transfer.json after every run: {"runs", "settings"}; runs that are there are not made again.
runs: {arm, pairs, seed, rate, step, valid, test, cpu_seconds}, with valid and test as
transfer.scores returns them, at the step where valid is best.  For each arm the learning rate goes
on, times 2 or by 2, until the best lies between two worse ones (TRIED pairs, first seed, by valid);
valid: other trained (person, place) pairs; test: held-out ones.  Each seed draws other pairs and
batches.  About 25 minutes of one CPU core (OMP_NUM_THREADS=1), 3 of them for each pre-training.
"""

import copy
import functools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..models import training, transfer
from . import versions, write
from .scaling import next_product

FILE = Path(__file__).with_suffix(".json")
SEEDS, TRIED, START = range(3), 100, (1e-3, 2e-3)
STEPS, EVERY, ASKED = 600, 100, 100
COUNTS = {  # arm -> pairs
    "scratch": (100, 30, 300, 1000),
    "told_twice": (100, 30, 300, 1000),
    "unrelated": (100,),
    "shuffled": (100,),
}

Entry = dict[str, Any]


@functools.cache
def pretrained(arm: str) -> Any:
    """Return the model that an arm's runs start from; None: each from random weights of its own."""
    if arm in ("scratch", "told_twice"):
        return transfer.load() if arm == "told_twice" else None
    model = transfer.new()
    batch = transfer.next_batch(transfer.rows(kind=arm))
    training.train(model, batch, transfer.STEPS, transfer.LEARNING_RATE)
    return model


def rounded(scores: dict[str, float]) -> dict[str, float]:
    """Round to four digits."""
    return {name: round(value, 4) for name, value in scores.items()}


def run(arm: str, pairs: int, seed: int, rate: float, steps: int = STEPS) -> Entry:
    """Learn some pairs; test the model at the step where it does best on valid."""
    body, started = pretrained(arm), time.process_time()
    model = transfer.new(seed) if body is None else copy.deepcopy(body)
    valid, test = transfer.pairs(ASKED, "valid"), transfer.pairs(ASKED, "test", "test")
    seen: list[Entry] = []

    def look(step: int) -> None:
        if step % EVERY == 0:
            found = {"step": step, "valid": rounded(transfer.scores(model, valid))}
            seen.append(found | {"test": rounded(transfer.scores(model, test))})
            model.train()

    transfer.learn(model, transfer.pairs(pairs, f"pairs {seed}"), steps, rate, seed, look)
    best = max(seen, key=lambda at: (at["valid"]["exact"], -at["valid"]["loss"]))
    named = {"arm": arm, "pairs": pairs, "seed": seed, "rate": rate}
    return named | best | {"cpu_seconds": round(time.process_time() - started)}


def tried(runs: list[Entry], arm: str) -> dict[float, float]:
    """Return {rate: share of valid that is wrong} of the search for an arm."""
    return {
        run["rate"]: 1 - run["valid"]["exact"]
        for run in runs
        if (run["arm"], run["pairs"], run["seed"]) == (arm, TRIED, SEEDS[0])
    }


def chosen(runs: list[Entry], arm: str) -> float:
    """Return the rate that does best on valid."""
    errors = tried(runs, arm)
    return min(errors, key=errors.__getitem__)


def left(runs: list[Entry], arm: str) -> Iterator[tuple[int, int, float]]:
    """Yield (pairs, seed, rate) of what is still to be run; runs: grows meanwhile."""
    for rate in START:
        if rate not in tried(runs, arm):
            yield TRIED, SEEDS[0], rate
    while rate := next_product(tried(runs, arm)):
        yield TRIED, SEEDS[0], rate
    done = {(r["pairs"], r["seed"]) for r in runs if r["arm"] == arm}
    for pairs in COUNTS[arm]:
        for seed in SEEDS:
            if (pairs, seed) not in done:
                yield pairs, seed, chosen(runs, arm)


def share(runs: list[Entry], arm: str, pairs: int, score: str = "exact") -> list[float]:
    """Return a score on test, of one seed after the other, with the arm's chosen rate."""
    of = arm, pairs, chosen(runs, arm)
    return [r["test"][score] for r in runs if (r["arm"], r["pairs"], r["rate"]) == of]


def main(arms: list[str], path: Path = FILE) -> int:
    """Make what is missing of the named arms, or of all."""
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    settings = {"steps": STEPS, "asked": ASKED, "batch_size": transfer.PAIRS_A_BATCH}
    for arm in arms or COUNTS:
        for pairs, seed, rate in left(runs, arm):
            entry = run(arm, pairs, seed, rate)
            runs.append(entry)
            runs.sort(
                key=lambda r: (list(COUNTS).index(r["arm"]), r["pairs"], r["seed"], r["rate"])
            )
            write(path, {"runs": runs, "settings": settings | {"versions": versions()}})
            print(entry, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
