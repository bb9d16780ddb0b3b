"""The mini world against its own enumeration: parser, ceiling, entropy, splits, tasks."""

import itertools
import math
import random
from collections import Counter, defaultdict
from functools import cache

import pytest

from helpers.language.say import LANGUAGES
from helpers.world import corpus
from helpers.world.corpus import PAIRS, PEOPLE, PLACES, SLOTS, TIMES, Event

EVENTS = [event for event, _ in corpus.events()]


@pytest.fixture(scope="module", params=LANGUAGES)
def lang(request):
    return request.param


# --- sentences --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "ja", "zh"),
    [
        ("plain", "昨日、健太は公園で本を読みました。", "健太昨天在公園讀書。"),
        ("counted", "昨日、健太は公園で本を三冊読みました。", "健太昨天在公園讀了三本書。"),
        ("topic", "本は、健太が昨日、公園で三冊読みました。", "書呢，健太昨天在公園讀了三本。"),
        (
            "definite",
            "昨日、健太は公園でその三冊の本を全部読みました。",
            "健太昨天在公園把那三本書都讀了。",
        ),
    ],
)
def test_the_four_constructions_read_as_they_were_read_by_critical_readers(kind, ja, zh):
    event = Event(kind, 0, "P", 0, 0, None if kind == "plain" else 1)
    assert corpus.sentence(event, "ja").text == ja
    assert corpus.sentence(event, "zh-tw").text == zh


def test_a_plan_has_no_finished_aspect():
    event = Event("counted", 0, "P", 1, 0, 1)
    assert corpus.sentence(event, "ja").text == "明日、健太は公園で本を三冊読みます。"
    assert corpus.sentence(event, "zh-tw").text == "健太明天要在公園讀三本書。"


def test_no_sentence_has_two_readings(lang):
    """All persons: 176,640 sentences a language."""
    told = {
        corpus.sentence(event._replace(person=who), lang).text for event in EVENTS for who in PEOPLE
    }
    assert len(told) == len(EVENTS) * len(PEOPLE) == 176_640


def test_every_sentence_is_parsed_back_to_its_event(lang):
    for event in EVENTS:
        assert corpus.parse(corpus.sentence(event, lang).text, lang) == event


def test_blanks_are_where_the_answer_stands(lang):
    for event in EVENTS[::97]:
        told = corpus.sentence(event, lang)
        said = corpus.words(event, lang)
        expected = set(SLOTS) - ({"counter"} if event.kind == "plain" else set())
        assert set(told.blanks) == expected
        for slot in told.blanks:
            assert told.answer(slot) == said[slot]
            assert told.filled(slot, told.answer(slot)) == told.text
            assert told.text.startswith(told.left(slot) + told.answer(slot))


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("ja", "昨日、健太は公園で本を飲みました。"),  # verb
        ("ja", "昨日、健太は公園で本を三枚読みました。"),  # counter
        ("ja", "昨日、健太は公園で本を読みます。"),  # tense
        ("ja", "昨日、健太は公園で傘を買いました。"),  # no umbrellas in the park
        ("ja", "昨日、健太は公園でその二冊の本を全部読みました。"),  # two is not "all of them"
        ("ja", "昨週、健太は公園で本を読みました。"),  # no such time
        ("ja", "昨日、健太は公園で本を読みました"),
        ("ja", "健太昨天在公園讀書。"),
        ("zh-tw", "健太昨天在公園喝書。"),
        ("zh-tw", "健太昨天在公園讀了三隻書。"),
        ("zh-tw", "健太明天在公園讀書。"),
        ("zh-tw", "健太昨天在公園把那三本書都讀。"),
        ("zh-tw", ""),
    ],
)
def test_what_does_not_agree_is_no_sentence(lang, text):
    assert corpus.parse(text, lang) is None


def test_an_unknown_language_is_named():
    with pytest.raises(ValueError, match=r"'ko'.*'ja'.*'zh-tw'"):
        corpus.sentence(EVENTS[0], "ko")


# --- exact answers ----------------------------------------------------------------------------


