"""Translation from a few pairs: after span corruption of three kinds of text, and from scratch.

    python -m helpers.results.transfer

Writes transfer.json after every run: {"runs", "settings"}; runs that are there are not made again.
runs: {arm, pairs, seed, rate, step, valid, test, cpu_seconds}, with valid and test as
transfer.scores returns them, at the step where valid is best.  For each arm the learning rate goes
on, times 2 or by 2, until the best lies between two worse ones (TRIED pairs, first seed, by valid);
valid: other trained (person, place) pairs; test: held-out ones.  Each seed draws other pairs and
batches, and is pre-trained on its own: other texts, batches and first weights.  About 35 minutes of
one CPU core (OMP_NUM_THREADS=1); seed 0 of told_twice ships as checkpoints/span_corruption.
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
TRIED, START = 100, (1e-3, 2e-3)  # pairs and learning rates of the search
STEPS, EVERY, ASKED = 600, 100, 100
SEEDS = {100: 3, 300: 1, 30: 1}  # pairs -> seeds
CONTROLS = {TRIED: SEEDS[TRIED]}
ARMS = {"scratch": SEEDS, "told_twice": SEEDS, "unrelated": CONTROLS, "shuffled": CONTROLS}

Entry = dict[str, Any]


@functools.lru_cache(maxsize=1)  # a model that runs copy
def pretrained(text: str, seed: int) -> Any:
    """Pre-train on a kind of text, as make_checkpoints does."""
    if (text, seed) == ("told_twice", 0):
        return transfer.load()
    model = transfer.new(seed)
    batch = transfer.next_batch(transfer.rows(seed=seed, text=text), seed)
    training.train(model, batch, transfer.STEPS, transfer.LEARNING_RATE)
    return model


def start(arm: str, seed: int) -> Any:
    """Return the model that a run begins with."""
    return transfer.new(seed) if arm == "scratch" else copy.deepcopy(pretrained(arm, seed))


def rounded(scores: dict[str, float]) -> dict[str, float]:
    """Round to four digits."""
    return {name: round(value, 4) for name, value in scores.items()}


def run(arm: str, pairs: int, seed: int, rate: float, steps: int = STEPS) -> Entry:
    """Learn some pairs; test the model at the step where it does best on valid."""
    model, started = start(arm, seed), time.process_time()
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
        if (run["arm"], run["pairs"], run["seed"]) == (arm, TRIED, 0)
    }


def chosen(runs: list[Entry], arm: str) -> float:
    """Return the rate that does best on valid."""
    errors = tried(runs, arm)
    return min(errors, key=errors.__getitem__)


def left(runs: list[Entry], arm: str) -> Iterator[tuple[int, int, float]]:
    """Yield (pairs, seed, rate) of what is still to be run; runs: grows meanwhile."""
    for rate in START:
        if rate not in tried(runs, arm):
            yield TRIED, 0, rate
    while following := next_product(tried(runs, arm)):
        yield TRIED, 0, following
    done = {(r["pairs"], r["seed"]) for r in runs if r["arm"] == arm}
    for pairs, seeds in ARMS[arm].items():
        for seed in range(seeds):
            if (pairs, seed) not in done:
                yield pairs, seed, chosen(runs, arm)


def share(runs: list[Entry], arm: str, pairs: int, score: str = "exact") -> list[float]:
    """Return a score on test, of one seed after the other, with the arm's chosen rate."""
    of = arm, pairs, chosen(runs, arm)
    return [r["test"][score] for r in runs if (r["arm"], r["pairs"], r["rate"]) == of]


def main(path: Path = FILE) -> int:
    """Make the runs that are missing."""
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    settings = {"steps": STEPS, "asked": ASKED, "batch_size": transfer.PAIRS_A_BATCH}
    for arm in ARMS:
        for task in left(runs, arm):
            runs.append(run(arm, *task))
            print(runs[-1], flush=True)
            runs.sort(key=lambda r: (r["arm"], r["pairs"], r["seed"], r["rate"]))
            write(path, {"runs": runs, "settings": settings | {"versions": versions()}})
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*map(Path, sys.argv[1:2])))
