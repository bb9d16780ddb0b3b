"""Which model fits which card: weights, cache, activations and overhead as separate lines."""

import functools
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ..display import show
from ..display.markup import Html
from ..hardware.cards import Gpu, gpus
from ..language import say
from . import configs, layers
from .by_formula import formula
from .configs import refuse
from .size import GIB, Notes, amount, remarks

# The share of a card that an engine uses: vLLM's gpu_memory_utilization.  Its default was 0.9, and
# is 0.92 in vllm/config/cache.py as read on 2026-11-28.
UTILIZATION = 0.9
OVERHEAD = GIB  # CUDA's context and kernels: 0.5 to 1.5 GiB, which depends on the driver
# Tokens that an engine computes in one step, of all prompts together (chunked prefill).  Ours is
# small: vLLM's max_num_batched_tokens is 2,048 to 16,384 on GPUs unless it is set
# (EngineArgs.get_batch_defaults, read on 2026-11-29).
CHUNK = 512
GROUP = 64  # numbers that share a scale and a zero point of 16 bits each, below 16 bits
FP8 = "fp8"  # 8 bits, and one scale for a whole tensor


@dataclass(frozen=True)
class Model:
    """A model of models.toml.

    parameters: as published, in billions.  config: anything that kv_cache.formula takes.
    length: where max_position_embeddings was read, if not at source
    """

    name: str
    parameters: float
    source: str
    config: Any
    untied: float = 0.0
    length: str = ""


@dataclass(frozen=True)
class Published:
    """A published size of a cache: bytes for a model at a length, and theirs / ours.

    article: the model as the article names it; model: the one of models.toml with the same cache
    """

    model: str
    article: str
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
    """Return the tokenizers' characters per token, by their keys."""
    return {key: Characters(**entry) for key, entry in _entries("characters").items()}


@functools.cache
def models() -> Mapping[str, Model]:
    """Return the models of models.toml, by their keys."""
    return {key: Model(**entry) for key, entry in _entries("models").items()}


@functools.cache
def published() -> Mapping[str, Published]:
    """Return the published sizes, by their keys."""
    return {key: Published(**entry) for key, entry in _entries("published").items()}


def model(key: str) -> Model:
    """Return a model of models.toml; raise Refused, with all keys, for an unknown one."""
    if key not in models():
        raise refuse("unknown_model", got=key, known=", ".join(models()))
    return models()[key]


def config(key: str) -> Any:
    """Return the config object of a model in models.toml, named as the model."""
    entry = model(key)
    found = configs.read(entry.config)
    found.name_or_path = entry.name
    return found


@functools.cache
def resolved(key: str) -> configs.Resolved:
    """Return the same config without transformers, from resolved.json, which a test compares.

    Made by python -m course_tools.makers.kv_resolved.
    """
    entry = _resolved()[model(key).name]
    return configs.Resolved(entry["fields"], entry["given"], model(key).name)


@functools.cache
def _resolved() -> dict[str, Any]:
    source = resources.files(__package__) / "resolved.json"
    return json.loads(source.read_text(encoding="utf-8"))


def stored_bits(bits: int | str, group_size: int = GROUP) -> float:
    """Return the bits that one number takes in fact.

    Below 16 also its share of a scale and a zero point.
    8 → 8.5 and 4 → 4.5 with groups of 64; "fp8" → 8, as its one scale a tensor is nothing
    """
    if isinstance(bits, str):
        if bits != FP8:
            raise refuse("unknown_dtype", got=bits, known=f"4, 8, 16, 32, {FP8}")
        return 8
    return bits if bits >= 16 else bits + 2 * 16 / group_size


@dataclass(frozen=True)
class Fit:
    """An estimate of a model's memory: its lines in bytes, and the card that it must fit.

    chunk: how many tokens of the prompt are computed at once; None: the whole prompt
    notes: message names of what the reader must know besides, each with its values
    """

    model: str
    gpu: Gpu
    lines: Mapping[str, float]
    chunk: int | None = CHUNK
    notes: Notes = ()

    @property
    def total_bytes(self) -> float:
        """The sum of all lines."""
        return sum(self.lines.values())

    @property
    def fits(self) -> bool:
        """Is the sum within what an engine uses of the card?"""
        return self.total_bytes <= usable(self.gpu)

    def sentence(self) -> str:
        """Say whether it fits, how the prompt is read, and what the reader must know besides."""
        values = {"model": self.model, "gpu": self.gpu.name, "gib": f"{self.gpu.real_gib:,.2f}"}
        values["usable"] = f"{usable(self.gpu) / GIB:,.1f}"
        verdict = "fits" if self.fits else "does_not_fit"
        first = say.text("kv_cache", verdict, need=f"{self.total_bytes / GIB:,.1f}", **values)
        return "".join([first, self.how_it_reads(), *remarks(self.notes)])

    def how_it_reads(self) -> str:
        """Say whether the prompt is read at once or in chunks."""
        if self.chunk is None:
            return say.text("kv_cache", "reads_at_once")
        return say.text("kv_cache", "reads_in_chunks", chunk=f"{self.chunk:,}")

    def labels(self) -> list[str]:
        """Return the names of the lines in the student's language."""
        return [say.text("kv_cache", f"line_{name}") for name in self.lines]

    def table(self) -> tuple[Html, str]:
        """Return (HTML, plain text) of the lines and their sum."""
        sizes = map(amount, self.lines.values())
        rows = [list(row) for row in zip(self.labels(), sizes, strict=True)]
        rows.append([say.text("kv_cache", "all"), amount(self.total_bytes)])
        return show.table([say.text("kv_cache", "line"), say.text("kv_cache", "bytes")], rows)

    def __str__(self) -> str:
        return f"{self.sentence()}\n{self.table()[1]}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        whole = Html('<div lang="{}"><p>{}</p>{}</div>')
        return str(whole.format(say.html_lang(), self.sentence(), self.table()[0]))


