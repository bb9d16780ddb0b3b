"""Lesson 07's own code: sound as it stands, and red where the faults of its subject are planted."""

import lesson_cells
import pytest
import turns

from helpers.language import say

WHY = ("why-ways", "why-code", "phases-code")
HAND = ("hand-code", "roads-meta")
KINDS = ("hand-code", "kinds-code", "kinds-check")
PAGED = ("hand-code", "paged-reserve", "paged-code", "prefix-code")
QUANT = ("quant-write", "quant-errors")


def run(*keys: str, **options) -> dict:
    try:
        return lesson_cells.run("07_kv_cache", *keys, **options)
    finally:
        say.use("ja")


@pytest.fixture(scope="module", params=turns.by_turns(7))
def quantised(request):
    """The names after section 7's measurement, in each language."""
    return run(*QUANT, lang=request.param)


# --- sound ----------------------------------------------------------------------------------------


@turns.in_ci
@pytest.mark.parametrize("lang", turns.by_turns(7))
def test_caching_writes_the_same_tokens_for_a_fraction_of_the_flops(lang):
    scope = run(*WHY, lang=lang)
    assert scope["text_cached"].tolist() == scope["text_recomputed"].tolist()
    assert scope["slow"].flops > 5 * scope["fast"].flops
    steps = scope["step_flops"]
    assert (steps[3] - steps[2]) == 2 * (steps[2] - steps[1]) > 0  # grows with what is kept


@turns.in_ci
def test_four_designs_at_one_size_are_what_the_real_code_keeps():
    scope = run(*KINDS)
    assert list(scope["designs"]) == list(scope["numbers"]) and len(scope["designs"]) == 4


def test_a_window_layer_holds_more_than_it_shows_until_the_next_token():
    scope = run("window-cache")
    read, written = scope["after_reading"], scope["after_writing"]
    assert read.storage > 60 * read.payload and written.storage < 2 * written.payload


def test_errors_are_measured_at_four_places_and_grow_as_bits_go(quantised):
    for errors in (quantised["errors"], quantised["by_token"]):
        for kind in ("keys", "values", "attention", "kl"):
            row = [errors[bits][kind] for bits in (8, 4, 3, 2, 1)]
            assert row == sorted(row) and row[-1] > 20 * row[0], kind
        assert errors[8]["changed"] <= 0.05 < errors[2]["changed"]
        assert errors[1]["valid"] < errors[8]["valid"] == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_waste_is_alike_for_other_draws(seed):
    scope = run(*PAGED, change=("Random(0)", f"Random({seed})"))
    assert 0.62 < scope["reserved_waste"] < 0.82 and 0.008 < scope["paged_waste"] < 0.02


# --- planted faults -------------------------------------------------------------------------------

FAULTS = {
    "nothing is kept": (
        WHY,
        "past_key_values=past, use_cache=True)\n        new",
        "use_cache=True)\n        new",
    ),
    "query heads for kv heads, by hand": (
        HAND,
        "llama.num_key_value_heads",
        "llama.num_attention_heads",
    ),
    "K without V, by hand": (HAND, "by_hand = 2 * ", "by_hand = "),
    "query heads for kv heads": (KINDS, '"GQA": 2 * 8', '"GQA": 2 * 32'),
    "MLA once for each of K and V": (KINDS, '"MLA": 512 + 64', '"MLA": 2 * (512 + 64)'),
    "nothing is quantised": (
        QUANT,
        "return k.restore().float(), v.restore().float()",
        "return keys, values",
    ),
    "directions of keys and values exchanged": (
        QUANT,
        "bits, 8, keys_per)\n        v = kv_cache.quantise(values.half(), bits, 8)",
        "bits, 8)\n        v = kv_cache.quantise(values.half(), bits, 8, keys_per)",
    ),
    "a user reads another's tokens": (PAGED, "range(1_000, 1_050) if", "range(1_001, 1_051) if"),
}


@turns.in_ci
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_red(fault, monkeypatch):
    monkeypatch.setenv("TRIAD_STRICT", "claims")
    keys, old, new = FAULTS[fault]
    with pytest.raises(AssertionError):
        run(*keys, change=(old, new))
