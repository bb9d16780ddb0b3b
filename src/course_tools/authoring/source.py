"""Read a py:percent source into cells, each with its key and (for prose) its language."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import jupytext

from helpers.language.say import COMPLETE, LANGUAGES, TODO
from helpers.language.say import key as argument

from .problems import Problem, stop_at

ARGUMENTS = {lang: argument(lang) for lang in LANGUAGES}  # as TOML and T(…) write them
# also a valid cell id (nbformat) and grade_id (nbgrader)
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True)
class Cell:
    """One cell of a source.  Prose has a language, code has none; options: its other metadata."""

    file: str
    key: str
    lang: str | None
    is_code: bool
    source: str
    options: dict = field(default_factory=dict)

    def problem(self, what: str, remedy: str) -> Problem:
        return Problem(self.file, self.key, what, remedy)


def lessons(root: Path) -> list[Path]:
    """The folders of all lessons, in their order."""
    return sorted(path.parent for path in (root / "lessons").glob("*/lesson.py"))


def read_cells(path: Path, name: str | None = None) -> list[Cell]:
    """The cells of one source file, keys and languages checked.  LessonError lists every fault."""
    name = name or f"{path.parent.name}/{path.name}"
    return list(cells_of(path.read_text(encoding="utf-8"), name))


@lru_cache(maxsize=64)  # a build needs most sources more than once
def cells_of(text: str, name: str) -> tuple[Cell, ...]:
    """The cells of a source's TEXT, as read_cells."""
    notebook = jupytext.reads(text, fmt="py:percent")
    cells = [_cell(name, raw) for raw in notebook.cells if raw.source or raw.metadata]
    stop_at(_faults(name, cells))
    return tuple(cells)


def _cell(name: str, raw) -> Cell:
    options = {k: v for k, v in raw.metadata.items() if not k.startswith("lines_to_")}  # layout
    key, lang = options.pop("key", ""), options.pop("lang", None)
    return Cell(name, str(key), lang, raw.cell_type == "code", raw.source, options)


def groups(cells: list[Cell]) -> Iterator[dict[str, Cell]]:
    """{language: its cell} of every prose key, without those that are still to be written."""
    prose = [cell for cell in cells if not cell.is_code]
    for key in dict.fromkeys(cell.key for cell in prose):
        yield {c.lang: c for c in prose if c.key == key and c.lang and c.source.strip() != TODO}


def _faults(name: str, cells: list[Cell]) -> Iterator[Problem]:
    if not cells:
        yield Problem(name, "-", "the file has no cell", "write cells that start with # %%")
    for cell in cells:
        yield from _cell_faults(cell)
    yield from _pair_faults(cells)


def _cell_faults(cell: Cell) -> Iterator[Problem]:
    if not KEY.fullmatch(cell.key):
        start = cell.source.strip()[:40]
        yield cell.problem(
            f"the cell that starts with {start!r} has the key {cell.key!r}",
            'give it key="…": small letters, digits and hyphens, at most 64',
        )
    if cell.is_code and cell.lang:
        yield cell.problem(
            f'a code cell has lang="{cell.lang}"',
            "remove lang: code is written once; put words into T(…)",
        )
    if not cell.is_code and cell.lang not in LANGUAGES:
        yield cell.problem(
            f"a prose cell has lang={cell.lang!r}",
            "give it " + " or ".join(f'lang="{lang}"' for lang in LANGUAGES),
        )
    if not cell.source.strip():
        yield cell.problem("the cell is empty", "write it or remove it")
    if cell.lang in COMPLETE and cell.source.strip() == TODO:
        yield cell.problem(f"the {cell.lang} cell is still {TODO}", "write it")


def _pair_faults(cells: list[Cell]) -> Iterator[Problem]:
    """Every key once for code, once a language for prose, its languages one under the other."""
    for (key, lang), n in Counter((c.key, c.lang) for c in cells).items():
        if n > 1:
            cell = next(c for c in cells if (c.key, c.lang) == (key, lang))
            yield cell.problem(f"the key is used {n} times", "give each cell a key of its own")
    code_keys = {c.key for c in cells if c.is_code}
    for i, cell in enumerate(cells):
        if not cell.is_code and cell.key in code_keys:
            yield cell.problem("prose and code have the same key", "rename one of them")
        above, below = _neighbours(cells, cell)
        if below and not _is_prose(cells[i + 1 : i + 2], cell.key, below):
            yield cell.problem(
                f"the {cell.lang} cell is not followed by its {below} cell",
                f'write # %% [markdown] key="{cell.key}" lang="{below}" right below it',
            )
        if above and not _is_prose(cells[max(i - 1, 0) : i], cell.key, above):
            yield cell.problem(
                f"the {cell.lang} cell does not follow its {above} cell",
                f'write # %% [markdown] key="{cell.key}" lang="{above}" right above it',
            )


def _neighbours(cells: list[Cell], cell: Cell) -> tuple[str | None, str | None]:
    """The languages above and below a prose cell: complete ones, and drafts that are there."""
    if cell.lang not in LANGUAGES:
        return None, None
    there = {c.lang for c in cells if c.key == cell.key} | set(COMPLETE)
    order = [None, *(lang for lang in LANGUAGES if lang in there), None]
    at = order.index(cell.lang)
    return order[at - 1], order[at + 1]


def _is_prose(cells: list[Cell], key: str, lang: str) -> bool:
    return [(c.key, c.lang) for c in cells] == [(key, lang)]
