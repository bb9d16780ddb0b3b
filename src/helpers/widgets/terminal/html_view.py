"""The terminal to read: its list of experiments as HTML and plain text, and a screen as HTML."""

import functools
from collections.abc import Iterable, Iterator

from ...display.markup import Html
from ...display.monospace import columns
from ...experiments import Experiment
from ..base.html_view import joined, section
from .screen import COLUMNS, ROWS, Line, Row
from .state import TerminalState

TITLE, SIZE = "TERMINAL", f"bash — {COLUMNS}x{ROWS}"  # as the page has it
# column-reverse: the end of the text is what is seen, also after every redraw
ROW, NOTHING, END, END_WIDE = map(Html, ("<div>", "&nbsp;", "</div>", "</span>"))
SCREEN = (
    "display: flex; flex-direction: column-reverse; height: 32em; max-width: 100%; overflow: auto; "
    "width: calc(80ch + 2.6em); box-sizing: border-box; padding: 0.6em 0.8em; line-height: 1.3; "
    "font-family: var(--jp-code-font-family, monospace); font-size: 13px; "
    "color: #e6e6e6; background: #15181e"
)


def as_html(terminal: TerminalState) -> Html:
    """Return the list of experiments, without a kernel or a script."""
    item = Html("<li><code>{}</code> {}</li>")
    items = joined(item.format(one.name, text) for one, text in _listed(terminal))
    note = paragraph(terminal.words["live_note"].format(run=terminal.words["run"]))
    return section(terminal.lang, heading(), Html("<ul>{}</ul>").format(items), note)


def as_text(terminal: TerminalState) -> str:
    """Return the list of experiments as plain text, and how to call one."""
    lines = [f"{TITLE}  {SIZE}"]
    lines += [f"    {one.name}: {text}" for one, text in _listed(terminal)]
    first = terminal.experiments[0].name
    return "\n".join([*lines, terminal.words["call_note"].format(name=first)])


def as_screen(lines: Iterable[Line], name: str) -> Html:
    """Draw the rows in a frame of 24, scrolled to its end; a wide character takes two columns."""
    rows = joined(part for line in lines for row in line for part in _row(row))
    label = Html('role="log" aria-live="off" tabindex="0" aria-label="{}"').format(name)
    inner = Html('<div style="white-space: pre; margin-bottom: auto">{}</div>').format(rows)
    return Html('<div {} style="{}">{}</div>').format(label, SCREEN, inner)


def heading() -> Html:
    """Return the title and the size of the terminal."""
    return Html("<h3>{} <small>{}</small></h3>").format(TITLE, SIZE)


def paragraph(text: str) -> Html:
    """Return a text as a paragraph; "" for an empty text."""
    return Html("<p>{}</p>").format(text) if text else Html()


def _row(row: Row) -> Iterator[str]:
    """Return the parts of a row.

    They are put together once: a screen has a thousand rows, several times a second.
    """
    yield ROW
    if not any(row):
        yield NOTHING
    for n, text in enumerate(row):
        yield from [_wide(columns(text)), text, END_WIDE] if n % 2 else [text]
    yield END


@functools.cache
def _wide(columns: int) -> Html:
    style = f"display: inline-block; width: {columns}ch; letter-spacing: calc(2ch - 1em)"
    return Html('<span style="{}">').format(style)


def _listed(terminal: TerminalState) -> list[tuple[Experiment, str]]:
    """Pair each experiment with what the list says of it."""
    return [(one, f"{one.title}  {one.about_seconds}") for one in terminal.experiments]
