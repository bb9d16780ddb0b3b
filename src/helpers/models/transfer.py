"""Transfer, the second T of T5: span corruption on plain text, then a few translated pairs.

No text stands beside its translation, and none is of a held-out (person, place) pair.
"""

import random
from collections.abc import Callable, Sequence

import torch
from transformers import T5ForConditionalGeneration

from ..world import corpus
from ..world.corpus import LANGUAGES, Example
from . import checkpoints, encoder_decoder, spans, training

LEARNING_RATE, BATCH_SIZE, STEPS = 4e-3, 32, 3000  # of pre-training
SHARE = 0.3  # of a text, missing: two sentences have about 40 characters, and T5's texts 512
PAIRS_A_BATCH = 16  # of fine-tuning
new, next_batch = encoder_decoder.new, encoder_decoder.next_batch


def told_twice(rng: random.Random, lang: str) -> str:
    """Tell one event in two constructions: what is missing here often stands there."""
    event = corpus.draw(rng, "train")
    kind = rng.choice([kind for kind in corpus.KINDS if kind != event.kind])
    numbers = corpus.numbers(kind)
    number = event.number if event.number in numbers else rng.choice(numbers)
    again = event._replace(kind=kind, number=number)
    return "".join(corpus.sentence(told, lang).text for told in (event, again))


def unrelated(rng: random.Random, lang: str) -> str:
    """Tell two events that have nothing to do with each other: what is missing stands nowhere."""
    return "".join(corpus.sentence(corpus.draw(rng, "train"), lang).text for _ in range(2))


def shuffled(rng: random.Random, lang: str) -> str:
    """Put the characters of told_twice in random order."""
    text = told_twice(rng, lang)
    return "".join(rng.sample(text, len(text)))


TEXTS = {text.__name__: text for text in (told_twice, unrelated, shuffled)}


def rows(n: int = 20_000, seed: object = 0, text: str = "told_twice") -> list[Example]:
    """Draw n texts of a kind of TEXTS in either language, with spans missing."""
    rng, found = random.Random(f"text {seed}"), []
    for _ in range(n):
        lang = rng.choice(LANGUAGES)
        told = TEXTS[text](rng, lang)
        source, target = map("".join, spans.corrupted(list(told), rng, SHARE))
        found.append(Example("spans", lang, source, target))
    return found


def load() -> T5ForConditionalGeneration:
    """Load the shipped weights: pre-trained on told_twice, and on nothing else."""
    return checkpoints.load_into(new(), "span_corruption")


def pairs(n: int, name: object, split: str = "train") -> list[Example]:
    """Draw n events, each translated in both directions."""
    rng = random.Random(f"{name}")
    return [e for _ in range(n) for e in corpus.translations(corpus.draw(rng, split))]


def learn(
    model: T5ForConditionalGeneration,
    examples: Sequence[Example],
    steps: int,
    rate: float,
    seed: int = 0,
    after_step: Callable[[int], None] | None = None,
) -> training.Run:
    """Train on the examples, and on nothing else; after_step: as in training.train."""
    batch = next_batch(examples, seed, PAIRS_A_BATCH)
    return training.train(model, batch, steps, rate, after_step, tell_loss=False)


@torch.no_grad()
def scores(model: T5ForConditionalGeneration, examples: Sequence[Example]) -> dict[str, float]:
    """Return the loss, the share of tokens that are right, and of texts that are right as a whole.

    Each token is asked for behind the right ones.  Whole texts are those that a greedy answer gets
    right, too: as long as it makes no mistake, it reads what stands here.
    """
    model.eval()
    batch = encoder_decoder.whole(examples)
    out = model(**batch)
    asked = batch["labels"] != -100
    hits = out.logits.argmax(-1) == batch["labels"]
    exact = (hits | ~asked).all(1).float().mean()
    return {
        "loss": out.loss.item(),
        "tokens": hits[asked].float().mean().item(),
        "exact": exact.item(),
    }
