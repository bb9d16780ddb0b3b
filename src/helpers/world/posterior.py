"""Exact probabilities of hidden characters: Bayes' rule over every sentence of the mini world."""

import functools
import random
import re
from collections import defaultdict
from typing import NamedTuple

from . import corpus
from .tokenizer import MASK


class Blank(NamedTuple):
    """A hidden character.

    text: with a [MASK] for each hidden one   which: of them is asked for   answer: what stood there
    exact: {character: probability}, given what is visible
    """

    text: str
    which: int
    answer: str
    exact: dict[str, float]

    @property
    def undecided(self) -> bool:
        """Does the text leave more than one answer?"""
        return len(self.exact) > 1


def exact(text: str, lang: str) -> list[dict[str, float]]:
    """Return {character: probability} of each [MASK] of a text, given all that is visible.

    p(c | visible) = Σ p(sentence), over the sentences that fit and have c there, / Σ p(sentence)
    over those that fit.  The sentences are those of corpus.draw(rng, "train"), as often as there.
    Raise ValueError if the text has no [MASK], or no sentence fits.
    """
    visible = text.split(MASK)
    fits = re.compile("(.)".join(map(re.escape, visible)))
    mass: list[dict[str, float]] = [defaultdict(float) for _ in visible[1:]]
    length = sum(map(len, visible)) + len(mass)
    for told, weight in _candidates(text, length, lang):
        if match := fits.fullmatch(told):
            for blank, character in zip(mass, match.groups(), strict=True):
                blank[character] += weight
    if not any(mass):
        raise ValueError(f"no [MASK] in {text!r}, or no sentence ({lang}) of the mini world fits")
    return [{c: weight / sum(blank.values()) for c, weight in blank.items()} for blank in mass]


def draw(rng: random.Random, lang: str, rate: float = 0.4) -> Blank:
    """Hide a share of a random sentence's characters, and ask for one of them.

    Sentences are drawn until there is a blank to ask for; rate: of the characters.
    """
    while True:
        told = corpus.sentence(corpus.draw(rng, "train"), lang).text
        hidden = [n for n in range(len(told)) if rng.random() < rate]
        if hidden:
            text = "".join(MASK if n in hidden else c for n, c in enumerate(told))
            which = rng.randrange(len(hidden))
            return Blank(text, which, told[hidden[which]], exact(text, lang)[which])


def _candidates(text: str, length: int, lang: str) -> list[tuple[str, float]]:
    """Return the sentences of this length, of the person in the text or, without one, of all."""
    names = [person[corpus.key(lang)] for person in corpus.LEXICON["person"]]
    people = [person for person in corpus.PEOPLE if names[person] in text] or corpus.PEOPLE
    return [told for person in people for told in _told(person, lang).get(length, [])]


@functools.cache
def _told(person: int, lang: str) -> dict[int, list[tuple[str, float]]]:
    """Return {length: the training split's sentences on a person, each with its weight}."""
    found = defaultdict(list)
    for event, weight in corpus.events(person):
        if not corpus.held_out(event):
            told = corpus.sentence(event, lang).text
            found[len(told)].append((told, weight))
    return dict(found)
