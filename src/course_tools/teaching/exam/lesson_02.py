"""Lesson 02: what norms ignore, entries of a block, positions by their distance, a tied matrix."""

import random

import torch

from helpers import blueprint

from .questions import Draw, Values


def rms(rng: random.Random) -> Values:
    """The first element of a normalised vector, by RMSNorm, whose mean square is a whole square."""
    a, b, c, root = rng.choice([(1, 5, 7, 5), (7, 13, 17, 13), (7, 17, 23, 17), (1, 29, 41, 29)])
    factor = rng.choice([2, 3, 4, 10])
    x = torch.tensor([a, b, c], dtype=torch.float64) * factor
    first = (x / x.square().mean().sqrt())[0].item()
    values = {"x1": a * factor, "x2": b * factor, "x3": c * factor, "root": root * factor}
    return values | {"answer": round(first, 3)}


def block(rng: random.Random) -> Values:
    """Entries of a block's matrices with grouped heads and SwiGLU, in units of d²."""
    heads, group = rng.choice([16, 32, 64]), rng.choice([2, 4, 8])
    inner = rng.choice([2, 3, 4])
    d, kv = 1024, 1024 // group
    shapes = [(d, d), (d, kv), (d, kv), (d, d), (d, inner * d), (d, inner * d), (inner * d, d)]
    entries = sum(torch.empty(shape, device="meta").numel() for shape in shapes)
    values = {"heads": heads, "kv_heads": heads // group, "inner": inner}
    return values | {"answer": round(entries / d**2, 2)}


def share(rng: random.Random) -> Values:
    """Percent of a block's FLOPs that is computed for pairs of tokens."""
    d, times = rng.choice([512, 1024, 2048]), rng.choice([1, 2, 3, 4, 6, 12])
    by_token, by_pair = blueprint.flops(times * d, d)
    percent = 100 * by_pair / (by_token + by_pair)
    return {"d": d, "n": times * d, "inner": 4 * d, "answer": round(percent, 1)}


def tied(rng: random.Random) -> Values:
    """Millions of parameters that a tied output matrix saves."""
    vocabulary, width = rng.choice([32000, 50000, 64000, 128000]), rng.choice([1000, 2000, 4000])
    matrix = torch.empty(vocabulary, width, device="meta")
    values = {"vocabulary": vocabulary, "width": width}
    return values | {"answer": matrix.numel() // 10**6}


DRAWS: dict[str, Draw] = {"rms": rms, "block": block, "share": share, "tied": tied}
