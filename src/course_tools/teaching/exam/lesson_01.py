"""Lesson 01: attention by hand, the size of scores, what a mask lets through."""

import math
import random

import torch
import torch.nn.functional as F

from .questions import Draw, Values


def by_hand(rng: random.Random) -> Values:
    """Exponents that sum to 10 and values that are multiples of 10, so that the output is whole."""
    first = rng.randint(1, 4)
    second = rng.randint(first + 1, 9 - first)
    parts = [first, second, 10 - first - second]
    values = rng.sample(range(10, 100, 10), 3)
    q = torch.ones(1, 1, dtype=torch.float64)
    k = torch.tensor([[math.log(part)] for part in parts], dtype=torch.float64)
    v = torch.tensor([[float(value)] for value in values], dtype=torch.float64)
    out = F.scaled_dot_product_attention(q, k, v).item()
    names = {f"e{n}": part for n, part in enumerate(parts, 1)}
    names |= {f"v{n}": value for n, value in enumerate(values, 1)}
    return names | {"answer": round(out)}


def deviation(rng: random.Random) -> Values:
    """Standard deviation of scores that are divided by the wrong root."""
    wrong, factor = rng.choice([4, 6, 8, 10]), rng.choice([2, 3, 4])
    d_k = (wrong * factor) ** 2
    return {"d_k": d_k, "divisor": wrong, "answer": round(math.sqrt(d_k) / wrong)}


def window(rng: random.Random) -> Values:
    """Pairs that a causal window mask lets through."""
    n, width = rng.randint(7, 12), rng.randint(2, 4)
    row, column = torch.arange(n)[:, None], torch.arange(n)
    seen = (column <= row) & (row - column < width)
    return {"n": n, "width": width, "answer": int(seen.sum())}


def layers(rng: random.Random) -> Values:
    """How many outputs change when one token changes below several layers of a window."""
    n, width, depth = rng.randint(14, 18), rng.randint(2, 3), rng.randint(2, 4)
    changed = rng.randint(2, 5)
    row, column = torch.arange(n)[:, None], torch.arange(n)
    step = ((column <= row) & (row - column < width)).double()
    reached = torch.linalg.matrix_power(step, depth)[:, changed - 1] > 0
    values = {"n": n, "width": width, "depth": depth, "changed": changed}
    return values | {"answer": int(reached.sum())}


DRAWS: dict[str, Draw] = {
    "by-hand": by_hand, "deviation": deviation, "window": window, "layers": layers,
}  # fmt: skip
