"""Lesson 01's task: a question about a sentence of four facts, and how small models learn it."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from .adam import Adam

# (inputs, parameters, visible) → logits (B, vocabulary), weights (B, T)
Model = Callable[[Tensor, Sequence[Tensor], Tensor | None], tuple[Tensor, Tensor]]


class Facts(NamedTuple):
    """Sentences, each followed by a question, and the right answers."""

    sentences: list[list[str]]
    number: dict[str, int]  # of each word
    inputs: Tensor  # (B, T + 1): the tokens of a sentence, then the question's
    answers: Tensor  # (B,)
    held_out: Tensor  # (B,), True: of a sentence that is for evaluation alone

    def is_any(self, words: Sequence[str]) -> Tensor:
        """Tell which tokens of the sentences are one of these words (B, T)."""
        return torch.isin(self.inputs[:, :-1], torch.tensor([self.number[w] for w in words]))


def ask(
    slots: Sequence[Sequence[str]],
    questions: Sequence[str],
    sentence: Callable[..., list[str]],
) -> Facts:
    """Make every sentence, and ask every question about each.

    slots: the words that may stand in each place   questions: one for each place
    sentence: the words of a fact → the tokens.  A quarter of the sentences is held out: those whose
    words' places in their slots add up to a multiple of 4.
    """
    facts = list(product(*slots))
    sentences = [sentence(*fact) for fact in facts]
    words = sorted({word for tokens in sentences for word in tokens} | set(questions))
    number = {word: i for i, word in enumerate(words)}
    rows = [[*tokens, question] for tokens in sentences for question in questions]
    inputs = torch.tensor([[number[word] for word in row] for row in rows])
    answers = torch.tensor([number[word] for fact in facts for word in fact])
    places = torch.tensor([sum(map(_place, slots, fact)) for fact in facts])
    held_out = (places % 4 == 0).repeat_interleave(len(questions))
    return Facts(sentences, number, inputs, answers, held_out)


def _place(slot: Sequence[str], word: str) -> int:
    return slot.index(word)


def with_silence(task: Facts, word: str) -> Facts:
    """Add to each sentence a prompt that asks for nothing: its answer is the prompt's own word."""
    silent = len(task.number)
    rows = task.inputs[:: len(task.inputs) // len(task.sentences)].clone()  # one a sentence
    held_out = task.held_out[:: len(task.inputs) // len(task.sentences)]
    rows[:, -1] = silent
    return task._replace(
        number={**task.number, word: silent},
        inputs=torch.cat([task.inputs, rows]),
        answers=torch.cat([task.answers, torch.full((len(rows),), silent)]),
        held_out=torch.cat([task.held_out, held_out]),
    )


def untrained(n_words: int, d: int, seed: int) -> list[Tensor]:
    """Draw small random parameters: embedding, w_q, w_k, w_v, w_words, all of width d."""
    torch.manual_seed(seed)
    return [0.1 * torch.randn(shape) for shape in ((n_words, d), *[(d, d)] * 3, (d, n_words))]


def train(
    model: Model,
    parameters: Sequence[Tensor],
    task: Facts,
    visible: Tensor | None = None,
    steps: int = 200,
    decay: float = 0.0,
) -> tuple[list[Tensor], list[float]]:
    """Return the trained parameters, and the loss of each step (Adam, 64 questions a step).

    visible: (B, 1, T), the tokens that may be looked at; None: all
    decay: of the weights, times the parameters in each step's gradient
    """
    learned, losses = [p.clone().requires_grad_() for p in parameters], []
    optimizer = Adam(learned, lr=1e-2, weight_decay=decay)
    rows = (~task.held_out).nonzero()[:, 0]
    for _ in range(steps):
        batch = rows[torch.randint(len(rows), (64,))]
        seen = None if visible is None else visible[batch]
        logits, _ = model(task.inputs[batch], learned, seen)
        loss = F.cross_entropy(logits, task.answers[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return [p.detach() for p in learned], losses


def accuracy(
    model: Model,
    parameters: Sequence[Tensor],
    task: Facts,
    visible: Tensor | None = None,
    among: Tensor | None = None,
) -> float:
    """Return the share of right answers to the held-out questions (among: (B,), only these)."""
    rows = task.held_out if among is None else task.held_out & among
    seen = None if visible is None else visible[rows]
    logits, _ = model(task.inputs[rows], parameters, seen)
    return (logits.argmax(-1) == task.answers[rows]).float().mean().item()


def hide(weights: Tensor, rank: int) -> Tensor:
    """Return what stays visible (B, 1, T) without the token whose weight is rank-th, 0 first."""
    order = weights.argsort(-1, descending=True)  # (B, T)
    return torch.ones_like(weights, dtype=torch.bool).scatter(1, order[:, [rank]], False)[:, None]
