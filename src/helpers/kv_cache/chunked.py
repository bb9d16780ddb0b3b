"""A prompt that is read in chunks: the same logits and the same cache as when it is read at once.

Agrawal et al. 2023 (arXiv:2308.16369); vLLM calls it chunked prefill.
"""

import math
from typing import Any

import torch
from transformers import DynamicCache


@torch.no_grad()
def prefill(model: Any, ids: torch.Tensor, chunk: int) -> tuple[torch.Tensor, DynamicCache]:
    """Read a prompt (B, T) in chunks, and return its logits (B, T, V) and its cache.

    A token sees all that is kept, and of its own chunk what stands up to itself.
    """
    cache, logits = DynamicCache(), []
    for kept in range(0, ids.size(1), chunk):
        part = ids[:, kept : kept + chunk]  # (B, t)
        hidden = torch.full((part.size(1), kept + part.size(1)), -math.inf).triu(kept + 1)
        out = model(input_ids=part, attention_mask=hidden[None, None], past_key_values=cache)
        logits.append(out.logits)
    return torch.cat(logits, 1), cache


@torch.no_grad()
def gap(model: Any, ids: torch.Tensor, chunk: int) -> float:
    """Return the largest difference from reading at once, of the logits, keys and values."""
    logits, cache = prefill(model, ids, chunk)
    once = model(input_ids=ids, use_cache=True)
    pairs = [(logits, once.logits)]
    for ours, its in zip(cache.layers, once.past_key_values.layers, strict=True):
        pairs += [(ours.keys, its.keys), (ours.values, its.values)]
    return max((ours - its).abs().max().item() for ours, its in pairs)
