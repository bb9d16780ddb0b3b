"""The mini world: a small grammar in Japanese and Taiwan Mandarin in which every answer is known.

An event is who, where, when, what and how many.  Four constructions (KINDS) tell it in both
languages; Japanese ends with the verb, Chinese has it in the middle, so the clue for the same
blank stands on different sides.  The words and templates are in lexicon.toml.

lang is "ja" or "zh-tw".  rng is a random.Random.
"""

import functools
import itertools
import math
import random
import re
import string
import tomllib
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from typing import NamedTuple

LEXICON = tomllib.loads((resources.files(__package__) / "lexicon.toml").read_text(encoding="utf-8"))
LANGUAGES = tuple(name.replace("_", "-") for name in LEXICON["person"][0])  # ja, zh-tw
KINDS = tuple(LEXICON["construction"])  # plain, counted, topic, definite
SLOTS = ("verb", "counter", "time", "object")  # what is asked for: one character each
WORDS = ("person", "time", "place", "object", "number", "counter", "verb")
TASKS = tuple(LEXICON["task"])  # to_zh_tw, to_ja, summary, sentiment
PEOPLE, TIMES, NUMBERS = (range(len(LEXICON[name])) for name in ("person", "time", "number"))
PLACES = tuple(LEXICON["place"])
PAIRS = tuple((o, p) for o, entry in enumerate(LEXICON["object"]) for p in entry["places"])
ENTITIES = ("O", "PER", "LOC")
NAMES = ("labelled", "choosing", "never_labelled")  # tables of words: see the lexicon
FIRST = ("person_first", "place_first", "other_first")  # what opens a sentence with names
FOLDS = 5  # one (person, place) of five is held out


class Event(NamedTuple):
    """What a sentence tells, as indices into the lexicon.

    number is None where the construction has none.
    """

    kind: str
    person: int
    place: str
    time: int
    object: int
    number: int | None


class Sentence(NamedTuple):
    """A text and its blanks, {slot: index of its character in text}."""

    text: str
    blanks: dict[str, int]

    def left(self, slot: str) -> str:
        """Return the text left of a blank."""
        return self.text[: self.blanks[slot]]

    def answer(self, slot: str) -> str:
        """Return the character of a blank."""
        return self.text[self.blanks[slot]]

    def filled(self, slot: str, character: str) -> str:
        """Return the sentence with another character in the blank."""
        at = self.blanks[slot]
        return self.text[:at] + character + self.text[at + 1 :]


# --- sentences --------------------------------------------------------------------------------


def key(lang: str) -> str:
    """Return the language as a key of the lexicon; raise ValueError if it is none of LANGUAGES."""
    if lang not in LANGUAGES:
        raise ValueError(f"lang = {lang!r}; expected one of {', '.join(map(repr, LANGUAGES))}")
    return lang.replace("-", "_")


def numbers(kind: str) -> tuple[int | None, ...]:
    """Return the numbers that a construction can say: none, all, or three and more."""
    return {"plain": (None,), "definite": tuple(NUMBERS)[1:]}.get(kind, tuple(NUMBERS))


def held_out(event: Event) -> bool:
    """Is this (person, place) kept for the test?

    Both count: each person and place is trained.
    """
    return (event.person + 2 * PLACES.index(event.place)) % FOLDS == 0


def draw(rng: random.Random, split: str | None = None, kind: str | None = None) -> Event:
    """Draw a random event.

    split: "train", "test" or None (both); kind: None for any
    """
    while True:
        said = kind or rng.choice(KINDS)
        thing, place = rng.choice(PAIRS)
        who, when = rng.choice(PEOPLE), rng.choice(TIMES)
        event = Event(said, who, place, when, thing, rng.choice(numbers(said)))
        if split is None or held_out(event) == (split == "test"):
            return event


def drawn(n: int, seed: int, split: str | None = None) -> list[Event]:
    """Draw n events with a seed of their own."""
    rng = random.Random(seed)
    return [draw(rng, split) for _ in range(n)]


