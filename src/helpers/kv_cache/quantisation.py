"""Quantised caches: the bytes of transformers' own, and a simple one to read."""

import math
from dataclasses import dataclass
from typing import Any

import torch

from . import configs, layers
from .configs import refuse
from .size import CacheSize, LayerBytes

BITS = {"hqq": (1, 2, 3, 4, 8), "fp8": (8,)}


def tokens_split(prefill: int, generated: int, residual_length: int) -> tuple[int, int]:
    """Return how many tokens are (quantised, still in the model's dtype).

    The prompt is quantised at once.  New tokens wait until there are residual_length of them;
    then everything is quantised anew (transformers: QuantizedLayer.update).
    """
    waiting = generated % residual_length
    return prefill + generated - waiting, waiting


def tensor_bytes(numbers: int, bits: int, group_size: int, number: int) -> int:
    """Return the bytes of packed codes, and of a scale and a zero point a group (hqq, axis 0).

    numbers: of one tensor    number: bytes of one scale    configs.Refused: no whole groups
    """
    if numbers % group_size:
        raise refuse("no_whole_groups", numbers=f"{numbers:,}", group=group_size)
    groups = numbers // group_size
    if bits == 3:  # ten codes in 32 bits
        return math.ceil(group_size / 10) * groups * 4 + 2 * groups * number
    return math.ceil(group_size / (8 // bits)) * groups + 2 * groups * number


def quantised(
    config: Any,
    prefill: int,
    *,
    bits: int = 4,
    generated: int = 0,
    backend: str = "hqq",
    group_size: int = 64,
    residual_length: int = 128,
    batch_size: int = 1,
    dtype: Any = "bfloat16",
) -> CacheSize:
    """Compute what transformers' QuantizedCache holds after a prompt and some generated tokens.

    fp8 has one float32 scale a tensor and keeps nothing back.  configs.Refused: a model with
    layers that transformers does not quantise, unknown bits, or numbers that fill no groups
    """
    config, name = configs.read(config), configs.dtype_name(dtype)
    if bits not in BITS.get(backend, ()):
        raise refuse("unknown_bits", backend=backend, got=bits, known=f"{BITS}")
    rules = layers.of(configs.text(config))
    if other := {rule.kind for rule in rules} - {"full", "latent"}:
        raise refuse("not_quantised", family=config.model_type, kinds=", ".join(sorted(other)))
    done, waiting = tokens_split(prefill, generated, residual_length)
    if backend == "fp8":
        done, waiting = prefill + generated, 0
    number = configs.DTYPES[name]

    def stored(size: int) -> int:
        numbers = batch_size * done * size
        return numbers + 4 if backend == "fp8" else tensor_bytes(numbers, bits, group_size, number)

    sizes = []
    for rule in rules:
        both = {"keys": rule.keys, "values": rule.values}
        parts = {f"quantised_{part}": stored(size) for part, size in both.items()}
        fresh = {part: batch_size * waiting * size * number for part, size in both.items()}
        sizes.append(LayerBytes(rule.kind, done, parts | {k: v for k, v in fresh.items() if v}))
    length = prefill + generated
    return CacheSize(
        "formula", configs.name(config), length, batch_size, f"{backend} {bits}-bit", tuple(sizes)
    )


# --- to read: one tensor, quantised in groups -----------------------------------------------------


@dataclass(frozen=True)
class Quantised:
    """A quantised tensor.

    codes: (…, groups, group_size), 0 … 2^bits − 1   scale, low: (…, groups, 1)
    """

    codes: torch.Tensor
    scale: torch.Tensor
    low: torch.Tensor
    bits: int
    shape: torch.Size
    per: str

    @property
    def bytes(self) -> float:
        """The bytes of the packed codes and of the two numbers of each group."""
        pair = 2 * self.scale.numel() * self.scale.element_size()
        return self.codes.numel() * self.bits / 8 + pair

    def restore(self) -> torch.Tensor:
        """Return low + code · scale, in the shape of the tensor that was quantised."""
        x = self.low + self.codes * self.scale
        if self.per == "token":
            return x.view(self.shape)
        return x.view(*self.shape[:-2], self.shape[-1], self.shape[-2]).mT


def quantise(x: torch.Tensor, bits: int, group_size: int = 64, per: str = "token") -> Quantised:
    """Quantise a tensor by groups.

    code = round((x − low) / scale) where scale = (high − low) / (2^bits − 1) of its group
    x: (…, T, d)    per "token": a group is a part of one token's d numbers (KIVI: values)
    per "channel": a group is one channel over group_size tokens (KIVI: keys)
    """
    if per not in ("token", "channel"):
        raise refuse("unknown_per", got=per)
    rows = x if per == "token" else x.mT.contiguous()
    if rows.size(-1) % group_size:
        raise refuse("no_whole_groups", numbers=f"{rows.size(-1):,}", group=group_size)
    groups = rows.unflatten(-1, (-1, group_size))  # (…, groups, group_size)
    low, high = groups.amin(-1, keepdim=True), groups.amax(-1, keepdim=True)
    scale = ((high - low) / (2**bits - 1)).clamp_min(torch.finfo(x.dtype).tiny)
    codes = ((groups - low) / scale).round().to(torch.uint8)
    return Quantised(codes, scale, low, bits, x.shape, per)
