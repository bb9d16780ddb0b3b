"""Fine-tune on few labels with many seeds: python -m helpers.results.labels.

Writes labels.json: {task: {lang: {model: {measure: {labels: [score of each seed]}}}}}, and under
"settings" how it was made.  Steps and learning rate are chosen for each task and model, on other
words and seeds than those of the results.  About 20 minutes of one CPU core (OMP_NUM_THREADS=1).
"""

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from ..models import decoder, finetune, pretrained
from ..world import corpus, moods, tokenizer
from ..world.corpus import LANGUAGES
from . import versions, write

LABELS, SEEDS, TEST_ITEMS = (10, 30, 100), range(5), 150
STEPS, RATES = (150, 300), (1e-3, 3e-3)  # what is tried
TRIED_LABELS, TRIED_SEED, TRIED_ITEMS = 30, 100, 60  # of so few words there are no more
MEASURES = {  # of a name's characters: does it open the sentence, was the word ever labelled?
    "opening": ("opening", "labelled"),
    "later": ("later", "labelled"),
    "opening_new": ("opening", "never_labelled"),
    "later_new": ("later", "never_labelled"),
}
COUNTS: dict[str, dict[str, tuple[int, ...]]] = {  # task -> model -> labelled sentences
    "names": {"pretrained": LABELS, "scratch": LABELS, "decoder": LABELS[-1:]},
    "moods": {"pretrained": LABELS[1:], "scratch": LABELS[1:]},
}

Scores = dict[str, float]
Pace = tuple[int, float]  # steps, learning rate


def bodies() -> dict[str, Any]:
    """Return {model: what is loaded before fine-tuning}."""
    return {"pretrained": pretrained.load(), "scratch": None, "decoder": decoder.load()}


def tagger(model: str, body: Any, lang: str, n: int, seed: int, pace: Pace) -> Callable[..., float]:
    """Train a tagger on n sentences; return how it is scored: (table, asked) → accuracy."""
    causal = model == "decoder"
    made = (finetune.causal_tagger if causal else finetune.tagger)(body, seed)
    tokens = (decoder if causal else pretrained).TOKENIZER
    rows = finetune.tag_rows(finetune.named(lang, n, seed), lang, tokens)
    finetune.tune(made, rows, seed, *pace)

    def score(asked: str, table: str) -> float:
        items = min(TEST_ITEMS, TRIED_ITEMS) if table == "choosing" else TEST_ITEMS
        test = finetune.named(lang, items, "test", table, test=True)
        return finetune.score(made, finetune.tag_rows(test, lang, tokens, asked))

    return score


def names(model: str, body: Any, lang: str, n: int, seed: int, pace: Pace) -> Scores:
    """Measure the accuracy for each of MEASURES, on sentences that nothing showed."""
    score = tagger(model, body, lang, n, seed, pace)
    return {measure: score(*which) for measure, which in MEASURES.items()}


def feelings(model: str, body: Any, lang: str, n: int, seed: int, pace: Pace) -> Scores:
    """Measure the accuracy on the n labelled sentences, on others of known ways, on new ways."""
    classifier = finetune.classifier(body, seed)
    said = finetune.drawn_moods(n, seed)
    finetune.tune(classifier, finetune.class_rows(said, lang), seed, *pace)
    others = [mood for mood in moods.SEEN if mood not in said]
    asked = {"labelled": said, "seen": others, "new": moods.NEW}
    return {
        name: finetune.score(classifier, finetune.class_rows(some, lang))
        for name, some in asked.items()
    }


TASKS: dict[str, Callable[..., Scores]] = {"names": names, "moods": feelings}


def runs() -> Iterator[tuple[str, str, str, int]]:
    """List all runs as (task, lang, model, labels)."""
    for task, models in COUNTS.items():
        for lang, (model, counts) in itertools.product(LANGUAGES, models.items()):
            yield from ((task, lang, model, n) for n in counts)