def words(event: Event, lang: str) -> dict[str, str]:
    """Return {slot of a template: the word that stands there}."""
    lang, thing, time = key(lang), LEXICON["object"][event.object], LEXICON["time"][event.time]
    verb = LEXICON["verb"][thing["verb"]]
    tense = LEXICON["tense"]["future" if time["future"] else "past"]
    return {
        "person": LEXICON["person"][event.person][lang],
        "place": LEXICON["place"][event.place][lang],
        "time": time[lang][0],
        "day": time[lang][1:],
        "object": thing["name"][lang],
        "number": "" if event.number is None else LEXICON["number"][event.number][lang],
        "counter": thing["counter"][lang],
        "verb": verb[lang],
        "stem": verb["stem"],
    } | {name: both[lang] for name, both in tense.items()}


def sentence(event: Event, lang: str) -> Sentence:
    """Say an event in a language."""
    text, blanks, said = "", {}, words(event, lang)
    for literal, slot in _pieces(LEXICON["construction"][event.kind][key(lang)]):
        text += literal
        if slot in SLOTS:
            blanks[slot] = len(text)
        text += said.get(slot, "")
    return Sentence(text, blanks)


def word_spans(event: Event, lang: str) -> dict[str, range]:
    """Return {word: where it stands in the sentence}, for the words that both languages say."""
    inside, said = {"day": "time", "stem": "verb"}, words(event, lang)
    found: dict[str, range] = {}
    at = 0
    for literal, slot in _pieces(LEXICON["construction"][event.kind][key(lang)]):
        at += len(literal)
        end = at + len(said.get(slot, ""))
        name = inside.get(slot, slot)
        if name in WORDS and end > at:
            found[name] = range(found[name].start if name in found else at, end)
        at = end
    return found


@functools.cache
def _pieces(template: str) -> tuple[tuple[str, str], ...]:
    return tuple((text, slot or "") for text, slot, _, _ in string.Formatter().parse(template))


# --- exact answers ----------------------------------------------------------------------------


def parse(text: str, lang: str) -> Event | None:
    """Return the event that the text tells; None if it is not a sentence of the mini world.

    Exact: verb, counter, tense, place and number must all agree, and no sentence has two readings.
    """
    for kind in KINDS:
        if match := _pattern(kind, lang).fullmatch(text):
            event = _read(kind, match.groupdict(), lang)
            if event and is_possible(event) and sentence(event, lang).text == text:
                return event
    return None


def is_possible(event: Event) -> bool:
    """Can the grammar say this event?"""
    return (event.object, event.place) in PAIRS and event.number in numbers(event.kind)


@functools.cache
def _pattern(kind: str, lang: str) -> re.Pattern[str]:
    """Return the template as a pattern, each slot a group of all its words."""
    parts = []
    for literal, slot in _pieces(LEXICON["construction"][kind][key(lang)]):
        group = "|".join(sorted(_vocabulary(lang)[slot], key=len, reverse=True)) if slot else ""
        parts.append(re.escape(literal) + (f"(?P<{slot}>{group})" if slot else ""))
    return re.compile("".join(parts))


@functools.cache
def _vocabulary(lang: str) -> dict[str, set[str]]:
    """Return {slot: all words that can stand there}."""
    found = defaultdict(set)
    first = next(event for event, _ in events())
    people = (first._replace(person=who) for who in PEOPLE)
    for event in itertools.chain(people, (event for event, _ in events())):
        for slot, word in words(event, lang).items():
            found[slot].add(word)
    return dict(found)


def _read(kind: str, said: Mapping[str, str], lang: str) -> Event | None:
    lang = key(lang)

    def index(table: str, word: str) -> int | None:
        entries = (entry.get("name", entry)[lang] for entry in LEXICON[table])
        return next((n for n, entry in enumerate(entries) if entry == word), None)

    place = next(p for p in PLACES if LEXICON["place"][p][lang] == said["place"])
    person, thing = index("person", said["person"]), index("object", said["object"])
    time = index("time", said["time"] + said["day"])
    number = index("number", said["number"]) if "number" in said else None
    if person is None or thing is None or time is None:
        return None
    return Event(kind, person, place, time, thing, number)


