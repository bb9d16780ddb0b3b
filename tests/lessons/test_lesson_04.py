"""Lesson 04's own code: sound as it stands, and red where the faults of its subject are planted."""

import math
from functools import partial

import faults_04
import lesson_cells
import pytest
import torch
import turns

from helpers.classroom import claims
from helpers.language import say
from helpers.models import decoder
from helpers.world import corpus, tokenizer

run = partial(lesson_cells.run, "04_decoder", "tokens-code")

LOSS = ("shift-code", "shift-guess")
CAUSAL = ("probe-code", "probe-figure", "parallel-ways", "parallel-code", "parallel-claim")


@pytest.mark.parametrize("lang", turns.by_turns(4, say.LANGUAGES))
def test_loss_and_probability_by_hand(lang):
    scope = run(*LOSS, "chain-code", "chain-check", lang=lang)
    assert abs(scope["losses"]["untrained"] - math.log(281)) < 0.2
    assert abs(scope["one_by_one"] - scope["at_once"]) < 1e-3
    assert abs(scope["sum_ratio"] - 1) < 1e-4


def test_labels_that_are_not_shifted_are_red():
    shifted = "logits[:, :-1], ids[:, 1:], real[:, 1:]"
    with pytest.raises(AssertionError):
        run(*LOSS, change=(shifted, "logits, ids, real"))


@turns.in_ci
def test_labels_that_are_shifted_twice_are_red():
    shifted = "logits[:, :-1], ids[:, 1:], real[:, 1:]"
    with pytest.raises(AssertionError):
        run(*LOSS, change=(shifted, "logits[:, :-2], ids[:, 2:], real[:, 2:]"))


@turns.in_ci
def test_counting_the_padding_is_red():
    with pytest.raises(AssertionError):
        run(*LOSS, change=("(logp * counts).sum() / counts.sum()", "logp.mean()"))


@turns.in_ci
def test_a_causal_mask_one_token_ahead_is_red(monkeypatch):
    """Under it the same cells miss an exact bound, which raises in a student's kernel too."""

    leaking = faults_04.one_ahead()
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TRIAD_STRICT", "")
    run(*CAUSAL)
    monkeypatch.setattr(decoder, "load", lambda: leaking)
    with pytest.raises(claims.ClaimError, match="C10"):
        run(*CAUSAL)


# --- whole sentences against brute force ------------------------------------------------------


@torch.no_grad()
def brute_force(model, text: str, lang: str) -> float:
    """log p(text and its end | language): one pass for each token, no padding, no batch."""
    ids = decoder.TOKENIZER(tokenizer.tagged(text, lang), return_tensors="pt").input_ids
    steps = (
        model(ids[:, :t]).logits[0, -1].log_softmax(-1)[ids[0, t]] for t in range(2, ids.size(1))
    )
    return sum(step.item() for step in steps)


@pytest.mark.parametrize("lang", turns.by_turns(4, say.LANGUAGES))
def test_rescoring_is_the_brute_force_choice(lang):
    model, event = decoder.load(), corpus.exam("definite", 1)[0]
    told, options = corpus.sentence(event, lang), corpus.candidates(lang, "counter")
    scores = [brute_force(model, told.filled("counter", c), lang) for c in options]
    best = options[max(range(len(options)), key=scores.__getitem__)]
    assert decoder.rescored(model, [event], "counter", lang) == [best] == [told.answer("counter")]
    texts = [told.filled("counter", c) for c in options]
    got = decoder.log_probability(model, texts, lang)
    assert (got - torch.tensor(scores)).abs().max() < 1e-3


def test_leaving_out_the_end_or_the_language_would_be_seen():
    """The planted faults: a sum without </s>, and one under the other language's tag."""
    model, text = decoder.new(1), corpus.sentence(corpus.exam("plain", 1)[0], "ja").text
    exact = brute_force(model, text, "ja")
    ids = decoder.TOKENIZER(tokenizer.tagged(text, "ja"), return_tensors="pt").input_ids
    with torch.no_grad():
        logp = model(ids).logits[0, :-1].log_softmax(-1).gather(-1, ids[0, 1:, None])[:, 0]
    without_end, with_tag = logp[1:-1].sum().item(), logp.sum().item()
    assert abs(decoder.log_probability(model, [text], "ja").item() - exact) < 1e-3
    assert abs(without_end - exact) > 1 and abs(with_tag - exact) > 1
    assert abs(decoder.log_probability(decoder.load(), [text], "zh-tw").item() - exact) > 1
