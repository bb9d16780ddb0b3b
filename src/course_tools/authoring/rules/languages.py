"""The languages of a text share its numbers, formulas, code spans, links and structure."""

from collections.abc import Iterator

from .. import inline_texts
from ..parity import unequal
from ..percent import Cell
from ..problems import Problem
from ..source import Source, groups


def problems(source: Source) -> Iterator[Problem]:
    """Yield every difference between the languages of a cell or of a T(…)."""
    for group in groups(source.cells):
        yield from _of_prose(group)
    for cell in source.code:
        for texts in inline_texts.texts(cell):
            yield from _unequal(cell, texts)


def _of_prose(group: dict[str, Cell]) -> Iterator[Problem]:
    first = next(iter(group.values()))
    yield from _unequal(first, {lang: cell.source for lang, cell in group.items()})
    if any(cell.options != first.options for cell in group.values()):
        yield first.problem("its languages have other options", "give all the same ones")


def _unequal(cell: Cell, texts: dict[str, str]) -> Iterator[Problem]:
    for what in unequal(texts):
        yield cell.problem(what, "say the same in every language")
