"""Tasks so small that a part of a block is seen to matter: facts, a circle, the token before.

Each is a function of a generator and a size that draws a batch: input_ids (B, T) or
(B, T, features), labels (B, T), -100 where nothing is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from . import training
from .variants import Switches, Transformer

SYMBOLS, LENGTH = 8, 16  # of "before"
PEOPLE, COLOURS = 6, 4  # of "one", "pair" and "same": each person has a colour
PLACES, GIFTS = 7, 4  # of "next": each place of a circle has a gift
BATCH_SIZE, NEW_ITEMS = 32, 1_000_003  # NEW_ITEMS: the seed of what is tested

Batch = dict[str, torch.Tensor]


def before(generator: torch.Generator, size: int, length: int = LENGTH) -> Batch:
    """Ask each token but the first for the symbol on its left; which it is, only order tells."""
    ids = torch.randint(SYMBOLS, (size, length), generator=generator)
    labels = ids.roll(1, 1)
    labels[:, 0] = -100
    return {"input_ids": ids, "labels": labels}


def facts(generator: torch.Generator, size: int, question: str) -> Batch:
    """Tell every person's colour, in any order, and ask a question about two of them.

    A fact is a token of two features, person and colour; the question one of two persons.
    question: "one": the colour of the first; "pair": both colours, in the order asked;
    "same": whether both have the same, which is so in half of the questions
    """
    colours = torch.randint(COLOURS, (size, PEOPLE), generator=generator)
    first, second = torch.rand(size, PEOPLE, generator=generator).argsort(1)[:, :2].T
    rows = torch.arange(size)
    if question == "same":
        alike = torch.rand(size, generator=generator) < 0.5
        other = torch.randint(1, COLOURS, (size,), generator=generator)
        colours[rows, second] = (colours[rows, first] + other * ~alike) % COLOURS
    a, b = colours[rows, first], colours[rows, second]
    answer = {"one": a, "pair": torch.stack([a, b], 1), "same": (a == b).long()}[question]
    told = torch.stack([torch.arange(PEOPLE).expand(size, -1), PEOPLE + colours], 2)
    asked = PEOPLE + COLOURS + torch.stack([first, PEOPLE + second], 1)[:, None]
    labels = torch.full((size, PEOPLE + 1, *answer.shape[1:]), -100)
    labels[:, -1] = answer
    return {"input_ids": torch.cat([told, asked], 1), "labels": labels}


def circle(generator: torch.Generator, size: int) -> Batch:
    """Give each place of a circle a gift, in any order; ask each for the gift of the next place."""
    gifts = torch.randint(GIFTS, (size, PLACES), generator=generator)
    place = torch.rand(size, PLACES, generator=generator).argsort(1)
    ids = torch.stack([place, PLACES + gifts.gather(1, place)], 2)
    return {"input_ids": ids, "labels": gifts.gather(1, (place + 1) % PLACES)}


@dataclass(frozen=True)
class Task:
    """A task: how a batch of it is drawn, the size of its vocabulary, and the number of logits.

    chance: the accuracy of the best guess that looks at no token
    """

    draw: Callable[..., Batch]
    vocabulary: int
    answers: int
    chance: float


_FACTS = 3 * PEOPLE + COLOURS
TASKS = {
    "before": Task(before, SYMBOLS, SYMBOLS, 1 / SYMBOLS),
    "one": Task(partial(facts, question="one"), _FACTS, COLOURS, 1 / COLOURS),
    "pair": Task(partial(facts, question="pair"), _FACTS, 2 * COLOURS, 1 / COLOURS**2),
    "same": Task(partial(facts, question="same"), _FACTS, 2, 1 / 2),
    "next": Task(circle, PLACES + GIFTS, GIFTS, 1 / GIFTS),
}


def new(task: str, switches: Switches, seed: int = 0) -> Transformer:
    """Make a model for a task, with random weights."""
    return Transformer(switches, TASKS[task].vocabulary, TASKS[task].answers, seed).eval()


def next_batch(task: str, seed: int = 0, size: int = BATCH_SIZE) -> Callable[[], Batch]:
    """Make the batches for training.train."""
    generator = torch.Generator().manual_seed(seed)
    return lambda: TASKS[task].draw(generator, size)


def trained(
    task: str, switches: Switches, steps: int, lr: float, seed: int = 0, warm_up: int = 20
) -> tuple[Transformer, training.Run]:
    """Train a new model on a task, without telling the loss, which the lesson lets guess.

    warm_up: steps until the rate is lr, 1 for none
    """
    model, batches = new(task, switches, seed), next_batch(task, seed)
    run = training.train(model, batches, steps, lr, warm_up=warm_up, tell_loss=False)
    return model, run


@torch.no_grad()
def accuracy(model: Transformer, task: str, size: int = 500, **asked: int) -> float:
    """Return the share of right answers on new items; asked: such as length=64 of "before".

    Of "pair", both answers must be right.
    """
    batch = TASKS[task].draw(torch.Generator().manual_seed(NEW_ITEMS), size, **asked)
    return _right(model(batch["input_ids"]).logits, batch["labels"])


def _right(logits: torch.Tensor, labels: torch.Tensor) -> float:
    labels = labels.reshape(*labels.shape[:2], -1)  # (B, T, things asked)
    guess = logits.reshape(*labels.shape, -1).argmax(-1)
    right = (guess == labels).all(-1)
    return right[labels[..., 0] != -100].double().mean().item()


@torch.no_grad()
def read_outs(model: Transformer, task: str, size: int = 500) -> list[tuple[str, float]]:
    """Return (part, accuracy of the answers read off the stream after it), a "logit lens".

    nostalgebraist 2020: what the last norm and matrix would say if the model ended there.
    """
    batch = TASKS[task].draw(torch.Generator().manual_seed(NEW_ITEMS), size)
    steps = model.steps(batch["input_ids"])
    return [(name, _right(model.read(x), batch["labels"])) for name, _, x in steps]
