"""The cost instrument against closed formulas and against operators that bring their own count."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from helpers.instruments import measure


@pytest.mark.parametrize(("n", "m", "d"), [(3, 4, 5), (64, 32, 16)])
def test_flops_of_a_matrix_product(n, m, d):
    with measure.cost() as spent:
        torch.randn(n, d) @ torch.randn(d, m)
    assert spent.flops == 2 * n * m * d


def test_the_largest_tensor_is_counted_in_bytes_of_its_dtype():
    a, b = torch.randn(10, 10, dtype=torch.float64), torch.randn(4, 4)
    with measure.cost() as spent:
        a + 1
        b @ b
    assert spent.largest_bytes == 10 * 10 * 8


def test_attention_of_pytorch_costs_two_products():
    q, k, v = torch.randn(3, 1, 2, 50, 8)
    with sdpa_kernel(SDPBackend.MATH), measure.cost() as spent:
        torch.nn.functional.scaled_dot_product_attention(q, k, v)
    assert spent.flops == 4 * 2 * 50 * 50 * 8


def test_every_tensor_of_several_results_is_seen():
    with measure.cost() as spent:
        torch.zeros(7, 100).topk(5)
    assert spent.largest_bytes == 7 * 100 * 4


def test_nothing_costs_nothing():
    with measure.cost() as spent:
        pass
    assert (spent.flops, spent.largest_bytes, spent.peak_bytes) == (0, 0, 0)


def test_the_peak_is_what_is_held_at_one_time():
    with measure.cost() as kept:
        rows = [torch.ones(100, dtype=torch.float64) for _ in range(5)]
        del rows
    with measure.cost() as freed:
        for _ in range(5):
            torch.ones(100, dtype=torch.float64)
    assert (kept.peak_bytes, freed.peak_bytes) == (5 * 800, 800)
    assert kept.largest_bytes == freed.largest_bytes == 800


def test_on_meta_nothing_is_computed_and_all_is_counted():
    with torch.device("meta"), measure.cost() as spent:
        torch.empty(100_000, 4096) @ torch.empty(4096, 100_000)
    assert spent.flops == 2 * 100_000 * 4096 * 100_000
    assert spent.largest_bytes == 4 * 100_000**2
