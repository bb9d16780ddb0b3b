"""Show something to the student: HTML with its plain text twin, in a notebook and outside one."""

import html
from collections.abc import Iterable

from . import say


def fragment(body: str, plain: str) -> None:
    """Display an HTML fragment; front ends without HTML, and plain Python, get the text."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(plain)
        return
    if get_ipython() is None:
        print(plain)
        return
    root = f'<div lang="{say.html_lang()}">{body}</div>'
    display({"text/html": root, "text/plain": plain}, raw=True)


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> tuple[str, str]:
    """(HTML, plain text) of a table of strings; everything is escaped."""
    lines = [list(header), *map(list, rows)]
    plain = "\n".join(" | ".join(line) for line in lines)
    head, *body = [
        "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in line)
        for tag, line in zip(["th", *["td"] * len(lines)], lines, strict=False)
    ]
    cells = "".join(f"<tr>{row}</tr>" for row in body)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>", plain
