"""A progress bar: share, words and time left; outside a notebook one line of text."""

import sys
import time
from types import TracebackType

from ..language import say
from . import show
from .markup import Html

EVERY_S = 0.25


class Meter:
    """A progress bar over a number of steps.

    with Meter(steps) as meter: for …: meter.show(n, "loss 0.31")
    """

    def __init__(self, steps: int) -> None:
        self._steps, self._done, self._words = steps, 0, ""
        self._started, self._drawn = time.monotonic(), 0.0
        self._handle = _handle()

    def __enter__(self) -> "Meter":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None):
        if kind is None:
            self._draw()

    def show(self, done: int, words: str = "") -> None:
        """Draw the bar, four times a second at most.

        done: steps so far
        """
        self._done, self._words = done, words
        now = time.monotonic()
        if now - self._drawn >= EVERY_S and done < self._steps:
            self._drawn = now
            self._draw()

    def end(self, words: str) -> None:
        """Set the last words, such as why it stopped."""
        self._words = words
        self._draw()

    def text(self) -> str:
        """Return the bar as one line: steps, time spent and time left."""
        spent = time.monotonic() - self._started
        left = spent / max(1, self._done) * (self._steps - self._done)
        numbers = {"done": self._done, "steps": self._steps, "spent": f"{spent:.0f}"}
        line = say.text("progress_bar", "line", left=f"{left:.0f}", **numbers)
        return " ".join(filter(None, [line, self._words]))

    def _draw(self) -> None:
        if self._handle:
            bar = '<progress max="{}" value="{}" aria-hidden="true"></progress>'
            body = Html(f'<div lang="{{}}">{bar} {{}}</div>')
            shown = body.format(say.html_lang(), self._steps, self._done, self.text())
            self._handle.update({"text/html": str(shown), "text/plain": self.text()}, raw=True)
        elif sys.stdout.isatty():
            print(f"\r{self.text()}", end="\n" if self._done == self._steps else "", flush=True)


def _handle():
    """Return a place in the notebook's output that can be drawn again; None outside a notebook."""
    if not show.in_notebook():
        return None
    from IPython.display import DisplayHandle

    handle = DisplayHandle()
    handle.display({"text/plain": ""}, raw=True)
    return handle
