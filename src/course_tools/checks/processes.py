"""Other programs: they never outlive this one, show that they live, and tell why they failed."""

import functools
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from helpers import stopping
from helpers.display.progress_bar import PrintedLines

from ..command import ROOT

LIFE_SIGN_S = 15
LAST_LINES = 12  # of a log: the cause stands at its end


class CommandFailed(Exception):
    """A program did not end well; the message has its last lines."""


def running(command: Sequence[object], **options: Any) -> AbstractContextManager[subprocess.Popen]:
    """Start a child that never outlives this process."""
    return stopping.child([str(word) for word in command], **options)


def status_of(command: Sequence[object], **options: Any) -> int:
    """Run COMMAND in the foreground; its exit status, or 128 + the signal that ended it."""
    with running(command, **options) as child:
        try:
            status = stopping.waited(child)
        except stopping.Terminated:  # nobody has told the child
            raise
        except KeyboardInterrupt:  # the terminal told the child too: let it end by itself
            try:
                status = child.wait(15) or 130
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                status = 130
    return status if status >= 0 else 128 - status


def step(title: str, command: Sequence[object], cwd: Path = ROOT) -> None:
    """Run COMMAND with signs of life (on a terminal its own words too).

    CommandFailed if it fails.
    """
    start = time.monotonic()
    with tempfile.TemporaryFile() as log, life_signs(title):
        out = None if sys.stdout.isatty() else log
        with running(command, cwd=cwd, stdout=out, stderr=log) as child:
            stopping.waited(child)
        if child.returncode:
            log.seek(0)
            lines = log.read().decode("utf-8", "replace").strip().splitlines()[-LAST_LINES:]
            raise CommandFailed(
                "\n".join([*(f"  | {line}" for line in lines), f"{title}: failed."])
            )
    print(f"  done, {time.monotonic() - start:.0f} s")


@contextmanager
def life_signs(title: str) -> Iterator[None]:
    """Print a line at the start, and one every LIFE_SIGN_S seconds while it goes on.

    On a terminal, too: what the program itself writes there would break a line that changes.
    """
    ended, start = threading.Event(), time.monotonic()
    display = PrintedLines(LIFE_SIGN_S, functools.partial(print, flush=True))

    def beat() -> None:
        while not ended.wait(display.every_s):
            display.draw(f"  … {title}: {time.monotonic() - start:.0f} s")

    display.draw(f"{title} …")
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
