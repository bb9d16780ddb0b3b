"""What is left to read of a text: no code, no formulas, no link targets, no quoted page."""

import re

from .parity import FORMULA, QUOTE
from .texts import Text

VALUE = "\ufffc"  # stands for a {value}, of which nobody knows how it begins and ends
LATIN = "x"  # stands for code and formulas, which are set like Latin words

FENCE = re.compile(r"(?ms)^```.*?^```")
CODE = re.compile(r"`[^`\n]+`")
PLACEHOLDER = re.compile(r"\{\{\w+\}\}|\{[^{}\n]*\}")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
ADDRESS = re.compile(r"https?://[^\s)>]+")
TAG = re.compile(r"<[^<>\n]+>")
MARK = re.compile(r"^\s*(?:#+|[-*]|\d+\.)\s+|\*\*|__")


def without_code(text: Text, code: str = LATIN, formula: str = LATIN, value: str = VALUE) -> str:
    """Replace code, formulas and {values} in the words.  Lines stay where they are."""
    if text.quoted:
        return ""
    rest = FENCE.sub(lambda m: "\n" * m[0].count("\n"), QUOTE.sub("", text.words))
    rest = CODE.sub(code, rest)
    rest = FORMULA.sub(lambda m: formula + "\n" * m[0].count("\n"), rest)
    return PLACEHOLDER.sub(value, rest)


def sentences(text: Text) -> list[tuple[int, str]]:
    """Return (line's offset, a piece that is read in one go): a line, or a cell of a table."""
    rest = ADDRESS.sub(LATIN, LINK.sub(r"\1", without_code(text)))
    rest = TAG.sub("", rest)
    lines = [(n, MARK.sub("", line)) for n, line in enumerate(rest.split("\n"))]
    cut = [(n, part.strip(" ")) for n, line in lines for part in _cells(text, line)]
    return [(n, part) for n, part in cut if part]


def _cells(text: Text, line: str) -> list[str]:
    return line.split("|") if text.markdown and line.startswith("|") else [line]


def around(line: str, start: int, end: int) -> str:
    """Return the place in its line, short enough for a message."""
    return line[max(start - 8, 0) : end + 8].replace(VALUE, "{…}")
