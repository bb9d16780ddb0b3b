"""Changes inside a decoder of transformers while it reads: a key is hidden, heads add nothing."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
import torch.nn.functional as F


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
        mask = torch.zeros(mask.shape, dtype=model.dtype).masked_fill(~mask, least)[None, None]
    found = [
        F.cross_entropy(
            model(input_ids=row[None], attention_mask=mask).logits[0, start:-1], row[start + 1 :]
        )
        for row in ids  # one by one: the logits of a large vocabulary fill the memory
    ]
    return torch.stack(found).mean().item()


@contextlib.contextmanager
def silenced(model: Any, heads: Iterable[tuple[int, int]]) -> Iterator[None]:
    """Let these heads add nothing to the residual stream inside the block.

    model: a Llama of transformers   heads: (layer, head), both from 0
    """
    with contextlib.ExitStack() as hooks:
        for layer, head in heads:
            out = model.model.layers[layer].self_attn.o_proj
            handle = out.register_forward_pre_hook(_without(head, model.config.head_dim))
            hooks.callback(handle.remove)
        yield


def _without(head: int, d_k: int) -> Callable[[Any, tuple], tuple]:
    """Make a hook that sets one head's part of what the last matrix is given to 0."""

    def hook(_: Any, inputs: tuple) -> tuple:
        mixed = inputs[0].clone()  # (B, T, heads · d_k)
        mixed[..., head * d_k : (head + 1) * d_k] = 0
        return (mixed,)

    return hook


def strongest(scores: torch.Tensor, n: int) -> list[tuple[int, int]]:
    """Return the n heads (layer, head) of the largest scores (layers, heads), largest first."""
    order = scores.flatten().argsort(descending=True)[:n].tolist()
    return [divmod(index, scores.size(1)) for index in order]
