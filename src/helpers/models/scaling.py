"""Small decoders and encoder-decoders of many sizes on one text.

Both read 64 characters of English prose and write the next 64; both are marked on the same ones.
"""

import functools
import random
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
    set_seed,
)

from ..language import say

READ, WRITTEN = 64, 64  # characters of a window: context alone, and those that are marked
BATCH_SIZE, TEST_SHARE = 32, 0.1
KINDS = ("decoder", "encoder_decoder")
# An encoder-decoder has a loss for half of a window: twice the steps teach as many characters, and
# as each token passes half of its weights, at equal size they cost as many FLOPs.
STEPS = {"decoder": 400, "encoder_decoder": 800}
LAYERS = 2  # of an encoder-decoder: on each side
WIDTHS = {"decoder": (8, 12, 20, 32, 64, 112), "encoder_decoder": (8, 12, 16, 24, 40, 80)}
# Of the first weights: initializer_range of the Llama, whose own 0.02 costs 0.4 nats at width 64,
# and initializer_factor of the T5, whose own it is (half of it was worse: results/blocks.json).
SPREAD = {"decoder": 0.1, "encoder_decoder": 1.0}


@dataclass
class Corpus:
    """A text as ids of its characters; test: a part that is not trained on."""

    train: torch.Tensor
    test: torch.Tensor
    characters: str


def text(path: Path | None = None) -> str:
    """Return the text of a file, or Python's own help topics: half a million characters.

    They differ from one Python version to the next.  Whole topics are shuffled, so that the end of
    the text is of other topics than the rest.
    """
    if path is not None:
        return _shortened(Path(path).read_text(encoding="utf-8"))
    from pydoc_data.topics import topics

    parts = [topics[name] for name in sorted(topics)]
    random.Random(0).shuffle(parts)
    return _shortened("\n".join(parts))


def _shortened(said: str) -> str:
    """Shorten runs, as in rules and indents: more than three equal characters become three."""
    return re.sub(r"(.)\1{3,}", r"\1\1\1", said)


def corpus(said: str) -> Corpus:
    """Make a corpus of a text, the last part of it for the test."""
    characters = "".join(sorted(set(said)))
    index = {character: n for n, character in enumerate(characters)}
    ids = torch.tensor([index[character] for character in said])
    cut = int(len(ids) * (1 - TEST_SHARE))
    return Corpus(ids[:cut], ids[cut:], characters)


def new(
    kind: str,
    width: int,
    vocabulary: int,
    seed: int = 0,
    layers: int = LAYERS,
    spread: float | None = None,
) -> Any:
    """Make a Llama, or a T5 with `layers` layers in each stack, with random weights.

    spread: of the first weights, SPREAD if it is not given.
    """
    set_seed(seed)
    heads = max(1, width // 16)
    spread = SPREAD[kind] if spread is None else spread
    if kind == "decoder":
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=vocabulary,
                hidden_size=width,
                intermediate_size=8 * width // 3,  # of three matrices: as many weights as 4 of two
                num_hidden_layers=layers,
                num_attention_heads=heads,
                num_key_value_heads=heads,
                max_position_embeddings=READ + WRITTEN,
                tie_word_embeddings=True,
                initializer_range=spread,
                pad_token_id=0,  # the newline: starts at 0, learns through the output matrix alone
                bos_token_id=0,
                eos_token_id=0,
            )
        ).eval()
    start: dict[str, Any] = {"decoder_start_token_id": 0}
    config = T5Config(
        vocab_size=vocabulary,
        d_model=width,
        d_kv=width // heads,
        d_ff=4 * width,
        num_heads=heads,
        num_layers=layers,
        dropout_rate=0.0,
        initializer_factor=spread,
        pad_token_id=0,
        eos_token_id=0,
        **start,
    )
    return T5ForConditionalGeneration(config).eval()


