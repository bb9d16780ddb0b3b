"""Lesson 04: the probability of a sentence, perplexity, the reach of layers, greedy decoding."""

import math
import random

import torch

from .questions import Draw, Values


def sentence(rng: random.Random) -> Values:
    """One in how many: a sentence whose next tokens have probabilities of one in some number."""
    parts = [rng.choice([2, 3, 4, 5, 8, 10]) for _ in range(4)]
    log_p = -torch.tensor(parts, dtype=torch.float64).log().sum()
    values = {f"p{n}": part for n, part in enumerate(parts, 1)}
    return values | {"answer": round(torch.exp(-log_p).item())}


def perplexity(rng: random.Random) -> Values:
    """Perplexity of a text whose tokens fall into two kinds."""
    easy, hard = rng.choice([2, 4]), rng.choice([16, 32, 64, 128])
    count = rng.choice([2, 3])
    nll = torch.tensor([math.log(easy)] * count + [math.log(hard)], dtype=torch.float64)
    values = {"easy": easy, "hard": hard, "count": count, "all": count + 1}
    return values | {"answer": round(nll.mean().exp().item(), 2)}


def reach(rng: random.Random) -> Values:
    """How many layers a window needs so that the last token hears of the first."""
    n, width = rng.randint(30, 90), rng.randint(4, 9)
    row, column = torch.arange(n)[:, None], torch.arange(n)
    step = ((column <= row) & (row - column < width)).double()
    seen, layers = step, 1
    while not seen[-1, 0]:
        seen, layers = (seen @ step > 0).double(), layers + 1
    return {"n": n, "width": width, "answer": layers}


def greedy(rng: random.Random) -> Values:
    """How many times as likely the best of all sentences is as the greedy one."""
    first = rng.choice([42, 45, 50])
    second = rng.choice([30, 35])
    spread = rng.choice([3, 4, 5])
    start = torch.tensor([first, second, 100 - first - second], dtype=torch.float64) / 100
    after = torch.tensor([1 / spread, 1.0, 1.0], dtype=torch.float64)
    whole = start * after
    ratio = (whole.max() / whole[start.argmax()]).item()
    names = {"first": first / 100, "second": second / 100, "third": (100 - first - second) / 100}
    return names | {"spread": spread, "answer": round(ratio, 2)}


DRAWS: dict[str, Draw] = {
    "sentence": sentence,
    "perplexity": perplexity,
    "reach": reach,
    "greedy": greedy,
}
