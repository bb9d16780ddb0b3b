"""Lesson 09: what a tokenizer costs, a cache from settings, a sink that is lost."""

import random

import torch
from transformers import LlamaConfig

from helpers.kv_cache import formula

from .questions import Draw, Values


def growth(rng: random.Random) -> Values:
    """Bytes that a cache grows by with each token, from a configuration of grouped heads."""
    kv_heads, group = rng.choice([2, 3, 4, 5]), rng.choice([2, 3, 4])
    layers, size = rng.choice([16, 20, 24, 30]), rng.choice([32, 64, 128])
    heads = kv_heads * group
    config = LlamaConfig(
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=size,
        hidden_size=heads * size,
    )
    values = {"layers": layers, "heads": heads, "kv_heads": kv_heads, "size": size}
    return values | {"answer": formula(config, 1, dtype="bfloat16").total_bytes}


def context(rng: random.Random) -> Values:
    """Characters that fit into a context window with either tokenizer."""
    window = rng.choice([2048, 4096, 8192])
    few, many = rng.choice([25, 50, 75]), rng.choice([125, 150, 175, 200])
    more = window * (many - few) // 100  # whole: each is a quarter of a power of 2
    return {"window": window, "few": few / 100, "many": many / 100, "answer": more}


def sink(rng: random.Random) -> Values:
    """How much the other weights grow when the key that held most of them is hidden."""
    share = rng.choice([20, 36, 50, 60, 75, 80, 90])
    others = rng.randint(3, 6)
    weights = torch.tensor([share / 100, *[(1 - share / 100) / others] * others])
    scores = weights.double().log()
    hidden = scores.clone()
    hidden[0] = -torch.inf
    ratio = (hidden.softmax(0)[1] / scores.softmax(0)[1]).item()
    return {"share": share / 100, "others": others, "answer": round(ratio, 2)}


DRAWS: dict[str, Draw] = {"growth": growth, "context": context, "sink": sink}
