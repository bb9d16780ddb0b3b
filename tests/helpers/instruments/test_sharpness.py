"""What the size of the scores does to softmax, against autograd and against what is known."""

import math

import pytest
import torch

from helpers.instruments import sharpness


def some(n_queries=5, n_keys=7, d_k=16):
    g = torch.Generator().manual_seed(0)
    q, k = (torch.randn(n, d_k, generator=g, dtype=torch.float64) for n in (n_queries, n_keys))
    return q, k


@pytest.mark.parametrize("divisor", [1, 4])
def test_the_gradients_are_those_of_autograd(divisor):
    q, k = some()
    found = sharpness.gradients(q, k, divisor)
    for row, size in zip(q, found, strict=True):
        slope = torch.func.jacrev(lambda x: (x @ k.T / divisor).softmax(-1))(row)
        assert torch.isclose(size, slope.norm())


def test_the_entropy_of_equal_and_of_one_sided_weights():
    assert sharpness.entropy(torch.zeros(3, 32)) == pytest.approx(5)
    assert sharpness.entropy(1e3 * torch.eye(4)) == pytest.approx(0, abs=1e-6)
    assert sharpness.entropy(torch.tensor([[0.0, math.log(3)]])) == pytest.approx(0.8113, abs=1e-4)


def test_unreached_counts_the_queries_far_below_the_mean():
    q, k = some(n_queries=200)
    rows = sharpness.gradients(q, k, 1)
    assert sharpness.unreached(q, k, 1) == sum(rows < rows.mean() / 10) / len(rows)
    assert 0 < sharpness.unreached(q, k, 0.1) <= 1 and sharpness.unreached(q, k, 100) == 0


def test_all_three_in_their_order():
    q, k = some()
    scores = q @ k.T / 4
    whole = [scores.var(), sharpness.entropy(scores), sharpness.unreached(q, k, 4)]
    assert sharpness.of(q, k, 4).tolist() == [float(x) for x in whole]
