"""The triad in one file: one block, three wirings, for weights w and a Design d of weights.take.

Sizes, added vectors, gates, tables of positions: as w has them, w["blocks"]["0"]["ffn"]["up"] …
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch.nn import functional as F


class Design(NamedTuple):
    """What a family of models chooses, beyond what its weights show."""

    norm_first: bool  # pre-norm, x + part(norm(x)); else post-norm, norm(x + part(x))
    centred: bool  # LayerNorm; else RMSNorm
    scaled: bool  # scores are divided by √d_k
    activation: Callable[[torch.Tensor], torch.Tensor]
    eps: float
    heads: int = 4
    theta: float = 0.0  # of rotary positions; 0: none
    farthest: int = 64  # distances from here on share T5's bias


gelu_tanh = partial(F.gelu, approximate="tanh")
BERT = Design(norm_first=False, centred=True, scaled=True, activation=F.gelu, eps=1e-12)
GPT2 = Design(norm_first=True, centred=True, scaled=True, activation=gelu_tanh, eps=1e-5)
T5 = Design(norm_first=True, centred=False, scaled=False, activation=F.relu, eps=1e-6)
LLAMA = Design(norm_first=True, centred=False, scaled=True, activation=F.silu, eps=1e-6, theta=1e4)


def norm(x, w, d):
    """LayerNorm of x (…, width); RMSNorm neither subtracts the mean nor adds a vector."""
    x = x - x.mean(-1, keepdim=True) if d.centred else x
    return x * (x.square().mean(-1, keepdim=True) + d.eps).rsqrt() * w["weight"] + w.get("bias", 0)


def rotated(x, positions, theta=10_000.0):
    """Turn the pair (i, i + d_k/2) of x (…, T, d_k) by the angle position · theta^(-2i/d_k)."""
    angles = positions[:, None] * theta ** (-torch.arange(0, x.size(-1), 2) / x.size(-1))
    (a, b), cos, sin = x.chunk(2, -1), angles.cos(), angles.sin()  # all: (…, T, d_k/2)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def attention(q, k, v, mask=None, bias=0.0, scaled=True):
    """softmax(q kᵀ / √d_k + bias) v (…, T, d_k), and the weights (…, T, S) of v (…, S, d_k)."""
    scores = q @ k.mT / (q.size(-1) ** 0.5 if scaled else 1) + bias
    weights = (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1)
    return weights @ v, weights


def multi_head(x, memory, w, d, mask=None, bias=0.0):
    """Ask by x (B, T, width) in several heads at once; memory (B, S, width) has keys and values."""
    rows = F.linear(x, **w["q"]), F.linear(memory, **w["k"]), F.linear(memory, **w["v"])
    d_k = rows[0].size(-1) // d.heads
    q, k, v = (y.unflatten(-1, (-1, d_k)).transpose(1, 2) for y in rows)  # (B, heads, T, d_k)
    if d.theta:
        q, k = (rotated(y, torch.arange(y.size(-2)), d.theta) for y in (q, k))
    k, v = (y.repeat_interleave(d.heads // y.size(1), 1) for y in (k, v))  # several heads share one
    mixed, _ = attention(q, k, v, mask, bias, d.scaled)
    return F.linear(mixed.transpose(1, 2).flatten(2), **w["o"])


def feed_forward(x, w, d):
    """down(f(up x)), or with a gate down(f(gate x) · up x), of x (B, T, width)."""
    inner = d.activation(F.linear(x, **w["gate" if "gate" in w else "up"]))
    inner = inner * F.linear(x, **w["up"]) if "gate" in w else inner
    return F.linear(inner, **w["down"])


def block(x, w, d, mask=None, bias=0.0, memory=None, memory_mask=None):
    """Attention, cross-attention where w has one, feed-forward: each adds to x (B, T, width)."""
    own = [lambda y: multi_head(y, y, w["attention"], d, mask, bias)]
    cross = [lambda y: multi_head(y, memory, w["cross"], d, memory_mask)] if "cross" in w else []
    parts = [*own, *cross, lambda y: feed_forward(y, w["ffn"], d)]
    for part, scale in zip(parts, w["norms"].values(), strict=True):
        x = x + part(norm(x, scale, d)) if d.norm_first else norm(x + part(x), scale, d)
    return x


def distance_bias(n, table, d, causal):
    """T5's number for each distance (heads, n, n): near ones apart, far ones together."""
    distance = torch.arange(n) - torch.arange(n)[:, None]  # above 0: the key is to the right
    side = len(table) if causal else len(table) // 2
    near = side // 2
    far = [near * (d.farthest / near) ** (i / (side - near)) for i in range(1, side - near)]
    row = torch.bucketize(distance.abs(), torch.tensor([*range(1, near + 1), *far]), right=True)
    return table[row if causal else row + side * (distance > 0)].permute(2, 0, 1)


def stack(ids, w, d, causal, real=None, memory=None, memory_real=None):
    """Embed ids (B, T) and go through all blocks; real (B, 1, 1, T) is False on padding."""
    n, x = ids.size(1), w["embedding"]["weight"][ids]
    mask = torch.ones(n, n, dtype=torch.bool).tril(0 if causal else n) & (real is None or real)
    x = x + w["positions"]["weight"][:n] if "positions" in w else x
    bias = distance_bias(n, w["distances"]["weight"], d, causal) if "distances" in w else 0.0
    x = x if d.norm_first else norm(x, w["norm"], d)
    for layer in w["blocks"].values():
        x = block(x, layer, d, mask, bias, memory, memory_real)
    return norm(x, w["norm"], d) if d.norm_first else x


def encoder(ids, w, d, real=None):
    """BERT, where a token sees all: ids (B, T) → logits (B, T, vocabulary)."""
    x = d.activation(F.linear(stack(ids, w, d, causal=False, real=real), **w["transform"]))
    return F.linear(norm(x, w["last"], d), **w["logits"])


def decoder(ids, w, d, real=None):
    """GPT-2, where a token sees none behind it: ids (B, T) → logits (B, T, vocabulary)."""
    return F.linear(stack(ids, w, d, causal=True, real=real), **w["logits"])


def encoder_decoder(ids, written, w, d, real=None):
    """T5, a decoder that also sees ids (B, S), all: written (B, T) → logits (B, T, vocabulary)."""
    memory = stack(ids, w["encoder"], d, causal=False, real=real)
    x = stack(written, w["decoder"], d, causal=True, memory=memory, memory_real=real)
    return F.linear(x / x.size(-1) ** 0.5, **w["logits"])
