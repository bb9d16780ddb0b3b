"""Teach the decoder of lesson 04 to answer, three kinds of questions of four.

    python -m helpers.results.assistant

Writes assistant.json after every run: {"runs": [{seed, model, exact: {task: share}, valid,
text_loss}], "base": the same of the shipped decoder}.  model: "tuned" (questions alone), "mixed"
(as many questions, and every second batch is of plain sentences).  About 3 minutes of one CPU core
(OMP_NUM_THREADS=1).
"""

import itertools
import json
import time
from pathlib import Path
from typing import Any

from ..models import assistant, decoder, training
from ..world import corpus
from . import versions, write

FILE = Path(__file__).with_suffix(".json")
SEEDS, N_TEST, N_TRAIN = (0, 1, 2), 50, 2000
MODELS = ("tuned", "mixed")


def trained(name: str, seed: int) -> Any:
    """Train one model, which starts as the shipped decoder."""
    model = decoder.load()
    asked = assistant.questions(N_TRAIN, seed, tasks=assistant.TAUGHT)
    batches, steps = assistant.next_questions(asked, seed), assistant.STEPS
    turns = itertools.cycle((batches,))
    if name == "mixed":
        sentences = decoder.next_batch(decoder.rows(seed=seed), seed)
        turns, steps = itertools.cycle((sentences, batches)), 2 * steps
    training.train(model, lambda: next(turns)(), steps, assistant.LEARNING_RATE)
    return model


def run(name: str, seed: int) -> dict[str, Any]:
    """Train and test one model."""
    started = time.process_time()
    model = trained(name, seed)
    seconds = round(time.process_time() - started)
    return {"seed": seed, "model": name, "cpu_seconds": seconds} | marked(model)


def marked(model: Any, n: int = N_TEST) -> dict[str, Any]:
    """Return what a model answers, writes and expects, on pairs of person and place never seen."""
    events = corpus.drawn(4 * n, 7, "test")
    exact = assistant.share_right(model, assistant.questions(n, 99, "test"))
    loss = round(assistant.text_loss(model, events), 4)
    return {"exact": exact, "valid": assistant.share_valid(model), "text_loss": loss}


def main(path: Path = FILE) -> int:
    """Make the runs that are not there, and write after each."""
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    kept = {"test_items": N_TEST, "versions": versions(), "base": marked(decoder.load())}
    for seed in SEEDS:
        for name in MODELS:
            if not any((r["seed"], r["model"]) == (seed, name) for r in runs):
                runs.append(run(name, seed))
                write(path, kept | {"runs": runs})
                print(runs[-1], flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
