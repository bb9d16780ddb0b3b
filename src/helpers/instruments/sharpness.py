"""What the size of the scores does to softmax: how it spreads its weights, whom gradients reach."""

import torch
from torch import Tensor


def of(q: Tensor, k: Tensor, divisor: float) -> Tensor:
    """Return (variance, entropy, unreached) of the scores q kᵀ ÷ divisor and of their softmax.

    q: (n_queries, d_k)   k: (n_keys, d_k)
    """
    scores = q @ k.T / divisor
    return torch.stack([scores.var(), entropy(scores), unreached(q, k, divisor)])


def entropy(scores: Tensor) -> Tensor:
    """Return -Σ w log₂ w (bits) of the softmax of scores (n_queries, n_keys), mean over rows."""
    return bits(scores.softmax(-1))


def bits(weights: Tensor) -> Tensor:
    """Return -Σ w log₂ w (bits), the mean over the rows of weights (n_queries, n_keys)."""
    return -(weights * weights.clamp_min(1e-30).log2()).sum(-1).mean()


def unreached(q: Tensor, k: Tensor, divisor: float) -> Tensor:
    """Return the share of queries whose ‖∂w/∂q‖ is below a tenth of the mean."""
    size = gradients(q, k, divisor)
    return (size < size.mean() / 10).float().mean()


def gradients(q: Tensor, k: Tensor, divisor: float) -> Tensor:
    """Compute ‖∂w/∂q‖ (n_queries,), how far the weights w = softmax(q kᵀ ÷ divisor) follow a query.

    ∂w/∂q = (∂w/∂s) k ÷ divisor, where ∂w_i/∂s_j = w_i (1 - w_i) for i = j, and -w_i w_j else.
    """
    w = (q @ k.T / divisor).softmax(-1)
    dw_ds = torch.diag_embed(w) - w[:, :, None] * w[:, None, :]  # (n_queries, n_keys, n_keys)
    return (dw_ds @ k / divisor).flatten(1).norm(dim=1)
