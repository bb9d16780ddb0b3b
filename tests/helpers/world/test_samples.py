"""Samples judged by the grammar; the explorer of the next token."""

import math
import random

import pytest
import turns

from helpers.language import say
from helpers.language.say import LANGUAGES
from helpers.models import decoder
from helpers.widgets import SamplingExplorer
from helpers.world import corpus, samples, tokenizer
from helpers.world.samples import Judged


def told(split, n, seed=0, lang="ja"):
    rng = random.Random(seed)
    return [corpus.sentence(corpus.draw(rng, split), lang).text for _ in range(n)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_valid_new_and_unseen_are_told_apart(lang):
    known, new, unseen = (
        told("train", 30, 0, lang),
        told("train", 20, 1, lang),
        told("test", 10, 2, lang),
    )
    broken = [text[:-1] for text in known[:5]] + ["", "本"]
    found = samples.judge([*known, *new, *unseen, *broken], lang, set(known))
    fresh = sum(text not in known for text in new) + 10
    assert found == Judged(texts=67, valid=60, new=fresh, unseen=10)


def test_a_repeated_sentence_counts_each_time():
    (text,) = told("test", 1)
    assert samples.judge([text] * 3, "ja", {text}) == Judged(3, 3, 0, 3)
    assert samples.judge([text], "zh-tw", ()) == Judged(1, 0, 0, 0)


def test_shares_have_errors_and_few_texts_have_none():
    judged = Judged(texts=100, valid=50, new=40, unseen=0)
    assert judged.share("valid") == (0.5, 0.05)
    assert judged.share("new") == (0.8, pytest.approx(math.sqrt(0.16 / 50)))
    assert judged.share("unseen") == (0.0, 0.0)
    assert all(math.isnan(value) for value in Judged(100, 2, 2, 1).share("new"))
    assert samples.both([judged, judged]) == Judged(200, 100, 80, 0)


def test_the_shipped_decoder_writes_new_sentences_but_keeps_to_the_pairs_it_saw():
    rows = decoder.TOKENIZER.batch_decode(decoder.rows(), skip_special_tokens=True)
    model, known = decoder.load(), set(rows)
    found = [samples.judge(decoder.sample(model, la, 200), la, known) for la in LANGUAGES]
    assert all(judged.share("valid")[0] > 0.9 for judged in found)
    assert samples.both(found).share("new")[0] > 0.7
    assert samples.both(found).share("unseen")[0] < 0.05  # the grammar's own share is .20


def test_the_explorer_goes_on_behind_the_text_and_not_behind_its_end():
    """Our tokenizer closes every text with </s>; behind 学 only 校 can stand."""
    say.use("ja")
    text = tokenizer.tagged("昨日、健太は学", "ja")
    explorer = SamplingExplorer(decoder.load(), decoder.TOKENIZER, text=text)
    assert "「校」" in explorer(text=text).sentence


# --- the baseline of what is new --------------------------------------------------------------


def plain_sentences(split):
    told = (e._replace(person=who) for e, _ in corpus.events() for who in corpus.PEOPLE)
    kept = [e for e in told if e.kind == "plain" and corpus.held_out(e) == (split == "test")]
    return {corpus.sentence(e, lang).text for e in kept for lang in LANGUAGES}


@turns.in_ci
def test_the_grammar_itself_repeats_what_is_known_as_often_as_it_is_drawn():
    """Who knows every plain sentence of the training grammar knows a quarter of what it draws."""
    assert samples.new_by_grammar(plain_sentences("train")) == pytest.approx(3 / 4)
    assert samples.new_by_grammar(set()) == 1


def test_what_is_never_drawn_makes_nothing_old():
    assert samples.new_by_grammar(plain_sentences("test")) == 1


def test_drawing_agrees_with_the_exact_baseline():
    """Within three standard errors; with the seed of the known sentences none would be new."""
    known = set(told("train", 3000, 0)) | set(told("train", 3000, 0, "zh-tw"))
    exact = samples.new_by_grammar(known)
    new, error = samples.judge(told("train", 1500, 1), "ja", known).share("new")
    assert abs(new - exact) < 3 * error
    assert samples.judge(told("train", 300, 0), "ja", known).new == 0
