"""Span corruption, which T5 is pre-trained on: spans of a text are missing, to be written."""

import random
from collections.abc import Sequence
from itertools import pairwise

SENTINEL = "<extra_id_{}>"  # T5's name for the n-th missing span


def corrupted(
    tokens: Sequence[str], rng: random.Random, share: float = 0.15, mean_span: int = 3
) -> tuple[list[str], list[str]]:
    """Return what the encoder reads and what the decoder is to write (Raffel et al. 2020, §3.3.4).

    Kept pieces and missing spans take turns.  share: of the tokens, missing.  mean_span: tokens.
    """
    n_missing = max(1, round(share * len(tokens)))
    n_spans = max(1, round(n_missing / mean_span))
    kept = pieces(len(tokens) - n_missing, n_spans, rng)
    missing = pieces(n_missing, n_spans, rng)
    source, target, at = [], [], 0
    for n in range(n_spans):
        source += [*tokens[at : at + kept[n]], SENTINEL.format(n)]
        at += kept[n]
        target += [SENTINEL.format(n), *tokens[at : at + missing[n]]]
        at += missing[n]
    return source, [*target, SENTINEL.format(n_spans)]


def pieces(total: int, count: int, rng: random.Random) -> list[int]:
    """Split total into count positive whole numbers at random."""
    cuts = [0, *sorted(rng.sample(range(1, total), count - 1)), total]
    return [b - a for a, b in pairwise(cuts)]
