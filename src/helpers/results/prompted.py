"""One budget, the same tasks: a decoder and an encoder-decoder that never summarise in Chinese.

    python -m helpers.results.prompted

Writes prompted.json: what each answers on pairs of person and place that it has not seen, by task
and language.  About 6 minutes of one CPU core (OMP_NUM_THREADS=1).
"""

import time
from pathlib import Path
from typing import Any

from .. import checkpoints, encoder_decoder, prompted, training
from . import versions, write

MODELS: dict[str, Any] = {"decoder": prompted, "encoder_decoder": encoder_decoder}
N_TEST = 100


def budget() -> int:
    """The training FLOPs of lesson 02's encoder."""
    return checkpoints.card()["encoder"]["training_flops"]


def run(name: str, seed: int = 0, flops: int | None = None) -> dict[str, Any]:
    module = MODELS[name]
    model, data = module.new(seed), prompted.examples(seed=seed)
    first = module.next_batch(data, seed)
    batches = [first() for _ in range(20)]
    each = sum(training.step_flops(model, batch) for batch in batches) // len(batches)
    taught = sum(int((batch["labels"] != -100).sum()) for batch in batches) / len(batches)
    steps = round((flops or budget()) / each)
    started = time.process_time()
    trained = training.train(model, module.next_batch(data, seed), steps, module.LEARNING_RATE)
    cpu_seconds = round(time.process_time() - started)
    return {
        "model": name,
        "seed": seed,
        "parameters": training.parameter_count(model),
        "steps": steps,
        "training_flops": each * steps,
        "taught": round(taught * steps),
        "cpu_seconds": cpu_seconds,
        "loss": round(trained.mean_loss(), 4),
        **marked(model, module),
    }


def marked(model: Any, module: Any, n: int = N_TEST) -> dict[str, Any]:
    """{"exact": {"task lang": share}, "withheld": answers to the question never asked}"""
    test = encoder_decoder.examples(n, seed=99, split="test")
    got = module.answer(model, [example.source for example in test])
    right: dict[str, list[bool]] = {}
    withheld = []
    for example, text in zip(test, got, strict=True):
        right.setdefault(f"{example.task} {example.lang}", []).append(text == example.target)
        if (example.task, example.lang) == prompted.WITHHELD:
            withheld.append({"target": example.target, "answer": text})
    exact = {name: sum(hits) / len(hits) for name, hits in right.items()}
    return {"exact": exact, "withheld": withheld}


def main(path: Path | None = None, flops: int | None = None) -> int:
    runs = []
    for name in MODELS:
        runs.append(run(name, flops=flops))
        print({key: value for key, value in runs[-1].items() if key != "withheld"}, flush=True)
        kept = {"withheld": list(prompted.WITHHELD), "test_items": N_TEST, "versions": versions()}
        write(path or Path(__file__).with_suffix(".json"), kept | {"runs": runs})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
