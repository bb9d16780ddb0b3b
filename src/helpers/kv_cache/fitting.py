"""What fits where: weights, cache, activations and the rest as separate lines, never one number."""

import functools
import html
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from .. import say, show
from . import configs, roads
from .configs import refuse
from .size import GIB, amount

MARGIN = 0.10  # a fit within 10 % of the card is none: fragments, a longer answer, a desktop
OVERHEAD = GIB  # CUDA's context and kernels: 0.5 to 1.5 GiB, which depends on the driver
CHUNK = 512  # tokens of a prompt that an engine computes at once
GROUP = 64  # numbers that share a scale and a zero point of 16 bits each, below 16 bits


@dataclass(frozen=True)
class Model:
    """parameters: as published, in billions.  config: anything that kv_cache.formula takes."""

    name: str
    parameters: float
    source: str
    config: Any
    untied: float = 0.0


@dataclass(frozen=True)
class Gpu:
    name: str
    gib: int
    source: str


@dataclass(frozen=True)
class Published:
    """A number in print: their bytes for a model at a length, and theirs / ours."""

    model: str
    tokens: int
    says_bytes: int
    factor: float
    source: str


@dataclass(frozen=True)
class Characters:
    """How many characters of a language one token of a tokenizer stands for: read or counted."""

    name: str
    lang: str
    characters: float
    read: str
    source: str


@functools.cache
def characters() -> Mapping[str, Characters]:
    return {key: Characters(**entry) for key, entry in _entries("characters").items()}


@functools.cache
def models() -> Mapping[str, Model]:
    return {key: Model(**entry) for key, entry in _entries("models").items()}


@functools.cache
def gpus() -> Mapping[str, Gpu]:
    return {key: Gpu(**entry) for key, entry in _entries("gpus").items()}


@functools.cache
def published() -> Mapping[str, Published]:
    return {key: Published(**entry) for key, entry in _entries("published").items()}


def model(key: str) -> Model:
    """configs.Refused, with all names, for one that models.toml does not have."""
    if key not in models():
        raise refuse("unknown_model", got=key, known=", ".join(models()))
    return models()[key]


def config(key: str) -> Any:
    """The config object of a model in models.toml, named as the model."""
    entry = model(key)
    found = configs.read(entry.config)
    found.name_or_path = entry.name
    return found


def stored_bits(bits: int, group_size: int = GROUP) -> float:
    """Bits that one number takes in fact: below 16 also its share of a scale and a zero point.

    8 → 8.5 and 4 → 4.5 with groups of 64
    """
    return bits if bits >= 16 else bits + 2 * 16 / group_size


@dataclass(frozen=True)
class Fit:
    """The lines of one estimate in bytes, and the card that it is held against."""

    model: str
    gpu: Gpu
    lines: Mapping[str, float]

    @property
    def total_bytes(self) -> float:
        return sum(self.lines.values())

    @property
    def fits(self) -> bool:
        """Does it fit with a tenth of the card to spare?"""
        return self.total_bytes <= (1 - MARGIN) * self.gpu.gib * GIB

    def sentence(self) -> str:
        values = {"model": self.model, "gpu": self.gpu.name, "gib": self.gpu.gib}
        verdict = "fits" if self.fits else "does_not_fit"
        return say.text("kv_cache", verdict, need=f"{self.total_bytes / GIB:,.1f}", **values)

    def table(self) -> tuple[str, str]:
        rows = [[say.text("kv_cache", f"line_{k}"), amount(v)] for k, v in self.lines.items()]
        rows.append([say.text("kv_cache", "all"), amount(self.total_bytes)])
        return show.table([say.text("kv_cache", "line"), say.text("kv_cache", "bytes")], rows)

    def __str__(self) -> str:
        return f"{self.sentence()}\n{self.table()[1]}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        body = f"<p>{html.escape(self.sentence())}</p>{self.table()[0]}"
        return f'<div lang="{say.html_lang()}">{body}</div>'


def fits(
    key: str,
    gpu: str,
    seq_len: int,
    *,
    weight_bits: int = 16,
    cache_bits: int = 16,
    batch_size: int = 1,
    encoder_len: int | None = None,
) -> Fit:
    """Weights, cache, activations and overhead of one model on one card.

    weight_bits and cache_bits are two different quantisations; below 16 bits each number also
    pays for its share of scale and zero point (stored_bits).
    """
    if gpu not in gpus():
        raise refuse("unknown_gpu", got=gpu, known=", ".join(gpus()))
    found = config(key)
    sizes: dict[str, Any] = {"batch_size": batch_size, "encoder_len": encoder_len}
    cache = roads.formula(found, seq_len, **sizes).total_bytes
    lines = {
        "weights": model(key).parameters * 1e9 * stored_bits(weight_bits) / 8,
        "cache": cache * stored_bits(cache_bits) / 16,
        "activations": activations(found, batch_size),
        "overhead": OVERHEAD,
    }
    return Fit(model(key).name, gpus()[gpu], lines)


def activations(found: Any, batch_size: int) -> float:
    """An estimate: 16-bit tensors of one layer for a chunk of the prompt, and float32 logits.

    batch · (chunk · (4 d_model + 3 d_ff) · 2 + vocab_size · 4); scores are never held whole
    """
    decoder = configs.text(found)
    width = decoder.hidden_size
    wide = getattr(decoder, "intermediate_size", None) or getattr(decoder, "d_ff", 4 * width)
    return batch_size * (CHUNK * (4 * width + 3 * wide) * 2 + decoder.vocab_size * 4)


def smallest(key: str, seq_len: int, **how: Any) -> Gpu | None:
    """The smallest card on which it fits; None if none is large enough."""
    by_size = sorted(gpus(), key=lambda name: gpus()[name].gib)
    return next((gpus()[name] for name in by_size if fits(key, name, seq_len, **how).fits), None)


def _entries(name: str) -> dict[str, dict[str, Any]]:
    source = resources.files(__package__) / f"{name}.toml"
    entries = tomllib.loads(source.read_text(encoding="utf-8"))
    return {key: entry for key, entry in entries.items() if key != "date"}
