"""A source of cells: a lesson's notebook, its sheet, or the set-up cells of all lessons."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from helpers.language.say import COMPLETE, LANGUAGES, TODO

from . import inline_texts
from .percent import UNREAD, Cell, cells_of
from .problems import Problem
from .reading import SourceFile

# also a valid cell id (nbformat) and grade_id (nbgrader)
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True)
class Source(SourceFile):
    """A py:percent file as it was read.  With faults, its cells are not fit for use."""

    cells: tuple[Cell, ...] = ()

    @classmethod
    def of(cls, file: str, text: str) -> Self:
        """Return a source with this text."""
        cells = tuple(cells_of(file, text))
        return cls(file, text, cells, faults=tuple(_faults(file, cells)))

    @property
    def code(self) -> list[Cell]:
        """The code cells."""
        return [cell for cell in self.cells if cell.is_code]


def groups(cells: Sequence[Cell]) -> Iterator[dict[str, Cell]]:
    """Yield {language: its cell} of every prose key, without those that are still to be written."""
    prose = [cell for cell in cells if not cell.is_code]
    for key in dict.fromkeys(cell.key for cell in prose):
        yield {c.lang: c for c in prose if c.key == key and c.lang and c.source.strip() != TODO}


def _faults(file: str, cells: Sequence[Cell]) -> Iterator[Problem]:
    if not cells:
        yield Problem(file, "-", "the file has no cell", "write cells that start with # %%")
    for cell in cells:
        yield from _cell_faults(cell)
        yield from inline_texts.faults(cell) if cell.is_code else ()
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
    if UNREAD in cell.options:
        yield cell.problem(
            f"cannot read {cell.options[UNREAD]!r}",
            "write # %% or # %% [markdown], then options as NAME=JSON; "
            "in a cell of prose, begin each line with #",
        )
    if not cell.source.strip():
        yield cell.problem("the cell is empty", "write it or remove it")
    if cell.lang in COMPLETE and cell.source.strip() == TODO:
        yield cell.problem(f"the {cell.lang} cell is still {TODO}", "write it")


def _pair_faults(cells: Sequence[Cell]) -> Iterator[Problem]:
    """Every key stands once for code, once a language for prose, its languages in a row."""
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


def _neighbours(cells: Sequence[Cell], cell: Cell) -> tuple[str | None, str | None]:
    """Return the languages above and below a prose cell: complete ones, and drafts there."""
    if cell.lang not in LANGUAGES:
        return None, None
    there = {c.lang for c in cells if c.key == cell.key} | set(COMPLETE)
    order = [None, *(lang for lang in LANGUAGES if lang in there), None]
    at = order.index(cell.lang)
    return order[at - 1], order[at + 1]


def _is_prose(cells: Sequence[Cell], key: str, lang: str) -> bool:
    return [(c.key, c.lang) for c in cells] == [(key, lang)]
