"""The encoder-decoder of lesson 05 once more, of the decoder's own blocks: only the wiring differs.

    python -m helpers.results.blocks

Rotary positions, RMSNorm, gated MLPs, one spread of the first weights, as in the Llama whose runs
are in scaling.json (tests/test_scaling.py: with its weights, Model("decoder") computes the same).
Writes blocks.json after every wiring and every first spread: {"runs", "sweep", "starts",
"settings"}.  runs: three seeds at the best learning rate; sweep: the rates that were tried;
starts: other spreads of the first weights of the lesson's Llama and T5.
About 12 minutes of one CPU core (OMP_NUM_THREADS=1).
"""

import time
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from transformers.utils import ModelOutput

from .. import scaling, training
from . import versions, write
from .scaling import SEEDS, searched

FILE = Path(__file__).with_suffix(".json")
# Widths of lesson 05 that cost about as many FLOPs.  rotary: an encoder-decoder with positions in
# the cross-attention too, counted on from the text read; it writes from its last character on, as
# a decoder does.
WIRINGS = {"encoder_decoder": 40, "rotary": 40}
WIDTHS = {"decoder": 64, "encoder_decoder": 40}
STARTS = {"decoder": (0.02,), "encoder_decoder": (0.5, 2.0)}  # beside scaling.SPREAD
BEST = 0.8  # learning rate times width: the lesson's best of both sizes


