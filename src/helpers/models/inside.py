"""Changes inside a decoder of transformers while it reads: a key is hidden, heads add nothing."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import torch


def hidden_key(n: int, key: int, start: int) -> torch.Tensor:
    """Make a causal mask (n, n), True = may look, where queries from `start` on do not see `key`.

    A query always sees itself.
    """
    mask = torch.ones(n, n, dtype=torch.bool).tril()
    mask[start:, key] = False
    return mask | torch.eye(n, dtype=torch.bool)


@torch.no_grad()
def loss(model: Any, ids: torch.Tensor, start: int, mask: torch.Tensor | None = None) -> float:
    """Return the mean loss, in nats, of the tokens behind position `start`.

    ids: (B, n)   mask: (n, n), True = may look; by default the model's own
    """
    if mask is not None:
        least = torch.finfo(model.dtype).min
        added = torch.zeros(mask.shape, dtype=model.dtype).masked_fill(~mask, least)
        mask = added.expand(len(ids), 1, *mask.shape)
    logits = model(input_ids=ids, attention_mask=mask).logits[:, start:-1]
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), ids[:, start + 1 :].flatten()
    ).item()


@contextlib.contextmanager
def silenced(model: Any, heads: Iterable[tuple[int, int]]) -> Iterator[None]:
    """Let these heads add nothing to the residual stream inside the block.

    model: a Llama of transformers   heads: (layer, head), both from 0
    """
    d_k, hooks = model.config.head_dim, []
    for layer, head in heads:

        def without(
            module: Any, inputs: Any, at: slice = slice(head * d_k, (head + 1) * d_k)
        ) -> Any:
            mixed = inputs[0].clone()
            mixed[..., at] = 0
            return (mixed,)

        hooks.append(model.model.layers[layer].self_attn.o_proj.register_forward_pre_hook(without))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def strongest(scores: torch.Tensor, n: int) -> list[tuple[int, int]]:
    """Return the n heads (layer, head) of the largest scores (layers, heads), largest first."""
    order = scores.flatten().argsort(descending=True)[:n].tolist()
    return [divmod(index, scores.size(1)) for index in order]
