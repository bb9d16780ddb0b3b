"""Whether an attention score depends on two places, or on their distance alone."""

import torch

from . import triad, weights

KINDS = ("none", "learned", "sinusoidal", "distance", "rotary")


def sinusoid(n: int, width: int, start: int = 0, theta: float = 10_000.0) -> torch.Tensor:
    """Return sin and cos of place · theta^(-2i/width), (n, width): Vaswani et al. 2017, §3.5."""
    places = start + torch.arange(n, dtype=torch.float64)
    angles = places[:, None] * theta ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)  # sin, cos, sin, cos, …


def scores(
    kind: str,
    n: int = 64,
    start: int = 0,
    dtype: torch.dtype = torch.float64,
    width: int = 64,
    seed: int = 0,
) -> torch.Tensor:
    """Score one token, as a query at every place, against another, as a key at every place: (n, n).

    The tokens, the two matrices and the tables are random; scores are divided by √width.
    kind: one of KINDS, the way in which places come in   start: the first place
    """
    generator = torch.Generator().manual_seed(seed)
    x, y, learned = (torch.randn(rows, width, generator=generator) for rows in (1, 1, n))
    w_q, w_k = torch.randn(2, width, width, generator=generator).to(dtype) / width**0.5
    added = {"learned": learned, "sinusoidal": sinusoid(n, width, start)}
    table = added.get(kind, torch.zeros(n, width))
    q, k = (x + table).to(dtype) @ w_q, (y + table).to(dtype) @ w_k
    if kind == "rotary":
        places = start + torch.arange(n, dtype=dtype)
        q, k = triad.rotated(q, places), triad.rotated(k, places)
    biases = torch.randn(32, 1, generator=generator).to(dtype)  # T5's: 32 numbers for a head
    bias = triad.distance_bias(n, biases, triad.T5, causal=False)[0] if kind == "distance" else 0
    return q @ k.T / width**0.5 + bias


def drift(table: torch.Tensor) -> float:
    """Return the most by which two scores of the same distance differ, of a table (n, n)."""
    n = len(table)
    along = (table.diagonal(distance) for distance in range(1 - n, n))  # places m and m + distance
    return max((diagonal.max() - diagonal.min()).item() for diagonal in along)


@torch.no_grad()
def trained(real: torch.nn.Module, query: int, key: int, n: int = 64) -> torch.Tensor:
    """Score two tokens at every pair of places in a model's first block: (heads, n, n).

    real: a BERT, GPT-2, T5 (its encoder) or Llama of transformers   query, key: token numbers
    """
    w, d = weights.take(real)
    w = w.get("encoder", w)
    block = w["blocks"]["0"]
    first = block["norms"]["0"] if d.norm_first else w["norm"]
    d_k = len(block["attention"]["q"]["weight"]) // d.heads
    found = []
    for token, name in ((query, "q"), (key, "k")):
        x = w["embedding"]["weight"][[token] * n]
        x = x + w["positions"]["weight"][:n] if "positions" in w else x
        y = torch.nn.functional.linear(triad.norm(x, first, d), **block["attention"][name])
        y = y.unflatten(-1, (-1, d_k)).transpose(0, 1)  # (heads, n, d_k)
        found.append(triad.rotated(y, torch.arange(n), d.theta) if d.theta else y)
    q, k = found[0], found[1].repeat_interleave(len(found[0]) // len(found[1]), 0)
    scores = q @ k.mT / (q.size(-1) ** 0.5 if d.scaled else 1)
    if "distances" not in w:
        return scores
    return scores + triad.distance_bias(n, w["distances"]["weight"], d, causal=False)
