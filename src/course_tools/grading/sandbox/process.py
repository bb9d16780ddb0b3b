"""The judge's end of one student's process: ask it, watch its time and memory, end it."""

import contextlib
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

import psutil

from . import codec, memory, processor
from .codec import GREETING, LENGTH
from .isolation import ForkServerEnded, NotIsolated
from .jail import Limits

WATCH_S = 0.05  # how often memory is looked at
START_S = 120.0  # torch's import on a busy machine
STOOD_S = 1.0  # without a turn for the judge itself: then the machine stood still


class Ended(Exception):
    """A student's process is gone.  kind: "slow", "memory", "died", "forged" or "walls"."""

    def __init__(self, kind: str, text: str = ""):
        super().__init__(text or kind)
        self.kind, self.text = kind, text


class StudentProcess:
    """One forked process: ask it, and end it.  Nothing that it sends is trusted."""

    def __init__(self, judge: socket.socket, limits: Limits, walls: bool):
        self.socket, self.limits, self.walls = judge, limits, walls
        self.asked, self.handle, self.watched = 0, -1, 0.0
        self.began, self.stood, self.seconds = time.monotonic(), 0.0, START_S
        self.before = processor.Look()
        judge.settimeout(START_S)
        try:
            said, handles, _, _ = socket.recv_fds(judge, GREETING, 1)
        except OSError:
            said, handles = b"", []
        if not said.startswith(b"+"):
            judge.close()
            reason = said[1:].decode("utf-8", "replace").strip()
            raise NotIsolated(reason) if said else ForkServerEnded("the fork server has ended")
        self.pid, self.group = map(int, said[1:].split())
        self.handle = handles[0] if handles else -1
        self.pid = _pid_here(self.handle, self.pid)
        self.base = 0
        deadline = time.monotonic() + START_S
        first = self._reply(deadline)
        if not first.get("ok"):
            self.end()
            raise NotIsolated(str(first.get("text")))
        self.base = memory.own_bytes(self.pid)

    def ask(self, seconds: float, **message: Any) -> dict[str, Any]:
        """Return the reply to {"ask": "run" | "call", "name": …}.  Ended if none comes in time."""
        self.asked += 1
        self.began, self.stood, self.seconds = time.monotonic(), 0.0, seconds
        self.before = processor.look(self.pid)
        deadline = self.began + seconds
        body = codec.encode(message | {"number": self.asked})
        try:
            self._send(LENGTH.pack(len(body)) + body, deadline + seconds)
            reply = self._reply(deadline)
        except Ended:
            self.end()
            raise
        if not _answers(reply, self.asked):
            self.end()
            raise Ended("forged")
        return reply

    def used_s(self) -> float:
        """Return the seconds since the last question, without those in which nothing could run."""
        clock = time.monotonic() - self.began - self.stood
        return processor.counted_s(clock, self.before, processor.look(self.pid))

    def _send(self, data: bytes, deadline: float) -> None:
        self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            self.socket.sendall(data)
        except TimeoutError:
            raise Ended("slow") from None
        except OSError:
            raise Ended("died") from None

    def _reply(self, deadline: float) -> Any:
        size = LENGTH.unpack(self._exactly(LENGTH.size, deadline))[0]
        if size > codec.LIMIT + (1 << 20):
            raise Ended("forged", f"a reply of {size >> 20} MiB")
        try:
            return codec.decode(self._exactly(size, deadline))
        except ValueError as error:
            raise Ended("forged", str(error)) from None

    def _exactly(self, n: int, deadline: float) -> bytes:
        parts = bytearray()
        while len(parts) < n:
            self._watch(deadline)
            self.socket.settimeout(WATCH_S)
            looked = time.monotonic()
            try:
                part = self.socket.recv(min(n - len(parts), 1 << 20))
            except TimeoutError:
                late = time.monotonic() - looked - WATCH_S
                self.stood += late if late > STOOD_S else 0
                continue
            except OSError:
                part = b""
            if not part:
                raise Ended("died")
            parts += part
        return bytes(parts)

    def _watch(self, deadline: float) -> None:
        """Raise Ended if time is up, or if all processes together hold too much memory."""
        now = time.monotonic()
        if now > deadline and self.used_s() > self.seconds:
            raise Ended("slow")
        if self.base and now - self.watched > WATCH_S:
            most = self.base + self.limits.memory
            if memory.own_bytes(self.pid) > most and memory.proportional_bytes(self.pid) > most:
                raise Ended("memory")
            looked = time.monotonic() - now
            self.watched = now + 5 * looked  # with many children a look takes long

    def end(self) -> None:
        """Kill all processes of this student: the pid namespace ends with its first process."""
        if not self.walls:
            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(self.pid).children(recursive=True):
                    child.kill()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.group, signal.SIGKILL)
        if self.handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)
            os.close(self.handle)
            self.handle = -1
        self.socket.close()

    def __enter__(self) -> "StudentProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def _answers(reply: Any, number: int) -> bool:
    """Tell whether it is the reply to that question; a tensor, in any place, equals much."""
    if type(reply) is not dict or type(reply.get("ok")) is not bool:
        return False
    texts = all(type(reply.get(key, "")) is str for key in ("kind", "type", "text"))
    return texts and type(reply.get("number")) is int and reply["number"] == number


def _pid_here(handle: int, pid: int) -> int:
    """Return the process' number in this namespace, which is not the fork server's."""
    try:
        lines = Path(f"/proc/self/fdinfo/{handle}").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))
    except (OSError, StopIteration):
        return pid
