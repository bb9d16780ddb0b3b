"""Find model answers and hidden tests that stand in a file that students get.

Two ways of looking: an answer's lines, whatever the spaces between them; and an answer's
statements as syntax trees, whatever its variables are called.
"""

import ast
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from ..authoring.course import Course
from ..authoring.source import Source
from ..authoring.syntax_trees import blocks_of, nameless, size

SECRET = re.compile(
    r"^[ \t]*### BEGIN (SOLUTION|HIDDEN TESTS)$\n(.*?)^[ \t]*### END \1$", re.DOTALL | re.MULTILINE
)
SHORTEST_LINE = 20  # characters without spaces: shorter lines stand in many answers to many tasks
SMALLEST_TREE = 15  # nodes: `return x + y` has 7
IDIOM = "manual_seed("  # a line that seeds a generator says nothing about the answer
BINARY = {".otf", ".ttf", ".png", ".safetensors"}


@dataclass(frozen=True)
class Leak:
    """A piece of a sheet's secrets that stands in a file."""

    file: Path
    sheet: str
    piece: str

    def __str__(self) -> str:
        return f"{self.file.as_posix()} holds what {self.sheet} keeps back: {self.piece}"


@dataclass(frozen=True)
class Secrets:
    """One sheet's secrets: lines {squeezed: as written}, and answers as lists of statements."""

    sheet: str
    lines: dict[str, str]
    answers: list[list[ast.stmt]]

    @cached_property
    def nameless(self) -> list[tuple[str, str]]:
        """Each answer without names: its first statement, all of it."""
        return [(nameless(answer[:1]), nameless(answer)) for answer in self.answers]


def find(course: Course, paths: Iterable[Path]) -> list[Leak]:
    """Return every leak from a sheet of the course into one of the files, paths from its root."""
    sheets = [secrets(lesson.sheet) for lesson in course.lessons if lesson.sheet]
    readable = [path for path in paths if path.suffix not in BINARY]
    return [leak for path in readable for leak in leaks_into(course.root / path, path, sheets)]


def secrets(sheet: Source) -> Secrets:
    """Return what stands between the markers.  A line that is shown elsewhere is no secret."""
    cells = sheet.cells
    public = [SECRET.sub("", cell.source) for cell in cells if "wrong" not in cell.options]
    shown = {squeeze(uncommented(line)) for text in public for line in text.splitlines()}
    held_back = [(cell, match[2]) for cell in cells for match in SECRET.finditer(cell.source)]
    written = [uncommented(line) for _, text in held_back for line in text.splitlines()]
    lines = {squeeze(line): line for line in written}
    shown |= {k for k in lines if len(k) < SHORTEST_LINE or IDIOM in k}
    lines = {k: v for k, v in lines.items() if k not in shown}
    code = [textwrap.dedent(text) for cell, text in held_back if cell.is_code]
    answers = [tree.body for tree in map(ast.parse, code) if size(tree) >= SMALLEST_TREE]
    return Secrets(sheet.file, lines, answers)


def leaks_into(path: Path, name: Path, sheets: Iterable[Secrets]) -> Iterator[Leak]:
    """Yield every secret of the sheets that stands in one file."""
    text = path.read_text(encoding="utf-8")
    strings = list(strings_of(json.loads(text))) if path.suffix in (".ipynb", ".json") else [text]
    squeezed = "\n".join(squeeze(line) for string in strings for line in string.splitlines())
    blocks = [block for code in code_of(path, text) for block in blocks_of(ast.parse(code))]
    first = cache(lambda statement: nameless([statement]))  # compared with many answers
    for sheet in sheets:
        yield from (Leak(name, sheet.sheet, v) for k, v in sheet.lines.items() if k in squeezed)
        for answer, plain in zip(sheet.answers, sheet.nameless, strict=True):
            if any(holds(block, answer, plain, first) for block in blocks):
                yield Leak(name, sheet.sheet, ast.unparse(ast.Module(answer, [])))


def squeeze(line: str) -> str:
    """Return the line without any blanks."""
    return re.sub(r"\s+", "", line)


def uncommented(line: str) -> str:
    """Return the line without its comment: comments are not what a task asks for."""
    return re.sub(r"(^|\s\s)\s*#.*", "", line).strip()


def strings_of(value: Any) -> Iterator[str]:
    """Yield all strings in a JSON value; a notebook's lists of source lines are strings too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings_of(part)


def code_of(path: Path, text: str) -> Iterator[str]:
    """Yield the Python in a module or a notebook, magics taken out."""
    if path.suffix == ".py":
        yield text
    if path.suffix == ".ipynb":
        cells = (cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code")
        yield from (re.sub(r"(?m)^\s*[%!].*$", "pass", "".join(c["source"])) for c in cells)


def holds(
    block: list[ast.stmt],
    answer: list[ast.stmt],
    plain: tuple[str, str],
    first: Callable[[ast.stmt], str],
) -> bool:
    """Tell whether the answer's statements stand in a row in the block, whatever the names.

    Names are numbered from the first statement on: where that one differs, so does the whole.
    """
    kinds, n = list(map(type, answer)), len(answer)
    runs = (block[i : i + n] for i in range(len(block) - n + 1))
    alike = (r for r in runs if list(map(type, r)) == kinds and first(r[0]) == plain[0])
    return any(nameless(r) == plain[1] for r in alike)
