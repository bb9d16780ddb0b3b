"""The mini world in three languages: the same event in each, and who does something to whom."""

import pytest

from helpers.world import corpus, parallel


def test_every_word_of_the_lexicon_has_an_english_one():
    lexicon, words = corpus.LEXICON, parallel.WORDS
    for name in ("person", "time", "number"):
        assert len(words[name]) == len(lexicon[name])
    assert words["place"].keys() == lexicon["place"].keys()
    assert words["verb"].keys() == lexicon["verb"].keys()
    assert words["construction"].keys() == lexicon["construction"].keys()
    assert {len(names) for names in words["object"].values()} == {len(lexicon["object"])}


def test_events_that_differ_are_told_differently_in_every_language():
    events = parallel.different(300)
    assert len(set(events)) == 300
    for lang in parallel.LANGUAGES:
        told = [parallel.sentence(event, lang) for event in events]
        assert len(set(told)) == 300 and not any("{" in text for text in told), lang


def test_an_event_in_english():
    event = corpus.parse("昨日、花子は家でその三冊の本を全部読みました。", "ja")
    assert event and parallel.sentence(event, "en") == (
        "Hanako read all three of those books at home yesterday."
    )
    future = event._replace(time=1)
    assert "will read" in parallel.sentence(future, "en")


@pytest.mark.parametrize("lang", parallel.LANGUAGES)
def test_each_second_sentence_exchanges_the_two_people(lang):
    said = parallel.exchanged(lang, people=4)
    assert len(set(said)) == len(said) == 4 * 3 * 4
    for one, other in zip(said[::2], said[1::2], strict=True):
        assert one != other and sorted(one.lower()) == sorted(other.lower())
