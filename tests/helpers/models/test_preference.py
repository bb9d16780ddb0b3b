"""Preference tuning of lesson 06's assistant: pairs, batches, what is measured, the long run."""

import copy
import math

import pytest
import torch

import model_answers
from helpers import results
from helpers.models import assistant, decoder, preference
from helpers.results import preference as long_run


@pytest.fixture(scope="module")
def pairs():
    torch.manual_seed(0)
    return preference.pairs(decoder.load(), 6, seed=1)


def test_a_pair_is_a_taught_question_with_the_right_word_and_one_that_the_model_said(pairs):
    assert len(pairs) > 10
    for chosen, rejected in pairs:
        assert chosen[:3] == rejected[:3] and chosen.target != rejected.target
        assert chosen.task != assistant.WITHHELD
    drawn = assistant.questions(6, 1, "train", ["person", "time", "place"])
    assert {pair.chosen for pair in pairs} <= set(drawn)


def test_the_chosen_rows_stand_above_the_rejected_ones(pairs):
    batch = preference.next_pairs(pairs, size=4)()
    ids, answer = batch["input_ids"], batch["answer"]
    assert ids.shape == answer.shape and len(ids) == 8
    words = [
        decoder.TOKENIZER.decode(row[marks], skip_special_tokens=True)
        for row, marks in zip(ids, answer, strict=True)
    ]
    said = {(pair.chosen.target, pair.rejected.target) for pair in pairs}
    assert set(zip(words[:4], words[4:], strict=True)) <= said


def test_the_log_probability_of_an_answer_is_that_of_its_tokens(pairs):
    model, one = decoder.load(), pairs[0].chosen
    source, target = decoder.TOKENIZER([one.source, one.target]).input_ids
    with torch.no_grad():
        log_p = model(torch.tensor([source + target[1:]])).logits[0].log_softmax(-1)
    want = sum(log_p[len(source) - 1 + n, token].item() for n, token in enumerate(target[1:]))
    both = preference.log_probability(model, [one, pairs[1].rejected])
    assert both[0].item() == pytest.approx(want, rel=1e-4)


def test_whoever_knows_the_right_words_wins_and_whoever_says_the_others_loses(pairs, monkeypatch):
    right = [pair.chosen for pair in pairs]
    monkeypatch.setattr(
        preference,
        "log_probability",
        lambda known, side: torch.tensor([float(one in known) for one in side]),
    )
    assert preference.wins(right, pairs) == 1
    assert preference.wins([pair.rejected for pair in pairs], pairs) == 0


def test_the_divergence_is_the_sum_over_all_tokens(pairs):
    before = decoder.load()
    model = copy.deepcopy(before)
    assert preference.divergence(model, before, [pairs[0].chosen]) == pytest.approx(0, abs=1e-6)
    with torch.no_grad():
        model.transformer.ln_f.bias.add_(0.1 * torch.arange(64) / 64)
        source = decoder.TOKENIZER([pairs[0].chosen.source]).input_ids
        p, q = (m(torch.tensor(source)).logits[0, -1].softmax(-1) for m in (model, before))
    want = sum(a * math.log(a / b) for a, b in zip(p.tolist(), q.tolist(), strict=True) if a)
    found = preference.divergence(model, before, [pairs[0].chosen])
    assert found == pytest.approx(want, rel=1e-3) and found > 0


def test_tuning_prefers_what_was_chosen_and_leaves_the_first_model_alone(pairs):
    """With the model answer of sheet 06, on the pairs it is trained with."""
    model = decoder.load()
    first = copy.deepcopy(model)
    tuned = preference.Preferring(model, model_answers.preference_loss(), 0.3)
    before = tuned(**preference.next_pairs(pairs, size=4)()).loss.item()
    assert before == pytest.approx(math.log(2), abs=1e-5)
    preference.tune(model, pairs, model_answers.preference_loss(), 0.3, steps=15)
    gained = [
        (preference.log_probability(model, side) - preference.log_probability(first, side)).mean()
        for side in zip(*pairs, strict=True)
    ]
    assert gained[0] > gained[1] + 0.1
    assert not any(p.requires_grad and p.grad is not None for p in first.parameters())


def test_the_loss_of_the_wrong_side_is_red(pairs):
    """The planted fault: rejected above chosen."""
    model, loss = decoder.load(), model_answers.preference_loss()
    first = copy.deepcopy(model)
    turned = [preference.Pair(rejected, chosen) for chosen, rejected in pairs]
    preference.tune(model, turned, loss, 0.3, steps=15)
    gained = [
        (preference.log_probability(model, side) - preference.log_probability(first, side)).mean()
        for side in zip(*pairs, strict=True)
    ]
    assert gained[0] < gained[1]


def test_the_shipped_runs_are_those_that_are_planned():
    shipped = results.load("preference")
    assert [run["seed"] for run in shipped["before"]] == list(long_run.SEEDS)
    ways = [*long_run.BETAS, long_run.CHOSEN]
    made = [(run["seed"], run["how"]) for run in shipped["runs"]]
    assert made == [(seed, how) for seed in long_run.SEEDS for how in ways]
    for run in shipped["before"]:
        assert run["divergence"] == pytest.approx(0, abs=1e-6) and run["held_out"] > 100


def test_the_long_run_starts_each_seed_from_its_own_assistant(tmp_path, monkeypatch):
    """And makes only the seeds that are not there."""
    made, path = [], tmp_path / "preference.json"
    monkeypatch.setattr(long_run, "trained", lambda name, seed: (name, seed))
    monkeypatch.setattr(preference, "pairs", lambda model, n, seed, split="train": [model, split])
    monkeypatch.setattr(long_run, "judged", lambda *_: {"wins": 0.5})
    monkeypatch.setattr(
        long_run, "tuned", lambda before, data, how, loss, seed: made.append((before, data[1], how))
    )
    for seeds in ((0, 1), long_run.SEEDS):
        monkeypatch.setattr(long_run, "SEEDS", seeds)
        long_run.main(path, loss=lambda *_: None)
    assert [before[1] for before, _, _ in made] == [0] * 4 + [1] * 4 + [2] * 4
    assert {split for _, split, _ in made} == {"train"} and made[0][0] == ("mixed", 0)
