"""What all pages of the grader share: their form, and words in which no markup is left."""

import html
from collections.abc import Iterable, Mapping

from .. import messages

STYLE = """
body { font: 16px/1.6 sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem;
       color: #1a1a1a; background: #fff; }
table { border-collapse: collapse; width: 100%; overflow-wrap: anywhere; }
th, td { border: 1px solid #767676; padding: .4rem .6rem; text-align: left; vertical-align: top; }
code { background: #f2f2f2; }
code, th, .points { white-space: nowrap; }
.said { white-space: pre-wrap; }
svg text { font: 13px sans-serif; }
"""


def words(name: str, lang: str, values: Mapping[str, object] | None = None) -> str:
    """Return a message as HTML."""
    return html.escape(messages.text(name, lang, values))


def row(cells: Iterable[str]) -> str:
    """Return a row of a table, of cells that are HTML already."""
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def table(heads: list[str], rows: list[str]) -> str:
    """Return a table of rows that are HTML already."""
    head = "".join(f"<th>{text}</th>" for text in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def document(title: str, body: str, lang: str) -> str:
    """Return a whole page, without script or anything from elsewhere: a name is only shown."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
