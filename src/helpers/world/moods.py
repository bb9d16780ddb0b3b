"""Sentences on how the day was: neither adjective nor negation alone tells if it was good.

Half of the adjectives are good; three ways affirm one, three negate it.  For every adjective some
ways are kept for the test (is_new), so chosen that a rule which looks at the adjective alone, and
answers with the label it mostly had, is wrong for every single one of them.
"""

import itertools
import random
import tomllib
from importlib import resources
from typing import NamedTuple

from . import corpus

LEXICON = tomllib.loads((resources.files(__package__) / "moods.toml").read_text(encoding="utf-8"))
KINDS = ("affirmed", "negated")
N_WAYS = len(LEXICON["affirmed"])


class Mood(NamedTuple):
    """A judgement of the day, as indices into the lexicon.

    An adjective, and a way to affirm or to negate it.
    """

    adjective: int
    negated: bool
    way: int

    @property
    def positive(self) -> bool:
        """Was the day good?"""
        return LEXICON["adjective"][self.adjective]["positive"] != self.negated

    @property
    def is_new(self) -> bool:
        """Is this mood kept for the test?

        Of a third of the adjectives all negations, else two affirmations.
        What labels may show: affirmations alone, or three negations and one affirmation.
        """
        third = self.adjective % 3
        return self.negated if third == 0 else not self.negated and self.way != 2 * (third - 1)

    def text(self, lang: str) -> str:
        """Say the mood in a language."""
        way = LEXICON[KINDS[self.negated]][self.way][corpus.key(lang)]
        return way.format(adjective=LEXICON["adjective"][self.adjective][corpus.key(lang)])


EVERY = [
    Mood(*m)
    for m in itertools.product(range(len(LEXICON["adjective"])), (False, True), range(N_WAYS))
]
SEEN, NEW = ([m for m in EVERY if m.is_new == new] for new in (False, True))


def unlabelled(rng: random.Random, lang: str) -> str:
    """Draw a sentence in no new way and one that fits behind it; neither says "good" or "bad"."""
    mood = rng.choice(SEEN)
    return (
        mood.text(lang)
        + rng.choice(LEXICON["after"][("bad", "good")[mood.positive]])[corpus.key(lang)]
    )


def by_adjective(mood: Mood) -> bool:
    """Guess by the adjective alone: the label that it mostly has among SEEN."""
    own = [m.positive for m in SEEN if m.adjective == mood.adjective]
    return 2 * sum(own) > len(own)


def characters() -> str:
    """Return the characters that the vocabulary of the mini world lacks, sorted."""
    texts = (mood.text(lang) for mood in EVERY for lang in corpus.LANGUAGES)
    ends = (
        said[corpus.key(lang)]
        for kind in LEXICON["after"].values()
        for said in kind
        for lang in corpus.LANGUAGES
    )
    return "".join(sorted({c for text in (*texts, *ends) for c in text} - set(corpus.characters())))
