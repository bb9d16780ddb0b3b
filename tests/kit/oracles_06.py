"""Lesson 06's exam answers once more, by fractions and roots of whole numbers."""

from fractions import Fraction

ROOTS = {16: 2, 81: 3, 256: 4}  # the fourth root


def of_learned(x):
    return round(float(Fraction(100 * (x["length"] - 1), x["hidden"] * x["length"])), 2)


def of_law(x):
    return round(x["floor"] + (x["first"] - x["floor"]) / ROOTS[x["times"]], 2)


def of_match(x):
    ratio = Fraction(round(x["after"] * 100), round(x["before"] * 100)) ** x["tokens"]
    return round(float(ratio), 1)


def of_size(x):
    budget = Fraction(x["digits"]) * 10 ** x["power"]
    return next(n for n in range(1, 2000) if 6 * (n * 10**6) * (20 * n * 10**6) == budget)


ORACLES = {"learned": of_learned, "law": of_law, "match": of_match, "size": of_size}
