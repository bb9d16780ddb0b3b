"""The shipped models as two files that a page reads: an index, and the numbers.

16 bits a number where that loses nothing, which is what ships; else 32 (sums of shipped numbers).
"""

import functools
from collections.abc import Iterator
from typing import Any

import torch

from helpers.models import decoder, encoder, encoder_decoder, weights
from helpers.world import tokenizer

MODELS = {"encoder": encoder, "decoder": decoder, "encoder_decoder": encoder_decoder}
ACTIVATIONS = {"encoder": "gelu", "decoder": "gelu_tanh", "encoder_decoder": "relu"}
DESIGN = ("norm_first", "centred", "scaled", "eps", "heads", "farthest")  # what forward.js reads


@functools.cache
def files() -> tuple[dict[str, Any], bytes]:
    """Return the index (models, vocabulary, what stands around a text) and the numbers."""
    written = bytearray()
    models = {name: _model(name, written) for name in MODELS}
    tokens = encoder.TOKENIZER.convert_ids_to_tokens([*range(len(encoder.TOKENIZER))])
    index = {"models": models, "vocabulary": tokens, "frames": tokenizer.FRAMES}
    return index | {"tags": tokenizer.TAGS}, bytes(written)


def _model(name: str, written: bytearray) -> dict[str, Any]:
    """Append a model's numbers; return its design and where each of its tensors stands."""
    w, design = weights.take(MODELS[name].load())
    chosen = {field: getattr(design, field) for field in DESIGN}
    places: dict[int, dict[str, Any]] = {}  # of what is tied, once
    tensors = {}
    for path, tensor in _named(w):
        if tensor.data_ptr() not in places:
            places[tensor.data_ptr()] = _append(tensor, written)
        tensors[path] = places[tensor.data_ptr()]
    return {"design": chosen | {"activation": ACTIVATIONS[name]}, "tensors": tensors}


def _append(tensor: torch.Tensor, written: bytearray) -> dict[str, Any]:
    exact = bool((tensor.half().float() == tensor).all())
    place = {"shape": [*tensor.shape], "at": len(written), "bytes": 2 if exact else 4}
    stored = (tensor.half() if exact else tensor).contiguous().numpy()
    written += stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    return place


def _named(tree: weights.Weights, path: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in tree.items():
        below = isinstance(value, dict)
        yield from _named(value, f"{path}{name}.") if below else [(path + name, value)]