def fits(
    key: str,
    gpu: str,
    seq_len: int,
    *,
    weight_bits: int | str = 16,
    cache_bits: int | str = 16,
    batch_size: int = 1,
    encoder_len: int | None = None,
    chunk: int | None = CHUNK,
) -> Fit:
    """Estimate weights, cache, activations and overhead of one model on one card.

    weight_bits and cache_bits: 32, 16, "fp8", 8 or 4, two different quantisations (stored_bits)
    chunk: tokens that are computed at once, of all prompts together; None: all, as transformers;
    an encoder always reads its whole input
    """
    if gpu not in gpus():
        raise refuse("unknown_gpu", got=gpu, known=", ".join(gpus()))
    found, bits = resolved(key), stored_bits(cache_bits)
    sizes: dict[str, Any] = {"batch_size": batch_size, "encoder_len": encoder_len}
    cache = formula(found, seq_len, **sizes)
    read = encoder_len or seq_len
    if encoder_len is not None or configs.is_encoder_only(found):
        chunk = None  # every token sees every other: no part of the input can be read alone
    most = batch_size * read if chunk is None else configs.count("chunk", chunk)
    at_once = min(batch_size * read, most)
    hidden = 0 if encoder_len else behind_windows(found, seq_len, min(read, most)) * batch_size
    lines = {
        "weights": weights(key, weight_bits),
        "cache": cache.total_bytes * bits / 16,
        **({"hidden": hidden * bits / 16} if hidden else {}),
        "activations": activations(*widths(found), at_once, batch_size),
        "overhead": OVERHEAD,
    }
    return Fit(model(key).name, gpus()[gpu], lines, chunk, cache.notes)


def usable(gpu: Gpu) -> float:
    """Return the bytes of a card that weights, cache, activations and the rest may take together.

    memory as the driver reports it · UTILIZATION    vllm/v1/worker/gpu_worker.py, where the cache
    gets what the other three leave (determine_available_memory)
    """
    return UTILIZATION * gpu.mib * 2**20


def weights(key: str, bits: int | str) -> float:
    """Return the bytes of the weights; below 16 bits the embedding and the head stay in 16.

    So do the published AWQ, GPTQ and NF4 checkpoints: they quantise the matrices between the two.
    """
    everything, stored = model(key).parameters * 1e9, stored_bits(bits)
    if stored >= 16:
        return everything * stored / 8
    found = resolved(key)
    decoder = configs.text(found)
    tables = 1 if found.tie_word_embeddings else 2
    kept = tables * decoder.vocab_size * decoder.hidden_size
    return (everything - kept) * stored / 8 + kept * 2


def behind_windows(found: Any, seq_len: int, at_once: int) -> int:
    """Return the bytes that one sequence's window layers still hold but no longer show.

    In 16 bits, after the prompt.
    Σ over window layers of  (min(n, W − 1 + chunk) − min(n, W − 1)) · numbers a token · 2: the
    layer shows the end of the tensor that it joined, and keeps all of it until the next token
    """
    rules = [] if configs.is_encoder_only(found) else layers.of(configs.text(found))
    held = [
        (min(seq_len, rule.window - 1 + at_once) - rule.tokens_kept(seq_len))
        * (rule.keys + rule.values)
        for rule in rules
        if rule.window is not None
    ]
    return 2 * sum(held)


def widths(found: Any) -> tuple[int, int, int]:
    """Return d_model, d_ff and vocab_size of a config."""
    decoder = configs.text(found)
    width = decoder.hidden_size
    wide = getattr(decoder, "intermediate_size", None) or getattr(decoder, "d_ff", 4 * width)
    return width, wide, decoder.vocab_size


def activations(d_model: int, d_ff: int, vocab_size: int, tokens: int, sequences: int) -> int:
    """Estimate the bytes of one layer's 16-bit tensors for a step, and of the float32 logits.

    tokens · (4 d_model + 3 d_ff) · 2 + sequences · vocab_size · 4; scores are never held whole
    """
    return tokens * (4 * d_model + 3 * d_ff) * 2 + sequences * vocab_size * 4


def smallest(key: str, seq_len: int, **how: Any) -> Gpu | None:
    """Return the smallest card on which it fits; None if none is large enough."""
    by_size = sorted(gpus(), key=lambda name: gpus()[name].mib)
    return next((gpus()[name] for name in by_size if fits(key, name, seq_len, **how).fits), None)


def _entries(name: str) -> dict[str, dict[str, Any]]:
    source = resources.files(__package__) / f"{name}.toml"
    entries = tomllib.loads(source.read_text(encoding="utf-8"))
    return {key: entry for key, entry in entries.items() if isinstance(entry, dict)}
