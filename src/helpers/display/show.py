"""Show HTML to the student, with its plain text in front ends without HTML."""

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence

from ..language import say
from .markup import Html

URL = re.compile(r"https?://[^\s<>\"'（）「」、，。；]+")
WORD = re.compile(r"[!-~]+")  # what has no space to break at
SHORT = 4  # ems: a text up to this long stays in one line in every window
MIDDLE = 10  # ems: one up to this long, in windows that are not narrow
NARROW = "8.5vw"  # of the window: five columns still fit where it is 400 pixels wide
# JupyterLab's, less in a narrow window; two numbers side by side must not look like one
PADDING = "padding: 0.5em min(0.5em, 0.6vw)"
NUMBERS_PADDING = f"{PADDING} 0.5em min(0.5em, 1.5vw)"
LONGEST_LINK = 40  # characters
# Colours that keep 3 : 1 on white and on JupyterLab's dark background; words say the same
EDGES = {"right": "#2e8b57", "partly": "#b57500", "wrong": "#d9534f", "": "#767676"}


def fragment(body: str, plain: str) -> None:
    """Display an HTML fragment; front ends without HTML, and plain Python, get the text."""
    if not in_notebook():
        print(plain)
        return
    from IPython.display import display

    root = f'<div lang="{say.html_lang()}">{body}</div>'
    display({"text/html": root, "text/plain": plain}, raw=True)


def in_notebook() -> bool:
    """Is there an IPython that displays?"""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return get_ipython() is not None


class Link(str):
    """The text of a table's cell that links to href."""

    href = ""

    @classmethod
    def to(cls, href: str, text: str) -> "Link":
        """Make a cell's text that links to href."""
        link = cls(text)
        link.href = href
        return link


def card(lines: Sequence[str], edge: str = "") -> Html:
    """Return lines as HTML of a card, the first one bold.

    edge: one of EDGES, "" for neither right nor wrong
    """
    first, *rest = [linked(line) for line in lines]
    body = Html("").join(Html("<br>{}").format(line) for line in rest)
    whole = Html('<p role="status" style="{}"><b>{}</b>{}</p>')
    return whole.format(_edge(edge), first, body)


def framed(title: str, word: str, body: Html, edge: str) -> Html:
    """Return HTML in a card's frame, with a bold title and a word in a ring of the edge's colour.

    edge: one of EDGES
    """
    pill = f"border: 2px solid {EDGES[edge]}; border-radius: 1em; padding: 0 0.6em"
    whole = Html(
        '<div style="{}"><p role="status"><b>{}</b> '
        '<b style="{}; display: inline-block">{}</b></p>{}</div>'
    )
    return whole.format(_edge(edge), title, pill, word, body)


def _edge(edge: str) -> str:
    return f"border-left: 5px solid {EDGES[edge]}; padding: 0.2em 0.8em; margin: 0.3em 0"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> tuple[Html, str]:
    """Return (HTML, plain text) of a table of strings, some of them a Link; everything is escaped.

    Columns of numbers are aligned to the right, as the builder aligns those of Markdown tables.
    """
    head, body = list(header), [list(row) for row in rows]
    plain = "\n".join(" | ".join(line) for line in [head, *body])
    numeric = [is_numeric(column) for column in zip(*body, strict=True)] or [False] * len(head)
    top = Html("").join(map(_head, head, numeric))
    cells = (Html("").join(map(_cell, row, numeric)) for row in body)
    lines = Html("").join(map(Html("<tr>{}</tr>").format, cells))
    # JupyterLab centres the tables of prose
    style = "overflow-wrap: break-word; margin-left: auto; margin-right: auto; table-layout: auto"
    whole = Html('<table style="{}"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>')
    return whole.format(style, top, lines), plain


def tabulate(header: str | Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Display a table, in a notebook and outside one.

    header: the columns' names, or all of them in one text: "model|bytes"   rows: as in table
    """
    fragment(*table(header.split("|") if isinstance(header, str) else header, rows))


@functools.cache
def _number() -> re.Pattern[str]:
    """Return the pattern of a number's cell, with the units of messages/show.toml in all languages.

    12, −0.5, 1,024, 37.5%, 12.3 GiB, 0.53 ± 0.02, ≥ 0.5, 0.7 – 0.9, and what stands for no number
    """
    about, units = (
        "".join(say.catalogue("show")[name].values()).replace("、", "")
        for name in ("about", "units")
    )
    return re.compile(
        rf"[≥≤<>=≈±{about}]?\s*[-−+±]?[\d.][\d,.]*(?:[eE][-+]?\d+)?"
        r"(?:\s*[±–×/~→]\s*[-−]?[\d.][\d,.]*(?:[eE][-+]?\d+)?)*"
        rf"(?:\s?(?:[%×{units}]|[A-Za-z]{{1,5}}(?:/[A-Za-z]{{1,3}})?))?|[-−–—∞]"
    )


def is_numeric(column: Iterable[str]) -> bool:
    """Does a table's column hold numbers, with their units, and nothing else?"""
    texts = [text.strip() for text in column]
    return any(re.search(r"\d", text) for text in texts) and all(map(_number().fullmatch, texts))


def linked(text: str) -> Html:
    """Escape a text as HTML; a URL in it becomes a link with a short text."""
    parts, end = list[str](), 0
    for found in URL.finditer(text):
        parts += [text[end : found.start()], _link(found[0], _shorter(found[0]))]
        end = found.end()
    return Html("").join([*parts, text[end:]])


def _link(href: str, text: str) -> Html:
    return Html('<a href="{}">{}</a>').format(href, text)


def _shorter(url: str) -> str:
    """Shorten an address to host and end: huggingface.co/…/config.json."""
    name = url.partition("://")[2].removeprefix("www.").rstrip("/")
    if len(name) > LONGEST_LINK:
        host, *_, last = name.split("/")
        name = f"{host}/…/{last[: LONGEST_LINK - len(host)]}"
    return name


def _head(text: str, is_number: bool) -> Html:
    """Make a column's heading.

    An empty one is no heading: a screen reader would announce it.
    """
    tag = "th" if text.strip() else "td"
    style = _style(text, "right" if is_number else "center")
    return Html('<{0} style="{1}">{2}</{0}>').format(tag, style, text)


def _cell(text: str, is_number: bool) -> Html:
    inner = _link(text.href, text) if isinstance(text, Link) and text.href else linked(text)
    style = _style(text, "right" if is_number else "left")
    return Html('<td style="{}">{}</td>').format(style, inner)


def _style(text: str, align: str) -> str:
    padding = NUMBERS_PADDING if align == "right" else PADDING
    return f"text-align: {align}; {padding}; {_wrapping(text)}"


def _wrapping(text: str) -> str:
    """Return the style of a cell's wrapping.

    Numbers and short texts stay whole; others wrap, inside a word only in a narrow window.
    """
    ems = _ems(text)
    if ems <= SHORT or _number().fullmatch(text.strip()):
        return "white-space: nowrap"
    words = max(map(_ems, WORD.findall(text)), default=0)
    least = ems if ems <= MIDDLE else max(6, words)
    return f"min-width: min({least:.1f}em, {NARROW}); overflow-wrap: anywhere"


def _ems(text: str) -> float:
    """Estimate the width of a text in ems; full-width characters take 1."""
    return sum(1 if unicodedata.east_asian_width(c) in "WFA" else 0.6 for c in text)
