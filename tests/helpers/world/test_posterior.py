"""Exact probabilities of hidden characters against other ways to them: by hand, and by drawing."""

import random
from collections import Counter

import pytest
import turns

from helpers.language.say import LANGUAGES
from helpers.world import corpus, posterior
from helpers.world.tokenizer import MASK

BOOK = corpus.Event("definite", person=0, place="P", time=0, object=0, number=1)


@pytest.fixture(scope="module", params=turns.by_turns(0, LANGUAGES))
def lang(request):
    return request.param


def hidden(event: corpus.Event, lang: str, *words: str) -> str:
    """The sentence with every character of some of its words behind a [MASK]."""
    told, spans = corpus.sentence(event, lang), corpus.word_spans(event, lang)
    places = {n for word in words for n in spans[word]}
    return "".join(MASK if n in places else c for n, c in enumerate(told.text))


def test_what_the_rest_of_the_sentence_decides_is_certain(lang):
    told = corpus.sentence(BOOK, lang)
    assert posterior.exact(hidden(BOOK, lang, "counter"), lang) == [{told.answer("counter"): 1.0}]


def test_a_book_and_a_poem_are_equally_likely_to_be_read(lang):
    """Neither counter nor noun is seen; the verb is.  Both are read in a park."""
    counter, noun = posterior.exact(hidden(BOOK, lang, "counter", "object"), lang)
    for blank, key in ((counter, "counter"), (noun, "name")):
        words = [corpus.LEXICON["object"][n][key][corpus.key(lang)] for n in (0, 1)]
        assert blank == dict.fromkeys(words, 0.5)


def test_a_construction_has_its_own_numbers(lang):
    """All five, or three and more: so one of five, or one of four."""
    for event, n in ((BOOK._replace(kind="counted"), 5), (BOOK, 4)):
        (blank,) = posterior.exact(hidden(event, lang, "number"), lang)
        assert len(blank) == n and set(blank.values()) == {1 / n}


def away(drawn: list[str], length: int, lang: str) -> float:
    """The largest gap of exact and drawn, in standard errors; nothing but the length is seen."""
    told = [text for text in drawn if len(text) == length]
    gaps = []
    for n, blank in enumerate(posterior.exact(MASK * length, lang)):
        counted = Counter(text[n] for text in told)
        for character, p in blank.items():
            error = max(corpus.standard_error(p, len(told)), 1e-9)
            gaps.append(abs(counted[character] / len(told) - p) / error)
    return max(gaps)


def test_it_is_how_often_it_is_drawn(lang, monkeypatch):
    """Constructions and people mix; a prior that prefers one construction is seen."""
    rng = random.Random(0)
    drawn = [corpus.sentence(corpus.draw(rng, "train"), lang).text for _ in range(20_000)]
    lengths = [length for length, _ in Counter(map(len, drawn)).most_common(4)]
    assert max(away(drawn, length, lang) for length in lengths) < 5
    plain = corpus.events

    def wrong(person: int = 0):
        return ((event, w * (1 + (event.kind == "topic"))) for event, w in plain(person))

    monkeypatch.setattr(corpus, "events", wrong)
    posterior._told.cache_clear()
    try:
        assert max(away(drawn, length, lang) for length in lengths) > 10
    finally:
        posterior._told.cache_clear()


def test_what_no_sentence_fits_is_refused(lang):
    told = corpus.sentence(BOOK, lang)
    for text in (told.text, told.text + MASK, MASK + told.filled("verb", "？"), ""):
        with pytest.raises(ValueError, match="MASK"):
            posterior.exact(text, lang)


def test_a_drawn_blank_is_one_of_its_text(lang):
    rng = random.Random(1)
    for _ in range(20):
        blank = posterior.draw(rng, lang, rate=0.3)
        assert posterior.exact(blank.text, lang)[blank.which] == blank.exact
        assert blank.answer in blank.exact and sum(blank.exact.values()) == pytest.approx(1)
        assert blank.undecided == (len(blank.exact) > 1)
    assert set(posterior.draw(rng, lang, rate=1.0).text.split(MASK)) == {""}
