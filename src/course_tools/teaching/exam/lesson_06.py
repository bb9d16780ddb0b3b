"""Lesson 06: tokens with a loss, a power law with a floor, a rate of exact matches, a best size."""

import math
import random

import torch

from .questions import Draw, Values


def learned(rng: random.Random) -> Values:
    """Tokens with a loss of a decoder against those of an encoder that hides a share."""
    hidden, length = rng.choice([10, 15, 20, 25, 40]), rng.choice([101, 201, 401])
    budget = rng.choice([20, 40, 60]) * 1000
    labels = torch.ones(budget, length, dtype=torch.bool)
    labels[:, 0] = False  # nothing is predicted before the first token
    ratio = labels[0].sum().item() / (length * hidden / 100)
    return {"hidden": hidden, "length": length, "sequences": budget, "answer": round(ratio, 2)}


def law(rng: random.Random) -> Values:
    """The loss that a power law with a floor gives at another size."""
    floor, drop = rng.choice([1.2, 1.4, 1.6, 1.8]), rng.choice([0.8, 1.0, 1.6, 2.4])
    times, alpha = rng.choice([16, 81, 256]), 0.25
    sizes = torch.tensor([1.0, float(times)], dtype=torch.float64)
    losses = floor + drop * sizes**-alpha
    values = {"floor": floor, "first": round(losses[0].item(), 2), "times": times}
    return values | {"answer": round(losses[1].item(), 2)}


def match(rng: random.Random) -> Values:
    """The rate of answers that are right as a whole, and how it changes with the tokens' rate."""
    before, after = rng.choice([30, 40, 50]), rng.choice([60, 70, 80, 90])
    tokens = rng.choice([4, 5, 6, 8])
    rates = torch.tensor([before, after], dtype=torch.float64) / 100
    whole = rates.expand(tokens, 2).prod(0)
    values = {"before": before / 100, "after": after / 100, "tokens": tokens}
    return values | {"answer": round((whole[1] / whole[0]).item(), 1)}


def size(rng: random.Random) -> Values:
    """Millions of parameters with the lowest loss for a budget, by C = 6ND and D = 20N."""
    root, power = rng.choice([1, 2, 3, 4, 5, 6]), rng.choice([17, 19])
    budget = 120 * root**2 * 10 ** (power - 3)
    best = math.isqrt(budget // 120)
    digits = f"{120 * root**2 / 1000:g}"
    return {"digits": digits, "power": power, "answer": best // 10**6}


DRAWS: dict[str, Draw] = {"learned": learned, "law": law, "match": match, "size": size}