def batch_of(kind: str, windows: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return what model(**batch) takes, for windows (B, READ + WRITTEN).

    A decoder is taught every character but the first, an encoder-decoder those that it writes.
    """
    if kind == "decoder":
        return {"input_ids": windows, "labels": windows}
    return {"input_ids": windows[:, :READ], "labels": windows[:, READ:].contiguous()}


def next_batch(
    kind: str, data: Corpus, seed: int = 0, size: int = BATCH_SIZE
) -> Callable[[], dict[str, torch.Tensor]]:
    """Make the batches for training.train: windows from anywhere in the training text."""
    generator = torch.Generator().manual_seed(seed)
    windows = data.train.unfold(0, READ + WRITTEN, 1)  # a view

    def batch() -> dict[str, torch.Tensor]:
        drawn = torch.randint(len(windows), (size,), generator=generator)
        return batch_of(kind, windows[drawn])

    return batch


@torch.no_grad()
def exam(model: Any, kind: str, data: Corpus) -> tuple[float, torch.Tensor]:
    """Test a model: (loss in nats a character, which guesses are right (windows, WRITTEN)).

    Each character of the test text but the first READ is asked once, after its true predecessors.
    """
    losses, hits = [], []
    for windows in data.test.unfold(0, READ + WRITTEN, WRITTEN).split(100):
        batch, target = batch_of(kind, windows), windows[:, READ:]
        logits = model(**batch).logits
        if kind == "decoder":
            logits = logits[:, READ - 1 : -1]
        losses.append(-logits.log_softmax(-1).gather(-1, target[..., None])[..., 0])
        hits.append(logits.argmax(-1) == target)
    return torch.cat(losses).mean().item(), torch.cat(hits)


def characters_with_loss(kind: str) -> int:
    """Return how many characters of a window a training step has a loss for."""
    return READ + WRITTEN - 1 if kind == "decoder" else WRITTEN


def exact_match(hits: torch.Tensor, k: int) -> float:
    """Return the share of runs of k neighbouring characters that are wholly right."""
    n = hits.size(1) // k * k
    return hits[:, :n].reshape(-1, k).all(1).double().mean().item()


@dataclass(frozen=True)
class Law:
    """L(N) = floor + scale / N^exponent, a power law that does not fall to 0."""

    floor: float
    scale: float
    exponent: float

    def __call__(self, size: ArrayLike) -> NDArray:
        """Compute the loss of models of these sizes: floor + scale · size^-exponent."""
        return self.floor + self.scale * np.asarray(size, float) ** -self.exponent


def fit(sizes: ArrayLike, losses: ArrayLike, floor: float | None = None) -> Law:
    """Fit floor, scale and exponent by least squares, none below 0.

    floor: its value where it is known, such as 0 for a law without one.
    ValueError for fewer than four sizes (three, where the floor is given).
    """
    n, y = np.asarray(sizes, float), np.asarray(losses, float)
    free = 3 if floor is None else 2
    if len(set(n.tolist())) <= free:
        raise ValueError(say.text("scaling", "few_sizes", got=len(set(n)), want=free + 1))
    middle = float(np.exp(np.log(n).mean()))

    def law(point: NDArray) -> NDArray:  # scale is that at the middle size: three numbers alike
        at_floor = point[2] if floor is None else floor
        return at_floor + point[0] * (n / middle) ** -point[1]

    starts = [(y.max() - low, 0.3, low) for low in (0.0, 0.5 * y.min(), 0.9 * y.min())]
    found = [
        least_squares(lambda point: law(point) - y, start[:free], bounds=(0, np.inf))
        for start in starts
    ]
    height, exponent, *rest = min(found, key=lambda result: result.cost).x
    return Law(rest[0] if rest else float(floor or 0), height * middle**exponent, exponent)


def bootstrapped(
    sizes: ArrayLike, losses: ArrayLike, draws: int = 300, seed: int = 0, floor: float | None = None
) -> list[Law]:
    """Fit laws to runs drawn with replacement (Efron 1979), as often as there are runs.

    Drawings of too few different sizes are drawn again.
    """
    n, y = np.asarray(sizes, float), np.asarray(losses, float)
    generator, laws = np.random.default_rng(seed), list[Law]()
    while len(laws) < draws:
        drawn = generator.integers(len(n), size=len(n))
        if len(set(n[drawn])) > 3:
            laws.append(fit(n[drawn], y[drawn], floor))
    return laws


def leave_one_out(sizes: ArrayLike, losses: ArrayLike) -> dict[float, Law]:
    """Fit a law without each size: {size that was left out: the law of the others}."""
    n, y = np.asarray(sizes, float), np.asarray(losses, float)
    return {size: fit(n[n != size], y[n != size]) for size in sorted(set(n.tolist()))}


def band(laws: Iterable[Law], sizes: ArrayLike, share: float = 0.9) -> NDArray:
    """Return (low, high) at each size between which `share` of the laws lie, (2, len(sizes))."""
    curves = np.stack([law(sizes) for law in laws])
    return np.quantile(curves, [(1 - share) / 2, (1 + share) / 2], axis=0)


@functools.cache
def published() -> dict[str, Any]:
    """Return dated events and laws of others, with their sources: history.toml."""
    source = resources.files(__package__) / "history.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))