def test_both_sides_decide_every_cell(lang):
    """For verb, counter and time exactly one character makes a sentence, by the parser."""
    for event in EVENTS[::31]:
        told = corpus.sentence(event, lang)
        for slot in set(told.blanks) - {"object"}:
            candidates = corpus.candidates(lang, slot)
            fits = [c for c in candidates if corpus.parse(told.filled(slot, c), lang)]
            assert fits == [told.answer(slot)]


def test_clues_stand_on_opposite_sides_in_the_two_languages():
    assert corpus.clue_side("verb", "counted", "ja") == "left"
    assert corpus.clue_side("verb", "counted", "zh-tw") == "right"
    assert corpus.clue_side("verb", "definite", "zh-tw") == "left"
    assert len(corpus.cells()) == 22
    assert len(corpus.cells("right")) == 13


@cache
def everything(lang):
    """[(sentence, its construction, its weight)]"""
    return [(corpus.sentence(e, lang), e.kind, weight) for e, weight in corpus.events()]


@pytest.mark.parametrize(("slot", "kind", "lang"), corpus.cells())
def test_the_ceiling_is_what_the_likeliest_answer_reaches(slot, kind, lang):
    """An independent count, without the sets of fitting characters: here one answer is right."""
    told = [(s, k, weight) for s, k, weight in everything(lang) if slot in s.blanks]
    answers: dict[str, Counter] = defaultdict(Counter)
    for s, _, weight in told:
        answers[s.left(slot)][s.answer(slot)] += weight
    best = {left: counts.most_common(1)[0][0] for left, counts in answers.items()}
    asked = [(s, weight) for s, k, weight in told if k == kind]
    right = sum(weight for s, weight in asked if s.answer(slot) == best[s.left(slot)])
    assert corpus.ceiling(slot, kind, lang) == pytest.approx(right / sum(w for _, w in asked))


def test_chance_of_a_guess_is_its_frequency_under_the_grammar():
    rng = random.Random(0)
    drawn = [corpus.draw(rng, kind="counted") for _ in range(3000)]
    guess = corpus.candidates("zh-tw", "verb")[0]
    told = [corpus.sentence(event, "zh-tw") for event in drawn]
    hits = sum(s.answer("verb") == guess for s in told) / len(told)
    mean = sum(corpus.chance(e, "verb", "zh-tw", guess) for e in drawn) / len(drawn)
    assert abs(hits - mean) < 4 * math.sqrt(mean * (1 - mean) / len(drawn))


@pytest.mark.parametrize("split", [None, "train", "test"])
def test_entropy_is_that_of_the_enumerated_events(split):
    wanted = {None: (True, False), "train": (False,), "test": (True,)}[split]
    shares = []
    for event, weight in corpus.events():
        for who in PEOPLE:
            if corpus.held_out(event._replace(person=who)) in wanted:
                shares.append(weight)
    total = sum(shares)
    exact = -sum(w / total * math.log(w / total) for w in shares)
    assert corpus.entropy(split) == pytest.approx(exact, abs=1e-9)


# --- splits -----------------------------------------------------------------------------------


def test_the_split_holds_out_pairs_but_no_person_and_no_place():
    pairs = set(itertools.product(PEOPLE, PLACES))
    out = {(w, p) for w, p in pairs if corpus.held_out(Event("plain", w, p, 0, 0, None))}
    assert len(out) == 39 and len(pairs) == 192
    assert {w for w, _ in pairs - out} == set(PEOPLE)
    assert {p for _, p in pairs - out} == set(PLACES)
    assert len({w for w, _ in out}) == len(PEOPLE) and len({p for _, p in out}) == len(PLACES)


def test_a_split_by_one_factor_would_hide_places_from_training():
    """Why both count: by the place alone, three places would never be seen in training."""
    by_place = {p for n, p in enumerate(PLACES) if (2 * n) % corpus.FOLDS == 0}
    assert len(by_place) == 3


def test_train_and_test_share_no_sentence(lang):
    rng = random.Random(0)
    train = {corpus.sentence(corpus.draw(rng, "train"), lang).text for _ in range(3000)}
    test = {corpus.sentence(corpus.draw(rng, "test"), lang).text for _ in range(3000)}
    assert len(train) > 2000 and len(test) > 1500
    assert not train & test


