"""What runs below a test's own process, and what is left of it a moment after."""

import contextlib
import time

import psutil


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
