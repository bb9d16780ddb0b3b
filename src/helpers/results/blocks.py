"""Lesson 06's encoder-decoder made of the decoder's own blocks: only their connections differ.

    python -m helpers.results.blocks

Rotary positions, RMSNorm, gated MLPs, one spread of the first weights, as in the Llama whose runs
are in scaling.json (test_scaling.py: with its weights, StackedModel("decoder") computes the same).
Writes blocks.json after every run: {"runs": [{model, kind, width, seed, product, spread, rate,
parameters, flops, cpu_seconds, training_loss, loss}], "settings"}.  model: a wiring, or a kind of
the lesson with another spread of the first weights; product: learning rate times width.  Runs that
are there are not made again.  About 15 minutes of one CPU core (OMP_NUM_THREADS=1).
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from transformers.utils import ModelOutput

from ..models import scaling, training
from ..models.triad import rotated
from . import load, versions, write
from .scaling import SEEDS, START, next_product

FILE = Path(__file__).with_suffix(".json")
# rotary: an encoder-decoder with positions in the cross-attention too, counted on from the text
# read; it writes from its last character on, as a decoder does.
WIRINGS = ("encoder_decoder_of_blocks", "rotary_of_blocks")
BEST = 0.8  # learning rate times width: the best of both kinds at these widths in scaling.json
# Kind, width, another spread of its first weights (scaling.SPREAD has the lesson's).
STARTS = (("decoder", 64, 0.02), ("encoder_decoder", 40, 0.5))


class RotaryAttention(nn.Module):
    """Attention of several heads, with rotary positions, over the block's input or a memory."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))

    def forward(self, x, memory, causal, positions=None):
        """Attend from x to memory.

        positions: of x and of memory; None for none
        """
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
    """A block of self-attention, cross-attention where it reads a memory, and a gated MLP.

    RMSNorm before each.
    """

    def __init__(self, width: int, heads: int, reads: bool):
        super().__init__()
        inner = 8 * width // 3
        self.attention = RotaryAttention(width, heads)
        self.norms = nn.ModuleList(nn.RMSNorm(width) for _ in range(2 + reads))
        self.gate, self.up = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down = nn.Linear(inner, width, bias=False)
        self.cross = RotaryAttention(width, heads) if reads else None

    def forward(self, x, causal, at, memory=None, cross_at=None):
        """Add each attention's output, then the MLP's, to the residual stream x."""
        y = self.norms[0](x)
        x = x + self.attention(y, y, causal, (at, at))
        if self.cross is not None:
            x = x + self.cross(self.norms[2](x), memory, False, cross_at)
        y = self.norms[1](x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class StackedModel(nn.Module):
    """A decoder or an encoder-decoder that takes the batches of scaling.batch_of.

    The embedding is also the output matrix.
    """

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
        """Return ModelOutput(loss, logits); a decoder's logits are those of the whole window."""
        if self.wiring == "decoder":
            x, target = self._through(self.decoder, input_ids), labels[:, 1:]
        else:
            x, target = self._written(input_ids, labels), labels
        logits = self.norm(x) @ self.embedding.weight[: self.vocabulary].T
        said = logits[:, : target.size(1)].flatten(0, 1)
        return ModelOutput(loss=F.cross_entropy(said, target.flatten()), logits=logits)

    def _written(self, ids, labels):
        memory = self.read_norm(self._through(self.encoder, ids, causal=False))
        rotary = self.wiring == "rotary_of_blocks"
        first = ids[:, -1:] if rotary else torch.full_like(ids[:, :1], self.vocabulary)
        given = torch.cat([first, labels[:, :-1]], 1)
        return self._through(self.decoder, given, memory, start=ids.size(1) - 1 if rotary else 0)

    def _through(self, blocks, ids, memory=None, start=0, causal=True):
        x, at, cross_at = self.embedding(ids), start + torch.arange(ids.size(1)), None
        if memory is not None and self.wiring == "rotary_of_blocks":
            cross_at = at, torch.arange(memory.size(1))
        for block in blocks:
            x = block(x, causal, at, memory, cross_at)
        return x


def tasks(runs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """List every run by what makes it; `runs` are those that are there, and grow meanwhile.

    A wiring's learning rate is searched as in results/scaling.py, with the first seed; the other
    seeds take the best.  Other first weights: one run each.
    """
    for wiring in WIRINGS:
        one = {"model": wiring, "kind": "encoder_decoder", "width": 40}
        for product in START:
            yield one | {"seed": SEEDS[0], "product": product}
        while further := next_product(tried(runs, wiring)):
            yield one | {"seed": SEEDS[0], "product": further}
        for seed in SEEDS[1:]:
            yield one | {"seed": seed, "product": best(runs, wiring)}
    for kind, width, spread in STARTS:
        one = {"model": kind, "kind": kind, "width": width, "spread": spread}
        yield one | {"seed": SEEDS[0], "product": BEST}


def tried(runs: list[dict[str, Any]], wiring: str) -> dict[float, float]:
    """Return {product: training loss} of a wiring's runs with the first seed."""
    first = [run for run in runs if (run["model"], run["seed"]) == (wiring, SEEDS[0])]
    return {run["product"]: run["training_loss"] for run in first}


def best(runs: list[dict[str, Any]], wiring: str) -> float:
    """Return the product with the lowest training loss of a wiring's runs."""
    losses = tried(runs, wiring)
    return min(losses, key=losses.__getitem__)


def best_runs(wiring: str) -> list[dict[str, Any]]:
    """Return the shipped runs of a wiring at its best learning rate, one for each seed."""
    runs = load(FILE.stem)["runs"]
    product = best(runs, wiring)
    return [run for run in runs if (run["model"], run["product"]) == (wiring, product)]


def run(task: dict[str, Any], data: scaling.Corpus, steps: int) -> dict[str, Any]:
    """Train one model as results/scaling.py does, and test it."""
    kind, width, seed, size = task["kind"], task["width"], task["seed"], len(data.characters)
    if task["model"] in WIRINGS:
        model: Any = StackedModel(task["model"], width, size, seed).eval()
    else:
        model = scaling.new(kind, width, size, seed, spread=task["spread"])
    flops = training.step_flops(model, scaling.next_batch(kind, data, seed)())
    started, rate = time.process_time(), task["product"] / width
    trained = training.train(model, scaling.next_batch(kind, data, seed), steps, rate)
    loss, _ = scaling.exam(model, kind, data)
    return task | {
        "rate": rate,
        "parameters": training.parameter_count(model),
        "flops": flops * steps,
        "cpu_seconds": round(time.process_time() - started),
        "training_loss": round(trained.mean_loss(50), 4),
        "loss": round(loss, 4),
    }


def main(path: Path = FILE, steps: dict[str, int] = scaling.STEPS, most: int = 99) -> int:
    """Make the runs that are not there, at most so many."""
    data = scaling.corpus(scaling.text())
    settings = {"steps": steps, "versions": versions()}
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    for task in tasks(runs):
        if any(task.items() <= made.items() for made in runs):
            continue
        if most <= 0:
            break
        most -= 1
        runs.append(run(task, data, steps[task["kind"]]))
        write(path, {"runs": runs, "settings": settings})
        print(runs[-1], flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
