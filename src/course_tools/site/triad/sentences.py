"""Sentences that the triad page offers: their blanks, words to exchange, their translation."""

from collections.abc import Iterator
from typing import Any

from helpers.world import corpus
from helpers.world.corpus import Event

# lesson 04's event, told with the clue of its blanks on either side; the first is shown first
SHOWN = [Event(kind, 0, "P", 0, 0, 1) for kind in ("definite", "counted", "topic", "plain")]
FREE = 8  # more of them, drawn
TRANSLATED = {"ja": "to_zh_tw", "zh-tw": "to_ja"}
OTHER = {"ja": "zh-tw", "zh-tw": "ja"}


def block_lesson() -> Event:
    """Return the event whose Japanese sentence lesson 02 follows through a block."""
    return corpus.drawn(1, 0, "train")[0]


def offered(lang: str) -> list[dict[str, Any]]:
    """Return the sentences of a language's page; lesson 02's stands last, in Japanese."""
    events = [*SHOWN, *corpus.drawn(FREE, 19, "test")]
    last = told(block_lesson(), "ja") | {"of_block_lesson": True}
    return [*(told(event, lang) for event in events), last]


def shown(lang: str) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Return the first sentence, a word of it to exchange, and the place of its blank."""
    first = offered(lang)[0]
    word = next(one for one in first["words"] if one["name"] == "place")
    return first, word, first["blanks"]["counter"]["at"]


def exchanged(sentence: str, word: dict[str, Any], choice: int = 0) -> str:
    """Return a sentence with one of a word's choices in its place."""
    end = word["at"] + len(word["word"])
    return sentence[: word["at"]] + word["choices"][choice] + sentence[end:]


def told(event: Event, lang: str) -> dict[str, Any]:
    """Return a sentence with what a page needs to know of it.

    blanks: {slot: its place, and the best accuracy that reading its left alone allows}
    words: what can be exchanged for words of the same length, which keep every place, and the
        translation of what each makes; None: the grammar does not say it
    """
    said = corpus.sentence(event, lang)
    blanks = {slot: {"at": at, "ceiling": corpus.best_chance(event, slot, lang)}
              for slot, at in said.blanks.items()}  # fmt: skip
    translation = corpus.sentence(event, OTHER[lang]).text
    words = [one | {"translations": _translations(said.text, one, lang)}
             for one in _words(event, lang)]  # fmt: skip
    return {"lang": lang, "text": said.text, "blanks": blanks, "words": words,
            "translation": translation}  # fmt: skip


def _translations(text: str, word: dict[str, Any], lang: str) -> list[str | None]:
    texts = [exchanged(text, word, n) for n in range(len(word["choices"]))]
    events = [corpus.parse(one, lang) for one in texts]
    return [event and corpus.sentence(event, OTHER[lang]).text for event in events]


def _words(event: Event, lang: str) -> Iterator[dict[str, Any]]:
    text = corpus.sentence(event, lang).text
    for name, span in corpus.word_spans(event, lang).items():
        own = text[span.start : span.stop]
        others = {_word(other, name, lang) for other in _variations(event)} - {own}
        choices = sorted(word for word in others if len(word) == len(own))
        if choices:
            yield {"name": name, "at": span.start, "word": own, "choices": choices}


def _word(event: Event, name: str, lang: str) -> str:
    span = corpus.word_spans(event, lang)[name]
    return corpus.sentence(event, lang).text[span.start : span.stop]


def _variations(event: Event) -> Iterator[Event]:
    """Yield the event with one property changed, whether the grammar says it or not."""
    yield from (event._replace(person=one) for one in corpus.PEOPLE)
    yield from (event._replace(place=one) for one in corpus.PLACES)
    yield from (event._replace(time=one) for one in corpus.TIMES)
    yield from (event._replace(object=one) for one in range(len(corpus.LEXICON["object"])))
    yield from (event._replace(number=one) for one in corpus.numbers(event.kind))


def prompts() -> dict[str, str]:
    """Return {language: the words that ask for a translation of it}."""
    return {lang: corpus.prompt(task, lang, "") for lang, task in TRANSLATED.items()}
