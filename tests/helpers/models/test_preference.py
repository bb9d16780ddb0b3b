"""Preference tuning of lesson 06's assistant: pairs, batches, what is measured, the long run."""

import copy
import inspect
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
    preference.tune(model, pairs, model_answers.preference_loss(), 0.3, 3e-4, steps=15)
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
    preference.tune(model, turned, loss, 0.3, 3e-4, steps=15)
    gained = [
        (preference.log_probability(model, side) - preference.log_probability(first, side)).mean()
        for side in zip(*pairs, strict=True)
    ]
    assert gained[0] < gained[1]


# --- the long run --------------------------------------------------------------------------------


def test_the_shipped_runs_are_those_that_are_planned():
    runs = results.load("preference")["runs"]
    made = [(run["seed"], run["how"], run["rate"]) for run in runs]
    wanted = [(seed, *one) for seed in long_run.SEEDS for one in long_run.planned(seed, runs)]
    assert sorted(made, key=str) == sorted(wanted, key=str)
    for run in long_run.runs_of(runs, "before", 0.0):
        assert run["divergence"] == pytest.approx(0, abs=1e-6)


def is_fair(pairs_for, monkeypatch) -> bool:
    """No assistant meets a wrong answer of its own, and the exam's are of none that taught."""

    def asked(model, n, seed, split="train"):
        chosen = assistant.questions(n, seed, split, assistant.TAUGHT)
        return [preference.Pair(one, one._replace(target=f"by {model}")) for one in chosen]

    monkeypatch.setattr(preference, "pairs", asked)
    for seed in long_run.SEEDS:
        found = pairs_for(seed, ["model 0", "model 1", "model 2"])
        by = [{pair.rejected.target for pair in part} for part in found]
        questions = [{pair.chosen for pair in part} for part in found]
        if any(f"by model {seed}" in words for words in by) or by[0] & by[2]:
            return False
        if questions[2] & (questions[0] | questions[1]) or not all(questions):
            return False
    return True


def test_wrong_answers_are_those_of_other_assistants(monkeypatch):
    assert is_fair(long_run.pairs_for, monkeypatch)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("for n in (1, 2)", "for n in (0, 1)"),
        ("preference.pairs(other, N_TEST, 99", "preference.pairs(one, N_TEST, 99"),
        ("if pair.chosen not in tested", "if pair"),
    ],
    ids=["its own", "the teacher examines", "tested questions choose the rate"],
)
def test_an_unfair_pair_is_red(old, new, monkeypatch):
    source = inspect.getsource(long_run.pairs_for)
    assert source.count(old) == 1
    scope = dict(vars(long_run))
    exec(source.replace(old, new), scope)
    assert not is_fair(scope["pairs_for"], monkeypatch)


def toy_runs(right: dict[float, tuple[float, float, float]]) -> list[dict]:
    """{rate: (wins, right, text_loss)} of seed 0, what was before, and a seed that says else."""
    names = ("wins", "right", "text_loss")
    runs = [("before", 0.0, (0.5, 0.5, 10.0))] + [(0.1, rate, of) for rate, of in right.items()]
    made = [
        {"seed": 0, "how": how, "rate": rate, "choice": dict(zip(names, of, strict=True))}
        for how, rate, of in runs
    ]
    other = {"wins": 1.0, "right": 1.0, "text_loss": 1.0}
    return [*made, {"seed": 1, "how": 0.1, "rate": 1.0, "choice": other}]


def test_a_rate_is_chosen_by_wins_or_by_right_answers_that_cost_little(monkeypatch):
    monkeypatch.setattr(long_run, "RATES", {"before": (0.0,), 0.1: (1.0, 2.0, 3.0)})
    runs = toy_runs({1.0: (0.6, 0.6, 10.0), 2.0: (0.7, 0.7, 10.9), 3.0: (0.8, 0.9, 11.1)})
    assert long_run.best(runs, 0.1, "wins") == 3.0
    assert long_run.best(runs, 0.1, "right") == 2.0
    assert long_run.planned(1, runs) == [("before", 0.0), (0.1, 2.0), (0.1, 3.0)]
    assert long_run.planned(0, runs) == [("before", 0.0), *((0.1, x) for x in (1.0, 2.0, 3.0))]
    with pytest.raises(ValueError, match="max"):
        long_run.best(toy_runs(dict.fromkeys((1.0, 2.0, 3.0), (0.9, 0.9, 12.0))), 0.1, "right")


def test_what_chooses_a_rate_is_not_tested(monkeypatch):
    """No question of `choice` is one of the rest, and its sentences are drawn anew."""
    asked: dict[str, list] = {"right": [], "text": []}
    monkeypatch.setattr(preference, "wins", lambda *_: 0.5)
    monkeypatch.setattr(
        assistant, "share_right", lambda _, some: asked["right"].append(set(some)) or {"time": 1.0}
    )
    monkeypatch.setattr(
        assistant, "text_loss", lambda _, events: asked["text"].append(list(events)) or 1.0
    )
    monkeypatch.setattr(assistant, "share_valid", lambda *_: 1.0)
    long_run.tried(None, [])
    long_run.marked(None)
    assert not asked["right"][0] & asked["right"][1] and asked["right"][0]
    assert {one.task for one in asked["right"][0]} == set(assistant.TAUGHT)
    assert asked["text"][0] != asked["text"][1]


def test_the_long_run_starts_each_run_from_its_own_assistant(tmp_path, monkeypatch):
    """And makes only the runs that are not there."""
    made, path = [], tmp_path / "preference.json"
    monkeypatch.setattr(long_run, "trained", lambda name, seed: (name, seed))
    monkeypatch.setattr(long_run, "pairs_for", lambda seed, models: long_run.Pairs([], [], []))
    monkeypatch.setattr(long_run, "judged", lambda *_: {"wins": 0.5})
    scores = {"wins": 0.5, "right": 0.5, "text_loss": 1.0}
    monkeypatch.setattr(long_run, "tried", lambda *_: scores)
    monkeypatch.setattr(
        long_run, "tuned", lambda before, data, how, rate, loss, seed: made.append((before, how))
    )
    for rates in ({"before": (0.0,)}, {"before": (0.0,), 0.1: (1e-3, 1e-2)}):
        monkeypatch.setattr(long_run, "RATES", rates)
        long_run.main(path, loss=lambda *_: None)
    assert [(before[1], how) for before, how in made] == [
        *((seed, "before") for seed in long_run.SEEDS),
        *((seed, 0.1) for seed in (0, 0, 1, 2)),
    ]
    assert made[0][0] == ("mixed", 0)
