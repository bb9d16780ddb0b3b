"""An explorer to read: title, values and picture at the first values."""

import html

from ..base.html_view import rich, section
from .state import ExplorerState


def as_html(explorer: ExplorerState) -> str:
    """Return title, values and drawing at the first values, without a kernel or a script."""
    title = f"<h3>{html.escape(explorer.title)}</h3>"
    values = "".join(f"<li>{rich(line)}</li>" for line in _lines(explorer))
    opening, note = explorer.opening, rich(explorer.words["live_note"])
    said = f"<p>{rich(opening.sentence)}</p><p>{note}</p>"
    return section(explorer.lang, title, f"<ul>{values}</ul>", opening.picture, said)


def as_text(explorer: ExplorerState) -> str:
    """Return title, values and sentence as plain text, and how to call the explorer."""
    name = next(iter(explorer.controls))
    note = explorer.words["call_note"].format(example=f"{name}={explorer.first[name]!r}")
    return "\n".join([explorer.title, *_lines(explorer), explorer.opening.sentence, note])


def _lines(explorer: ExplorerState) -> list[str]:
    """Return each control's label and first value."""
    shown = explorer.controls.values()
    pairs = [(c.label, c.said(explorer.first[c.name])) for c in shown]
    return [explorer.words["line"].format(label=label, value=value) for label, value in pairs]
