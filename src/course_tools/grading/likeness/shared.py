"""What every student had: nobody has it from a neighbour, so it is taken out of every answer."""

import ast
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..sheet import Sheet
from ..submissions.notebook import SheetCell, parsed
from . import shingles


def of_course(sheet: Sheet, root: Path) -> set[int]:
    """Return the shingles of the sheet, its model answers, its lesson, and the helpers of both."""
    found: set[int] = set()
    own = [(source, part.kind in ("text", "essay"))
           for part in sheet.parts for source in {part.source, part.released}]  # fmt: skip
    cells = [*own, *_lesson(sheet, root)]
    codes = [source for source, is_text in cells if not is_text]
    helpers = [path.read_text(encoding="utf-8") for path in sorted(visible(codes, root))]
    for source, is_text in [*cells, *((code, False) for code in helpers)]:
        made = shingles.of_text(source) if is_text else shingles.of_code(source, sheet.imported)
        found |= made.keys()
    return found


def visible(codes: Iterable[str], root: Path) -> set[Path]:
    """Return the files of helpers that a student's pages import, and so invite to open."""
    return {path for name in _imported(codes) for path in _file(root / "src", name)}


def _lesson(sheet: Sheet, root: Path) -> Iterator[tuple[str, bool]]:
    """Yield the cells of the lesson's notebook: source, and whether it is text."""
    file = root / "notebooks" / sheet.lang / f"{sheet.lesson}.ipynb"
    if not file.is_file():
        return
    for number, cell in enumerate(json.loads(file.read_text(encoding="utf-8"))["cells"], 1):
        source, is_text = "".join(cell["source"]), cell["cell_type"] != "code"
        yield (source if is_text else parsed(SheetCell(number, "code", source)).code), is_text


def _imported(codes: Iterable[str]) -> Iterator[str]:
    """Yield "helpers.a" and "helpers.a.b" of `from helpers.a import b`."""
    for code in codes:
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            if isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _file(src: Path, name: str) -> Iterator[Path]:
    place = src.joinpath(*name.split("."))
    if name.partition(".")[0] == "helpers":
        files = (place.with_suffix(".py"), place / "__init__.py")
        yield from (file for file in files if file.is_file())
