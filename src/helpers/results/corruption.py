"""Train lesson 03's encoder with [MASK] alone, and by BERT's 80/10/10.

    python -m helpers.results.corruption

Writes corruption.json: {"runs": [{corruption, seed, hidden, visible, names: {lang: accuracy},
cpu_seconds}], "settings"}.  Both read the same batches with the same characters chosen, for as many
steps as the lesson itself trains.  hidden, visible: share of characters told right, behind [MASK]
and in plain sight.  names: fine-tuned on few labels, words that no label showed; opening and later
names averaged.  About one minute of one CPU core (OMP_NUM_THREADS=1).
"""

import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ..models import encoder, finetune, pretrained, training
from ..world import tokenizer
from ..world.corpus import LANGUAGES
from . import load, versions, write

CORRUPTIONS, SEEDS = ("mask", "80/10/10"), range(3)
STEPS, LABELS, TEST_ITEMS = 300, 10, 150
TRAINED, TESTED = 2_000, 100  # events, of which pretrained.rows makes three rows each

Batch = dict[str, torch.Tensor]


def eighty_ten_ten(batch: Batch, generator: torch.Generator) -> Batch:
    """Give back a tenth of the hidden characters, and put random ones in place of another tenth.

    batch: of encoder.mask   returns the same labels with other input_ids (Devlin et al. 2019, §3.1)
    """
    ids, labels = batch["input_ids"], batch["labels"]
    dice = torch.rand(ids.shape, generator=generator).where(labels != finetune.IGNORED, 0.5)
    characters = len(tokenizer.SPECIAL), len(pretrained.TOKENIZER)
    others = torch.randint(*characters, ids.shape, generator=generator)
    ids = torch.where(dice < 0.1, labels, ids)
    return batch | {"input_ids": torch.where(dice >= 0.9, others, ids)}


def next_batch(rows: torch.Tensor, corruption: str, seed: int) -> Callable[[], Batch]:
    """Make the batches for training.train; those of one seed hide the same characters."""
    hide = pretrained.next_batch(rows, seed)
    generator = torch.Generator().manual_seed(seed)
    return hide if corruption == "mask" else lambda: eighty_ten_ten(hide(), generator)


@torch.no_grad()
def told(model: Any, rows: torch.Tensor, rate: float) -> float:
    """Measure the share of characters that the model tells right.

    rate: how many of them are hidden, and asked for; 0: none is hidden, and all are asked for
    """
    batch = encoder.mask(rows, rate, torch.Generator().manual_seed(0))
    asked = batch.pop("labels") != finetune.IGNORED if rate else rows >= len(tokenizer.SPECIAL)
    return (model(**batch).logits.argmax(-1) == rows)[asked].float().mean().item()


def names(body: Any, lang: str, seed: int) -> float:
    """Measure a fine-tuned tagger on words that no label showed, as results/labels.py does."""
    pace = load("labels")["settings"]["chosen"]["names"]["pretrained"]
    tagger = finetune.tagger(body, seed)
    shown = finetune.named(lang, LABELS, seed)
    rows = finetune.tag_rows(shown, lang, pretrained.TOKENIZER)
    finetune.tune(tagger, rows, seed, pace["steps"], pace["learning_rate"])
    test = finetune.named(lang, TEST_ITEMS, "test", "never_labelled", test=True)
    asked = (finetune.tag_rows(test, lang, pretrained.TOKENIZER, a) for a in finetune.ASKED[1:])
    return sum(finetune.score(tagger, rows) for rows in asked) / len(finetune.ASKED[1:])


def run(corruption: str, seed: int, rows: torch.Tensor, test: torch.Tensor) -> dict[str, Any]:
    """Train one body and measure it."""
    started, body = time.process_time(), pretrained.new(seed)
    batches = next_batch(rows, corruption, seed)
    training.train(body, batches, STEPS, pretrained.LEARNING_RATE)
    found = {"hidden": told(body, test, 0.15), "visible": told(body, test, 0)}
    tagged = {lang: round(names(body, lang, seed), 4) for lang in LANGUAGES}
    measured = {name: round(share, 4) for name, share in found.items()} | {"names": tagged}
    seconds = round(time.process_time() - started)
    return {"corruption": corruption, "seed": seed} | measured | {"cpu_seconds": seconds}


def main(out: Path | None = None) -> int:
    """Measure everything, and write it as JSON."""
    rows, test = pretrained.rows(TRAINED), pretrained.rows(TESTED, seed=1)
    runs = [run(*task, rows, test) for task in itertools.product(CORRUPTIONS, SEEDS)]
    settings = {"steps": STEPS, "rate": encoder.MASK_RATE, "labels": LABELS, "versions": versions()}
    write(out or Path(__file__).with_suffix(".json"), {"runs": runs, "settings": settings})
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*map(Path, sys.argv[1:2])))
