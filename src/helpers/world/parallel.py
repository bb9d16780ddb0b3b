"""The mini world's events in three languages, for real models and tokenizers: English beside two.

lang is "en" or one of corpus.LANGUAGES.
"""

import itertools
import random
import tomllib
from importlib import resources
from typing import Any

from . import corpus
from .corpus import LEXICON, Event

WORDS: dict[str, Any] = tomllib.loads(
    (resources.files(__package__) / "parallel.toml").read_text(encoding="utf-8")
)
LANGUAGES = (*corpus.LANGUAGES, "en")
PASSAGES: tuple[str, ...] = tuple(WORDS["passages"])  # plain English prose


def sentence(event: Event, lang: str) -> str:
    """Say an event; the tense is that of its time."""
    if lang != "en":
        return corpus.sentence(event, lang).text
    thing, time = LEXICON["object"][event.object], LEXICON["time"][event.time]
    said = {
        "person": WORDS["person"][event.person],
        "time": WORDS["time"][event.time],
        "place": WORDS["place"][event.place],
        "verb": WORDS["verb"][thing["verb"]][time["future"]],
        "one": WORDS["object"]["one"][event.object],
        "many": WORDS["object"]["many"][event.object],
        "number": "" if event.number is None else WORDS["number"][event.number],
    }
    return WORDS["construction"][event.kind].format_map(said)


def different(n: int, seed: int = 0) -> list[Event]:
    """Draw n events, no two alike."""
    rng, found = random.Random(seed), dict[Event, None]()
    while len(found) < n:
        found[corpus.draw(rng)] = None
    return list(found)


def exchanged(lang: str, people: int = 8) -> list[str]:
    """Say who does something to whom, each sentence followed by the one with both exchanged.

    Of every two of the first `people` persons and every verb: people · (people - 1) · 4 sentences
    """
    key = "en" if lang == "en" else corpus.key(lang)
    names = WORDS["person"] if lang == "en" else [who[key] for who in LEXICON["person"]]
    pairs = itertools.product(itertools.combinations(names[:people], 2), WORDS["exchange"])
    return [
        verb[key].format(one=one, other=other)
        for (first, second), verb in pairs
        for one, other in ((first, second), (second, first))
    ]