def events(person: int = 0) -> Iterator[tuple[Event, float]]:
    """Return every event of one person (who carries no information), with its weight."""
    for kind, (thing, place), time in itertools.product(KINDS, PAIRS, TIMES):
        for number in numbers(kind):
            yield Event(kind, person, place, time, thing, number), 1 / len(numbers(kind))


@functools.cache
def candidates(lang: str, slot: str) -> tuple[str, ...]:
    """Return the characters that can stand in a slot; every guess is made among these."""
    return tuple(sorted(_vocabulary(lang)[slot]))


@functools.cache
def _fitting(lang: str) -> dict[tuple[str, str, str], set[str]]:
    """Return {(slot, left, right of the blank): the characters that make a sentence of it}."""
    found = defaultdict(set)
    for event, _ in events():
        told = sentence(event, lang)
        for slot, at in told.blanks.items():
            found[slot, told.text[:at], told.text[at + 1 :]].add(told.text[at])
    return dict(found)


@functools.cache
def _left(lang: str) -> dict[tuple[str, str], dict[str, float]]:
    """Return {(slot, text left of the blank): {guess: exact probability that it is right}}."""
    chance: dict = defaultdict(lambda: defaultdict(float))
    mass: dict = defaultdict(float)
    for event, weight in events():
        told = sentence(event, lang)
        for slot, at in told.blanks.items():
            place = slot, told.text[:at]
            mass[place] += weight
            for guess in _fitting(lang)[slot, told.text[:at], told.text[at + 1 :]]:
                chance[place][guess] += weight
    return {p: {g: w / mass[p] for g, w in guesses.items()} for p, guesses in chance.items()}


def chance(event: Event, slot: str, lang: str, guess: str) -> float:
    """Return the exact probability that a guess is right, given only what stands left of the blank.

    Right: the completed sentence is one of the mini world.
    """
    return _chances(event, slot, lang).get(guess, 0.0)


def best_chance(event: Event, slot: str, lang: str) -> float:
    """Return the exact probability that the best guess is right, given only the left."""
    return max(_chances(event, slot, lang).values())


def _chances(event: Event, slot: str, lang: str) -> dict[str, float]:
    return _left(lang)[slot, sentence(event._replace(person=0), lang).left(slot)]


@functools.cache
def ceiling(slot: str, kind: str, lang: str) -> float:
    """Return the accuracy of the best guess from the left: no left-to-right pass beats it."""
    right = total = 0.0
    for event, weight in events():
        if event.kind == kind:
            right += weight * best_chance(event, slot, lang)
            total += weight
    return right / total


def clue_side(slot: str, kind: str, lang: str) -> str:
    """Return "left" if the text left of the blank decides it, else "right".

    ("object": neither.)
    """
    return "left" if ceiling(slot, kind, lang) > 1 - 1e-9 else "right"


def cells(side: str | None = None) -> list[tuple[str, str, str]]:
    """Return (slot, kind, lang) of every blank that the whole sentence decides.

    22, 13 of them "right".
    side: where the clue stands, "left" or "right"; None for both.
    """
    found = []
    for slot, lang, kind in itertools.product(SLOTS[:3], LANGUAGES, KINDS):
        if slot == "counter" and kind == "plain":
            continue
        if side in (None, clue_side(slot, kind, lang)):
            found.append((slot, kind, lang))
    return found


def exam(kind: str, n: int = 200, seed: int = 99) -> list[Event]:
    """Draw events of one construction, of held-out (person, place) pairs that no model has seen."""
    rng = random.Random(f"{kind} {seed}")
    return [draw(rng, "test", kind) for _ in range(n)]


def share_right(guesses: Iterable[str], events: Iterable[Event], slot: str, lang: str) -> float:
    """Return the share of guesses that make a sentence of the mini world, by the parser."""
    pairs = zip(guesses, events, strict=True)
    hits = [parse(sentence(event, lang).filled(slot, g), lang) is not None for g, event in pairs]
    return sum(hits) / len(hits)


