"""Text on a terminal's grid: East Asian wide characters take two columns, combining marks none."""

import unicodedata
from collections.abc import Sequence


def width(character: str) -> int:
    """Return how many columns a character takes: 0, 1 or 2."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(text: str) -> int:
    """Return how many columns a text takes."""
    return sum(map(width, text))


def left(text: str, wanted: int) -> str:
    """Pad the text on its right to so many columns."""
    return text + " " * (wanted - columns(text))


def right(text: str, wanted: int) -> str:
    """Pad the text on its left to so many columns."""
    return " " * (wanted - columns(text)) + text


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines whose columns stand under each other, two spaces apart."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(left, row, widths)).rstrip() for row in rows]


def cut(text: str, wanted: int) -> str:
    """Return as much of the text as fits into so many columns."""
    while columns(text) > wanted:
        text = text[:-1]
    return text
