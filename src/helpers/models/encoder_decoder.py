"""The encoder-decoder of lesson 05: a real T5ForConditionalGeneration, one model for four tasks."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import torch
from transformers import T5Config, T5ForConditionalGeneration, set_seed

from ..world import corpus, tokenizer
from . import checkpoints

TOKENIZER = tokenizer.load("encoder_decoder")
LEARNING_RATE, BATCH_SIZE, STEPS = 4e-3, 32, 2500
NEVER_NEGATED = (0, 3)  # a good and a bad adjective, for the experiment on composition


def config(**changes) -> T5Config:
    """Make the config: 2 + 2 layers of width 64; changes: other values, such as num_layers=1."""
    small = {"d_model": 64, "d_kv": 16, "d_ff": 256, "num_heads": 4, "num_layers": 2}
    small |= {"num_decoder_layers": 2, "dropout_rate": 0}
    small |= {"relative_attention_num_buckets": 32, "relative_attention_max_distance": 64}
    ids = {"vocab_size": len(TOKENIZER), "pad_token_id": TOKENIZER.pad_token_id}
    ids |= {"eos_token_id": TOKENIZER.eos_token_id}
    ids |= {"decoder_start_token_id": TOKENIZER.pad_token_id}  # as in T5
    return T5Config(**(small | ids | changes))


def new(seed: int = 0) -> T5ForConditionalGeneration:
    """Make a model with random weights."""
    set_seed(seed)
    return T5ForConditionalGeneration(config()).eval()


def load(name: str = "encoder_decoder") -> T5ForConditionalGeneration:
    """Load the shipped weights; checkpoints/card.json says how they were trained.

    name: "encoder_decoder", or "never_negated" (two adjectives were never negated in training)
    """
    return checkpoints.load_into(new(), name)


def examples(
    n: int = 8000, seed: int = 0, split: str = "train", never_negated: Iterable[int] = ()
) -> list[corpus.Example]:
    """Draw n events told in both languages and n stories: six examples for each n."""
    rng = random.Random(seed)
    found = []
    for _ in range(n):
        found += corpus.translations(corpus.draw(rng, split))
        found += corpus.readings(corpus.draw_story(rng, split, never_negated))
    return found


def next_batch(
    data: Sequence[corpus.Example], seed: int = 0, size: int = BATCH_SIZE
) -> Callable[[], dict[str, torch.Tensor]]:
    """Make the batches for training.train: sources, and targets as labels.

    The model itself shifts the labels by one.
    """
    sources, targets = _ids([e.source for e in data]), _ids([e.target for e in data])
    pad = TOKENIZER.pad_token_id
    generator = torch.Generator().manual_seed(seed)

    def batch() -> dict[str, torch.Tensor]:
        drawn = torch.randint(len(data), (size,), generator=generator)
        return _batch(*(_cut(rows[drawn], pad) for rows in (sources, targets)))

    return batch


def whole(data: Sequence[corpus.Example]) -> dict[str, torch.Tensor]:
    """Make one batch of all examples, in their order."""
    return _batch(_ids([e.source for e in data]), _ids([e.target for e in data]))


def _batch(sources: torch.Tensor, targets: torch.Tensor) -> dict[str, torch.Tensor]:
    pad = TOKENIZER.pad_token_id
    return {
        "input_ids": sources,
        "attention_mask": (sources != pad).long(),
        "labels": targets.masked_fill(targets == pad, -100),
    }


def _ids(texts: Sequence[str]) -> torch.Tensor:
    return TOKENIZER(list(texts), padding=True, return_tensors="pt").input_ids


def _cut(rows: torch.Tensor, pad: int) -> torch.Tensor:
    return rows[:, : int((rows != pad).sum(1).max())]


@torch.no_grad()
def answer(model: T5ForConditionalGeneration, sources: Sequence[str]) -> list[str]:
    """Return the likeliest continuation token by token (greedy), for texts with their prompts."""
    inputs = TOKENIZER(list(sources), padding=True, return_tensors="pt")
    settings = {"max_new_tokens": 40, "do_sample": False, "num_beams": 1}
    out: Any = cast(Any, model).generate(**inputs, **settings)
    return TOKENIZER.batch_decode(out, skip_special_tokens=True)


@torch.no_grad()
def cross_attentions(model: T5ForConditionalGeneration, source: str, target: str) -> torch.Tensor:
    """Return the cross-attention's weights (n_layers, n_heads, T, S) while a target is written.

    Row t belongs to the query that predicts token t of the target: it has seen the target up to
    t - 1 (teacher forcing).  S and T count </s>.
    """
    before = model.config._attn_implementation
    labels = TOKENIZER(target, return_tensors="pt").input_ids
    model.set_attn_implementation("eager")  # the fused kernels keep no weights
    try:
        out = model(**TOKENIZER(source, return_tensors="pt"), labels=labels, output_attentions=True)
    finally:
        model.set_attn_implementation(before)
    return torch.cat(out.cross_attentions)


def exact_match(
    model: T5ForConditionalGeneration, data: Sequence[corpus.Example]
) -> dict[str, float]:
    """Return {task: share of examples whose whole answer is right}."""
    got = answer(model, [e.source for e in data])
    right: dict[str, list[bool]] = {}
    for example, text in zip(data, got, strict=True):
        right.setdefault(example.task, []).append(text == example.target)
    return {task: sum(hits) / len(hits) for task, hits in right.items()}
