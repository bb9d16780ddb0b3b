"""Lesson 03's exam answers once more, by fractions and by counting entries of matrices."""

from fractions import Fraction


def of_ceiling(x):
    parts = Fraction(x["share"], 100 * x["first"]) + Fraction(x["rest"], 100 * x["second"])
    return round(float(parts), 3)


def of_masked(x):
    chosen = x["tokens"] * x["percent"] // 100
    return round(float(Fraction(chosen, 10) + Fraction(chosen, 10 * x["kinds"])))


def of_distance(x):
    """What would have to be moved: all that is too much somewhere."""
    more = [Fraction(str(x[f"p{n}"])) - Fraction(str(x[f"q{n}"])) for n in (1, 2, 3, 4)]
    return float(sum(d for d in more if d > 0))


def of_head(x):
    return (x["width"] + 1) * x["hidden"] + (x["hidden"] + 1) * x["classes"]


ORACLES = {"ceiling": of_ceiling, "masked": of_masked, "distance": of_distance, "head": of_head}
