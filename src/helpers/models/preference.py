"""Preference tuning of lesson 06's assistant: of two answers the grammar says which is right.

The loss is the caller's (DPO: Rafailov et al. 2023, arXiv:2305.18290), a function of logits; here
are the pairs, the batches, and what is measured before and after.
"""

import copy
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers.utils import ModelOutput

from . import assistant, training
from .assistant import Instruction

STEPS, BATCH_SIZE = 200, 16
# (logits, logits of the model before, ids, answer, beta) → loss; the first half of the rows chosen
Loss = Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]


class Pair(NamedTuple):
    """A question with its right answer, and with a wrong one that a model gave."""

    chosen: Instruction
    rejected: Instruction


def pairs(model: Any, n: int, seed: int = 0, split: str = "train") -> list[Pair]:
    """Draw n events, ask the model for each taught kind of word, and keep its wrong answers.

    It answers as it writes: each token is drawn from its own probabilities.
    """
    asked = assistant.questions(n, seed, split, assistant.TAUGHT)
    torch.manual_seed(seed)
    told = assistant.answers(model, asked, pick=lambda logits: logits.softmax(-1).multinomial(1))
    answered = zip(asked, told, strict=True)
    return [Pair(one, one._replace(target=word)) for one, word in answered if word != one.target]


def rows(answered: Sequence[Instruction]) -> dict[str, Tensor]:
    """Return questions with their answers: ids, attention_mask and where the answer is, (B, T)."""
    batch = assistant.as_batch(answered)
    return {"answer": batch.pop("labels") != -100} | batch


def next_pairs(
    data: Sequence[Pair], seed: int = 0, size: int = BATCH_SIZE
) -> Callable[[], dict[str, Tensor]]:
    """Make the batches for training.train: the chosen rows above the rejected ones."""
    rng = random.Random(seed)

    def batch() -> dict[str, Tensor]:
        chosen, rejected = zip(*rng.choices(data, k=size), strict=True)
        return rows([*chosen, *rejected])

    return batch


class Preferring(torch.nn.Module):
    """A model with the loss of a pair: what it says is compared with what it said at first."""

    def __init__(self, model: Any, loss: Loss, beta: float):
        super().__init__()
        self.model, self.loss, self.beta = model, loss, beta
        self.before = (copy.deepcopy(model).eval(),)  # in a tuple: not trained with the rest

    def forward(self, input_ids: Tensor, attention_mask: Tensor, answer: Tensor) -> ModelOutput:
        """Return the loss of a batch of next_pairs."""
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        with torch.no_grad():
            before = self.before[0](**inputs).logits
        logits = self.model(**inputs).logits
        return ModelOutput(loss=self.loss(logits, before, input_ids, answer, self.beta))


def tune(
    model: Any,
    data: Sequence[Pair],
    loss: Loss,
    beta: float,
    learning_rate: float,
    seed: int = 0,
    steps: int = STEPS,
) -> training.Run:
    """Train a model on pairs with a preference loss."""
    batches = next_pairs(data, seed)
    return training.train(Preferring(model, loss, beta), batches, steps, learning_rate)


@torch.no_grad()
def log_probability(model: Any, answered: Sequence[Instruction]) -> Tensor:
    """Return log p of each answer behind its question in nats, (n,), </s> included."""
    batch = rows(answered)
    answer, ids = batch.pop("answer")[:, 1:], batch["input_ids"][:, 1:, None]
    each = model(**batch).logits[:, :-1].log_softmax(-1).gather(-1, ids)[..., 0]
    return (each * answer).sum(1)


def wins(model: Any, held_out: Sequence[Pair]) -> float:
    """Return the share of pairs whose chosen answer is the more probable one; chance is 0.5."""
    chosen, rejected = (log_probability(model, side) for side in zip(*held_out, strict=True))
    return (chosen > rejected).float().mean().item()


@torch.no_grad()
def divergence(model: Any, before: Any, asked: Sequence[Instruction]) -> float:
    """Return KL(model ‖ before) of the first token of an answer in nats, the mean over questions.

    Σ p log(p / p₀), exact: all tokens are summed over
    """
    batch = rows(asked)
    first = batch.pop("answer").int().argmax(1) - 1
    p, q = (m(**batch).logits[range(len(first)), first].log_softmax(-1) for m in (model, before))
    return (p.exp() * (p - q)).sum(-1).mean().item()
