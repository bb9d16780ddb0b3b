"""The body that lesson 03 fine-tunes: its encoder, trained on more text.

The encoder of the lesson's first half has read events alone: characters of names and moods that it
never saw all got the same vector.  This one has read sentences with them too, without a label.
"""

import random

import torch
from transformers import BertConfig, BertForMaskedLM, set_seed

from ..world import corpus, moods, tokenizer
from ..world.corpus import LANGUAGES
from . import checkpoints, encoder

TOKENIZER = tokenizer.load("encoder", more=moods.characters())
LEARNING_RATE, BATCH_SIZE, STEPS = encoder.LEARNING_RATE, encoder.BATCH_SIZE, encoder.STEPS
next_batch, guesses = encoder.next_batch, encoder.guesses  # the numbers of its tokens are the same


def config(**changes) -> BertConfig:
    """Make encoder.config with the longer vocabulary."""
    return encoder.config(vocab_size=len(TOKENIZER), **changes)


def new(seed: int = 0) -> BertForMaskedLM:
    """Make a model with random weights."""
    set_seed(seed)
    return BertForMaskedLM(config()).eval()


def load() -> BertForMaskedLM:
    """Load the shipped weights."""
    return checkpoints.load_into(new(), "pretrained")


def rows(n: int = 10_000, seed: int = 0) -> torch.Tensor:
    """Draw encoder.rows and half as many unlabelled task sentences, as token ids (3 n, T).

    No sentence that is kept for a test, and no new way to tell a mood.
    """
    rng = random.Random(seed)
    events = [corpus.draw(rng, "train") for _ in range(n)]
    texts = [(corpus.sentence(event, lang).text, lang) for event in events for lang in LANGUAGES]
    for lang in LANGUAGES:
        for _ in range(n // 4):
            texts.append((moods.unlabelled(rng, lang), lang))
            texts.append((corpus.draw_named(rng, lang, kept=False).text, lang))
    tagged = [tokenizer.tagged(*text) for text in texts]
    return TOKENIZER(tagged, padding=True, return_tensors="pt").input_ids