def test_drawing_is_uniform_over_the_listed_pairs():
    rng = random.Random(0)
    drawn = [corpus.draw(rng) for _ in range(20_000)]
    counts = Counter((e.object, e.place) for e in drawn)
    mean = len(drawn) / len(PAIRS)
    assert set(counts) == set(PAIRS)
    assert max(abs(n - mean) for n in counts.values()) < 5 * math.sqrt(mean)
    assert set(Counter(e.time for e in drawn)) == set(TIMES)


# --- tasks ------------------------------------------------------------------------------------


def test_a_story_is_as_good_as_its_adjective_unless_negated():
    stories = [corpus.draw_story(random.Random(n)) for n in range(200)]
    for story in stories:
        entry = corpus.LEXICON["feeling"]["adjective"][story.adjective]
        assert story.positive == (entry["positive"] != story.negated)
        assert (
            ("少しも" in story.text("ja")) == story.negated == ("一點也不" in story.text("zh-tw"))
        )
        assert story.label("ja") == ("良" if story.positive else "悪")
        assert ("不愉快" in story.summary("zh-tw")) == (not story.positive)
    assert 60 < sum(s.negated for s in stories) < 140
    assert not any(s.event.place == "H" for s in stories)


def test_an_adjective_can_be_kept_from_being_negated():
    rng = random.Random(0)
    stories = [corpus.draw_story(rng, never_negated=(0, 3)) for _ in range(500)]
    assert {s.adjective for s in stories if s.negated} == {1, 2, 4, 5}
    assert {s.adjective for s in stories if not s.negated} == set(range(6))


def test_translations_are_the_two_tellings_of_one_event():
    event = corpus.draw(random.Random(5))
    there, back = corpus.translations(event)
    assert corpus.parse(there.target, "zh-tw") == corpus.parse(back.target, "ja") == event
    assert there.source.endswith(back.target) and back.source.endswith(there.target)
    assert there.source != back.target


def test_tags_lie_on_the_names(lang):
    rng = random.Random(0)
    tables = corpus.LEXICON["names"]
    names = {w for t in corpus.NAMES for w in tables[t][corpus.key(lang)].split()}
    firsts = Counter()
    for _ in range(1500):
        named = corpus.draw_named(rng, lang)
        runs = [
            (tag, "".join(named.text[i] for i, _ in run))
            for tag, group in itertools.groupby(enumerate(named.tags), key=lambda pair: pair[1])
            if (run := list(group))
        ]
        assert len(named.text) == len(named.tags)
        assert all((text in names) == (tag != "O") for tag, text in runs)
        if named.opens:
            firsts[named.tags[0]] += 1
    assert abs(firsts["PER"] - firsts["LOC"]) < 5 * math.sqrt(sum(firsts.values()))


def test_names_kept_from_the_labels_are_others(lang):
    table = corpus.LEXICON["names"]
    labelled, never = (
        set(table[t][corpus.key(lang)].split()) for t in ("labelled", "never_labelled")
    )
    assert labelled and never and not labelled & never
    rng = random.Random(0)
    texts = "".join(corpus.draw_named(rng, lang, "never_labelled").text for _ in range(200))
    assert any(n in texts for n in never) and not any(n in texts for n in labelled)


def test_every_character_is_in_the_vocabulary(lang):
    known, rng = set(corpus.characters()), random.Random(0)
    texts = [corpus.draw_named(rng, lang).text for _ in range(200)]
    for _ in range(500):
        story = corpus.draw_story(rng)
        texts += [e.source + e.target for e in corpus.readings(story)]
        texts += [e.source for e in corpus.translations(corpus.draw(rng))]
    assert set("".join(texts)) <= known


def test_old_code_pages_can_write_every_character():
    """A console or a file in a system's own code page holds every sentence."""
    "".join(sorted(corpus.characters())).encode("euc_jis_2004")
    for event in EVENTS[::211]:
        corpus.sentence(event, "zh-tw").text.encode("cp950")


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [(0.0, 10, 0.0, 0.2775), (1.0, 10, 0.7225, 1.0), (0.5, 100, 0.4038, 0.5962)],
)
def test_the_interval_is_wilsons(share, n, low, high):
    """Values of Wilson's 95 % interval as statistics packages give them."""
    assert corpus.interval(share, n) == pytest.approx((low, high), abs=1e-3)
