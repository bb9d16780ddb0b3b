"""Train a decoder on the tasks of lesson 05, in which it never summarises in Chinese.

    python -m helpers.results.prompted

Writes prompted.json after every seed: what it answers on pairs of person and place that it has not
seen, by task and language.  About 9 minutes of one CPU core (OMP_NUM_THREADS=1).
"""

import time
from pathlib import Path
from typing import Any

from ..models import checkpoints, prompted, training
from ..world import corpus
from . import versions, write

FILE = Path(__file__).with_suffix(".json")
SEEDS = (0, 1, 2)
N_TEST = 100


def budget() -> int:
    """Return the training FLOPs of lesson 03's encoder."""
    return checkpoints.card()["encoder"]["training_flops"]


def run(seed: int = 0, flops: int | None = None) -> dict[str, Any]:
    """Train one decoder for as many steps as the budget allows, and test it."""
    model, data = prompted.new(seed), prompted.examples(seed=seed)
    first = prompted.next_batch(data, seed)
    batches = [first() for _ in range(20)]
    each = sum(training.step_flops(model, batch) for batch in batches) // len(batches)
    taught = sum(int((batch["labels"] != -100).sum()) for batch in batches) / len(batches)
    steps = round((flops or budget()) / each)
    started = time.process_time()
    trained = training.train(model, prompted.next_batch(data, seed), steps, prompted.LEARNING_RATE)
    cpu_seconds = round(time.process_time() - started)
    return {
        "model": "decoder",
        "seed": seed,
        "parameters": training.parameter_count(model),
        "steps": steps,
        "training_flops": each * steps,
        "taught": round(taught * steps),
        "cpu_seconds": cpu_seconds,
        "loss": round(trained.mean_loss(), 4),
        **marked(model),
    }


def marked(model: Any, n: int = N_TEST) -> dict[str, Any]:
    """Return {"exact": {"task lang": share}, "withheld": answers to the question never asked}.

    withheld: beside the answer, the summary wanted, its Japanese, and what the model writes when it
    shall translate that Japanese: the same sentence, by a task that it was taught.
    """
    test = prompted.asked(n, seed=99, split="test")
    got = prompted.answer(model, [example.source for example in test])
    right: dict[str, list[bool]] = {}
    for example, text in zip(test, got, strict=True):
        right.setdefault(f"{example.task} {example.lang}", []).append(text == example.target)
    exact = {name: sum(hits) / len(hits) for name, hits in right.items()}
    answers = [a for e, a in zip(test, got, strict=True) if (e.task, e.lang) == prompted.WITHHELD]
    return {"exact": exact, "withheld": withheld_rows(model, prompted.retold(test)[::2], answers)}


def withheld_rows(model: Any, into_chinese: list[Any], answers: list[str]) -> list[dict[str, str]]:
    """Return one row a withheld question.

    into_chinese: its summary as a translation from Japanese
    """
    translated = prompted.answer(model, [example.source for example in into_chinese])
    rows = []
    for example, answer, translation in zip(into_chinese, answers, translated, strict=True):
        japanese = example.source.removeprefix(corpus.prompt("to_zh_tw", prompted.ASKING, ""))
        row = {"target": example.target, "answer": answer}
        rows.append(row | {"japanese": japanese, "translated": translation})
    return rows


def main(path: Path = FILE, flops: int | None = None) -> int:
    """Run every seed, and write the results after each."""
    kept = {"withheld": list(prompted.WITHHELD), "test_items": N_TEST, "versions": versions()}
    runs: list[dict[str, Any]] = []
    for seed in SEEDS:
        runs.append(run(seed, flops))
        write(path, kept | {"runs": runs})
        print(seed, runs[-1]["exact"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
