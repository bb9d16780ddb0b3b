"""What runs below a test's own process, what is left of it a moment after, and waiting for it."""

import contextlib
import ctypes
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psutil

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)


def below() -> set[psutil.Process]:
    """Every process below this one that has not ended."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.add(process)
    return found


def left(before: set[psutil.Process], seconds: float = 10.0) -> list[str]:
    """The command lines of those that were not there before, once there was time to end."""
    end = time.monotonic() + seconds
    while (new := lines(below() - before)) and time.monotonic() < end:
        time.sleep(0.05)
    return new


def lines(of: set[psutil.Process]) -> list[str]:
    """Their command lines, without multiprocessing's own helper, which ends with this process."""
    found = []
    for process in of:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(" ".join(process.cmdline()))
    return [line for line in found if "resource_tracker" not in line]


@contextlib.contextmanager
def started(command: Sequence, **options: Any) -> Iterator[subprocess.Popen]:
    """A child that ends with the block, also where that fails: Popen's own block waits for ever."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def until(true: Callable[[], Any], seconds: float = 120.0) -> Any:
    """Wait until it is so; what it is then.  Red after SECONDS."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, f"not in {seconds:g} s: {true}"
        time.sleep(0.02)
    return found


@contextlib.contextmanager
def adopted() -> Iterator[None]:
    """Meanwhile, whatever loses its parent below this process is seen below it (Linux)."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        prctl(SUBREAPER, 0, 0, 0, 0)
