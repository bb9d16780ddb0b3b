"""What a long cell has freed goes back to the system: glibc's malloc keeps it, for as long as the
kernel lives, and on a shared machine another student could have had it."""

import ctypes
import time
from contextlib import suppress
from typing import Any

LONG_SECONDS = 1.0  # a training, a model loaded: less is not worth the milliseconds


def install(shell: Any) -> None:
    """Have an IPython give memory back after each cell that took long."""
    watch = _Watch()
    shell.events.register("pre_run_cell", watch.begin)
    shell.events.register("post_run_cell", watch.end)


def give_back() -> None:
    """Return free memory to the system, where the C library knows how to (glibc)."""
    with suppress(AttributeError, OSError, TypeError):  # musl, macOS; Windows
        ctypes.CDLL(None).malloc_trim(0)


class _Watch:
    """When the cell that runs began."""

    def __init__(self) -> None:
        self._begun: float | None = None

    def begin(self, *_: object) -> None:
        self._begun = time.monotonic()

    def end(self, *_: object) -> None:
        if self._begun is not None and time.monotonic() - self._begun > LONG_SECONDS:
            give_back()
