"""One run of an experiment: its child, its screen, its limits, in a thread of its own."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ...experiments import EXPERIMENTS
from . import child
from .screen import Screen

TICK_SECONDS = 0.1  # between two redraws, and between two looks at the clock
SLOW_ROWS = 500  # a screen of so many rows is redrawn half as often
LINGER_SECONDS = 0.5  # the child has ended, but something that it started still holds its output


@dataclass(frozen=True, repr=False)
class RunResult:
    """The end of a run: "exit", or "stop", "seconds" or "output"; then status is None."""

    name: str
    status: int | None
    how: str
    seconds: float
    text: str
    sentence: str

    def __repr__(self) -> str:
        return f"{self.text}\n{self.sentence}"


class ExperimentRun(threading.Thread):
    """A thread that runs one experiment.

    changed() is called from this thread: at the beginning, now and then, and at the end.
    """

    def __init__(self, name: str, lang: str, prompt: str, changed: Callable[[], None]) -> None:
        super().__init__(daemon=True, name=f"experiment {name}")
        self.experiment, self.screen = name, Screen(prompt)
        self.limit = limit_seconds(name)
        self.how, self.seconds = "", 0.0
        self.status: int | None = None
        self.error: Exception | None = None  # of this thread, not of the experiment
        self._changed, self._stop_asked = changed, threading.Event()
        self._began = self._drawn = time.monotonic()
        self.child = child.Child(child.command(name, lang))

    def stop(self) -> None:
        """Ask the run to end."""
        self._stop_asked.set()

    def run(self) -> None:
        """Start the child, and read what it prints until the end or a limit."""
        how = "stop"
        try:
            how = self._follow()
        except Exception as error:
            self.error = error
        self.child.end()  # whatever happened here
        self.seconds = time.monotonic() - self._began
        self.status = self.child.status() if how == "exit" else None
        self.how = how
        self._changed()

    def _follow(self) -> str:
        """Read until the end or a limit; return which it was."""
        self._changed()
        ended: float | None = None
        while True:
            data = self.child.read(TICK_SECONDS)
            self.seconds = time.monotonic() - self._began
            self.screen.feed(data or b"", final=data is None)
            if data is None or (ended and time.monotonic() - ended > LINGER_SECONDS):
                return "exit"
            if not data and self.child.status() is not None:
                ended = ended or time.monotonic()
            if how := self._limit():
                return how
            self._draw()

    def _limit(self) -> str:
        if self._stop_asked.is_set():
            return "stop"
        if self.screen.full:
            return "output"
        return "seconds" if self.seconds > self.limit else ""

    def _draw(self) -> None:
        pause = TICK_SECONDS * (1 + len(self.screen.lines()) / SLOW_ROWS)
        if time.monotonic() - self._drawn >= pause:
            self._drawn = time.monotonic()
            self._changed()


def limit_seconds(name: str) -> float:
    """Return the limit: a slow or busy machine has time enough; an endless loop has not."""
    return 60 + 5 * EXPERIMENTS[name].seconds
