"""Lesson 09's exam answers once more, by multiplying and by fractions."""

from fractions import Fraction


def of_sink(x):
    return round(float(1 / (1 - Fraction(round(x["share"] * 100), 100))), 2)


def of_context(x):
    return x["window"] * (Fraction(str(x["many"])) - Fraction(str(x["few"])))


ORACLES = {
    "growth": lambda x: 2 * x["kv_heads"] * x["size"] * 2 * x["layers"],
    "context": of_context,
    "sink": of_sink,
}
