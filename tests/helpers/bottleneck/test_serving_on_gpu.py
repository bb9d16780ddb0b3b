"""The script that measures a card: run dry on the CPU it makes each table, and its faults show."""

import importlib.util
import math
import time

import pytest
import torch
from places import ROOT

from helpers import kv_cache
from helpers.hardware import cards

FILE = ROOT / "benchmarks/serving_on_gpu.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("serving_on_gpu", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tables(text: str) -> list[list[list[str]]]:
    """Return the rows of each table of a page, without its head."""
    parts = [part.strip().splitlines() for part in text.split("\n\n") if "|---" in part]
    return [[line.strip("| ").split(" | ") for line in part[2:]] for part in parts]


def test_a_dry_run_makes_every_table_and_the_cache_agrees(script, capsys):
    assert script.main(["--dry", "--card", "h100"]) == 0
    page = capsys.readouterr().out
    assert "dry run" in page and f"torch {torch.__version__}" in page
    latency, attention, caches = tables(page)
    pairs = [(batch, length) for batch, length, *_ in latency]
    assert pairs == [("1", "16"), ("2", "16"), ("1", "32")]  # 2 × 32 is more than the most
    assert all(float(ms) > 0 for row in latency for ms in row[2::2])
    assert [row[0] for row in attention] == ["16", "32"]
    assert {row[0]: row[-1] for row in caches} == dict.fromkeys(("llama", "mistral", "t5"), "True")


def test_without_a_card_nothing_is_measured(script, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert script.main([]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and "no CUDA device" in shown.err


def test_a_formula_that_is_wrong_fails_the_run(script, monkeypatch):
    def half(config, length, **how):
        return whole(config, length // 2, **how)

    whole = kv_cache.formula
    bench = script.Bench("cpu", script.DRY, math.inf, None)
    monkeypatch.setattr(kv_cache, "formula", half)
    with torch.no_grad():
        assert {row[0]: row[-1] for row in script.caches(bench)}["llama"] == "False"


def test_no_row_is_begun_after_the_last_second(script):
    bench = script.Bench("cpu", script.DRY, time.monotonic() - 1, None)
    assert list(bench.pairs()) == [] and list(script.kernels(bench)) == []


def test_the_lower_bounds_are_those_of_lesson_08(script):
    """One token of a batch of 1 reads the weights and the cache once, by hand."""
    config = script.LlamaConfig(**script.CARD.shape)
    design, card = script.bottleneck.of(config), cards.gpus()["h100"]
    reading, writing = script.lower_bounds(design, 1, 8192, card)
    layer = 2 * 2048 * 2048 + 2 * 2048 * 512 + 3 * 2048 * 8192
    weights, cache = 2 * (16 * layer + 2048 * 32_000), 16 * 2 * 8 * 64 * 2 * 8193
    assert writing == pytest.approx(1e3 * (weights + cache) / 3350e9, rel=1e-3)
    flops = 2 * 16 * layer * 8192 + 16 * 4 * 2048 * 8192**2 / 2
    assert reading == pytest.approx(1e3 * flops / 989.4e12, rel=2e-3)
    assert all(map(math.isnan, script.lower_bounds(design, 1, 8192, None)))
