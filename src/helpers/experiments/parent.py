"""End a child with its kernel: when standard input closes, nobody is left to stop it."""

import contextlib
import os
import signal
import sys
import threading
import time

POLL_SECONDS = 0.5


def end_with_stdin() -> None:
    """End this process, and what it started, when the other end of standard input is closed."""
    threading.Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end() -> None:
    with contextlib.suppress(OSError):  # BrokenPipeError is what Windows calls closed
        _wait()
    if sys.platform != "win32" and os.getpgrp() == os.getpid():  # a group of our own
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _wait() -> None:
    """Wait for the end of standard input.

    Not through sys.stdin, whose lock would disturb the end of the process.
    """
    if sys.platform != "win32":
        while os.read(0, 1024):
            pass
        return
    # There a read that waits would block whatever asks for the kind of standard input, as loading
    # some libraries does.
    import _winapi
    import msvcrt

    while True:
        _winapi.PeekNamedPipe(msvcrt.get_osfhandle(0), 0)
        time.sleep(POLL_SECONDS)
