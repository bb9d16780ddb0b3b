"""A small Transformer of the parts of triad.py, each of which can be taken out or exchanged."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import nn
from transformers.utils import ModelOutput

from . import triad

NORMS = ("none", "pre", "post")
POSITIONS = ("none", "learned", "sinusoidal", "bias", "rope")
FEED_FORWARDS = ("none", "gelu", "swiglu")
LONGEST = 128  # rows of the learned positions
# Of T5's bias: a trained model has seen every bucket (T5: 128 of 512 tokens).
BUCKETS, FARTHEST = 16, 12


@dataclass(frozen=True)
class Switches:
    """What a model is made of.

    norm: one of NORMS, before each part or after each sum   scale: "layer" or "rms"
    residual: each part adds to its input; else its output replaces it
    position: one of POSITIONS, "bias" as in T5   feed_forward: one of FEED_FORWARDS
    one_matrix: queries and keys are made by one matrix   causal: no token sees those behind it
    """

    depth: int = 1
    width: int = 32
    heads: int = 2
    norm: str = "pre"
    scale: str = "layer"
    residual: bool = True
    position: str = "none"
    feed_forward: str = "gelu"
    one_matrix: bool = False
    causal: bool = False

    def design(self) -> triad.Design:
        """Return what triad.py calls this."""
        return triad.Design(
            norm_first=self.norm == "pre",
            centred=self.scale == "layer",
            scaled=True,
            activation=F.silu if self.feed_forward == "swiglu" else F.gelu,
            eps=1e-5,
            heads=self.heads,
            theta=1e4 if self.position == "rope" else 0.0,
            farthest=FARTHEST,
        )


class Transformer(nn.Module):
    """Embedding, blocks, and a matrix that reads the answers off, all with random weights.

    Takes ids (B, T), or (B, T, features) where a token's embedding is the sum of several.
    Matrices are drawn with variance 1/inputs, embeddings with variance 1.
    """

    def __init__(self, switches: Switches, vocabulary: int, answers: int, seed: int = 0):
        super().__init__()
        torch.manual_seed(seed)
        self.switches, self.design, d = switches, switches.design(), switches.width
        self.embedding = nn.Embedding(vocabulary, d)
        self.positions = nn.Embedding(LONGEST if switches.position == "learned" else 0, d)
        self.distances = nn.Embedding(BUCKETS if switches.position == "bias" else 0, switches.heads)
        self.blocks = nn.ModuleList(block(switches) for _ in range(switches.depth))
        self.norm = scale(switches) if switches.norm == "pre" else None
        self.read_out = matrix(d, answers)
        nn.init.zeros_(self.distances.weight)

    def steps(
        self, ids: torch.Tensor, real: torch.Tensor | None = None
    ) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
        """Yield (part, what it gave, the stream after it), both (B, T, width); first the embedding.

        part: "embedding", or "attention" or "ffn" of each block in turn
        real: (B, T), 0 on padding
        """
        x, bias, mask = self._embedded(ids), self._bias(ids.size(1)), self._mask(ids.size(1), real)
        yield "embedding", x, x
        for w in cast(Any, self.blocks):
            for name, norm in w["norms"].items():
                y = self._normed(x, norm) if self.switches.norm == "pre" else x
                if name == "attention":
                    y = triad.multi_head(y, y, w["attention"], self.design, mask, bias)
                else:
                    y = triad.feed_forward(y, w["ffn"], self.design)
                x = x + y if self.switches.residual else y
                x = self._normed(x, norm) if self.switches.norm == "post" else x
                yield name, y, x

    def read(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, T, answers) that are read off a stream (B, T, width)."""
        return F.linear(self._normed(x, self.norm) if self.norm else x, **self.read_out)

    def forward(
        self,
        input_ids: torch.Tensor,
        labels: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
    ) -> ModelOutput:
        """Return logits (B, T, answers), and the loss if there are labels: answers, -100 for none.

        labels: (B, T), or (B, T, 2) where a token is asked two things, each by its own half of the
        logits
        """
        *_, (_, _, x) = self.steps(input_ids, attention_mask)
        logits = self.read(x)
        if labels is None:
            return ModelOutput(logits=logits)
        loss = F.cross_entropy(logits.reshape(labels.numel(), -1), labels.flatten())
        return ModelOutput(loss=loss, logits=logits)

    def _embedded(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embedding(ids) if ids.ndim == 2 else self.embedding(ids).sum(2)
        if self.switches.position == "learned":
            return x + self.positions.weight[: ids.size(1)]
        if self.switches.position == "sinusoidal":
            return x + sinusoids(ids.size(1), x.size(-1))
        return x

    def _bias(self, n: int) -> torch.Tensor | float:
        if self.switches.position != "bias":
            return 0.0
        return triad.distance_bias(n, self.distances.weight, self.design, self.switches.causal)

    def _mask(self, n: int, real: torch.Tensor | None) -> torch.Tensor | None:
        mask = torch.ones(n, n, dtype=torch.bool).tril() if self.switches.causal else None
        if real is None:
            return mask
        real = real.bool()[:, None, None]
        return real if mask is None else mask & real

    def _normed(self, x: torch.Tensor, w) -> torch.Tensor:
        function = F.layer_norm if self.design.centred else F.rms_norm
        return function(x, x.shape[-1:], **w, eps=self.design.eps)


def block(switches: Switches) -> nn.ModuleDict:
    """Draw the weights of one block, as triad.block takes them.

    GELU: 2 matrices of 4 width² each; SwiGLU: 3 of 8/3 width² each, as many parameters.
    """
    d, parts = switches.width, ["attention"]
    made = {"attention": nn.ModuleDict({name: matrix(d, d) for name in "qkvo"})}
    if switches.one_matrix:
        made["attention"]["k"] = made["attention"]["q"]
    if switches.feed_forward != "none":
        gated = switches.feed_forward == "swiglu"
        inner = round(8 * d / 3) if gated else 4 * d
        names = ["up", "gate"] if gated else ["up"]
        ffn = {name: matrix(d, inner) for name in names} | {"down": matrix(inner, d)}
        made["ffn"], parts = nn.ModuleDict(ffn), [*parts, "ffn"]
    made["norms"] = nn.ModuleDict({name: scale(switches) for name in parts})
    return nn.ModuleDict(made)


def matrix(inputs: int, outputs: int) -> nn.ParameterDict:
    """Draw a matrix (outputs, inputs) that keeps the variance of what it multiplies."""
    return nn.ParameterDict({"weight": torch.randn(outputs, inputs) / math.sqrt(inputs)})


def scale(switches: Switches) -> nn.ParameterDict:
    """Make the weights of a norm; none where there is no norm."""
    if switches.norm == "none":
        return nn.ParameterDict()
    ones, zeros = torch.ones(switches.width), torch.zeros(switches.width)
    return nn.ParameterDict(
        {"weight": ones, "bias": zeros} if switches.scale == "layer" else {"weight": ones}
    )


def sinusoids(n: int, width: int) -> torch.Tensor:
    """Return the positions of Vaswani et al. 2017, §3.5, (n, width), sines before cosines."""
    frequencies = 10_000.0 ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(n)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], -1)


@torch.no_grad()
def added(model: Transformer, ids: torch.Tensor) -> list[tuple[str, float, float]]:
    """Return (part, mean length of what it gave, mean length of the stream after it) of each part.

    A length is the norm of a token's vector; the first is the embedding.
    """
    return [
        (name, y.norm(dim=-1).mean().item(), x.norm(dim=-1).mean().item())
        for name, y, x in model.steps(ids)
    ]


@torch.no_grad()
def likeness(model: Transformer, ids: torch.Tensor) -> list[float]:
    """Return the mean cosine between two tokens of a sequence, after the embedding and each block.

    Near 1, all tokens have become one: attention alone averages them (Dong et al. 2021,
    arXiv:2103.03404).
    """
    stream = [x for _, _, x in model.steps(ids)]
    n, parts = ids.size(1), (len(stream) - 1) // model.switches.depth
    unit = [F.normalize(x, dim=-1) for x in stream[::parts]]
    return [((u.sum(1).square().sum(-1) - n) / (n * (n - 1))).mean().item() for u in unit]
