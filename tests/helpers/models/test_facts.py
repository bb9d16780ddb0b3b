"""Lesson 01's task: what is asked and held out, what is hidden, and what training may see."""

import pytest
import torch

from helpers.models import facts

SLOTS = [["a", "b", "c", "d"], ["e", "f", "g", "h"]]
TASK = facts.ask(SLOTS, ["?1", "?2"], lambda one, two: [one, "and", two])


def words(row) -> list[str]:
    names = {i: word for word, i in TASK.number.items()}
    return [names[i] for i in row.tolist()]


def test_every_question_about_every_sentence_with_its_answer():
    assert len(TASK.sentences) == 16 and TASK.inputs.shape == (32, 4)
    for i, (row, answer) in enumerate(zip(TASK.inputs, TASK.answers, strict=True)):
        *sentence, question = words(row)
        assert sentence == TASK.sentences[i // 2] and question == ["?1", "?2"][i % 2]
        assert words(answer[None]) == [sentence[0 if question == "?1" else 2]]


def test_a_quarter_of_the_sentences_is_held_out_whole_and_no_word_with_them():
    assert TASK.held_out.float().mean() == 0.25
    assert torch.equal(TASK.held_out[::2], TASK.held_out[1::2])
    assert set(TASK.answers[~TASK.held_out].tolist()) == set(TASK.answers.tolist())


def test_silence_is_its_own_answer_and_is_held_out_like_its_sentence():
    silent = facts.with_silence(TASK, "…")
    rows = silent.answers == silent.number["…"]
    assert rows.sum() == 16 and not rows[:32].any()
    assert (silent.inputs[rows][:, -1] == silent.answers[rows]).all()
    assert torch.equal(silent.inputs[rows][:, :-1], TASK.inputs[::2, :-1])
    assert torch.equal(silent.held_out[rows], TASK.held_out[::2])
    assert "…" not in TASK.number and torch.equal(silent.inputs[~rows], TASK.inputs)


def test_one_token_is_hidden_the_one_of_that_rank():
    weights = torch.tensor([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])
    assert facts.hide(weights, 0).tolist() == [[[True, False, True]], [[False, True, True]]]
    assert facts.hide(weights, 2).tolist() == [[[False, True, True]], [[True, False, True]]]
    assert TASK.is_any(["and"]).sum(-1).tolist() == [1] * 32


def untrained():
    return facts.untrained(len(TASK.number), 8, seed=0)


class Reader:
    """Answers by the embedding of the question and of the sentence; keeps what it was given."""

    def __init__(self):
        self.seen: list[torch.Tensor] = []

    def __call__(self, inputs, parameters, visible=None):
        self.seen += [inputs, visible]
        embedding, *_, w_words = parameters
        return embedding[inputs].sum(1) @ w_words, None


def test_training_lowers_the_loss_and_never_meets_what_is_held_out():
    model, start = Reader(), untrained()
    kept = [p.clone() for p in start]
    visible = torch.ones(32, 1, 3, dtype=torch.bool)
    learned, losses = facts.train(model, start, TASK, visible, steps=60)
    assert len(losses) == 60 and sum(losses[-5:]) < 0.8 * sum(losses[:5])
    assert all(torch.equal(p, k) for p, k in zip(start, kept, strict=True))
    assert not any(p.requires_grad for p in learned)
    held_out = {tuple(row) for row in TASK.inputs[TASK.held_out].tolist()}
    assert not held_out & {tuple(row) for inputs in model.seen[::2] for row in inputs.tolist()}
    assert all(seen.shape == (64, 1, 3) for seen in model.seen[1::2])


def test_decay_keeps_the_parameters_smaller():
    sizes = [
        sum(p.norm() for p in facts.train(Reader(), untrained(), TASK, steps=60, decay=decay)[0])
        for decay in (0.0, 0.1)
    ]
    assert sizes[1] < 0.9 * sizes[0]


@pytest.mark.parametrize("among", [None, TASK.inputs[:, -1] == TASK.number["?1"]])
def test_accuracy_counts_the_held_out_rows_asked_for(among):
    def knows_the_first(inputs, parameters, visible=None):
        return torch.nn.functional.one_hot(inputs[:, 0], len(TASK.number)).float(), None

    right = facts.accuracy(knows_the_first, [], TASK, among=among)
    assert right == (0.5 if among is None else 1)
