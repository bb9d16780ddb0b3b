"""Lesson 02's exam answers once more, by squares, fractions and products of whole numbers."""

from fractions import Fraction


def of_rms(x):
    assert x["x1"] ** 2 + x["x2"] ** 2 + x["x3"] ** 2 == 3 * x["root"] ** 2
    return round(x["x1"] / x["root"], 3)


def of_block(x):
    attention = 2 + 2 * Fraction(x["kv_heads"], x["heads"])
    return round(float(attention + 3 * x["inner"]), 2)


def of_share(x):
    """24 n d² against 4 n² d: their ratio is 6 d / n."""
    return round(100 / (1 + 6 * x["d"] / x["n"]), 1)


ORACLES = {
    "rms": of_rms,
    "block": of_block,
    "share": of_share,
    "tied": lambda x: x["vocabulary"] * x["width"] / 1_000_000,
}
