"""The course as its author wrote it: every file is read once, into these objects.

    course = Course.read(root)              read
    stop_at(rules.problems(course))         check
    built = render.files(course)            render; then build.compare, build.write

What drafts, pairs, the language gates and the search for leaks need, they take from a Course, too.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from helpers.language.say import LANGUAGES

from .data import Table
from .percent import Cell
from .problems import Problem, stop_at
from .reading import read_file
from .source import Source

LOCK = "pairs.lock"
PAGES = ("README", "docs/deployment")  # NAME.LANGUAGE.md, prose like a lesson's


@dataclass(frozen=True)
class Lesson:
    """One folder lessons/NN_name.  A lesson may have no sheet and no claims."""

    name: str
    lesson: Source
    sheet: Source | None
    quiz: Table
    claims: Table | None
    measured: Table
    confirmed: str  # the text of pairs.lock; empty where nothing is confirmed

    @classmethod
    def read(cls, root: Path, name: str) -> Self:
        """Read the lesson's files."""
        folder = f"lessons/{name}"
        sheet, claims = f"{folder}/exercise.py", f"{folder}/claims.toml"
        return cls(
            name,
            Source.read(root, f"{folder}/lesson.py"),
            Source.read(root, sheet) if (root / sheet).exists() else None,
            Table.read(root, f"{folder}/quiz.toml"),
            Table.read(root, claims) if (root / claims).exists() else None,
            Table.read(root, f"{folder}/measured.toml"),
            read_file(root, f"{folder}/{LOCK}")[0],
        )

    @property
    def files(self) -> list[Source | Table]:
        """The files that hold texts, in the order in which pairs.lock names them."""
        files = (self.lesson, self.sheet, self.quiz, self.claims)
        return [file for file in files if file is not None]

    def faults(self) -> Iterator[Problem]:
        """Yield why the files with texts cannot be used."""
        for file in self.files:
            yield from file.faults

    def wrong_answers(self) -> dict[str, list[Cell]]:
        """Return {task: its named wrong answers}; they stand in the sheet's source, never built."""
        found: dict[str, list[Cell]] = {}
        for cell in self.sheet.cells if self.sheet else ():
            if "wrong" in cell.options:
                found.setdefault(cell.options["wrong"], []).append(cell)
        return found


@dataclass(frozen=True)
class Course:
    """Everything that files are made from."""

    root: Path
    lessons: tuple[Lesson, ...]
    set_up: Source
    stubs: Table  # the words of sheets and of folded cells
    messages: tuple[Table, ...]  # what helpers show
    pages: tuple[tuple[str, str, str], ...]  # (language, file, text) of READMEs and their like
    project: Table  # pyproject.toml

    @classmethod
    def read(cls, root: Path) -> Self:
        """Read a repository.  What is wrong with a file, the file keeps: see `faults`, `whole`."""
        names = sorted({path.parent.name for path in root.glob("lessons/*/*.py")})
        messages = sorted(root.glob("src/helpers/language/messages/*.toml"))
        return cls(
            root,
            tuple(Lesson.read(root, name) for name in names),
            Source.read(root, "lessons/set_up.py"),
            Table.read(root, "lessons/stubs.toml"),
            tuple(Table.read(root, path.relative_to(root).as_posix()) for path in messages),
            tuple(_pages(root)),
            Table.read(root, "pyproject.toml"),
        )

    @property
    def shared(self) -> list[Source | Table]:
        """The files with the texts that all lessons share."""
        return [self.set_up, self.stubs, *self.messages]

    def faults(self) -> Iterator[Problem]:
        """Yield why files with texts cannot be used: absent, unreadable, a language missing."""
        for lesson in self.lessons:
            yield from lesson.faults()
        for file in self.shared:
            yield from file.faults

    def whole(self) -> Self:
        """Return this course, whose texts can all be used.  LessonError with every fault if not."""
        stop_at(self.faults())
        return self


def _pages(root: Path) -> Iterator[tuple[str, str, str]]:
    for name, lang in itertools.product(PAGES, LANGUAGES):
        file = f"{name}.{lang}.md"
        if (root / file).is_file():
            yield lang, file, read_file(root, file)[0]
