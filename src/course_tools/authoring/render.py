"""All files that a course makes: {path relative to the repository: text}."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from helpers.classroom.sheets import sheet_file
from helpers.language.say import FIRST

from . import addresses, folding, notebooks, sitting
from .contents import contents
from .course import Course, Lesson
from .data import as_json, texts
from .drafts import built_in
from .notebooks import Notebook
from .percent import Cell
from .sitting import Sitting
from .source import Source


def files(course: Course) -> dict[str, str]:
    """Return every generated file of a course that has no fault."""
    made: dict[str, str] = {}
    for lesson in course.lessons:
        made |= dict(_lesson(course, lesson))
        made |= dict(_sheet(course, lesson, lesson.sheet)) if lesson.sheet else {}
        made |= dict(_tables(lesson))
    return made | {"src/helpers/data/course.json": contents(course)}


def _lesson(course: Course, lesson: Lesson) -> Iterator[tuple[str, str]]:
    """Yield the lesson itself, in each language."""
    for lang, made in _notebooks(course, lesson, lesson.lesson):
        yield _with_link(course, lang, f"notebooks/{lang}/{lesson.name}.ipynb", made)


def _sheet(course: Course, lesson: Lesson, source: Source) -> Iterator[tuple[str, str]]:
    """Yield the sheet and its solution, in each language."""
    name = lesson.name
    for lang, solution in _notebooks(course, lesson, source):
        sheet = notebooks.sheet(solution, _stub_texts(course, lang))
        yield _with_link(course, lang, sheet_file("exercises", lang, name), sheet)
        yield sheet_file("solutions", lang, name), notebooks.text_of(solution)


def _notebooks(course: Course, lesson: Lesson, source: Source) -> Iterator[tuple[str, Notebook]]:
    """Yield (language, notebook) of a source with the set-up cells."""
    cells = with_set_up(source.cells, course.set_up.cells)
    kinds = folding.folded(cells)
    for lang in built_in(lesson):
        fill, shared = _fill(course, lesson, lang), _stub_texts(course, lang)
        if "{{minutes}}" in source.text:  # a sheet says its own
            fill |= {"minutes": _minutes(lesson, sitting.of(cells, kinds, lang))}
        yield lang, notebooks.notebook(cells, kinds, lang, fill, shared)


def _tables(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """Yield the quiz bank and the claims, for helpers."""
    for kind, table in (("quiz", lesson.quiz), ("claims", lesson.claims)):
        if table:
            yield f"src/helpers/data/{kind}/{lesson.name}.json", as_json(lesson.name, table.table)


def _with_link(course: Course, lang: str, path: str, made: Notebook) -> tuple[str, str]:
    """Return a notebook that students get, with its link to Colab once that is published."""
    url = addresses.on_colab(addresses.of(course.project.table)["students"], path)
    linked = addresses.linked(made, _stub_texts(course, lang)["colab"], url) if url else made
    return path, notebooks.text_of(linked)


def _stub_texts(course: Course, lang: str) -> dict[str, str]:
    """Return the words of stubs.toml; in the first language where a draft has none yet."""
    return {name: _in(table, lang) for name, table in course.stubs.table.items()}


def _in(table: dict[str, Any], lang: str) -> str:
    there = texts(table) or {}
    return there.get(lang, there[FIRST])


def with_set_up(cells: Sequence[Cell], set_up: Sequence[Cell]) -> list[Cell]:
    """Return a source's cells with the set-up cells below the title."""
    after_title = sum(cell.key == cells[0].key for cell in cells)
    return [*cells[:after_title], *set_up, *cells[after_title:]]


def _minutes(lesson: Lesson, opened: Sitting) -> str:
    questions = len(lesson.quiz.table["question"])
    return str(opened.minutes(questions, lesson.measured.table["seconds"]))


def _fill(course: Course, lesson: Lesson, lang: str) -> dict[str, str]:
    """Return {placeholder: its value}; run time and memory come from the last measured run."""
    measured = lesson.measured.table
    return addresses.of(course.project.table) | {
        "lesson": lesson.name,
        "lang": lang,
        "seconds": str(math.ceil(measured["seconds"])),
        "mib": str(math.ceil(measured["mib"])),
    }
