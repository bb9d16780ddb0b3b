"""A lesson's guide, lessons/NN_name/teaching.toml: a teacher's texts, keyed by the lesson's keys.

goal = {…}          a text in each language
[section.KEY]       KEY: the cell that holds the heading; all of them, in the lesson's order
heading, minutes, do, point, cut, predict.CELL
[question.ID]       text, choice.ID, thinks.ID of each wrong choice or .VALUE of each named mistake
[[asked]]           section, question, answer: what students ask
[task.NAME]         text, difficulty (1 to 5), minutes; the essays of a sheet are task.essay
[claim.NAME]        says, found

heading, predict, text, choice, says, found are English alone: the lesson has the other languages.
"""

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from helpers.language.say import TODO

from ..authoring.course import Course, Lesson
from ..authoring.problems import Problem
from ..authoring.reading import SourceFile
from ..authoring.texts import Text
from .anchors import Anchors
from .words import ENGLISH, KEYS

FILE = "teaching.toml"
TEXTS, WORDS, NUMBER, KEY = "texts", "English", "a whole number", "a key of a section"
EXAMPLES = {
    TEXTS: "{" + ", ".join(f'{key} = "…"' for key in KEYS.values()) + "}",
    WORDS: '"…"',
    NUMBER: "5",
    KEY: '"…"',
}
# Lessons whose guide is still to be written: nothing of them is asked for, nothing is built.
UNWRITTEN: tuple[str, ...] = ()
Path_ = tuple[str, ...]


@dataclass(frozen=True)
class Guide(SourceFile):
    """A guide as it was read.  With faults, its table is not fit for use."""

    table: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, file: str, text: str) -> Self:
        """Return the guide with this text."""
        try:
            return cls(file, text, tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            remedy = "mend the line that is named"
            return cls(file, text, faults=(Problem(file, "-", f"no TOML: {error}", remedy),))

    @cached_property
    def values(self) -> dict[Path_, Any]:
        """Return {path: text, texts or number}; a list's items are numbered from 1."""
        return dict(_flat((), self.table))

    def get(self, *path: str, lang: str) -> str:
        """Return a text in one language, "" where there is none."""
        value = self.values.get(path, "")
        return value[KEYS[lang]] if isinstance(value, dict) else str(value)

    def asked(self) -> list[dict[str, Any]]:
        """Return the questions that students ask."""
        return self.table.get("asked", [])

    def problem(self, path: Iterable[str], what: str, remedy: str) -> Problem:
        """Return a fault of one entry."""
        return Problem(self.file, ".".join(path) or "-", what, remedy)

    def texts(self) -> list[Text]:
        """Return every text in the course's languages and in English, with its line."""
        found, at = [], 0
        for path, value in self.values.items():
            for key, words in _said(value).items():
                first = words.split("\n")[0].replace('"', '\\"')
                at = max(at, self.text.find(first, at))
                line = self.text.count("\n", 0, at) + 1
                found.append(Text(self.file, ".".join(path), LANGUAGE[key], words, line))
        return found


LANGUAGE = {key: lang for lang, key in KEYS.items()}


@dataclass(frozen=True)
class Prepared:
    """A lesson, its keys, and its guide."""

    course: Course
    lesson: Lesson
    anchors: Anchors
    guide: Guide


def prepared(course: Course) -> list[Prepared]:
    """Return every lesson that has a guide, or should have one."""
    return [
        Prepared(course, lesson, Anchors(lesson), Guide.read(course.root, file))
        for lesson in course.lessons
        if (course.root / (file := f"lessons/{lesson.name}/{FILE}")).exists()
        or lesson.name not in UNWRITTEN
    ]


def wanted(anchors: Anchors) -> dict[Path_, tuple[str, bool]]:
    """Return {path: (what stands there, whether it must)} of a guide to this lesson."""
    return dict(_wanted(anchors))


def _wanted(anchors: Anchors) -> Iterator[tuple[Path_, tuple[str, bool]]]:
    yield ("goal",), (TEXTS, True)
    for name, section in anchors.sections.items():
        here = ("section", name)
        yield (*here, "heading"), (WORDS, True)
        yield (*here, "minutes"), (NUMBER, True)
        for part in ("do", "point", "cut"):
            yield (*here, part), (TEXTS, False)
        for cell in section.guesses:
            yield (*here, "predict", cell), (WORDS, False)
    for name, question in anchors.questions.items():
        here = ("question", name)
        yield (*here, "text"), (WORDS, True)
        for choice in () if question.is_typed else question.choices:
            yield (*here, "choice", choice), (WORDS, True)
        for choice in question.wrong:
            yield (*here, "thinks", choice), (TEXTS, True)
    for name in anchors.tasks:
        yield ("task", name, "text"), (WORDS, True)
        yield ("task", name, "difficulty"), (NUMBER, True)
        yield ("task", name, "minutes"), (NUMBER, True)
    for name in anchors.claims:
        yield ("claim", name, "says"), (WORDS, True)
        yield ("claim", name, "found"), (WORDS, True)


def of_asked(guide: Guide) -> dict[Path_, tuple[str, bool]]:
    """Return what stands in each of the questions that students ask."""
    parts = {"section": KEY, "question": TEXTS, "answer": TEXTS}
    numbers = range(1, len(guide.asked()) + 1)
    return {("asked", f"{n}", part): (kind, True) for n in numbers for part, kind in parts.items()}


def unknown(guide: Guide, path: Path_, allowed: Iterable[Path_]) -> Problem:
    """Return what is wrong with an entry that the lesson does not ask for."""
    there = [".".join(other) for other in allowed]
    near = difflib.get_close_matches(".".join(path), there, 1, 0.4)
    instead = f", or rename it, perhaps to {near[0]}" if near else ""
    return guide.problem(path, "the lesson has no such key", f"remove it{instead}")


def _flat(path: Path_, value: Any) -> Iterator[tuple[Path_, Any]]:
    if isinstance(value, list):
        for n, item in enumerate(value, 1):
            yield from _flat((*path, f"{n}"), item)
    elif isinstance(value, dict) and not set(KEYS.values()) & value.keys():
        for name, item in value.items():
            yield from _flat((*path, name), item)
    else:
        yield path, value


def _said(value: Any) -> Mapping[str, str]:
    """Return {key of a language: text} of what stands at a path."""
    if isinstance(value, dict):
        return {key: text for key, text in value.items() if key in LANGUAGE and text != TODO}
    return {ENGLISH: value} if isinstance(value, str) else {}


def named(root: Path) -> list[str]:
    """Return the lessons of UNWRITTEN that have a guide, and those that are no lesson."""
    lessons = {path.parent.name for path in root.glob("lessons/*/lesson.py")}
    done = [name for name in UNWRITTEN if (root / "lessons" / name / FILE).exists()]
    return [*done, *sorted(set(UNWRITTEN) - lessons)]
