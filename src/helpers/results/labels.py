"""How much do few labels teach?  Fine-tuning over many seeds: python -m helpers.results.labels

Writes labels.json: {task: {lang: {model: {measure: {labels: [score of each seed]}}}}}, and under
"settings" how it was made.  About 8 minutes of one CPU core (OMP_NUM_THREADS=1).
"""

import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import transformers

from .. import decoder, encoder, finetune
from ..say import LANGUAGES

LABELS, SEEDS, TEST_ITEMS = (10, 30, 100, 400), range(8), 300
MEASURES = {  # of a name's characters: does it open the sentence, was the word ever labelled?
    "opening": ("opening", False),
    "later": ("later", False),
    "opening_new": ("opening", True),
    "later_new": ("later", True),
}

Scores = dict[str, float]


def bodies() -> dict[str, Any]:
    """{model: what is loaded before fine-tuning}"""
    return {"encoder": encoder.load(), "scratch": None, "decoder": decoder.load()}


def names(model: str, body: Any, lang: str, n: int, seed: int, steps: int | None = None) -> Scores:
    """A tagger with n labelled sentences: accuracy for each of MEASURES."""
    causal = model == "decoder"
    tagger = (finetune.causal_tagger if causal else finetune.tagger)(body, seed)
    tokens = (decoder if causal else encoder).TOKENIZER
    rows = finetune.tag_rows(finetune.named(lang, n, seed), lang, tokens)
    finetune.tune(tagger, rows, seed, steps or finetune.STEPS)
    found = {}
    for measure, (asked, new) in MEASURES.items():
        test = finetune.named(lang, TEST_ITEMS, "test", new)
        found[measure] = finetune.score(tagger, finetune.tag_rows(test, lang, tokens, asked))
    return found


def feelings(
    model: str, body: Any, lang: str, n: int, seed: int, steps: int | None = None
) -> Scores:
    """A classifier with n labelled sentences: accuracy for ways of saying it never saw."""
    classifier = finetune.classifier(body, seed)
    rows = finetune.class_rows(finetune.stories(n, seed), lang)
    finetune.tune(classifier, rows, seed, steps or finetune.STEPS)
    test = finetune.stories(TEST_ITEMS, "test", "test")
    seen = finetune.stories(TEST_ITEMS, "seen")
    return {
        "new": finetune.score(classifier, finetune.class_rows(test, lang)),
        "seen": finetune.score(classifier, finetune.class_rows(seen, lang)),
    }


def story(model: str, body: Any, lang: str, n: int, seed: int, steps: int | None = None) -> Scores:
    """The same with all three sentences of the story, of which only the last one tells."""
    classifier = finetune.classifier(body, seed)
    rows = finetune.class_rows(finetune.stories(n, seed), lang, whole=True)
    finetune.tune(classifier, rows, seed, steps or finetune.STEPS)
    test = finetune.class_rows(finetune.stories(TEST_ITEMS, "test", "test"), lang, whole=True)
    return {"new": finetune.score(classifier, test)}


TASKS: dict[str, tuple[Callable[..., Scores], tuple[str, ...], tuple[int, ...]]] = {
    "names": (names, ("encoder", "scratch", "decoder"), LABELS),
    "feelings": (feelings, ("encoder", "scratch"), LABELS),
    "story": (story, ("encoder", "scratch"), LABELS[-1:]),
}


def runs() -> Iterator[tuple[str, str, str, int]]:
    """(task, lang, model, labels)"""
    for task, (_, models, labels) in TASKS.items():
        for lang in LANGUAGES:
            yield from ((task, lang, model, n) for model in models for n in labels)


def measure(steps: int | None = None, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Everything, for all seeds."""
    loaded = bodies()
    found: dict[str, dict] = {task: {} for task in TASKS}
    started = time.process_time()
    for task, lang, model, n in runs():
        table: dict[str, Any] = found[task].setdefault(lang, {}).setdefault(model, {})
        for seed in SEEDS:
            scores = TASKS[task][0](model, loaded[model], lang, n, seed, steps)
            for name, value in scores.items():
                table.setdefault(name, {}).setdefault(str(n), []).append(round(value, 4))
        say(f"{task} {lang} {model} {n}: {table}")
    return found | {"settings": settings(steps or finetune.STEPS, time.process_time() - started)}


def settings(steps: int, cpu_seconds: float) -> dict[str, Any]:
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    return {
        "steps": steps,
        "batch_size": finetune.BATCH_SIZE,
        "learning_rate": finetune.LEARNING_RATE,
        "labels": list(LABELS),
        "seeds": list(SEEDS),
        "test_items": TEST_ITEMS,
        "cpu_seconds": round(cpu_seconds),
        "versions": versions | {"transformers": transformers.__version__},
    }


def main(out: Path | None = None) -> int:
    out = out or Path(__file__).with_suffix(".json")
    text = json.dumps(measure(), indent=1) + "\n"
    part = out.with_name(out.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*map(Path, sys.argv[1:2])))
