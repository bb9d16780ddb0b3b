"""Show something to the student: HTML with its plain text twin, in a notebook and outside one."""

import html
from collections.abc import Iterable

from . import say

# JupyterLab aligns cells to the right; and a short column must not become one letter wide
CELL = "text-align: left; min-width: 3em"


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
    """The text of a table's cell that leads to href."""

    href = ""

    @classmethod
    def to(cls, href: str, text: str) -> "Link":
        link = cls(text)
        link.href = href
        return link


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> tuple[str, str]:
    """(HTML, plain text) of a table of strings, some of them a Link; everything is escaped."""
    lines = [list(header), *map(list, rows)]
    plain = "\n".join(" | ".join(line) for line in lines)
    head, *body = [
        "".join(f'<{tag} style="{CELL}">{_cell(c)}</{tag}>' for c in line)
        for tag, line in zip(["th", *["td"] * len(lines)], lines, strict=False)
    ]
    cells = "".join(f"<tr>{row}</tr>" for row in body)
    whole = f"<thead><tr>{head}</tr></thead><tbody>{cells}</tbody>"
    # a long Latin word must not make the table wider than a narrow window
    return f'<table style="overflow-wrap: anywhere">{whole}</table>', plain


def _cell(text: str) -> str:
    inner = html.escape(text)
    href = html.escape(text.href) if isinstance(text, Link) else ""
    return f'<a href="{href}">{inner}</a>' if href else inner
