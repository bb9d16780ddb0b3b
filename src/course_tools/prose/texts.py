"""Every text of the course, with its place."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.language.say import LANGUAGES, TODO

from ..authoring import words
from ..authoring.data import read_toml
from ..authoring.data import texts as texts_of
from ..authoring.problems import Problem
from ..authoring.source import Cell, lessons, read_cells

SOURCES = ("lesson.py", "exercise.py", "quiz.toml", "claims.toml")
SHARED = ("lessons/set_up.py", "lessons/stubs.toml")


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
        """A fault in the line that is `offset` lines below the first one."""
        return Problem(f"{self.file}:{self.line + offset}", self.key, what, remedy)


def of_course(root: Path) -> list[Text]:
    """Lessons, messages and READMEs.  LessonError if a source is broken or a text is empty."""
    found = [text for folder in lessons(root) for text in of_lesson(root, folder)]
    found += [text for file in shared(root) for text in of_file(root, file)]
    for lang in LANGUAGES:
        name = f"README.{lang}.md"
        if (root / name).is_file():
            source = (root / name).read_text(encoding="utf-8")
            found.append(Text(name, "-", lang, source, 1, markdown=True))
    return found


def of_lesson(root: Path, folder: Path) -> list[Text]:
    return [text for file in files(folder) for text in of_file(root, file)]


def files(folder: Path) -> list[Path]:
    """Those of a lesson that hold texts."""
    return [folder / name for name in SOURCES if (folder / name).is_file()]


def shared(root: Path) -> list[Path]:
    """Those that hold the texts of all lessons."""
    messages = sorted((root / "src/helpers/language/messages").glob("*.toml"))
    return [root / name for name in SHARED] + messages


def of_file(root: Path, file: Path) -> Iterator[Text]:
    """Without what a draft still has to write: "TODO" is no text."""
    return (text for text in _of_file(root, file) if text.words.strip() != TODO)


def _of_file(root: Path, file: Path) -> Iterator[Text]:
    name = file.relative_to(root).as_posix()
    source = file.read_text(encoding="utf-8")
    if file.suffix == ".toml":
        yield from _of_toml(name, source, read_toml(file))
        return
    lines = source.split("\n")
    for cell in read_cells(file, name):
        yield from _of_code(cell, lines) if cell.is_code else _of_prose(cell, lines)


def _of_prose(cell: Cell, lines: list[str]) -> Iterator[Text]:
    at = _first_line(cell, lines)
    yield Text(cell.file, cell.key, cell.lang or "", cell.source, at, markdown=True)


def _of_code(cell: Cell, lines: list[str]) -> Iterator[Text]:
    """T(…) and comments of one language, in the order of their lines: key.1, key.2, …"""
    first = _first_line(cell, lines)
    found = [*words.comments(cell.source), *_calls(cell.source)]
    found.sort(key=lambda group: (group[0], *group[1].values()))
    for n, (line, said) in enumerate(found, 1):
        for lang, text in said.items():
            yield Text(cell.file, f"{cell.key}.{n}", lang, text, first + line)


def _calls(code: str) -> Iterator[tuple[int, dict[str, str]]]:
    for call in words.calls_in(code):
        there = words.arguments(call)
        yield call.lineno - 1, {lang: _literal(node) for lang, node in there.items()}


def _literal(node: ast.expr) -> str:
    """What a string says; an f-string's values as {name}."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_literal(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return "{" + ast.unparse(node.value) + "}"
    return str(ast.literal_eval(node))


def _first_line(cell: Cell, lines: list[str]) -> int:
    """Number of the line below the cell's header (and the blank lines there)."""
    lang = f'.*lang="{cell.lang}"' if cell.lang else ""
    header = re.compile(rf'# %%.*key="{re.escape(cell.key)}"{lang}')
    at = next(n for n, line in enumerate(lines, 1) if header.match(line))
    while not lines[at].strip():
        at += 1
    return at + 1


def _of_toml(name: str, source: str, table: dict) -> Iterator[Text]:
    at = 0
    for key, said in _groups("", table):
        for lang, text in said.items():
            first = text.split("\n")[0].replace('"', '\\"')
            at = max(at, source.find(first, at))
            line = source.count("\n", 0, at) + 1
            quoted = key.endswith(".page")
            yield Text(name, key, lang, text, line, quoted=quoted)


def _groups(key: str, value: object) -> Iterator[tuple[str, dict[str, str]]]:
    """(key, {language: text}); an id stands for the list that it is in: q1.a.why"""
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
