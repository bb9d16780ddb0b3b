"""Where the cross-attention looks while a sentence of the mini world is translated."""

from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

import torch
from transformers import T5ForConditionalGeneration

from ..world import corpus
from . import encoder_decoder

WORDS = ("person", "time", "place", "object", "number", "verb")  # what is scored
OTHER = dict(zip(corpus.LANGUAGES, reversed(corpus.LANGUAGES), strict=True))


class Map(NamedTuple):
    """The weights (T, S) of one translation, and where each word stands in source and target.

    T and S count </s>, S the prompt, too.
    """

    weights: torch.Tensor
    source: list[str]
    target: list[str]
    here: dict[str, range]
    there: dict[str, range]

    def looked(self, word: str) -> int:
        """Return where most weight lies when the first character of a word is written."""
        return int(self.weights[self.there[word].start].argmax())

    def hits(self, word: str) -> bool:
        """Does it lie in the word of the same meaning?"""
        return self.looked(word) in self.here[word]


def of(model: T5ForConditionalGeneration, event: corpus.Event, source_lang: str, layer: int) -> Map:
    """Translate an event from a language; the weights are the mean over a layer's heads."""
    example = next(e for e in corpus.translations(event) if e.lang == source_lang)
    weights = encoder_decoder.cross_attentions(model, example.source, example.target)
    prompt = len(example.source) - len(corpus.sentence(event, source_lang).text)
    here = {
        word: range(span.start + prompt, span.stop + prompt)
        for word, span in corpus.word_spans(event, source_lang).items()
    }
    there = corpus.word_spans(event, OTHER[source_lang])
    source, target = [*example.source, "</s>"], [*example.target, "</s>"]
    return Map(weights[layer - 1].mean(0), source, target, here, there)


class Hits(NamedTuple):
    """What was counted: hits by word, the chance of each, and the order of looking in pairs.

    kept, swapped: of pairs of words whose order stays, or is turned around, in the translation.
    """

    hits: dict[str, list[bool]]
    chances: list[float]
    kept: list[bool]
    swapped: list[bool]

    @property
    def aligned(self) -> float:
        """Return the share of words that were looked at when they were translated."""
        return _mean([hit for hits in self.hits.values() for hit in hits])

    @property
    def chance(self) -> float:
        """Return what aligned would be if the place were drawn at random."""
        return _mean(self.chances)

    @property
    def turned(self) -> float:
        """Return the share of turned pairs whose places were looked at in the turned order."""
        return _mean(self.swapped)


def score(model: T5ForConditionalGeneration, events: Iterable[corpus.Event], layer: int) -> Hits:
    """Score the translations of these events from both languages."""
    found = Hits({word: [] for word in WORDS}, [], [], [])
    for event in events:
        for lang in OTHER:
            _add(found, of(model, event, lang, layer))
    return found


def _add(found: Hits, seen: Map) -> None:
    words = [word for word in WORDS if word in seen.there]
    for word in words:
        found.hits[word].append(seen.hits(word))
        found.chances.append(len(seen.here[word]) / len(seen.source))
    for a, b in combinations(sorted(words, key=lambda word: seen.there[word].start), 2):
        if seen.here[a].start < seen.here[b].start:
            found.kept.append(seen.looked(a) < seen.looked(b))
        else:
            found.swapped.append(seen.looked(a) > seen.looked(b))


def _mean(values: list[bool] | list[float]) -> float:
    return sum(values) / len(values)
