"""A terminal of 80 columns that shows what a child has printed; it knows nothing of processes."""

import codecs
import re

from ...display.monospace import columns, width

COLUMNS, ROWS = 80, 24
MAX_ROWS = 1_000  # a terminal that keeps more is slow, and nobody reads it
MAX_BYTES = 2**20  # of what arrives: a line may be drawn anew for ever
# colours and other orders to a terminal (ECMA-48), and one that has not wholly arrived
ORDERS = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\-~])"
    r"|\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*)?$"
)
# what has no shape, and what would turn the direction of writing
SHAPELESS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

Row = list[str]  # narrow, wide, narrow, … : segments take turns; the first is narrow, maybe empty
Line = list[Row]  # a line longer than the terminal goes on in the next row


class Screen:
    """A screen that takes bytes as they come; lines() is what is seen.

    full: no more is taken.
    """

    def __init__(self, prompt: str = "") -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._bytes = self._rows = 0
        self._texts: list[str] = []
        self._lines: list[Line] = []
        self._open = ""  # the last line as it came: it may be drawn anew
        self.full = False
        if prompt:
            self._append(prompt)
        self._prompts = len(self._texts)

    def feed(self, data: bytes, final: bool = False) -> None:
        """Take bytes as they come, and keep the rows that are complete."""
        self._bytes += len(data)
        *whole, self._open = (self._open + self._decoder.decode(data, final)).split("\n")
        for line in whole:
            self._append(shown(line))
        self._open = last_state(self._open)
        room = MAX_ROWS - self._rows
        self.full |= self._bytes > MAX_BYTES or len(wrapped(shown(self._open))) > room

    def lines(self) -> list[Line]:
        """Return the rows to show, with the one that is not complete yet."""
        last = shown(self._open)
        return [*self._lines, wrapped(last)[: MAX_ROWS - self._rows]] if last else self._lines

    def text(self) -> str:
        """Return what was printed, without the prompt; long lines are whole."""
        last = shown(self._open)
        return "\n".join([*self._texts[self._prompts :], *([last] if last else [])])

    def _append(self, line: str) -> None:
        rows = wrapped(line)[: MAX_ROWS - self._rows]
        if not rows:
            self.full = True
            return
        self._texts.append(line)
        self._lines.append(rows)
        self._rows += len(rows)


def last_state(line: str) -> str:
    """Return the last state of a line that is drawn anew after each carriage return.

    It stays until the next comes.
    """
    before, back, after = line.rpartition("\r")
    return after if after or not back else before.rpartition("\r")[2] + back


def shown(line: str) -> str:
    """Return a line as it looks in the end: without colours; backspaces and tabs done."""
    line = ORDERS.sub("", line)
    states = [state for state in line.split("\r") if state]
    out = ""
    for character in states[-1] if states else "":
        if character == "\b":
            out = out[:-1]
        elif character == "\t":
            out += " " * (8 - columns(out) % 8)
        else:
            out += character
    return SHAPELESS.sub("", out)


def wrapped(line: str) -> Line:
    """Divide a line into rows of at most COLUMNS columns; a wide character is not divided."""
    rows: Line = [[""]]
    used = 0
    for character in line:
        wide = width(character)
        if used + wide > COLUMNS:
            rows.append([""])
            used = 0
        row = rows[-1]
        if wide and (wide == 2) == (len(row) % 2 == 1):
            row.append("")
        row[-1] += character
        used += wide
    return rows
