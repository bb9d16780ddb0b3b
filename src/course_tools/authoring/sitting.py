"""How much of a lesson a student opens, and how many minutes that takes.

minutes = characters / 400 + lines of code / 12 + guesses + 1.5 × questions + seconds / 60

characters: of prose, without white space.  guesses: cells with something to fill in.  questions: of
the quiz.  seconds: the run.  What is folded is run and not read; what stands below a closed heading
is not opened.  The rates are ours.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from . import folding, inline_texts, sections
from .percent import Cell

CHARACTERS, LINES = 400, 12  # read in a minute
GUESS, QUESTION = 1.0, 1.5  # minutes


class Sitting(NamedTuple):
    """What is open in one language's notebook: cells, and the prose and code that is read."""

    cells: int
    lines: int
    characters: int
    guesses: int

    def minutes(self, questions: int, seconds: float) -> int:
        """Return the minutes for reading, guessing and running, in steps of 5."""
        reading = self.characters / CHARACTERS + self.lines / LINES
        doing = self.guesses * GUESS + questions * QUESTION + seconds / 60
        return 5 * math.ceil((reading + doing) / 5)


MOST = Sitting(cells=60, lines=300, characters=6000, guesses=20)  # of one sitting


def of(cells: Sequence[Cell], kinds: Mapping[str, str], lang: str) -> Sitting:
    """Count what a student opens of a notebook; kinds: the folded cells of folding.folded."""
    closed = sections.below(cells)
    there = [cell for cell in cells if cell.key not in closed and cell.lang in (None, lang)]
    read = [cell for cell in there if cell.is_code and not _is_folded(cell, kinds)]
    return Sitting(
        len(there),
        sum(map(bool, "\n".join(inline_texts.code_in(cell, lang) for cell in read).split("\n"))),
        sum(len("".join(cell.source.split())) for cell in there if not cell.is_code),
        sum(folding.asks(cell.tree) for cell in read),
    )


def _is_folded(cell: Cell, kinds: Mapping[str, str]) -> bool:
    """Tell whether the code is out of sight; the set-up cell says so itself."""
    return cell.key in kinds or "cellView" in cell.options
