"""Lesson 05: lengths of span corruption, weights of cross-attention, what chance would give."""

import random

import torch

from .questions import Draw, Values


def spans(rng: random.Random) -> Values:
    """Tokens of the input and of the target, of a sequence whose spans are counted off."""
    length, width = rng.choice([400, 600, 800, 1000]), rng.choice([2, 4, 5, 10])
    percent = rng.choice([10, 15, 20, 25, 30])
    taken = length * percent // 100 // width * width
    hidden = torch.arange(length) < taken  # where they lie does not matter
    n_spans = taken // width
    kept, target = int((~hidden).sum()) + n_spans, int(hidden.sum()) + n_spans + 1
    values = {"length": length, "width": width, "taken": taken, "spans": n_spans}
    return values | {"target": target, "answer": kept}


def weights(rng: random.Random) -> Values:
    """Weights of all cross-attentions while an answer is written."""
    source, answer = rng.choice([120, 200, 350, 500]), rng.choice([20, 40, 60])
    layers, heads = rng.choice([2, 4, 6, 12]), rng.choice([4, 8, 12])
    scores = torch.empty(layers, heads, answer, source, device="meta")
    values = {"source": source, "written": answer, "layers": layers, "heads": heads}
    return values | {"answer": scores.numel()}


def chance(rng: random.Random) -> Values:
    """One in how many: all unseen phrases right by tossing coins."""
    adjectives, languages, seeds = rng.randint(2, 4), rng.randint(2, 3), rng.randint(1, 2)
    outcomes = torch.tensor(2, dtype=torch.int64) ** (adjectives * languages * seeds)
    values = {"adjectives": adjectives, "languages": languages, "seeds": seeds}
    return values | {"answer": int(outcomes)}


DRAWS: dict[str, Draw] = {"spans": spans, "weights": weights, "chance": chance}