def grade(
    guess: Callable[[list[Event], str, str], list[str]], side: str | None = None, n: int = 200
) -> dict[tuple[str, str, str], float]:
    """Return {cell: share right} of guess(events, slot, lang) for n held-out events a cell."""
    found = {}
    for slot, kind, lang in cells(side):
        events = exam(kind, n)
        found[slot, kind, lang] = share_right(guess(events, slot, lang), events, slot, lang)
    return found


def standard_error(share: float, n: int) -> float:
    """Return √(p (1 − p) / n) of a share p of n independent items."""
    return math.sqrt(share * (1 - share) / n)


def interval(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return (low, high) of a share of n items (Wilson 1927): not empty at 0 and 1.

    95 % for z = 1.96
    """
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return max(0.0, middle - half), min(1.0, middle + half)


def constant(slot: str, kind: str, lang: str) -> float:
    """Return the accuracy of the one answer that is right most often, whatever the sentence says.

    This is the exact chance level of a blank: who reads nothing gets no more.
    """
    told = [(event, weight) for event, weight in events() if event.kind == kind]
    right = [
        sum(weight * chance(event, slot, lang, guess) for event, weight in told)
        for guess in candidates(lang, slot)
    ]
    return max(right) / sum(weight for _, weight in told)


def probability(event: Event, split: str | None = None) -> float:
    """Return the exact probability that draw(rng, split) gives this event."""
    if split is not None and held_out(event) != (split == "test"):
        return 0.0
    return 1 / (len(KINDS) * _free(split) * len(TIMES) * len(numbers(event.kind)))


@functools.cache
def _free(split: str | None) -> int:
    """Count the choices of a person, an object and its place that a split leaves."""
    return sum(
        split is None or held_out(Event("plain", who, place, 0, thing, None)) == (split == "test")
        for who, (thing, place) in itertools.product(PEOPLE, PAIRS)
    )


@functools.cache
def entropy(split: str | None = None) -> float:
    """Return the nats of one drawn event: no loss for a whole sentence is lower on average."""
    said = sum(math.log(len(numbers(kind))) for kind in KINDS) / len(KINDS)
    return math.log(len(KINDS)) + math.log(_free(split)) + math.log(len(TIMES)) + said


# --- tasks ------------------------------------------------------------------------------------


class Story(NamedTuple):
    """A story of three sentences: weather, what somebody did, how the day was.

    negated: said by its opposite
    """

    event: Event
    day: int
    weather: int
    adjective: int
    frame: int
    negated: bool

    @property
    def positive(self) -> bool:
        """Was the day good?"""
        return LEXICON["feeling"]["adjective"][self.adjective]["positive"] != self.negated

    def feeling(self, lang: str) -> str:
        """Return the last sentence."""
        lang, table = key(lang), LEXICON["feeling"]
        frame = table["negated"] if self.negated else table["frame"][self.frame]
        return frame[lang].format(adjective=table["adjective"][self.adjective][lang])

    def text(self, lang: str) -> str:
        """Return the whole story in a language."""
        place = LEXICON["place"][self.event.place]
        said = words(self.event, lang) | {"place": place.get("to", place)[key(lang)]}
        said |= {name: self._word(name, getattr(self, name), lang) for name in ("day", "weather")}
        return LEXICON["story"]["text"][key(lang)].format(**said, feeling=self.feeling(lang))

    def summary(self, lang: str) -> str:
        """Return the story in one sentence."""
        end = self._word("end", self.positive, lang)
        return LEXICON["story"]["summary"][key(lang)].format(**words(self.event, lang), end=end)

    def label(self, lang: str) -> str:
        """Return one character for a good or a bad day."""
        return self._word("label", self.positive, lang)

    @staticmethod
    def _word(name: str, n: int, lang: str) -> str:
        return LEXICON["story"][name][n][key(lang)]


def draw_story(
    rng: random.Random, split: str | None = None, never_negated: Iterable[int] = ()
) -> Story:
    """Draw a random story, half of them negated; the adjectives in never_negated are not."""
    table, kept = LEXICON, frozenset(never_negated)
    while True:
        event = draw(rng, split, "plain")
        day, weather = (rng.randrange(len(table["story"][name])) for name in ("day", "weather"))
        adjective = rng.randrange(len(table["feeling"]["adjective"]))
        frame, negated = rng.randrange(len(table["feeling"]["frame"])), rng.random() < 0.5
        if event.place != "H" and not (negated and adjective in kept):  # one does not go home here
            return Story(event, day, weather, adjective, frame, negated)


class Example(NamedTuple):
    """A text to read and the text to write; lang is that of the source."""

    task: str
    lang: str
    source: str
    target: str


def prompt(task: str, lang: str, text: str) -> str:
    """Return the text behind the words that ask for a task, in its own language."""
    return LEXICON["task"][task][key(lang)] + text


def translations(event: Event) -> list[Example]:
    """Return an event as two examples: into Chinese and into Japanese."""
    ja, zh = (sentence(event, lang).text for lang in LANGUAGES)
    return [
        Example("to_zh_tw", "ja", prompt("to_zh_tw", "ja", ja), zh),
        Example("to_ja", "zh-tw", prompt("to_ja", "zh-tw", zh), ja),
    ]


def readings(story: Story) -> list[Example]:
    """Return the examples on a story: summary and sentiment in both languages."""
    found = []
    for lang in LANGUAGES:
        text = story.text(lang)
        summary, label = story.summary(lang), story.label(lang)
        found.append(Example("summary", lang, prompt("summary", lang, text), summary))
        found.append(Example("sentiment", lang, prompt("sentiment", lang, text), label))
    return found


class Named(NamedTuple):
    """A sentence with names.

    tags: one of ENTITIES for each character.  opens: does a name open the sentence?
    """

    text: str
    tags: list[str]
    opens: bool


def draw_named(
    rng: random.Random,
    lang: str,
    *tables: str,
    first: str | None = None,
    kept: bool | None = None,
) -> Named:
    """Draw a sentence with a person's and a place's name from these tables of NAMES (all).

    first: one of FIRST, what opens it (None: any); only what follows tells a person from a place.
    kept: only sentences that are (not) for the test alone, one of four; None: any.
    """
    words = [w for name in tables or NAMES for w in LEXICON["names"][name][key(lang)].split()]
    while True:
        frames = LEXICON["names"][first or rng.choice(FIRST)][key(lang)]
        found = _named(rng, lang, rng.choice(frames), words)
        if kept in (None, zlib.crc32(found.text.encode()) % 4 == 0):
            return found


def _named(rng: random.Random, lang: str, frame: str, words: list[str]) -> Named:
    thing = rng.choice(LEXICON["object"])["name"][key(lang)]
    person, place = rng.sample(words, 2)
    said = {"person": (person, "PER"), "place": (place, "LOC"), "object": (thing, "O")}
    text, tags = "", []
    for literal, slot in _pieces(frame):
        word, tag = said.get(slot, ("", "O"))
        text += literal + word
        tags += ["O"] * len(literal) + [tag] * len(word)
    return Named(text, tags, tags[0] != "O")


def characters() -> list[str]:
    """Return every character that a text of the mini world can hold, sorted."""

    def strings(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield re.sub(r"\{\w+\}", "", value)
        elif isinstance(value, dict):
            for item in value.values():
                yield from strings(item)
        elif isinstance(value, list):
            for item in value:
                yield from strings(item)

    return sorted({c for text in strings(LEXICON) for c in text if not c.isascii()})


def samples(rng: random.Random, n: int = 3) -> Iterator[str]:
    """Return lines to read: n of each pattern, a sentence beside the other language's."""
    for kind in KINDS:
        drawn = [draw(rng, kind=kind) for _ in range(n)]
        yield from (" | ".join(sentence(e, lang).text for lang in LANGUAGES) for e in drawn)
    for story in [draw_story(rng) for _ in range(n)]:
        told = (f"{story.text(la)} → {story.summary(la)} [{story.label(la)}]" for la in LANGUAGES)
        yield " | ".join(told)
    for _ in range(n):
        yield " | ".join(draw_named(rng, lang).text for lang in LANGUAGES)


if __name__ == "__main__":  # python -m helpers.world.corpus: a page to read
    print(*samples(random.Random(), 8), sep="\n")
