"""The gradient of attention tile by tile, as FlashAttention computes it: no (n, n) matrix."""

import math

import torch


def backward(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    out: torch.Tensor,
    lse: torch.Tensor,
    grad: torch.Tensor,
    tile: int = 64,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Compute the gradients of Σ grad · softmax(q kᵀ / √d_k) v by q, k and v  — Dao et al. 2022.

    q, k, v, out, grad: (n, d)   lse: (n, 1), the log Σ e^s of each query
    Of the forward pass only out and lse are kept.  So the scores are computed again: 5 matrix
    products a tile, where a backward pass that keeps the weights (n, n) needs 4.
    """
    scale = 1 / math.sqrt(q.size(-1))
    d_q, d_k, d_v = (torch.zeros_like(x) for x in (q, k, v))
    mean = (grad * out).sum(-1, keepdim=True)  # Σ_j w_j ∂/∂w_j
    for i in range(0, len(q), tile):
        row = slice(i, i + tile)
        for j in range(0, len(k), tile):
            column = slice(j, j + tile)
            weights = (scale * q[row] @ k[column].T - lse[row]).exp()
            d_v[column] += weights.T @ grad[row]
            d_s = scale * weights * (grad[row] @ v[column].T - mean[row])
            d_q[row] += d_s @ k[column]
            d_k[column] += d_s.T @ q[row]
    return d_q, d_k, d_v
