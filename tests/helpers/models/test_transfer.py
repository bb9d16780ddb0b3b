"""Lesson 05's transfer: what is pre-trained on, how a run is scored and chosen, what came out."""

import json
import random
import re

import pytest
import torch

from helpers import results
from helpers.language.say import LANGUAGES
from helpers.models import encoder_decoder, transfer
from helpers.results import transfer as script
from helpers.world import corpus

DRAWN = 60


def events_of(text, lang):
    """The events that a text tells, sentence by sentence; None for what is no sentence."""
    return [corpus.parse(part, lang) for part in re.findall(r"[^。]+。?", text)]


def same(told):
    """Do two sentences tell of one person, place, time and object?"""
    first, second = (event._replace(kind="", number=None) for event in told)
    return first == second


# --- what is trained on -----------------------------------------------------------------------


def drawn(text, lang):
    rng = random.Random(1)
    return [events_of(transfer.TEXTS[text](rng, lang), lang) for _ in range(DRAWN)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_told_twice_alone_says_again_what_it_said_and_no_text_what_is_held_out(lang, monkeypatch):
    twice, unrelated = drawn("told_twice", lang), drawn("unrelated", lang)
    assert all(same(pair) and pair[0].kind != pair[1].kind for pair in twice)
    assert not any(same(pair) for pair in unrelated)
    assert not any(corpus.held_out(event) for pair in twice + unrelated for event in pair)
    everything = corpus.draw
    monkeypatch.setattr(corpus, "draw", lambda rng, split: everything(rng))
    for text in ("told_twice", "unrelated"):  # it would be seen
        assert any(corpus.held_out(event) for pair in drawn(text, lang) for event in pair)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_shuffled_has_the_characters_of_told_twice_and_no_sentence(lang):
    for seed in range(DRAWN):
        twice, mixed = (
            transfer.TEXTS[text](random.Random(seed), lang) for text in ("told_twice", "shuffled")
        )
        assert sorted(twice) == sorted(mixed) and twice != mixed
        assert not all(events_of(mixed, lang))


def restored(example):
    """The text that source and target are made of."""
    missing = re.split(r"<extra_id_\d>", example.target)[1:-1]
    kept = re.split(r"<extra_id_\d>", example.source)
    return "".join(k + m for k, m in zip(kept, [*missing, ""], strict=True))


@pytest.mark.parametrize("text", transfer.TEXTS)
def test_a_problem_is_a_text_of_one_language_with_a_part_of_it_missing(text):
    for example in transfer.rows(DRAWN, text=text):
        whole = restored(example)
        assert all(events_of(whole, example.lang)) == (text != "shuffled")
        kept = len(re.sub(r"<extra_id_\d>", "", example.source))
        assert 1 - kept / len(whole) == pytest.approx(transfer.SHARE, abs=0.02)
    found = {example.lang for example in transfer.rows(DRAWN, text=text)}
    assert found == set(LANGUAGES)


def test_the_pairs_differ_from_seed_to_seed_and_those_of_the_test_are_held_out():
    seen, others = (transfer.pairs(50, f"pairs {seed}") for seed in (0, 1))
    assert len(seen) == 100 and seen != others and seen == transfer.pairs(50, "pairs 0")
    for split, name in (("train", "valid"), ("test", "test")):
        told = [e.target for e in transfer.pairs(50, name, split) if e.task == "to_zh_tw"]
        assert {corpus.held_out(corpus.parse(t, "zh-tw")) for t in told} == {split == "test"}


# --- how a run is scored and chosen -------------------------------------------------------------


def test_right_as_a_whole_is_what_a_greedy_answer_gets_right():
    model = encoder_decoder.load()
    asked = transfer.pairs(40, "test", "test")
    bare = [e._replace(source=e.source.partition("：")[2]) for e in asked]  # some then fail
    for some in (asked, bare):
        answers = encoder_decoder.answer(model, [e.source for e in some])
        right = sum(a == e.target for a, e in zip(answers, some, strict=True)) / len(some)
        assert transfer.scores(model, some)["exact"] == pytest.approx(right, abs=0.02)
    assert 0.2 < right < 0.98
    assert transfer.scores(model, bare)["exact"] < transfer.scores(model, bare)["tokens"]


def entry(arm="scratch", pairs=script.TRIED, seed=0, rate=1e-3, exact=0.0):
    score = {"loss": 1.0, "tokens": exact, "exact": exact}
    named = {"arm": arm, "pairs": pairs, "seed": seed, "rate": rate, "step": 100}
    return named | {"valid": score, "test": score, "cpu_seconds": 0}


@pytest.mark.parametrize("arm", script.ARMS)
def test_the_search_goes_on_until_the_best_lies_between_two_worse_ones(arm):
    best = {5e-4: 0.1, 1e-3: 0.2, 2e-3: 0.5, 4e-3: 0.6, 8e-3: 0.3}
    runs, asked = [], []
    for pairs, seed, rate in script.left(runs, arm):
        asked.append((pairs, seed, rate))
        runs.append(entry(arm, pairs, seed, rate, best[rate]))
    assert asked[:4] == [(script.TRIED, 0, rate) for rate in (1e-3, 2e-3, 4e-3, 8e-3)]
    rest = [(n, seed) for n, seeds in script.ARMS[arm].items() for seed in range(seeds)]
    assert asked[4:] == [(*of, 4e-3) for of in rest if of != (script.TRIED, 0)]
    assert script.chosen(runs, arm) == 4e-3
    assert script.share(runs, arm, script.TRIED) == [0.6] * script.ARMS[arm][script.TRIED]
    assert not list(script.left(runs, arm))


def test_each_arm_and_seed_begins_with_weights_of_its_own(monkeypatch):
    rows = transfer.rows
    monkeypatch.setattr(transfer, "rows", lambda **of: rows(DRAWN, **of))
    monkeypatch.setattr(transfer, "STEPS", 1)
    script.pretrained.cache_clear()
    begun = [(arm, seed) for arm in script.ARMS for seed in (0, 1)]
    weights = [script.start(*of).shared.weight.sum().item() for of in begun]
    assert len(set(weights)) == len(begun)
    again = script.start("shuffled", 1)
    with torch.no_grad():
        again.shared.weight.zero_()
    assert script.start("shuffled", 1).shared.weight.any()  # a run trains a copy
    script.pretrained.cache_clear()


def test_a_run_takes_its_test_score_where_valid_is_best(monkeypatch):
    told = iter([{"exact": e, "loss": 1.0, "tokens": 1.0} for e in (0.1, 0.9, 0.5, 0.2, 0.3, 0.8)])
    monkeypatch.setattr(transfer, "scores", lambda model, examples: next(told))  # valid, test, …
    monkeypatch.setattr(script, "EVERY", 1)
    found = script.run("scratch", 2, 0, 1e-3, steps=3)
    assert (found["step"], found["valid"]["exact"], found["test"]["exact"]) == (2, 0.5, 0.2)


def test_the_script_makes_only_what_is_missing(tmp_path, monkeypatch):
    made, path = [], tmp_path / "transfer.json"
    best = {1e-3: 0.1, 2e-3: 0.3, 4e-3: 0.2}
    monkeypatch.setattr(script, "run", lambda *of: made.append(of) or entry(*of, best[of[3]]))
    assert script.main(path) == script.main(path) == 0
    assert (
        len(made)
        == len(set(made))
        == sum(2 + sum(counts.values()) for counts in script.ARMS.values())
    )
    assert len(json.loads(path.read_text(encoding="utf-8"))["runs"]) == len(made)


# --- what came out ----------------------------------------------------------------------------


@pytest.mark.parametrize("arm", script.ARMS)
def test_the_results_are_complete_and_each_rate_lies_between_two_worse_ones(arm):
    runs = results.load("transfer")["runs"]
    assert not list(script.left(runs, arm))
    errors = script.tried(runs, arm)
    assert min(errors) < script.chosen(runs, arm) < max(errors)
    for pairs, seeds in script.ARMS[arm].items():
        assert len(script.share(runs, arm, pairs)) == seeds


def exact(arm, pairs=script.TRIED):
    """What each seed gets right as a whole."""
    return script.share(results.load("transfer")["runs"], arm, pairs)


def test_pre_training_helps_where_the_pairs_are_few_and_hardly_where_they_are_enough():
    assert min(exact("told_twice")) - max(exact("scratch")) > 0.3
    [text], [scratch] = exact("told_twice", 300), exact("scratch", 300)
    assert -0.05 < text - scratch < 0.1


def test_what_is_learned_is_how_sentences_are_made_and_to_look_for_what_is_missing():
    assert max(exact("shuffled")) < min(exact("scratch"))
    assert max(exact("scratch")) + 0.1 < min(exact("unrelated"))
    assert max(exact("unrelated")) < min(exact("told_twice"))


def test_the_shipped_weights_fill_in_what_is_missing_and_random_ones_do_not():
    asked = transfer.rows(100, "other")
    assert transfer.scores(transfer.load(), asked)["tokens"] > 0.8
    assert transfer.scores(transfer.new(), asked)["tokens"] < 0.1


def test_the_shipped_weights_have_not_learned_to_translate():
    assert transfer.scores(transfer.load(), transfer.pairs(50, "test", "test"))["exact"] == 0
