"""Lesson 04's exam answers once more, by whole numbers, powers and steps counted one by one."""

import math
from fractions import Fraction


def of_perplexity(x):
    product = x["easy"] ** x["count"] * x["hard"]
    return round(product ** (1 / (x["count"] + 1)), 2)


def of_reach(x):
    place, layers = x["n"] - 1, 0
    while place > 0:
        place, layers = place - (x["width"] - 1), layers + 1
    return layers


def of_greedy(x):
    first, second, third = (Fraction(str(x[name])) for name in ("first", "second", "third"))
    best = max(first / x["spread"], second, third)
    return round(float(best / (first / x["spread"])), 2)


ORACLES = {
    "sentence": lambda x: math.prod(x[f"p{n}"] for n in (1, 2, 3, 4)),
    "perplexity": of_perplexity,
    "reach": of_reach,
    "greedy": of_greedy,
}
