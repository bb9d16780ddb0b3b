"""The judge's end of the fork server: an isolated process that forks one for each submission."""

import json
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from . import isolation
from .codec import READY
from .isolation import ForkServerEnded, NotIsolated
from .jail import Limits
from .process import START_S, StudentProcess

PROGRAM = "course_tools.grading.sandbox.server_main"


class ForkServer:
    """A process that has done IMPORTS and forks.  walls=False forks without any isolation."""

    def __init__(
        self,
        limits: Limits = Limits(),  # noqa: B008
        walls: bool = True,
        imports: Iterable[str] = (),
    ):
        if walls and (reason := isolation.why_not()):
            raise NotIsolated(reason)
        self.limits, self.walls = limits, walls
        self.bubblewrap = isolation.outer_wall() if walls else ""
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.folder = tempfile.TemporaryDirectory(prefix="triad-judge-", ignore_cleanup_errors=True)
        self.process = self._start(theirs, imports)

    def _start(self, theirs: socket.socket, imports: Iterable[str]) -> subprocess.Popen:
        number = theirs.fileno()
        command = [isolation.python(), "-P", "-m", PROGRAM, str(number), *imports]
        if self.bubblewrap:
            command = [*isolation.behind_bubblewrap(self.bubblewrap), *command]
        log = Path(self.folder.name, "log")
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(isolation.SRC), "OMP_NUM_THREADS": "1"}
        env |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", "TRIAD_HOME": "/tmp"}
        with log.open("wb") as errors:
            process = subprocess.Popen(
                command,
                pass_fds=[number],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd=self.folder.name,
            )
        theirs.close()
        self.control.settimeout(START_S)
        try:
            started = self.control.recv(16)
        except OSError:
            started = b""
        if started != READY:
            process.kill()
            process.wait()
            said = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
            raise NotIsolated(f"the fork server did not start: {said or 'no reason given'}")
        return process

    def fork(self) -> StudentProcess:
        """Start a process for one submission; it has run nothing.  NotIsolated if walls fail."""
        mine, theirs = socket.socketpair()
        request = {"walls": self.walls, "limits": list(self.limits)}
        request["folders"] = isolation.readable_folders()
        request["mount_point"] = isolation.JAIL if self.bubblewrap else self.folder.name
        with theirs:
            try:
                socket.send_fds(self.control, [json.dumps(request).encode()], [theirs.fileno()])
            except OSError as error:
                mine.close()
                raise ForkServerEnded(f"the fork server has ended: {error}") from None
        return StudentProcess(mine, self.limits, self.walls)

    def close(self) -> None:
        """End the fork server; what it forked ends with it."""
        self.control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()

    def __enter__(self) -> "ForkServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
