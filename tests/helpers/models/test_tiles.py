"""The gradient tile by tile, against autograd; and what it costs."""

import math

import pytest
import torch

from helpers.instruments import measure
from helpers.models import tiles


def attention(q, k, v):
    return (q @ k.T / math.sqrt(q.size(-1))).softmax(-1) @ v


def by_tiles(q, k, v, grad, tile):
    scores = q @ k.T / math.sqrt(q.size(-1))
    lse = scores.logsumexp(-1, keepdim=True)
    return tiles.backward(q, k, v, attention(q, k, v), lse, grad, tile)


@pytest.mark.parametrize(("n", "d", "tile"), [(5, 3, 8), (64, 16, 16), (70, 16, 32)])
def test_the_gradients_are_those_of_autograd(n, d, tile):
    g = torch.Generator().manual_seed(n)
    q, k, v, grad = torch.randn(4, n, d, generator=g, dtype=torch.float64)
    leaves = [tensor.clone().requires_grad_() for tensor in (q, k, v)]
    want = torch.autograd.grad(attention(*leaves), leaves, grad)
    for got, expected in zip(by_tiles(q, k, v, grad, tile), want, strict=True):
        torch.testing.assert_close(got, expected)


def test_it_costs_five_products_and_autograd_four():
    q, k, v, grad, out = torch.randn(5, 128, 16)
    with measure.cost() as spent:
        tiles.backward(q, k, v, out, torch.zeros(128, 1), grad)
    assert spent.flops == 5 * 2 * 128 * 128 * 16
    leaves = [tensor.clone().requires_grad_() for tensor in (q, k, v)]
    out = attention(*leaves)
    with measure.cost() as spent:
        out.backward(grad)
    assert spent.flops == 4 * 2 * 128 * 128 * 16
