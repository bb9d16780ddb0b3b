"""A command ends in order when it is told to, by Ctrl-C or by SIGTERM, at whatever moment.

SIGTERM is what a supervisor sends.  A signal that comes as a wait without an end begins may never
be heard, and one that comes while a child starts would leave it to nobody: hence child and waited.
"""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
END_S = 20.0  # for a child's own way out, on a busy machine
HEAR_S = 1.0  # the longest wait in which no signal may be heard


class Terminated(KeyboardInterrupt):
    """The command was asked to end by SIGTERM."""


def _at_once() -> None:
    """While `python -m` loads a command, let Ctrl-C just end it: nothing has begun yet.

    An exception would show a traceback, and what loads C libraries loses some of them.
    """
    ours = threading.current_thread() is threading.main_thread() and sys.argv[:1] == ["-m"]
    if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def in_order() -> Iterator[None]:
    """Within the block Ctrl-C raises KeyboardInterrupt, and SIGTERM Terminated.

    In the main thread alone, which alone gets signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {number: signal.getsignal(number) for number in SIGNALS}
    if before[signal.SIGINT] == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # which Python has not set
                signal.signal(number, handler)


def _stop(*_: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: the way out is not disturbed
    raise Terminated


def status(stopped: KeyboardInterrupt) -> int:
    """Return the exit status that a shell gives to what the signal ends."""
    return 128 + (signal.SIGTERM if isinstance(stopped, Terminated) else signal.SIGINT)


# --- children ---------------------------------------------------------------------------------


@contextlib.contextmanager
def child(command: list[str], **options: Any) -> Iterator[subprocess.Popen]:
    """Start a child that never outlives the block."""
    started = None
    try:
        with kept_back():
            started = subprocess.Popen(command, **options)
        yield started
    finally:
        if started:
            ended(started)


@contextlib.contextmanager
def kept_back() -> Iterator[None]:
    """Let signals that would raise wait for the end of the block, in which something starts."""
    came: list[int] = []
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in SIGNALS}
    raising = {number: handler for number, handler in before.items() if callable(handler)}
    for number in raising:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in raising.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)


def waited(process: subprocess.Popen) -> int:
    """Wait until the process has ended, and hear every signal meanwhile; return its status."""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(HEAR_S)


def ended(process: subprocess.Popen, seconds: float = END_S) -> None:
    """End the process in order, or after SECONDS without; wait until it is gone."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(seconds)
    except BaseException as reason:  # also who presses Ctrl-C once more
        process.kill()
        process.wait()
        if not isinstance(reason, subprocess.TimeoutExpired):
            raise


_at_once()
