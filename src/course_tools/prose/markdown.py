"""Prose as a CommonMark renderer shows it: no sign of Markdown or of TeX left, no hard wraps."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ..authoring.problems import Problem
from ..authoring.sentences import without_code
from ..authoring.texts import Text

LEFTOVER = re.compile(r"\*\*|__|\$|\^")
REMEDIES = {"^": "write ², ᵀ, exp(…) or words; in Markdown, a formula"}
PAIR = "pair it; bold ends before full-width punctuation: **注意**："
RENDERER = MarkdownIt("commonmark").enable("table")


def problems(texts: Iterable[Text]) -> Iterator[Problem]:
    """Yield every sign of Markdown or TeX that a reader would see, and every hard wrap.

    What is no Markdown is shown as it is written, the page's own words too.
    """
    for text in texts:
        if not text.markdown:
            yield from _left(text, 0, without_code(replace(text, quoted=False), value="x"))
            continue
        for token in RENDERER.parse(without_code(text, value="x")):
            if token.type == "inline":
                yield from _inline(text, token)


def _inline(text: Text, token: Token) -> Iterator[Problem]:
    offset = token.map[0] if token.map else 0
    children = token.children or []
    if any(child.type in ("softbreak", "hardbreak") for child in children):
        yield text.problem(
            offset,
            f"the paragraph 「{token.content[:16]}…」 stands in several lines",
            "write one paragraph in one line",
        )
    yield from _left(text, offset, "".join(c.content for c in children if c.type == "text"))


def _left(text: Text, offset: int, shown: str) -> Iterator[Problem]:
    """Yield what a reader would see and should not: unpaired **, __ or $, and ^."""
    for hit in LEFTOVER.finditer(shown):
        place = shown[max(hit.start() - 8, 0) : hit.end() + 8]
        yield text.problem(
            offset,
            f"a literal {hit[0]} is left in 「{place}」",
            REMEDIES.get(hit[0], PAIR),
        )
