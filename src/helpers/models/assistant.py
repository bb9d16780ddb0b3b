"""The decoder of lesson 04 learns to answer questions on a sentence.

A question is a sentence, and the same sentence once more with [MASK] in place of one word; behind
</s> stands the word.  Only the answer is taught, as in instruction tuning (Wei et al. 2022,
arXiv:2109.01652).  TASKS: the words that may be asked for.  WITHHELD: the one never taught; TAUGHT:
the others.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from ..world import corpus, tokenizer
from . import decoder, training

TASKS, WITHHELD = ("person", "time", "place", "object"), "object"
TAUGHT = tuple(task for task in TASKS if task != WITHHELD)
STEPS, LEARNING_RATE, BATCH_SIZE = 300, 2e-3, 32
TOKENIZER = decoder.TOKENIZER


class Instruction(NamedTuple):
    """What is asked for, in which language, the text to read and the word to write."""

    task: str
    lang: str
    source: str
    target: str


def question(event: corpus.Event, task: str, lang: str) -> Instruction:
    """Ask for one word of the sentence that tells the event."""
    text, span = corpus.sentence(event, lang).text, corpus.word_spans(event, lang)[task]
    asked = text[: span.start] + tokenizer.MASK + text[span.stop :]
    return Instruction(
        task, lang, tokenizer.tagged(text + asked, lang), text[span.start : span.stop]
    )


def questions(
    n: int, seed: int = 0, split: str = "train", tasks: Sequence[str] = TASKS
) -> list[Instruction]:
    """Draw n events, and ask for each of the tasks' words in both languages."""
    events = corpus.drawn(n, seed, split)
    return [question(e, task, lang) for e in events for task in tasks for lang in corpus.LANGUAGES]


def as_batch(asked: Sequence[Instruction]) -> dict[str, torch.Tensor]:
    """Return questions with their answers, (B, T), and labels where an answer stands."""
    sources = TOKENIZER([one.source for one in asked]).input_ids
    targets = [row[1:] for row in TOKENIZER([one.target for one in asked]).input_ids]  # no <s>
    rows = list(zip(sources, targets, strict=True))
    ids = training.padded([source + target for source, target in rows], TOKENIZER.pad_token_id)
    labels = training.padded([[-100] * len(source) + target for source, target in rows], -100)
    mask = (ids != TOKENIZER.pad_token_id).long()
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def next_questions(
    data: Sequence[Instruction], seed: int = 0, size: int = BATCH_SIZE
) -> Callable[[], dict[str, torch.Tensor]]:
    """Make the batches for training.train: labels where the answer stands, and nowhere else."""
    rng = random.Random(seed)
    return lambda: as_batch(rng.choices(data, k=size))


def likeliest(logits: torch.Tensor) -> torch.Tensor:
    """Return the likeliest token of each row, (B, 1), of logits (B, V)."""
    return logits.argmax(-1, keepdim=True)


@torch.no_grad()
def answers(
    model: Any,
    asked: Sequence[Instruction],
    most: int = 8,
    pick: Callable[[torch.Tensor], torch.Tensor] = likeliest,
) -> list[str]:
    """Answer with at most so many tokens; questions of one length go together.

    pick: takes the next token (B, 1) from logits (B, V); greedy unless told otherwise
    """
    ids = TOKENIZER([one.source for one in asked]).input_ids
    found = [""] * len(ids)
    for length in {len(row) for row in ids}:
        places = [n for n, row in enumerate(ids) if len(row) == length]
        rows = torch.tensor([ids[n] for n in places])
        for _ in range(min(most, model.config.n_positions - length)):
            rows = torch.cat([rows, pick(model(rows).logits[:, -1])], 1)
        for place, row in zip(places, rows[:, length:].tolist(), strict=True):
            end = row.index(TOKENIZER.eos_token_id) if TOKENIZER.eos_token_id in row else most
            found[place] = str(TOKENIZER.decode(row[:end], skip_special_tokens=True))
    return found


def share_right(model: Any, asked: Sequence[Instruction]) -> dict[str, float]:
    """Return {task: share of answers that are right to the letter}."""
    got = answers(model, asked)
    hits: dict[str, list[bool]] = {}
    for one, text in zip(asked, got, strict=True):
        hits.setdefault(one.task, []).append(text == one.target)
    return {task: sum(right) / len(right) for task, right in hits.items()}


def text_loss(model: Any, events: Sequence[corpus.Event]) -> float:
    """Return the loss of plain sentences in nats a sentence, over both languages."""
    told = {la: [corpus.sentence(e, la).text for e in events] for la in corpus.LANGUAGES}
    logs = [decoder.log_probability(model, texts, la) for la, texts in told.items()]
    return -torch.cat(logs).mean().item()


def share_valid(model: Any, n: int = 50, seed: int = 0) -> float:
    """Return the share of written sentences that the grammar can say, over both languages."""
    texts = {la: decoder.sample(model, la, n, seed) for la in corpus.LANGUAGES}
    valid = [corpus.parse(text, la) is not None for la, of in texts.items() for text in of]
    return sum(valid) / len(valid)
