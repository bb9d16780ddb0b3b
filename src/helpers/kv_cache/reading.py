"""Read a cache object of transformers: every tensor that it holds, layer by layer."""

from collections.abc import Iterator
from typing import Any

import torch

from .size import Held, LayerBytes

# Positions and counters of some caches: 8 bytes a layer that are no keys, values or states.
COUNTERS = {"cumulative_length", "_sliding_window_tensor", "indexer_position_ids"}
PARTS = {  # name of the attribute -> what its bytes are
    "keys": "keys",
    "values": "values",
    "indexer_keys": "indexer",
    "conv_states": "conv",
    "recurrent_states": "recurrent",
    "_quantized_keys": "quantised_keys",
    "_quantized_values": "quantised_values",
}


def layers(cache: Any) -> list[LayerBytes]:
    """Return one entry a layer.

    Of an encoder-decoder first all self-attention layers, then all cross-attention layers.
    A cache that is no transformers Cache (RWKV's list of states) is one entry.
    """
    if cache is None:
        return []
    if hasattr(cache, "cross_attention_cache"):
        cross = [_layer(layer, "cross") for layer in cache.cross_attention_cache.layers]
        return [*layers(cache.self_attention_cache), *(layer for layer in cross if layer.parts)]
    found = [_layer(layer) for layer in getattr(cache, "layers", ())]
    rest = held(cache).payload - sum(layer.bytes for layer in found)
    return [*found, LayerBytes("state", 0, {"other": rest})] if rest else found


def first_keys(cache: Any) -> tuple[torch.Size, str]:
    """Return shape and dtype of the first tensor with a batch dimension: (B, …), "bfloat16"."""
    first = next(t for t in _tensors(cache) if t.ndim > 1)
    return first.shape, str(first.dtype).removeprefix("torch.")


def held(cache: Any) -> Held:
    """Return payload (what tensors show) and storage (what they keep from being freed), in bytes.

    A window that is a view of a long tensor holds all of that tensor.
    """
    tensors = list(_tensors(cache))
    storages = {_identity(t): t.untyped_storage().nbytes() for t in tensors}
    return Held(sum(map(payload, tensors)), sum(storages.values()))


def payload(tensor: torch.Tensor) -> int:
    """Return numel · bytes of one element."""
    return tensor.numel() * tensor.element_size()


def _layer(layer: Any, kind: str = "") -> LayerBytes:
    parts: dict[str, int] = {}
    for name, value in vars(layer).items():
        if name not in COUNTERS and (size := sum(map(payload, _tensors(value)))):
            part = PARTS.get(name, "other")
            parts[part] = parts.get(part, 0) + size
    keys = getattr(layer, "keys", None)
    tokens = keys.shape[-2] if torch.is_tensor(keys) and keys.ndim == 4 else 0
    window = getattr(layer, "sliding_window", None)
    grows = tokens > 0 and kind != "cross" and not (window and tokens >= window - 1)
    growing = sum(parts.get(p, 0) for p in ("keys", "values", "indexer"))
    return LayerBytes(
        kind or _kind(parts, window), tokens, parts, growing // max(tokens, 1) * grows
    )


def _kind(parts: dict[str, int], window: int | None) -> str:
    if not parts:
        return "none"
    attention, state = "keys" in parts, "conv" in parts or "recurrent" in parts
    if attention and state:
        return "hybrid"
    return "state" if state else "window" if window else "full"


def _tensors(value: Any, seen: set[int] | None = None) -> Iterator[torch.Tensor]:
    """Return every tensor below a value, once: in lists, dicts, and attributes of cache objects."""
    seen = set() if seen is None else seen
    if id(value) in seen or value is None or isinstance(value, str | torch.nn.Module):
        return
    seen.add(id(value))
    if torch.is_tensor(value):
        yield value
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _tensors(item, seen)
    elif hasattr(value, "items"):
        for _, item in value.items():
            yield from _tensors(item, seen)
    elif "cache" in type(value).__module__ or "Cache" in type(value).__name__:
        for name, item in vars(value).items():
            if name not in COUNTERS:
                yield from _tensors(item, seen)


def _identity(tensor: torch.Tensor) -> int:
    storage = tensor.untyped_storage()
    return storage._cdata if tensor.device.type == "meta" else storage.data_ptr()
