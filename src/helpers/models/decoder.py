"""The decoder of lesson 04: a real GPT2LMHeadModel of the same size as the encoder."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from transformers import GPT2Config, GPT2LMHeadModel, set_seed

from ..world import corpus, tokenizer
from . import checkpoints, encoder, training

TOKENIZER = tokenizer.load("decoder")
LEARNING_RATE, BATCH_SIZE = 5e-3, 32
STEPS = 6195  # as many FLOPs as the encoder's 6,000: that one has a larger head


def config(**changes) -> GPT2Config:
    """Make the config: 2 layers of width 64; changes: other values, such as n_layer=1."""
    small = {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 64}
    no_dropout = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    ids = {"vocab_size": len(TOKENIZER), "pad_token_id": None}  # GPT-2 has no padding token
    ids |= {"bos_token_id": TOKENIZER.bos_token_id, "eos_token_id": TOKENIZER.eos_token_id}
    return GPT2Config(**(small | no_dropout | ids | changes))


def new(seed: int = 0) -> GPT2LMHeadModel:
    """Make a model with random weights."""
    set_seed(seed)
    model = GPT2LMHeadModel(config()).eval()
    model.loss_type = "ForCausalLM"  # both are what it takes anyway, but with a warning
    model.generation_config.pad_token_id = TOKENIZER.eos_token_id
    return model


def load() -> GPT2LMHeadModel:
    """Load the shipped weights; checkpoints/card.json says how they were trained."""
    return checkpoints.load_into(new(), "decoder")


def rows(n: int = 10_000, seed: int = 0) -> torch.Tensor:
    """Return the encoder's training sentences, as token ids (2 n, T), padded."""
    return encoder.as_rows(TOKENIZER, n, seed)


def next_batch(
    ids: torch.Tensor, seed: int = 0, size: int = BATCH_SIZE
) -> Callable[[], dict[str, torch.Tensor]]:
    """Make the batches for training.train.

    The labels are the inputs: the model itself shifts them by one.
    """
    pad = TOKENIZER.pad_token_id
    draw = training.batches(ids, size, seed, pad)

    def batch() -> dict[str, torch.Tensor]:
        drawn = draw()
        return {
            "input_ids": drawn,
            "attention_mask": (drawn != pad).long(),
            "labels": drawn.masked_fill(drawn == pad, -100),
        }

    return batch


@torch.no_grad()
def guesses(
    model: GPT2LMHeadModel, events: Sequence[corpus.Event], slot: str, lang: str
) -> list[str]:
    """Return the likeliest character of each event's slot, by one pass over the text left of it."""
    told = [corpus.sentence(event, lang) for event in events]
    left = [tokenizer.tagged(s.left(slot), lang) for s in told]
    inputs = TOKENIZER(left, padding=True, return_tensors="pt")
    last = inputs.attention_mask.sum(1) - 2  # before </s>, which the tokenizer adds
    logits = model(**inputs).logits[torch.arange(len(told)), last]
    return encoder.best(logits, slot, lang)


@torch.no_grad()
def rescored(
    model: GPT2LMHeadModel, events: Sequence[corpus.Event], slot: str, lang: str
) -> list[str]:
    """Return the character whose sentence is most probable, by one pass for each candidate."""
    told = [corpus.sentence(event, lang) for event in events]
    candidates = corpus.candidates(lang, slot)
    scores = [log_probability(model, [s.filled(slot, c) for s in told], lang) for c in candidates]
    return [candidates[n] for n in torch.stack(scores).argmax(0).tolist()]


@torch.no_grad()
def log_probability(model: GPT2LMHeadModel, texts: Sequence[str], lang: str) -> torch.Tensor:
    """Return log p of whole sentences in nats, </s> included.

    The sum of log p(token | those before it).
    """
    tagged = [tokenizer.tagged(text, lang) for text in texts]
    inputs = TOKENIZER(tagged, padding=True, return_tensors="pt")
    logp = model(**inputs).logits[:, :-1].log_softmax(-1)
    targets = inputs.input_ids[:, 1:]
    each = logp.gather(-1, targets[..., None])[..., 0]
    each = each[:, 1:] * inputs.attention_mask[:, 2:]  # the tag of the language is given
    return each.sum(-1)


def beginnings(starts: Sequence[str], lang: str) -> torch.Tensor:
    """Return the ids of equally long beginnings, (n, T): <s>, the language, the text, no </s>."""
    tagged = [tokenizer.tagged(start, lang) for start in starts]
    return TOKENIZER(tagged, return_tensors="pt").input_ids[:, :-1]


def sample(
    model: GPT2LMHeadModel, lang: str, n: int, seed: int = 0, start: str = "", **options
) -> list[str]:
    """Draw n sentences, one token after the other.

    options: those of transformers' generate
    """
    return continued(model, lang, [start] * n, seed, **options)


@torch.no_grad()
def continued(
    model: GPT2LMHeadModel, lang: str, starts: Sequence[str], seed: int = 0, **options
) -> list[str]:
    """Draw one sentence for each start, one token after the other; all starts are equally long.

    options: those of transformers' generate; do_sample=False takes the likeliest token
    """
    torch.manual_seed(seed)
    ids = beginnings(starts, lang)
    settings = {"do_sample": True, "max_new_tokens": 40} | options
    if settings["do_sample"]:
        settings = {"top_k": 0} | settings  # else 50, of transformers
    drawn: Any = cast(Any, model).generate(ids, attention_mask=torch.ones_like(ids), **settings)
    return TOKENIZER.batch_decode(drawn, skip_special_tokens=True)
