"""Sections for those who want more: closed below their heading, run with all others.

A heading opens one with `further=true` in its header; it ends at the next heading of its level or
above.  JupyterLab shows the heading alone until a student opens it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from .percent import Cell
from .problems import Problem

FURTHER = "further"
HEADING = re.compile(r"(#+) ")


def below(cells: Sequence[Cell]) -> set[str]:
    """Return the keys of the cells that are closed below a heading, without the headings."""
    closed: set[str] = set()
    level = 0  # of the heading that closes them; 0: none does
    for cell in cells:
        here = _level(cell)
        if here and (not level or here <= level):
            level = here if cell.options.get(FURTHER) else 0
        elif level:
            closed.add(cell.key)
    return closed


def problems(cells: Sequence[Cell]) -> Iterator[Problem]:
    """Only a heading closes a section, and no cell in view needs a closed one."""
    for cell in cells:
        if FURTHER in cell.options and not (_level(cell) and cell.options[FURTHER] is True):
            yield cell.problem(
                f"{FURTHER}={cell.options[FURTHER]!r} closes no section",
                f"write {FURTHER}=true, in the header of a cell that opens with a heading",
            )
    yield from _needed(cells)


def _level(cell: Cell) -> int:
    """Return the level of the heading that opens the cell, 0 for none."""
    found = None if cell.is_code else HEADING.match(cell.source)
    return len(found[1]) if found else 0


def _needed(cells: Sequence[Cell]) -> Iterator[Problem]:
    """Yield cells in view that use a name which only closed cells define."""
    closed = below(cells)
    code = [cell for cell in cells if cell.is_code] if closed else []
    in_view = _defined(cell for cell in code if cell.key not in closed)
    only_closed = _defined(cell for cell in code if cell.key in closed) - in_view
    for cell in code:
        if cell.key not in closed and (needed := cell.names.needed & only_closed):
            yield cell.problem(
                f"it needs {', '.join(sorted(needed))}, which only a closed section defines",
                f"define it in view, or remove {FURTHER}=true from the section's heading",
            )


def _defined(cells: Iterable[Cell]) -> set[str]:
    return {name for cell in cells for name in cell.names.made}
