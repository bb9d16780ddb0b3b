"""Distributions over tokens as lists of numbers: softmax, what is kept of it, its entropy."""

import math
from collections.abc import Sequence


def softmax(logits: Sequence[float]) -> list[float]:
    """Return exp(s) / Σ exp(s), from logits (V,)."""
    top = max(logits)
    e = [math.exp(s - top) for s in logits]
    total = sum(e)
    return [x / total for x in e]


def filtered(
    logits: Sequence[float], temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> list[float]:
    """Return the distribution after temperature, top_k and top_p, renormalised.

    softmax(logits / temperature), then the top_k largest, then of these the fewest that reach
    top_p of the mass.  As transformers' generate: Holtzman et al. 2020 for top_p.
    logits: (V,)   top_k: 0 = all   returns (V,), 0.0 = removed
    """
    scaled = [s / temperature for s in logits]
    order = sorted(range(len(scaled)), key=lambda i: (-scaled[i], i))[: top_k or None]
    kept = softmax([scaled[i] for i in order])
    mass, n = 0.0, 0
    while n < len(kept) and mass < top_p - 1e-9:
        mass, n = mass + kept[n], n + 1
    result = [0.0] * len(scaled)
    for i, p in zip(order[:n], kept, strict=False):
        result[i] = p / mass
    return result


def entropy(probabilities: Sequence[float]) -> float:
    """Return -Σ p log₂ p, in bits."""
    return -sum(p * math.log2(p) for p in probabilities if p > 0)
