"""Lesson 03: the ceiling of a blank, masked exercises, a distance of probabilities, a new head."""

import random

import torch

from .questions import Draw, Values


def ceiling(rng: random.Random) -> Values:
    """The best accuracy of who reads the left alone: the likeliest answer after each left side."""
    share = rng.choice([20, 30, 40, 60, 70, 80])
    first, second = rng.choice([(2, 5), (4, 5), (2, 10), (4, 10), (5, 10)])
    counts = torch.zeros(2, max(first, second), dtype=torch.float64)
    counts[0, :first] = share / first
    counts[1, :second] = (100 - share) / second
    best = (counts.max(1).values.sum() / counts.sum()).item()
    values = {"share": share, "rest": 100 - share, "first": first, "second": second}
    return values | {"answer": round(best, 3)}


def masked(rng: random.Random) -> Values:
    """Tokens that the model must guess although the input shows them, as BERT's recipe has it."""
    tokens, percent = rng.choice([20000, 40000, 60000, 80000]), rng.choice([10, 15, 20, 30])
    kinds = rng.choice([2, 4, 5, 10])
    chosen = tokens * percent // 100
    fate = torch.tensor([0.8, 0.1, 0.1], dtype=torch.float64)  # mask, random, kept
    unchanged = torch.tensor([0.0, 1 / kinds, 1.0], dtype=torch.float64)
    values = {"tokens": tokens, "percent": percent, "kinds": kinds}
    return values | {"answer": round(chosen * (fate @ unchanged).item())}


def distance(rng: random.Random) -> Values:
    """The total variation distance between 2 distributions over 4 characters."""
    right = rng.choice([(50, 30, 20, 0), (40, 40, 20, 0), (60, 20, 10, 10), (70, 20, 10, 0)])
    given = rng.choice([(40, 30, 20, 10), (80, 10, 10, 0), (25, 25, 25, 25), (60, 40, 0, 0)])
    p, q = (torch.tensor(x, dtype=torch.float64) / 100 for x in (given, right))
    names = {f"q{n}": x / 100 for n, x in enumerate(right, 1)}
    names |= {f"p{n}": x / 100 for n, x in enumerate(given, 1)}
    return names | {"answer": round((p - q).abs().sum().item() / 2, 2)}


def head(rng: random.Random) -> Values:
    """Parameters that begin their training anew with 2 layers on top of a body."""
    width, hidden, classes = rng.choice([256, 384, 512]), rng.choice([64, 128]), rng.randint(3, 9)
    layers = torch.nn.Sequential(torch.nn.Linear(width, hidden), torch.nn.Linear(hidden, classes))
    values = {"width": width, "hidden": hidden, "classes": classes}
    return values | {"answer": sum(p.numel() for p in layers.parameters())}


DRAWS: dict[str, Draw] = {
    "ceiling": ceiling,
    "masked": masked,
    "distance": distance,
    "head": head,
}
