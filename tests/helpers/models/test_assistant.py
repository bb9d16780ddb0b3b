"""Lesson 06's decoder that learns to answer: what is asked, taught, withheld and marked."""

import json
import random

import pytest
import torch

from helpers import results
from helpers.models import assistant, decoder
from helpers.results import assistant as long_run
from helpers.world import corpus, tokenizer
from helpers.world.corpus import LANGUAGES

QUESTIONS = assistant.questions(40, seed=3)


def test_the_answer_makes_the_question_a_sentence_again():
    for one in QUESTIONS:
        text = one.source.removeprefix(tokenizer.TAGS[one.lang])
        whole = text[: text.index("。") + 1]
        assert text[len(whole) :].replace(tokenizer.MASK, one.target) == whole
        assert corpus.parse(whole, one.lang) is not None


def test_every_question_and_its_answer_have_a_place_in_the_model():
    long = [corpus.draw(random.Random(n)) for n in range(300)]
    for event in long:
        for lang in LANGUAGES:
            one = assistant.question(event, "person", lang)
            ids = decoder.TOKENIZER([one.source, one.target]).input_ids
            assert sum(map(len, ids)) - 1 <= decoder.config().n_positions


def test_the_withheld_word_stands_in_every_text_and_is_never_asked_for(monkeypatch):
    seen = []
    monkeypatch.setattr(assistant, "next_questions", lambda data, seed: seen.extend(data))
    monkeypatch.setattr(long_run.training, "train", lambda *_: None)
    monkeypatch.setattr(long_run, "marked", lambda _: {})
    long_run.run("tuned", 0)
    assert {one.task for one in seen} == set(assistant.TASKS) - {assistant.WITHHELD}
    names = {thing["name"]["ja"] for thing in corpus.LEXICON["object"]}
    assert all(any(name in one.source for name in names) for one in seen if one.lang == "ja")


def test_only_the_answer_is_taught():
    batch = assistant.next_questions(QUESTIONS, size=8)()
    answers = {one.target for one in QUESTIONS}
    for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
        taught = labels != -100
        assert torch.equal(ids[taught], labels[taught])
        assert decoder.TOKENIZER.decode(ids[taught], skip_special_tokens=True) in answers
        before = int(taught.nonzero()[0]) - 1
        assert ids[before] == ids[taught][-1] == decoder.TOKENIZER.eos_token_id


class Knows(torch.nn.Module):
    """Says the word that fills the [MASK], by looking it up."""

    config = decoder.config()

    def __init__(self, asked):
        super().__init__()
        ids = [decoder.TOKENIZER([one.source, one.target]).input_ids for one in asked]
        self.known = {tuple(source): target[1:] for source, target in ids}

    def forward(self, rows):
        logits = torch.zeros(*rows.shape, len(decoder.TOKENIZER))
        for row, out in zip(rows.tolist(), logits, strict=True):
            for n in range(len(row)):
                if tuple(row[: len(row) - n]) in self.known:
                    target = self.known[tuple(row[: len(row) - n])]
                    out[-1, target[min(n, len(target) - 1)]] = 1
        return type("Out", (), {"logits": logits})


def test_answers_end_with_the_word_and_are_marked_to_the_letter():
    assert assistant.answers(Knows(QUESTIONS), QUESTIONS) == [one.target for one in QUESTIONS]
    half = [one for one in QUESTIONS if one.lang == "ja"]
    share = assistant.share_right(Knows(half), QUESTIONS)
    assert share == dict.fromkeys(assistant.TASKS, 0.5)


def test_the_loss_is_that_of_sentences():
    model, events = decoder.new(), [corpus.draw(random.Random(1)) for _ in range(3)]
    told = [-decoder.log_probability(model, [corpus.sentence(e, la).text], la).item()
            for e in events for la in LANGUAGES]  # fmt: skip
    assert assistant.text_loss(model, events) == pytest.approx(sum(told) / 6, rel=1e-4)


def test_sentences_and_questions_take_turns(monkeypatch):
    """With as many questions as alone, and a sentence before each."""
    seen = []

    def train(model, next_batch, steps, rate):
        seen.extend(next_batch() for _ in range(steps))

    monkeypatch.setattr(long_run, "N_TRAIN", 20)
    monkeypatch.setattr(long_run.training, "train", train)
    monkeypatch.setattr(long_run.decoder, "rows", lambda seed: torch.full((40, 9), 7))
    monkeypatch.setattr(assistant, "STEPS", 3)
    long_run.trained("mixed", 0)
    plain = [bool((batch["labels"] == batch["input_ids"]).all()) for batch in seen]
    assert plain == [True, False] * 3
    seen.clear()
    long_run.trained("tuned", 0)
    assert len(seen) == 3 and not any((b["labels"] == b["input_ids"]).all() for b in seen)


def test_the_long_run_makes_only_what_is_missing(tmp_path, monkeypatch):
    made, path = [], tmp_path / "assistant.json"

    def run(name, seed):
        made.append((seed, name))
        return {"model": name, "seed": seed}

    monkeypatch.setattr(long_run, "marked", lambda _: {})
    monkeypatch.setattr(long_run, "run", run)
    long_run.main(path)
    whole = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(whole | {"runs": whole["runs"][:4]}), encoding="utf-8")
    long_run.main(path)
    assert made[6:] == made[4:6] and len(set(made)) == 6


def test_the_shipped_runs_are_those_that_are_planned():
    shipped = results.load("assistant")
    made = [(run["seed"], run["model"]) for run in shipped["runs"]]
    assert made == [(seed, name) for seed in long_run.SEEDS for name in long_run.MODELS]
    assert all(set(run["exact"]) == set(assistant.TASKS) for run in shipped["runs"])
