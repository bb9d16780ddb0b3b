"""Does a front end answer?

A browser may lack a widget's code, and then shows nothing at all.
"""

import asyncio
from collections.abc import Callable

SILENCE = 10.0  # seconds of an unbroken idle kernel
TICK = 0.5


class SilenceWatch:
    """Calls on_silence() once if heard() stays False while the kernel is idle for SILENCE seconds.

    A cell that runs blocks the loop, and an answer waits behind it; so a tick that arrives late
    starts the count again.  No task, no thread: a kernel that ends leaves nothing pending.
    """

    def __init__(
        self,
        heard: Callable[[], bool],
        on_silence: Callable[[], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._heard, self._on_silence, self._loop = heard, on_silence, loop
        self._idle = 0.0
        self._plan()

    def _plan(self) -> None:
        self._due = self._loop.time() + TICK
        self._loop.call_later(TICK, self._tick)

    def _tick(self) -> None:
        if self._heard():
            return
        on_time = self._loop.time() - self._due < TICK / 2
        self._idle = self._idle + TICK if on_time else 0.0
        if self._idle < SILENCE:
            self._plan()
        else:
            self._on_silence()


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the kernel's event loop; None in plain Python, where no front end could answer."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
