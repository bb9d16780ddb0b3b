"""Every text of the course, with its place."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from helpers.language.say import TODO

from . import inline_texts
from .course import Course, Lesson
from .data import Table
from .data import texts as texts_of
from .percent import Cell
from .problems import Problem
from .source import Source


@dataclass(frozen=True)
class Text:
    """The words of one language.  key names the pair; {…} in words stand for values."""

    file: str  # relative to the repository
    key: str
    lang: str
    words: str
    line: int  # of its first line
    markdown: bool = False
    quoted: bool = False  # the lesson page's own words: as they were given

    def problem(self, offset: int, what: str, remedy: str) -> Problem:
        """Return a fault in the line that is `offset` lines below the first one."""
        return Problem(f"{self.file}:{self.line + offset}", self.key, what, remedy)


def of_course(course: Course) -> list[Text]:
    """Return the texts of lessons, messages, READMEs and pages like them."""
    found = [text for lesson in course.lessons for text in of_lesson(lesson)]
    found += of_files(course.shared)
    for lang, file, source in course.pages:
        found.append(Text(file, "-", lang, source, 1, markdown=True))
    return found


def of_lesson(lesson: Lesson) -> list[Text]:
    """Return the texts of one lesson, in the order of its files."""
    return of_files(lesson.files)


def of_files(files: Iterable[Source | Table]) -> list[Text]:
    """Return the texts of files, without what a draft still has to write: "TODO" is no text."""
    return [text for file in files for text in _of_file(file) if text.words.strip() != TODO]


def _of_file(file: Source | Table) -> Iterator[Text]:
    if isinstance(file, Table):
        yield from _of_table(file)
        return
    for cell in file.cells:
        yield from _of_code(cell) if cell.is_code else _of_prose(cell)


def _of_prose(cell: Cell) -> Iterator[Text]:
    yield Text(cell.file, cell.key, cell.lang or "", cell.source, cell.line, markdown=True)


def _of_code(cell: Cell) -> Iterator[Text]:
    """Yield T(…) and comments of one language, in the order of their lines: key.1, key.2, …"""
    found = [*inline_texts.comments(cell.source), *_calls(cell)]
    found.sort(key=lambda group: (group[0], *group[1].values()))
    for n, (line, said) in enumerate(found, 1):
        for lang, text in said.items():
            yield Text(cell.file, f"{cell.key}.{n}", lang, text, cell.line + line)


def _calls(cell: Cell) -> Iterator[tuple[int, dict[str, str]]]:
    for call in cell.calls:
        there = inline_texts.arguments(call)
        yield call.lineno - 1, {lang: _literal(node) for lang, node in there.items()}


def _literal(node: ast.expr) -> str:
    """Return what a string says; an f-string's values as {name}."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_literal(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return "{" + ast.unparse(node.value) + "}"
    return str(ast.literal_eval(node))


def _of_table(file: Table) -> Iterator[Text]:
    at = 0
    for key, said in _groups("", file.table):
        for lang, text in said.items():
            first = text.split("\n")[0].replace('"', '\\"')
            at = max(at, file.text.find(first, at))
            line = file.text.count("\n", 0, at) + 1
            quoted = key.endswith(".page")
            yield Text(file.file, key, lang, text, line, quoted=quoted)


def _groups(key: str, value: object) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (key, {language: text}); an id stands for its list: q1.a.why."""
    if isinstance(value, dict) and (said := texts_of(value)) is not None:
        yield key, said
    elif isinstance(value, dict):
        for child, item in value.items():
            yield from _groups(f"{key}.{child}".removeprefix("."), item)
    elif isinstance(value, list):
        for n, item in enumerate(value, 1):
            own = item.get("id") if isinstance(item, dict) else None
            name = f"{key.rpartition('.')[0]}.{own}" if own else f"{key}.{n}"
            yield from _groups(name.removeprefix("."), item)
