"""The size of a KV cache that exists, or that a model fills now."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from . import configs, reading
from .by_formula import cache_size, is_checked, unchecked
from .configs import refuse
from .size import GB, CacheSize, amount

# The outputs in which models return what the next token needs.
OUTPUTS = ("past_key_values", "cache_params", "state", "past_buckets_states", "mems")
LARGEST = GB  # bytes of a cache that `measured` fills


def measured(
    model_or_cache: Any,
    seq_len: int | None = None,
    *,
    batch_size: int = 1,
    encoder_len: int | None = None,
) -> CacheSize:
    """Measure a real cache: one that exists, or one that a model fills now.

    model_or_cache: a model (which then needs seq_len), or what it returned as past_key_values
    """
    if isinstance(model_or_cache, torch.nn.Module):
        model: Any = model_or_cache
        if seq_len is None:
            raise refuse("missing_argument", argument="seq_len")
        configs.source_len(model.config, encoder_len)
        _refuse_the_impossible(model, seq_len, batch_size, encoder_len)
        return run("measured", model, seq_len, batch_size, encoder_len)
    return _read_cache(model_or_cache)


def _refuse_the_impossible(
    model: Any, seq_len: int, batch_size: int, encoder_len: int | None
) -> None:
    """Raise Refused, with the number, where the cache would take more than LARGEST.

    The kernel would die of it.
    """
    if not is_checked(model.config):
        return
    size = unchecked(model.config, seq_len, batch_size, model.dtype, encoder_len)
    if size.total_bytes > LARGEST:
        raise refuse("too_large", total=amount(size.total_bytes), largest=amount(LARGEST))


def _read_cache(cache: Any) -> CacheSize:
    sizes, held = reading.layers(cache), reading.held(cache)
    if not held.payload:
        raise refuse("empty_cache", got=type(cache).__name__)
    shape, dtype = reading.first_keys(cache)
    source = next((layer.tokens for layer in sizes if layer.kind == "cross"), None)
    length = cache.get_seq_length() if hasattr(cache, "get_seq_length") else 0
    kind = type(cache).__name__
    return CacheSize("measured", kind, length, shape[0], dtype, tuple(sizes), source, held)


@torch.no_grad()
def run(
    method: str, model: Any, seq_len: int, batch_size: int, encoder_len: int | None
) -> CacheSize:
    """Run one forward pass, and return the size of what it keeps for the next token."""
    seq_len, batch = configs.count("seq_len", seq_len), configs.count("batch_size", batch_size)
    tokens = torch.ones(batch, seq_len, dtype=torch.long, device=model.device)
    inputs: dict[str, Any] = {"input_ids": tokens}
    if encoder_len is not None:
        source = torch.ones(batch, encoder_len, dtype=torch.long, device=model.device)
        inputs = {"input_ids": source, "decoder_input_ids": tokens}
    if not configs.is_encoder_only(model.config):
        inputs["use_cache"] = True
    try:
        with _NoPadding():
            out = model(**inputs)
    except Exception as error:  # whatever the model's own code raises
        family = model.config.model_type
        raise refuse("not_run", family=family, error=first_line(error)) from error
    cache = next((c for c in (getattr(out, k, None) for k in OUTPUTS) if c is not None), None)
    sizes, held = reading.layers(cache), reading.held(cache)
    if not held.payload and not configs.is_encoder_only(model.config):
        raise refuse("no_cache", family=model.config.model_type)
    dtype = str(model.dtype)
    return cache_size(method, model.config, seq_len, batch, dtype, sizes, encoder_len, held=held)


class _NoPadding(TorchDispatchMode):
    """A mode that answers yes where code asks a meta tensor "is the whole mask True?"."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        asks = func is torch.ops.aten._local_scalar_dense.default
        if asks and args[0].device.type == "meta" and args[0].dtype == torch.bool:
            return True
        return func(*args, **(kwargs or {}))


def first_line(error: Exception) -> str:
    """Return type and first line of an error, 200 characters at most."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
