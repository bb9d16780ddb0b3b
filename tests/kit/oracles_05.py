"""Lesson 05's exam answers once more: a sequence corrupted token by token, sums, doublings."""


def of_spans(x):
    """Take out the spans at the front, each with one mark in its place."""
    sequence, left, made = list(range(x["length"])), x["taken"], 0
    while left:
        del sequence[made : made + x["width"]]
        sequence.insert(made, f"mark {made}")
        left, made = left - x["width"], made + 1
    assert made == x["spans"] and x["target"] == x["taken"] + made + 1
    return len(sequence)


def of_weights(x):
    per_token = sum(x["source"] for _ in range(x["layers"]) for _ in range(x["heads"]))
    return per_token * x["written"]


def of_chance(x):
    n = 1
    for _ in range(x["adjectives"] * x["languages"] * x["seeds"]):
        n += n
    return n


ORACLES = {"spans": of_spans, "weights": of_weights, "chance": of_chance}
