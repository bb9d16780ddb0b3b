"""A child process: one experiment in this Python.  A fixed list, no shell, nothing that was typed.

It ends when it is told to, when this process ends, and, should this process be killed, when its
standard input closes (helpers.experiments.parent).
"""

import atexit
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path

from ...experiments import EXPERIMENTS, unknown
from .screen import COLUMNS, ROWS

CHUNK = 2**15
GRACE_SECONDS = 2.0


def command(name: str, lang: str) -> list[str]:
    """Return the command of an experiment; raise ValueError for a name not on the list."""
    if name not in EXPERIMENTS:
        raise ValueError(unknown(name))
    # -P: a student's own file torch.py must not be taken for the package; -u: nothing is held back
    python = [sys.executable, "-P", "-u", "-m", "helpers.experiments"]
    return [*python, name, "--lang", lang, "--until-stdin-closes"]


def environment() -> dict[str, str]:
    """Return the child's environment, in which this package is found."""
    package = str(Path(__file__).resolve().parents[3])
    path = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONUTF8": "1",
        "PYTHONIOENCODING": "utf-8",
        "MPLBACKEND": "agg",
        "NO_COLOR": "1",
        "COLUMNS": f"{COLUMNS}",
        "LINES": f"{ROWS}",
    }


class Child:
    """A process: read() its output, status() once it has ended, end() it with all it started."""

    def __init__(self, words: list[str]) -> None:
        self._process = subprocess.Popen(
            words,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=os.name != "nt",  # interrupting the kernel does not reach it
            creationflags=_windows("CREATE_NEW_PROCESS_GROUP") | _windows("CREATE_NO_WINDOW"),
        )
        self.pid, self._owner = self._process.pid, os.getpid()
        self._chunks: queue.Queue[bytes] = queue.Queue(maxsize=8)  # a flood waits
        _children.add(self)
        threading.Thread(target=self._pump, daemon=True).start()

    def read(self, seconds: float) -> bytes | None:
        """Return what came meanwhile; b"" if nothing did, None at the end."""
        try:
            return self._chunks.get(timeout=seconds) or None
        except queue.Empty:
            return b""

    def status(self) -> int | None:
        """Return the status as a shell tells it: 128 + the number of the signal that ended it."""
        code = self._process.poll()
        return code if code is None or code >= 0 else 128 - code

    def end(self) -> None:
        """End the child and all that it started; it is safe to call again, and from any thread."""
        if os.getpid() != self._owner:  # a fork of the kernel owns no child
            return
        if self._process.poll() is None:
            self._signal("SIGTERM")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE_SECONDS)
            self._signal("SIGKILL")
            self._process.wait()
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        _children.discard(self)

    def _signal(self, name: str) -> None:
        """Send a signal to the whole group: what the child started ends with it."""
        if os.name == "nt":
            words = ["taskkill", "/T", "/F", "/PID", f"{self.pid}"]
            subprocess.run(words, capture_output=True)
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, getattr(signal, name))

    def _pump(self) -> None:
        out = self._process.stdout
        assert out is not None
        with contextlib.suppress(OSError, ValueError), out:
            while data := out.read(CHUNK):
                self._chunks.put(data)
        self._chunks.put(b"")


def _windows(flag: str) -> int:
    return getattr(subprocess, flag, 0)


_children: weakref.WeakSet[Child] = weakref.WeakSet()


@atexit.register
def end_all() -> None:
    """End every child that is left."""
    for child in list(_children):
        child.end()
