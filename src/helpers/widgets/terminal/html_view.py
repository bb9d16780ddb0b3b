"""The terminal to read: its list of experiments as HTML and plain text, and a screen as HTML."""

import html
from collections.abc import Iterable

from ...display.monospace import columns
from ...experiments import Experiment
from ..base.html_view import section
from .screen import COLUMNS, ROWS, Line, Row
from .state import TerminalState

TITLE, SIZE = "TERMINAL", f"bash — {COLUMNS}x{ROWS}"  # as the page has it
# column-reverse: the end of the text is what is seen, also after every redraw
SCREEN = (
    "display: flex; flex-direction: column-reverse; height: 32em; max-width: 100%; overflow: auto; "
    "width: calc(80ch + 2.6em); box-sizing: border-box; padding: 0.6em 0.8em; line-height: 1.3; "
    "font-family: var(--jp-code-font-family, monospace); font-size: 13px; "
    "color: #e6e6e6; background: #15181e"
)


def as_html(terminal: TerminalState) -> str:
    """Return the list of experiments, without a kernel or a script."""
    items = "".join(
        f"<li><code>{html.escape(one.name)}</code> {html.escape(text)}</li>"
        for one, text in _listed(terminal)
    )
    note = paragraph(terminal.words["live_note"].format(run=terminal.words["run"]))
    return section(terminal.lang, heading(), f"<ul>{items}</ul>", note)


def as_text(terminal: TerminalState) -> str:
    """Return the list of experiments as plain text, and how to call one."""
    lines = [f"{TITLE}  {SIZE}"]
    lines += [f"    {one.name}: {text}" for one, text in _listed(terminal)]
    first = terminal.experiments[0].name
    return "\n".join([*lines, terminal.words["call_note"].format(name=first)])


def as_screen(lines: Iterable[Line], name: str) -> str:
    """Draw the rows in a frame of 24, scrolled to its end; a wide character takes two columns."""
    rows = "".join(f"<div>{_row(row) or '&nbsp;'}</div>" for line in lines for row in line)
    label = f'role="log" aria-live="off" tabindex="0" aria-label="{html.escape(name)}"'
    inner = f'<div style="white-space: pre; margin-bottom: auto">{rows}</div>'
    return f'<div {label} style="{SCREEN}">{inner}</div>'


def heading() -> str:
    """Return the title and the size of the terminal."""
    return f"<h3>{TITLE} <small>{SIZE}</small></h3>"


def paragraph(text: str) -> str:
    """Return a text as a paragraph; "" for an empty text."""
    return f"<p>{html.escape(text)}</p>" if text else ""


def _row(row: Row) -> str:
    segments = (_wide(text) if i % 2 else html.escape(text) for i, text in enumerate(row))
    return "".join(segments)


def _wide(text: str) -> str:
    style = f"display: inline-block; width: {columns(text)}ch; letter-spacing: calc(2ch - 1em)"
    return f'<span style="{style}">{html.escape(text)}</span>'


def _listed(terminal: TerminalState) -> list[tuple[Experiment, str]]:
    """Pair each experiment with what the list says of it."""
    return [(one, f"{one.title}  {one.about_seconds}") for one in terminal.experiments]