def rotated(x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Rotary positions (Su et al. 2021) for x (B, heads, T, d), by halves as in Llama."""
    d = x.size(-1)
    angles = positions[:, None] * 10_000.0 ** (-torch.arange(0, d, 2) / d)
    cos, sin = (part.repeat(1, 2) for part in (angles.cos(), angles.sin()))
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))

    def forward(self, x, memory, causal, positions=None):
        """positions: of x and of memory; None for none."""
        split = (x.size(0), -1, self.heads, x.size(-1) // self.heads)
        q, k, v = (
            f(t).view(split).transpose(1, 2)
            for f, t in zip((self.q, self.k, self.v), (x, memory, memory), strict=True)
        )
        if positions:
            q, k = rotated(q, positions[0]), rotated(k, positions[1])
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.o(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Self-attention, cross-attention where it reads a memory, gated MLP; RMSNorm before each."""

    def __init__(self, width: int, heads: int, reads: bool):
        super().__init__()
        inner = 8 * width // 3
        self.attention = Attention(width, heads)
        self.norms = nn.ModuleList(nn.RMSNorm(width) for _ in range(2 + reads))
        self.gate, self.up = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down = nn.Linear(inner, width, bias=False)
        self.cross = Attention(width, heads) if reads else None

    def forward(self, x, causal, at, memory=None, cross_at=None):
        y = self.norms[0](x)
        x = x + self.attention(y, y, causal, (at, at))
        if self.cross is not None:
            x = x + self.cross(self.norms[2](x), memory, False, cross_at)
        y = self.norms[1](x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Model(nn.Module):
    """Takes the batches of scaling.batch_of; the embedding is also the output matrix."""

    def __init__(self, wiring: str, width: int, vocabulary: int, seed: int = 0):
        super().__init__()
        torch.manual_seed(seed)
        self.wiring, self.vocabulary = wiring, vocabulary
        reads, heads = wiring != "decoder", max(1, width // 16)

        def stack(reads):
            return nn.ModuleList(Block(width, heads, reads) for _ in range(scaling.LAYERS))

        self.embedding = nn.Embedding(vocabulary + 1, width)  # one more: where writing starts
        self.decoder, self.norm = stack(reads), nn.RMSNorm(width)
        self.encoder = stack(False) if reads else nn.ModuleList()
        self.read_norm = nn.RMSNorm(width) if reads else nn.Identity()
        for weight in self.parameters():
            if weight.ndim > 1:
                nn.init.normal_(weight, 0, scaling.SPREAD["decoder"])

    def forward(self, input_ids, labels):
        """ModelOutput(loss, logits); the logits of a decoder are those of the whole window."""
        if self.wiring == "decoder":
            x, target = self._through(self.decoder, input_ids), labels[:, 1:]
        else:
            x, target = self._written(input_ids, labels), labels
        logits = self.norm(x) @ self.embedding.weight[: self.vocabulary].T
        said = logits[:, : target.size(1)].flatten(0, 1)
        return ModelOutput(loss=F.cross_entropy(said, target.flatten()), logits=logits)

    def _written(self, ids, labels):
        memory = self.read_norm(self._through(self.encoder, ids, causal=False))
        rotary = self.wiring == "rotary"
        first = ids[:, -1:] if rotary else torch.full_like(ids[:, :1], self.vocabulary)
        given = torch.cat([first, labels[:, :-1]], 1)
        return self._through(self.decoder, given, memory, start=ids.size(1) - 1 if rotary else 0)

    def _through(self, blocks, ids, memory=None, start=0, causal=True):
        x, at, cross_at = self.embedding(ids), start + torch.arange(ids.size(1)), None
        if memory is not None and self.wiring == "rotary":
            cross_at = at, torch.arange(memory.size(1))
        for block in blocks:
            x = block(x, causal, at, memory, cross_at)
        return x


def run(
    model: nn.Module, kind: str, seed: int, rate: float, data: scaling.Corpus, steps: int
) -> dict[str, Any]:
    """Train one model as results/scaling.py does, and mark it."""
    flops = training.step_flops(model, scaling.next_batch(kind, data, seed)())
    started = time.process_time()
    trained = training.train(model, scaling.next_batch(kind, data, seed), steps, rate)
    loss, _ = scaling.exam(model, kind, data)
    return {
        "seed": seed,
        "rate": rate,
        "parameters": training.parameter_count(model),
        "flops": flops * steps,
        "cpu_seconds": round(time.process_time() - started),
        "training_loss": round(trained.mean_loss(50), 4),
        "loss": round(loss, 4),
    }


def made(wiring: str, data: scaling.Corpus, steps: int) -> dict[str, list[dict[str, Any]]]:
    """Search the learning rate with the first seed, by the training loss; then the other seeds."""
    width, kind = WIRINGS[wiring], "encoder_decoder"

    def trained(seed: int, rate: float) -> dict[str, Any]:
        model = Model(wiring, width, len(data.characters), seed).eval()
        return {"wiring": wiring, "width": width} | run(model, kind, seed, rate, data, steps)

    first = searched(lambda product: trained(0, product / width), lambda r: r["training_loss"])
    best = min(first.values(), key=lambda r: r["training_loss"])
    others = [trained(seed, best["rate"]) for seed in SEEDS[1:]]
    keys = ("wiring", "rate", "training_loss", "loss")
    tried = [{key: first[product][key] for key in keys} for product in sorted(first)]
    return {"runs": [best, *others], "sweep": tried}


def started(kind: str, spread: float, data: scaling.Corpus, steps: int) -> dict[str, Any]:
    """A model of the lesson with other first weights, at the lesson's best rate."""
    width = WIDTHS[kind]
    model = scaling.new(kind, width, len(data.characters), spread=spread)
    return {"kind": kind, "spread": spread} | run(model, kind, 0, BEST / width, data, steps)


def main(path: Path = FILE, steps: dict[str, int] = scaling.STEPS) -> int:
    data = scaling.corpus(scaling.text())
    kept: dict[str, Any] = {"runs": [], "sweep": [], "starts": []}
    kept["settings"] = {"steps": steps, "versions": versions()}
    for wiring in WIRINGS:
        found = made(wiring, data, steps["encoder_decoder"])
        for key, rows in found.items():
            kept[key] += rows
        write(path, kept)
        print(wiring, [row["loss"] for row in found["runs"]])
    for kind, spreads in STARTS.items():
        for spread in spreads:
            kept["starts"].append(started(kind, spread, data, steps[kind]))
            write(path, kept)
            print(kind, spread, kept["starts"][-1]["loss"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
