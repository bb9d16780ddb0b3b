"""How a lesson's prose runs: how long its sentences are, how many short, its commas and its habit.

Counted are the sentences of paragraphs: no headings, lists, tables or quotations.  Code and a
formula count as one character.  The bounds are data: rhythm.toml.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from helpers.language.say import COMPLETE

from .problems import Problem
from .sentences import sentences
from .texts import Text

BOUNDS = Path(__file__).with_suffix(".toml")
SENTENCE = re.compile(r"(?:「[^」]*」|『[^』]*』|[^。！？「『])+[。！？]")
COMMA = re.compile(r"[、，]")
NO_PARAGRAPH = ("|", "- ", "!", ">")


class Rhythm(NamedTuple):
    """Length, commas and habits of some sentences.

    length: mean number of characters   short: share of short ones   commas: in 100 characters
    habits: in 100 sentences, the turn of phrase that comes too easily in this language
    """

    sentences: int
    length: float
    short: float
    commas: float
    habits: float


class Section(NamedTuple):
    """What stands below one heading of a lesson, in one language, up to the next heading."""

    lesson: str
    lang: str
    heading: str
    begin: Text
    said: list[str]  # its sentences


def measure(said: Sequence[str], most: int, habit: str) -> Rhythm:
    """Measure sentences; a short one has at most `most` characters.

    habit: a regular expression
    """
    lengths = [len(one) for one in said]
    many, total = max(len(said), 1), max(sum(lengths), 1)
    commas = 100 * sum(len(COMMA.findall(one)) for one in said) / total
    short = sum(length <= most for length in lengths) / many
    habits = 100 * len(re.findall(habit, "".join(said))) / many
    return Rhythm(len(said), sum(lengths) / many, short, commas, habits)


def sections(texts: Iterable[Text]) -> list[Section]:
    """Return the sections of all lessons, one language after the other."""
    found: list[Section] = []
    for text in sorted(filter(_is_prose, texts), key=lambda text: text.lang):
        lesson = PurePosixPath(text.file).parent.name
        for title, said in _parts(text):
            if title or not found or found[-1][:2] != (lesson, text.lang):
                found.append(Section(lesson, text.lang, title, text, []))
            found[-1].said.extend(said)
    return found


def _is_prose(text: Text) -> bool:
    complete = text.markdown and text.lang in COMPLETE
    return complete and PurePosixPath(text.file).name == "lesson.py"


def _parts(text: Text) -> Iterator[tuple[str, list[str]]]:
    """Yield (heading, or "" before the first, sentences of the paragraphs below it)."""
    lines, heading, said = text.words.split("\n"), "", list[str]()
    for offset, line in sentences(text):
        if lines[offset].startswith("#"):
            yield heading, said
            heading, said = line, []
        elif not lines[offset].lstrip().startswith(NO_PARAGRAPH):
            said += SENTENCE.findall(line)
    yield heading, said


def bounds() -> dict[str, Any]:
    """Read rhythm.toml.  ValueError where a complete language has no bounds."""
    found = tomllib.loads(BOUNDS.read_text(encoding="utf-8"))
    if missing := set(COMPLETE) - found.keys():
        raise ValueError(f"no bounds for {sorted(missing)}: write some in {BOUNDS.name}")
    return found


def problems(texts: Iterable[Text], bounds: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield lessons out of their language's bounds, and sections out of the wider ones.

    A section of few sentences says little by itself; one may be allowed by name, with a reason.
    """
    allowed = {(one["lesson"], one["lang"], one["heading"]) for one in bounds.get("allowed", [])}
    for mine in _by_lesson(texts):
        ours = bounds[mine[0].lang]
        yield from _beyond(mine[0].begin, "the lesson", _whole(mine), ours, ours["lesson"])
        for section in mine:
            if len(section.said) >= ours["few"] and section[:3] not in allowed:
                name = f"section 「{section.heading}」"
                yield from _beyond(section.begin, name, section.said, ours, ours["section"])


def _by_lesson(texts: Iterable[Text]) -> Iterator[list[Section]]:
    for _, mine in groupby(sections(texts), lambda section: section[:2]):
        yield list(mine)


def _whole(lesson: Iterable[Section]) -> list[str]:
    return [sentence for section in lesson for sentence in section.said]


def _beyond(
    begin: Text, name: str, said: list[str], ours: Mapping[str, Any], limits: Mapping[str, Any]
) -> Iterator[Problem]:
    found = measure(said, ours["most"], ours["habit"])
    for what, (least, most) in limits.items():
        if not least <= (value := getattr(found, what)) <= most:
            remedy = (
                f"join or cut sentences until it is {least} to {most}, or allow it in {BOUNDS.name}"
            )
            yield begin.problem(0, f"{name}: {what} {value:.2f}", remedy)


def table(texts: Iterable[Text], bounds: Mapping[str, Any]) -> Iterator[str]:
    """Yield the figures, a line each: of a lesson, then of its sections."""
    for mine in _by_lesson(texts):
        ours = bounds[mine[0].lang]
        lines = [(_whole(mine), f"{mine[0].lesson} {mine[0].lang}")]
        lines += [(one.said, f"  {one.heading}") for one in mine if one.said]
        for said, name in lines:
            yield _line(measure(said, ours["most"], ours["habit"]), name)


def _line(found: Rhythm, name: str) -> str:
    return (f"{found.sentences:4d} sentences {found.length:5.1f} characters {found.short:4.0%} "
            f"short {found.commas:4.1f} commas {found.habits:4.1f} habits   {name}")  # fmt: skip
