"""An explorer to read: title, values and picture at the first values."""

from ...display.markup import Html
from ..base.html_view import joined, rich, section
from .state import ExplorerState


def as_html(explorer: ExplorerState) -> Html:
    """Return title, values and drawing at the first values, without a kernel or a script."""
    title = Html("<h3>{}</h3>").format(explorer.title)
    items = joined(Html("<li>{}</li>").format(rich(line)) for line in _lines(explorer))
    values, opening = Html("<ul>{}</ul>").format(items), explorer.opening
    texts = rich(opening.sentence), rich(explorer.words["live_note"])
    said = Html("<p>{}</p><p>{}</p>").format(*texts)
    return section(explorer.lang, title, values, opening.html(), said)


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
