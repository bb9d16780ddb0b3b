"""The encoder of lesson 03: a real BertForMaskedLM, small enough to train on one CPU thread."""

from collections.abc import Callable, Sequence

import torch
from transformers import BertConfig, BertForMaskedLM, set_seed

from ..world import corpus, tokenizer
from ..world.corpus import LANGUAGES
from . import checkpoints, training

TOKENIZER = tokenizer.load("encoder")
MASK_RATE, LEARNING_RATE, BATCH_SIZE, STEPS = 0.4, 5e-3, 32, 6000


def config(**changes) -> BertConfig:
    """Make the config: 2 layers of width 64; changes: other values, such as num_labels=3."""
    small = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    small |= {"intermediate_size": 256, "max_position_embeddings": 64, "type_vocab_size": 1}
    no_dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    ids = {"vocab_size": len(TOKENIZER), "pad_token_id": TOKENIZER.pad_token_id}
    return BertConfig(**(small | no_dropout | ids | changes))


def new(seed: int = 0) -> BertForMaskedLM:
    """Make a model with random weights."""
    set_seed(seed)
    return BertForMaskedLM(config()).eval()


def load() -> BertForMaskedLM:
    """Load the shipped weights; checkpoints/card.json says how they were trained."""
    return checkpoints.load_into(new(), "encoder")


def rows(n: int = 10_000, seed: int = 0) -> torch.Tensor:
    """Draw n events of the training split in both languages, as token ids (2 n, T), padded."""
    return as_rows(TOKENIZER, n, seed)


def as_rows(tokens, n: int, seed: int) -> torch.Tensor:
    """Draw n events in both languages, as ids of this tokenizer (2 n, T), padded."""
    drawn = corpus.drawn(n, seed, "train")
    texts = [tokenizer.tagged(corpus.sentence(e, la).text, la) for e in drawn for la in LANGUAGES]
    return tokens(texts, padding=True, return_tensors="pt").input_ids


def mask(ids: torch.Tensor, rate: float, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Hide a share of the characters behind [MASK]; labels are the hidden ones, else -100.

    Special tokens are never hidden.  (BERT's 80/10/10 is written by hand in lesson 03.)
    """
    hidden = torch.rand(ids.shape, generator=generator) < rate
    hidden &= ids >= len(tokenizer.SPECIAL)
    return {
        "input_ids": ids.masked_fill(hidden, TOKENIZER.mask_token_id),
        "attention_mask": (ids != TOKENIZER.pad_token_id).long(),
        "labels": ids.masked_fill(~hidden, -100),
    }


def next_batch(
    ids: torch.Tensor, seed: int = 0, rate: float = MASK_RATE, size: int = BATCH_SIZE
) -> Callable[[], dict[str, torch.Tensor]]:
    """Make the batches for training.train: each call draws rows and hides other characters."""
    draw = training.batches(ids, size, seed, TOKENIZER.pad_token_id)
    generator = torch.Generator().manual_seed(seed)
    return lambda: mask(draw(), rate, generator)


@torch.no_grad()
def fill(model: BertForMaskedLM, text: str, lang: str) -> torch.Tensor:
    """Return probabilities (blanks, vocabulary) at each [MASK] of the text."""
    inputs = TOKENIZER(tokenizer.tagged(text, lang), return_tensors="pt")
    logits = model(**inputs).logits[inputs.input_ids == TOKENIZER.mask_token_id]
    return logits.softmax(-1)


@torch.no_grad()
def guesses(
    model: BertForMaskedLM, events: Sequence[corpus.Event], slot: str, lang: str
) -> list[str]:
    """Return the likeliest character of each event's slot, which alone is hidden."""
    told = [corpus.sentence(event, lang) for event in events]
    texts = [tokenizer.tagged(s.filled(slot, "?"), lang).replace("?", tokenizer.MASK) for s in told]
    inputs = TOKENIZER(texts, padding=True, return_tensors="pt")
    logits = model(**inputs).logits[inputs.input_ids == TOKENIZER.mask_token_id]
    return best(logits, slot, lang)


def best(logits: torch.Tensor, slot: str, lang: str) -> list[str]:
    """Return the likeliest of the characters that fit the slot, from logits (n, vocabulary)."""
    candidates = corpus.candidates(lang, slot)
    ids = TOKENIZER.convert_tokens_to_ids(list(candidates))
    return [candidates[n] for n in logits[:, ids].argmax(-1).tolist()]
