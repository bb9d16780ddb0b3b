"""How far a run is: a bar in a notebook, a terminal's changing line, printed lines elsewhere.

with Meter(steps) as meter: for …: meter.show(n, "loss 0.31")
"""

import shutil
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

from ..language import say
from . import show
from .markup import Html
from .monospace import columns, cut

REDRAW_S = 0.25  # between two drawings, where the later one takes the earlier one's place


class ProgressDisplay:
    """A place that tells how far a run is.  This one tells nothing.

    every_s: seconds between two drawings
    """

    def __init__(self, every_s: float = REDRAW_S) -> None:
        self.every_s, self._drawn_at = every_s, time.monotonic()

    def is_due(self) -> bool:
        """Is the last drawing old enough for another one?"""
        return time.monotonic() - self._drawn_at >= self.every_s

    def draw(self, text: str, done: int = 0, steps: int = 0) -> None:
        """Tell how far the run is; done of steps: for a bar."""
        self._drawn_at = time.monotonic()
        self._write(text, done, steps)

    def end(self) -> None:
        """Leave what was drawn last where it is; what comes after stands below it."""

    def clear(self) -> None:
        """Take away what was drawn last, where that can be done."""

    def _write(self, text: str, done: int, steps: int) -> None:
        pass


class PrintedLines(ProgressDisplay):
    """One line after the other, for a pipe or a log: what is there cannot be taken back."""

    def __init__(self, every_s: float, write: Callable[[str], object]) -> None:
        super().__init__(every_s)
        self._print = write

    def _write(self, text: str, done: int, steps: int) -> None:
        self._print(text)


class TerminalLine(ProgressDisplay):
    """One line of a terminal that is written again and again, never wider than the window."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream, self._width = stream, 0  # columns of what stands there

    def _write(self, text: str, done: int, steps: int) -> None:
        line = cut(text, shutil.get_terminal_size().columns - 1)
        print(f"\r{line}{' ' * (self._width - columns(line))}", end="", file=self._stream)
        self._stream.flush()
        self._width = columns(line)

    def end(self) -> None:
        """Go to the next line."""
        if self._width:
            print(file=self._stream, flush=True)
        self._width = 0

    def clear(self) -> None:
        """Make the line empty."""
        if self._width:
            print("\r" + " " * self._width, end="\r", file=self._stream, flush=True)
        self._width = 0


class NotebookBar(ProgressDisplay):
    """A bar with its text below a cell.

    handle: an IPython.display.DisplayHandle
    """

    def __init__(self, handle: Any) -> None:
        super().__init__()
        self._handle = handle

    def _write(self, text: str, done: int, steps: int) -> None:
        bar = '<progress max="{}" value="{}" aria-hidden="true"></progress>'
        shown = Html(f'<div lang="{{}}">{bar} {{}}</div>').format(
            say.html_lang(), steps, done, text
        )
        self._handle.update({"text/html": str(shown), "text/plain": text}, raw=True)


def on_stream(stream: TextIO, every_s: float | None) -> ProgressDisplay:
    """Return the display for a stream: a terminal's changing line, or printed lines.

    every_s: seconds between two printed lines; None: where no line can change, none is printed
    """
    if stream.isatty():
        return TerminalLine(stream)
    if every_s is None:
        return ProgressDisplay()
    return PrintedLines(every_s, lambda text: print(text, file=stream, flush=True))


def here() -> ProgressDisplay:
    """Return the display for a cell: below it in a notebook, else a terminal's line, or none."""
    if not show.in_notebook():
        return on_stream(sys.stdout, None)
    from IPython.display import DisplayHandle

    handle = DisplayHandle()
    handle.display({"text/plain": ""}, raw=True)
    return NotebookBar(handle)


class Pace:
    """How many of a run's steps are done, and how long the others take at the pace until now."""

    def __init__(self, steps: int, done: int = 0) -> None:
        self.steps, self.done, self.started = steps, done, time.monotonic()
        self._before, self._since = done, self.started

    def begin_here(self) -> None:
        """Measure the pace from this moment on: what came before was slower, such as a start."""
        self._before, self._since = self.done, time.monotonic()

    def spent_s(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.started

    def left_s(self) -> float:
        """Return the seconds that the steps which are not done will take."""
        a_step = (time.monotonic() - self._since) / max(1, self.done - self._before)
        return a_step * (self.steps - self.done)


class Meter:
    """A progress bar over a number of steps.

    display: where it is drawn; None: here()
    """

    def __init__(self, steps: int, display: ProgressDisplay | None = None) -> None:
        self._pace, self._words = Pace(steps), ""
        self._display = here() if display is None else display

    def __enter__(self) -> "Meter":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None):
        if kind is None:
            self._draw()
        self._display.end()

    def show(self, done: int, words: str = "") -> None:
        """Draw the bar, four times a second at most.

        done: steps so far
        """
        self._pace.done, self._words = done, words
        if done < self._pace.steps and self._display.is_due():
            self._draw()

    def end(self, words: str) -> None:
        """Set the last words, such as why it stopped."""
        self._words = words
        self._draw()

    def text(self) -> str:
        """Return the bar as one line: steps, time spent and time left."""
        pace = self._pace
        numbers = {"done": pace.done, "steps": pace.steps, "spent": f"{pace.spent_s():.0f}"}
        line = say.text("progress_bar", "line", left=f"{pace.left_s():.0f}", **numbers)
        return " ".join(filter(None, [line, self._words]))

    def _draw(self) -> None:
        self._display.draw(self.text(), self._pace.done, self._pace.steps)
