"""Lesson 08's exam answers once more: blocks of 12 and 16 d², FLOPs a second, a triangle."""

from fractions import Fraction


def of_equal(x):
    layers = Fraction(12 * x["encoder"] + 16 * x["decoder"], 12)
    assert layers == x["layers"]
    return round(float(layers / x["decoder"]), 2)


def of_busy(x):
    seconds_a_sequence = Fraction(2, x["tera"])  # computing, for one weight
    seconds_a_weight = Fraction(x["bits"], 8 * x["bandwidth"])  # moving it once
    return round(seconds_a_weight / seconds_a_sequence)


ORACLES = {
    "equal": of_equal,
    "busy": of_busy,
    "parts": lambda x: x["once"] * (x["updates"] + 1) // 2,
}
