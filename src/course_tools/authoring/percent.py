"""A py:percent text as cells: the part of the format that lessons use, read as jupytext reads it.

# %% [markdown] key="why" lang="ja"     a cell of prose; its lines are comments
# %% key="sum" points=2                 a cell of code; options are NAME=JSON
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

from . import layout, scopes
from .problems import Problem

START = "# %%"
HEADER = re.compile(r"# %%( \[markdown\])?((?:\s.*)?)")
OPTION = re.compile(r"\s*(\w+)=(?='([^'\"\\]*)')?")  # 'why' stands for "why"
UNREAD = ""  # the option that holds what a cell has and cannot be read


@dataclass(frozen=True)
class Cell:
    """One cell of a source.  Prose has a language, code has none; options: its other metadata."""

    file: str
    key: str
    lang: str | None
    is_code: bool
    source: str
    options: dict[str, Any] = field(default_factory=dict)
    line: int = 0  # of the source's first line, in the file

    def problem(self, what: str, remedy: str) -> Problem:
        """Return a fault of this cell."""
        return Problem(self.file, self.key, what, remedy)

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of a code cell, which nobody changes.  SyntaxError if it is no Python."""
        return ast.parse(self.source)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the syntax tree, which several rules ask for."""
        return list(ast.walk(self.tree))

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Every T(…) of the syntax tree."""
        return list(layout.calls(self.nodes))

    @cached_property
    def names(self) -> scopes.Names:
        """The names that a code cell makes, and those that it needs."""
        return scopes.names(self.source, self.key)

    @cached_property
    def joined(self) -> Self:
        """This cell with what the languages broke over several lines on one line again."""
        source = layout.joined(self.source, self.tree) if self.calls else self.source
        return self if source == self.source else replace(self, source=source)


def cells_of(file: str, text: str) -> Iterator[Cell]:
    """Yield the cells of a text.  What stands above the first header is a cell without a key."""
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines) if line.startswith(START)]
    if any(line.strip() for line in lines[: starts[0] if starts else None]):
        lines, starts = [START, *lines], [0, *(n + 1 for n in starts)]
    for start, end in pairwise([*starts, len(lines)]):
        yield _cell(file, lines, start, end)


def _cell(file: str, lines: list[str], start: int, end: int) -> Cell:
    """Return the cell between two headers, without the blank lines around it."""
    first = start + 1
    while first < end and not lines[first].strip():
        first += 1
    while end > first and not lines[end - 1].strip():
        end -= 1
    is_code, options = _header(lines[start])
    body = lines[first:end]
    if not is_code:
        strange = [line for line in body if line.strip() and not line.startswith("#")]
        options |= {UNREAD: strange[0]} if strange else {}
        body = [line.removeprefix("#").removeprefix(" ") for line in body]
    key, lang = options.pop("key", ""), options.pop("lang", None)
    return Cell(file, str(key), lang, is_code, "\n".join(body), options, first + 1)


def _header(line: str) -> tuple[bool, dict[str, Any]]:
    """Return (whether it is code, its options)."""
    header = HEADER.fullmatch(line)
    return (not header[1], _options(header[2])) if header else (True, {UNREAD: line})


def _options(text: str) -> dict[str, Any]:
    """Return {name: value} of NAME=JSON NAME=JSON …"""
    found: dict[str, Any] = {}
    while text := text.strip():
        name = OPTION.match(text)
        if not name:
            return found | {UNREAD: text}
        try:
            value, end = (
                (name[2], name.end() + len(name[2]) + 2)
                if name[2] is not None
                else (json.JSONDecoder().raw_decode(text, name.end()))
            )
        except json.JSONDecodeError:
            return found | {UNREAD: text}
        found[name[1]], text = value, text[end:]
    return found
