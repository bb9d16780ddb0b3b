"""Train the models that ship with the course, and write their weights and card.json.

    python -m helpers.results.make_checkpoints [NAME …] [--seed N] [--out FOLDER]

NAME: encoder, pretrained, decoder, encoder_decoder, never_negated, span_corruption (default: all;
15 minutes of one CPU core).  The card says how each was trained and how it does, before and after
its weights are rounded to fp16.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..models import checkpoints, decoder, encoder, encoder_decoder, pretrained, training, transfer
from ..world import corpus, samples
from ..world.corpus import LANGUAGES
from . import versions, write

FOLDER = Path(checkpoints.__file__).parent
MODULES: dict[str, Any] = {
    "encoder": encoder,
    "pretrained": pretrained,  # the encoder on more text, to be fine-tuned
    "decoder": decoder,
    "encoder_decoder": encoder_decoder,
    "never_negated": encoder_decoder,  # trained without the negations of some adjectives
    "span_corruption": transfer,  # has filled in what was missing, and done no task
}


def trained(name: str, seed: int = 0, steps: int | None = None) -> tuple[Any, dict[str, Any]]:
    """Train a model from scratch; return it and what is to be said of the training."""
    module = MODULES[name]
    model, steps = module.new(seed), steps or module.STEPS
    data = training_data(name, seed)
    flops = training.step_flops(model, module.next_batch(data, seed)())
    started = time.process_time()
    run = training.train(model, module.next_batch(data, seed), steps, module.LEARNING_RATE)
    return model, {
        "class": type(model).__name__,
        "parameters": training.parameter_count(model),
        "seed": seed,
        "steps": steps,
        "batch_size": module.BATCH_SIZE,
        "learning_rate": module.LEARNING_RATE,
        "training_flops": flops * steps,
        "cpu_seconds": round(time.process_time() - started),
        "loss": round(run.mean_loss(), 4),
    }


def training_data(name: str, seed: int) -> Any:
    """Return the rows or examples that a model is trained on."""
    module = MODULES[name]
    if module is not encoder_decoder:
        return module.rows(seed=seed)
    withheld = encoder_decoder.NEVER_NEGATED if name == "never_negated" else ()
    return encoder_decoder.examples(seed=seed, never_negated=withheld)


def scores(name: str, model: Any) -> dict[str, Any]:
    """Measure a model on held-out (person, place) pairs, with 200 items a cell or a task."""
    if MODULES[name] is encoder_decoder:
        test = encoder_decoder.examples(100, seed=99, split="test")
        return {"exact_match": encoder_decoder.exact_match(model, test)}
    if MODULES[name] is transfer:
        filled = transfer.scores(model, transfer.rows(200, "test"))
        return {"filled": {score: round(value, 4) for score, value in filled.items()}}
    guess = MODULES[name].guesses
    cells = corpus.grade(lambda events, slot, lang: guess(model, events, slot, lang))
    found: dict[str, Any] = {"cells": {" ".join(cell): share for cell, share in cells.items()}}
    if name == "decoder":
        found["valid"] = {lang: valid(decoder.sample(model, lang, 200), lang) for lang in LANGUAGES}
    return found


def valid(texts: list[str], lang: str) -> float:
    """Return the share of the texts that are sentences of the mini world."""
    judged = samples.judge(texts, lang, known=())
    return judged.valid / judged.texts


def make(name: str, seed: int, folder: Path) -> dict[str, Any]:
    """Train a model, write NAME.safetensors and load it again; return its entry of card.json."""
    model, entry = trained(name, seed)
    before = scores(name, model)
    (folder / f"{name}.safetensors").write_bytes(checkpoints.as_bytes(model))
    shipped = checkpoints.load_into(MODULES[name].new(), name, folder)
    after = {"as_shipped": scores(name, shipped), "versions": versions()}
    return entry | {"as_trained": before} | after


def main(arguments: list[str] | None = None, say: Callable[[str], None] = print) -> int:
    """Make the named checkpoints, or all, and add them to card.json."""
    parser = argparse.ArgumentParser(prog="python -m helpers.results.make_checkpoints")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MODULES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=FOLDER, help="default: %(default)s")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(MODULES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(MODULES)}")
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or MODULES:
        say(f"{name}: {MODULES[name].STEPS} steps …")
        add_to_card(options.out / "card.json", name, make(name, options.seed, options.out))
        say(f"{name}: written to {options.out}")
    return 0


def add_to_card(path: Path, name: str, entry: dict[str, Any]) -> None:
    """Add entries to card.json; the others stay, and an interruption leaves the old file."""
    card = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    write(path, card | {name: entry})


if __name__ == "__main__":
    raise SystemExit(main())
