"""Lesson 07: a cache with windows, bits of a quantised number, blocks that are shared."""

import random

from transformers import MistralConfig

from helpers.kv_cache.by_formula import formula
from helpers.kv_cache.fitting import stored_bits
from helpers.kv_cache.paged import PagedCache

from .questions import Draw, Values


def window(rng: random.Random) -> Values:
    """MiB of a cache of which some layers keep a window, by the formula for each kind."""
    full, sliding = rng.randint(2, 8), rng.randint(10, 30)
    kv_heads, tokens = rng.choice([2, 4, 8]), rng.choice([16384, 32768, 65536])
    kept = rng.choice([1024, 2048, 4096])
    every = _bytes(full, kv_heads, tokens) + _bytes(sliding, kv_heads, kept)
    values = {"full": full, "sliding": sliding, "kv_heads": kv_heads, "tokens": tokens}
    return values | {"kept": kept, "answer": every // 2**20}


def _bytes(layers: int, kv_heads: int, tokens: int) -> int:
    config = MistralConfig(
        num_hidden_layers=layers,
        num_attention_heads=32,
        num_key_value_heads=kv_heads,
        head_dim=128,
        hidden_size=4096,
        sliding_window=None,
    )
    return formula(config, tokens, dtype="bfloat16").total_bytes


def bits(rng: random.Random) -> Values:
    """Bits of a number that is quantised in groups, with scale and minimum."""
    number, group = rng.choice([2, 3, 4, 8]), rng.choice([16, 32, 64, 128])
    return {"bits": number, "group": group, "answer": stored_bits(number, group)}


def blocks(rng: random.Random) -> Values:
    """Blocks of a paged cache whose sequences share a prompt that fills its blocks."""
    size, people = rng.choice([16, 32]), rng.randint(3, 9)
    prompt, own = size * rng.randint(4, 12), rng.randint(20, 90)
    cache = PagedCache(500, size)
    cache.begin("prompt")
    for _ in range(prompt):
        cache.append("prompt", 0.0)
    for n in range(people):
        cache.begin(f"{n}", like="prompt")
        for _ in range(own):
            cache.append(f"{n}", 0.0)
    values = {"size": size, "people": people, "prompt": prompt, "own": own}
    return values | {"answer": cache.taken}


DRAWS: dict[str, Draw] = {"window": window, "bits": bits, "blocks": blocks}
