"""benchmarks/kv_cache: what a peer's answer is called, and a page that has every model."""

import importlib.util
import re

import pytest
from places import ROOT

from helpers import kv_cache

FOLDER = ROOT / "benchmarks" / "kv_cache"


@pytest.fixture(scope="module")
def compare():
    spec = importlib.util.spec_from_file_location("compare", FOLDER / "compare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("peer", "answer", "shown"),
    [
        ("kvfit", {"bytes": 1000.0}, "="),
        ("kvfit", {"bytes": 1000.9}, "≈"),
        ("kvfit", {"bytes": 1002}, "× 1"),
        ("kvfit", {"bytes": 5960}, "× 5.96"),
        ("hf-mem", {"bytes": 5960}, "× 5.96 †"),
        ("hf-mem", {"error": "KeyError: 'head_dim'"}, "fails"),
        ("kvfit", {"error": "UnsupportedArchitecture: mamba"}, "refuses"),
    ],
)
def test_an_answer_is_a_factor_or_a_refusal(compare, peer, answer, shown):
    assert compare.cell(peer, "gemma-3-27b", 1000, answer) == shown


def test_a_number_for_a_model_without_a_cache_has_no_factor(compare):
    assert compare.cell("llm-mem", "bert-base", 0, {"bytes": 5}) == "∞"
    assert compare.cell("llm-mem", "bert-base", 0, {"bytes": 0}) == "="


def test_a_config_is_written_as_it_is_published(compare, tmp_path):
    compare.write_config(tmp_path, "mistral-7b-v0.3")
    again = kv_cache.formula(tmp_path / "mistral-7b-v0.3", 100_000)
    assert (
        again.total_bytes
        == kv_cache.formula(kv_cache.config("mistral-7b-v0.3"), 100_000).total_bytes
    )
    text = (tmp_path / "mistral-7b-v0.3" / "config.json").read_text(encoding="utf-8")
    assert '"sliding_window": null' in text and '"MistralForCausalLM"' in text
    assert text.count("null") == 1


def test_the_page_has_every_model_with_the_bytes_of_today(compare):
    page = (FOLDER / "RESULTS.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"(?m)^\| ([^|]+) \| ([\d,]+) \| [✓–]", page))
    assert "different" not in page
    for key, model in kv_cache.models().items():
        assert told[model.name] == f"{compare.measure(key, on_meta=False).bytes:,}"