def tried(task: str, model: str, body: Any, pace: Pace) -> float:
    """Measure one learning rate and number of steps.

    On names kept for choosing, or on moods that have no label.
    """
    found = []
    for lang in LANGUAGES:
        if task == "moods":
            found.append(feelings(model, body, lang, TRIED_LABELS, TRIED_SEED, pace)["seen"])
        else:
            score = tagger(model, body, lang, TRIED_LABELS, TRIED_SEED, pace)
            found += [score(asked, "choosing") for asked in ("opening", "later")]
    return sum(found) / len(found)


def endings(body: Any, lang: str) -> float:
    """Does the body find a fitting sentence likeliest, of those that can stand behind a mood?

    Share of moods in seen ways, 0.5 by chance: from the first character, the rest being hidden.
    """
    tokens, key = pretrained.TOKENIZER, corpus.key(lang)
    ends = [(good, said[key]) for good in ("bad", "good") for said in moods.LEXICON["after"][good]]
    scores = []
    for _, end in ends:
        texts = [mood.text(lang) + "?" * len(end) for mood in moods.SEEN]
        tagged = [tokenizer.tagged(text, lang).replace("?", tokenizer.MASK) for text in texts]
        inputs = tokens(tagged, padding=True, return_tensors="pt")
        first = (inputs.input_ids == tokens.mask_token_id).int().argmax(1)  # (M,)
        with torch.no_grad():
            logits = body(**inputs).logits[torch.arange(len(first)), first]
        scores.append(logits.log_softmax(-1)[:, tokens.convert_tokens_to_ids(end[0])])
    best = [ends[n][0] == "good" for n in torch.stack(scores).argmax(0).tolist()]
    return sum(b == m.positive for b, m in zip(best, moods.SEEN, strict=True)) / len(best)


def chosen(say: Callable[[str], None] = print) -> dict[str, Any]:
    """Choose the best of STEPS × RATES: {task: {model: {"steps", "learning_rate", "tried"}}}."""
    found: dict[str, Any] = {task: {} for task in COUNTS}
    loaded = bodies()
    for task, models in COUNTS.items():
        for model in models:
            scores = {
                pace: tried(task, model, loaded[model], pace)
                for pace in itertools.product(STEPS, RATES)
            }
            steps, rate = max(scores, key=lambda pace: scores[pace])
            table = {f"{s} {r:g}": round(score, 4) for (s, r), score in scores.items()}
            found[task][model] = {"steps": steps, "learning_rate": rate, "tried": table}
            say(f"{task} {model}: {found[task][model]}")
    return found


def measure(say: Callable[[str], None] = print) -> dict[str, Any]:
    """Measure everything, for all seeds."""
    started, loaded = time.process_time(), bodies()
    paces = chosen(say)
    found: dict[str, dict] = {task: {} for task in TASKS}
    for task, lang, model, n in runs():
        table: dict[str, Any] = found[task].setdefault(lang, {}).setdefault(model, {})
        pace = paces[task][model]["steps"], paces[task][model]["learning_rate"]
        for seed in SEEDS:
            for name, value in TASKS[task](model, loaded[model], lang, n, seed, pace).items():
                table.setdefault(name, {}).setdefault(str(n), []).append(round(value, 4))
        say(f"{task} {lang} {model} {n}: { ({m: v[str(n)] for m, v in table.items()}) }")
    found["endings"] = {lang: round(endings(loaded["pretrained"], lang), 4) for lang in LANGUAGES}
    return found | {"settings": settings(paces, time.process_time() - started)}


def settings(paces: dict[str, Any], cpu_seconds: float) -> dict[str, Any]:
    """Return what the results depend on."""
    return {
        "chosen": paces,
        "batch_size": finetune.BATCH_SIZE,
        "labels": list(LABELS),
        "seeds": list(SEEDS),
        "test_items": TEST_ITEMS,
        "cpu_seconds": round(cpu_seconds),
        "versions": versions(),
    }


def main(out: Path | None = None) -> int:
    """Measure everything, and write it as JSON."""
    write(out or Path(__file__).with_suffix(".json"), measure())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*map(Path, sys.argv[1:2])))
