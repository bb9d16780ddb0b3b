"""Lesson 07's exam answers once more: products of whole numbers, and blocks by rounding up."""

from fractions import Fraction


def of_window(x):
    a_token = 2 * x["kv_heads"] * 128 * 2
    return a_token * (x["full"] * x["tokens"] + x["sliding"] * x["kept"]) // 2**20


def of_blocks(x):
    own = -(-x["own"] // x["size"])
    return x["prompt"] // x["size"] + x["people"] * own


ORACLES = {
    "window": of_window,
    "bits": lambda x: float(Fraction(x["bits"] * x["group"] + 16 + 16, x["group"])),
    "blocks": of_blocks,
}
