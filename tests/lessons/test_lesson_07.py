"""Lesson 07's own code: sound as it stands, and red where the faults of its subject are planted."""

import lesson_cells
import pytest

from helpers.language import say

WHY = ("why-model", "why-ways", "why-code", "not-constant")
HAND = ("hand-code", "roads-formula", "roads-meta")
SMALL = ("roads-measured",)
KINDS = (
    "window-cache",
    "window-held",
    "kinds-numbers",
    "kinds-code",
    "kinds-designs",
    "kinds-check-code",
)
QUANT = (
    "why-model",
    "why-ways",
    "why-code",
    "quant-read",
    "quant-write",
    "quant-written",
    "quant-off",
    "quant-answers",
    "quant-errors",
    "quant-error-code",
)


def run(*keys: str, **options) -> dict:
    try:
        return lesson_cells.run("07_kv_cache", *keys, **options)
    finally:
        say.use("ja")


@pytest.fixture(scope="module", params=say.COMPLETE)
def quantised(request):
    """The names after section 7's measurement, in each language."""
    return run(*QUANT, lang=request.param)


# --- sound ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", say.COMPLETE)
def test_caching_writes_the_same_tokens_for_a_fraction_of_the_flops(lang):
    scope = run(*WHY, lang=lang)
    assert scope["text_cached"].tolist() == scope["text_recomputed"].tolist()
    assert scope["slow"].flops > 5 * scope["fast"].flops
    steps = scope["step_flops"]
    assert (steps[3] - steps[2]) == 2 * (steps[2] - steps[1]) > 0  # grows with what is kept


def test_five_designs_at_one_size_are_what_the_real_code_keeps():
    scope = run(*KINDS)
    assert list(scope["designs"]) == list(scope["numbers"]) and len(scope["designs"]) == 5
    assert scope["after_reading"].storage > 60 * scope["after_reading"].payload


def test_errors_are_measured_at_four_places_and_grow_as_bits_go(quantised):
    errors = quantised["errors"]
    for per in ("channel", "token"):
        for kind in ("K", "V", "attention", "KL"):
            row = [errors[bits, per][kind] for bits in (8, 4, 3, 2, 1)]
            assert row == sorted(row) and row[-1] > 20 * row[0], (per, kind)
        sizes = [errors[bits, per]["bytes"] for bits in (8, 4, 3, 2, 1)]
        assert sizes == [8 * 2 * 2 * 64 * (bits + 4) / 8 for bits in (8, 4, 3, 2, 1)]
        assert errors[8, per]["changed"] <= 0.05 < errors[2, per]["changed"]
        assert errors[1, per]["valid"] < errors[8, per]["valid"] == 1


def test_the_attention_of_the_next_token_is_heard_once_a_layer(quantised):
    assert quantised["outputs"].shape == (2, len(quantised["ids"]), 64)


def test_an_answer_is_a_whole_sentence(quantised):
    assert len(quantised["answers"]) == 200
    assert all(answer.endswith("。") for answer in quantised["answers"])


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
    "W for W − 1": (KINDS, "4096 - 1", "4096"),
    "MLA once for each of K and V": (KINDS, '"MLA": 512 + 64', '"MLA": 2 * (512 + 64)'),
    "window ignored": (KINDS, "min(n, 4096 - 1) if name == windowed else n", "n"),
    "nothing is quantised": (QUANT, "small_x.restore().float()", "x"),
    "directions of keys and values exchanged": (
        QUANT,
        '{"K": (k, per), "V": (v, "token")}',
        '{"K": (k, "token"), "V": (v, per)}',
    ),
    "KL reversed": (
        QUANT,
        "(log_p.exp() * (log_p - log_p_now))",
        "(log_p_now.exp() * (log_p_now - log_p))",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_red(fault, monkeypatch):
    monkeypatch.setenv("TRIAD_STRICT", "claims")
    keys, old, new = FAULTS[fault]
    with pytest.raises(AssertionError):
        run(*keys, change=(old, new))
