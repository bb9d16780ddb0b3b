"""Drawings of which heads of keys and values the heads of queries share, and what is kept.

    head_diagrams.sharing()                 MHA, GQA, MQA and MLA side by side
    head_diagrams.sharing("MHA", "GQA")     these two

A cell that ends with a call shows the drawing; print(…) shows its text.
"""

from ..language import say
from .boxes import Arrow, Box, Diagram, Panel
from .svg import FONT, ems

QUERIES = 8  # heads of queries in each drawing
KEPT = {"MHA": 8, "GQA": 2, "MQA": 1, "MLA": 1}  # boxes whose numbers the cache holds
LATENT = "MLA"  # keeps one vector for keys and values of all heads
SIDE, GAP = 26.0, 5.0  # pixels: of a query's box, between two of them
UP, HIGH = 22.0, 72.0  # heights at which the kept boxes and the queries' boxes stand
WIDTH = QUERIES * (SIDE + GAP) - GAP


def sharing(*names: str) -> Diagram:
    """Draw the designs side by side; all four if none is named.  KeyError for others."""
    return Diagram(tuple(map(_panel, names or KEPT)))


def _panel(name: str) -> Panel:
    heads = KEPT[name]
    kept = [_kept(name, n, heads) for n in range(heads)]
    queries = [_query(n) for n in range(QUERIES)]
    arrows = [_arrow(kept[n * heads // QUERIES], query) for n, query in enumerate(queries)]
    count = _count(name, heads)
    below = Box("count", (count,), "left", 0, 0, FONT * ems(count), 18)
    title = Box("title", (name,), "title", 0, HIGH + SIDE + 6, FONT * ems(name), 20)
    sentence = say.text("head_diagrams", f"tells_{name}", queries=QUERIES, heads=heads)
    return Panel(name, (title, *queries, *kept, below), tuple(arrows), (sentence,))


def _count(name: str, heads: int) -> str:
    if name == LATENT:
        return say.text("head_diagrams", "latent")
    return say.text("head_diagrams", "numbers", heads=heads)


def _query(n: int) -> Box:
    return Box(f"q{n}", ("Q",), "attention", n * (SIDE + GAP), HIGH, SIDE, SIDE)


def _kept(name: str, n: int, heads: int) -> Box:
    """Return the box in the middle of the queries that read it, wider where it is one for all."""
    share = (WIDTH + GAP) / heads
    text = say.text("head_diagrams", "latent_box") if name == LATENT else "KV"
    width = max(SIDE, FONT * ems(text) + 12)
    return Box(f"kv{n}", (text,), "cross", share * n + (share - GAP - width) / 2, UP, width, SIDE)


def _arrow(kept: Box, query: Box) -> Arrow:
    """Draw the way up from what is kept, across, and up to the head that reads it."""
    half = (kept.top + query.up) / 2
    way = (kept.centre, kept.top), (kept.centre, half), (query.centre, half)
    return Arrow(kept.key, query.key, (*way, (query.centre, query.up)))
