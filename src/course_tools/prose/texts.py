"""Every text of the course, with its place."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..authoring import words
from ..authoring.data import BOTH, read_toml
from ..authoring.problems import Problem
from ..authoring.source import LANGUAGES, Cell, lessons, read_cells

SOURCES = ("lesson.py", "exercise.py", "quiz.toml", "claims.toml")
SHARED = ("lessons/set_up.py", "lessons/stubs.toml")
READMES = {"ja": "README.ja.md", "zh-tw": "README.zh-tw.md"}


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
    files = [root / name for name in SHARED]
    files += sorted((root / "src/helpers/messages").glob("*.toml"))
    found += [text for file in files for text in _of_file(root, file)]
    for lang, name in READMES.items():
        if (root / name).is_file():
            source = (root / name).read_text(encoding="utf-8")
            found.append(Text(name, "-", lang, source, 1, markdown=True))
    return found


def of_lesson(root: Path, folder: Path) -> list[Text]:
    files = (folder / name for name in SOURCES)
    return [text for file in files if file.is_file() for text in _of_file(root, file)]


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
    found = sorted([*_comments(cell.source), *_calls(cell.source)])
    for n, (line, *pair) in enumerate(found, 1):
        for lang, said in zip(LANGUAGES, pair, strict=True):
            yield Text(cell.file, f"{cell.key}.{n}", lang, said, first + line)


def _comments(code: str) -> Iterator[tuple[int, str, str]]:
    lines = code.split("\n")
    for n, line in enumerate(lines):
        if (hit := words.COMMENT.fullmatch(line)) and hit[2] == "ja":
            twin = words.COMMENT.fullmatch(lines[n + 1])
            yield n, hit[3], twin[3] if twin else ""


def _calls(code: str) -> Iterator[tuple[int, str, str]]:
    for call in words.calls(ast.parse(code)):
        given = {k.arg: _literal(k.value) for k in call.keywords}
        yield call.lineno - 1, given["ja"], given["zh_tw"]


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
    for key, pair in _pairs("", table):
        for lang, argument in words.ARGUMENTS.items():
            first = pair[argument].split("\n")[0].replace('"', '\\"')
            at = max(at, source.find(first, at))
            line = source.count("\n", 0, at) + 1
            quoted = key.endswith(".page")
            yield Text(name, key, lang, pair[argument], line, quoted=quoted)


def _pairs(key: str, value: object) -> Iterator[tuple[str, dict]]:
    """(key, {ja, zh_tw}); ids stand for the lists that they are in: q1.a.why, q2.mistake.1.why"""
    if isinstance(value, dict) and value.keys() >= BOTH:
        yield key, value
    elif isinstance(value, dict):
        for child, item in value.items():
            yield from _pairs(f"{key}.{child}".removeprefix("."), item)
    elif isinstance(value, list):
        for n, item in enumerate(value, 1):
            own = item.get("id") if isinstance(item, dict) else None
            name = f"{key.rpartition('.')[0]}.{own}" if own else f"{key}.{n}"
            yield from _pairs(name.removeprefix("."), item)
