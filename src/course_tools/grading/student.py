"""The judge's end: a warm process behind walls, and the students' processes that it forks."""

import contextlib
import functools
import json
import math
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil

from . import codec, jail, seccomp
from .codec import GREETING, LENGTH

SRC = Path(__file__).resolve().parents[2]
WATCH_S = 0.05  # how often memory is looked at
START_S = 120.0  # torch's import on a busy machine
SYSTEM = Path("/proc/sys")
SETTINGS = {  # what allows user namespaces, what forbids them
    "kernel/apparmor_restrict_unprivileged_userns": ("0", "12"),  # Ubuntu from 24.04
    "kernel/unprivileged_userns_clone": ("1", "0"),  # old Debian
    "user/max_user_namespaces": ("10000", "0"),
}
JAIL = "/jail"  # behind bubblewrap: an empty folder, where a student's root is made


class NotIsolated(Exception):
    """Student code cannot be kept away from this machine.  The message says why and what to do."""


class WarmEnded(NotIsolated):
    """The warm process was there and is gone: killed, or ended with the thread that started it."""


class Ended(Exception):
    """A student's process is gone.  kind: "slow", "memory", "died", "forged" or "walls"."""

    def __init__(self, kind: str, text: str = ""):
        super().__init__(text or kind)
        self.kind, self.text = kind, text


class Warm:
    """One warm process, with IMPORTS done.  walls=False forks students without any isolation."""

    def __init__(
        self,
        limits: jail.Limits = jail.Limits(),  # noqa: B008
        walls: bool = True,
        imports: Iterable[str] = (),
    ):
        if walls and (reason := unable()):
            raise NotIsolated(reason)
        self.limits, self.walls = limits, walls
        self.bubble = outer_wall() if walls else ""
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.folder = tempfile.TemporaryDirectory(prefix="triad-judge-", ignore_cleanup_errors=True)
        self.process = self._start(theirs, imports)

    def _start(self, theirs: socket.socket, imports: Iterable[str]) -> subprocess.Popen:
        number = theirs.fileno()
        command = [_python(), "-P", "-m", "course_tools.grading.zygote", str(number), *imports]
        if self.bubble:
            command = [*_bubble(self.bubble), *command]
        log = Path(self.folder.name, "log")
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(SRC), "OMP_NUM_THREADS": "1"}
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
        if started != b"warm":
            process.kill()
            process.wait()
            said = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
            raise NotIsolated(f"the warm process did not start: {said or 'no reason given'}")
        return process

    def fork(self) -> "Student":
        """A new process for one submission; it has run nothing.  NotIsolated if walls fail."""
        mine, theirs = socket.socketpair()
        request = {"walls": self.walls, "limits": list(self.limits), "folders": _folders()}
        request["mount_point"] = JAIL if self.bubble else self.folder.name
        with theirs:
            try:
                socket.send_fds(self.control, [json.dumps(request).encode()], [theirs.fileno()])
            except OSError as error:
                mine.close()
                raise WarmEnded(f"the warm process has ended: {error}") from None
        return Student(mine, self.limits, self.walls)

    def close(self) -> None:
        self.control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Student:
    """One forked process: ask it, and end it.  Nothing that it sends is trusted."""

    def __init__(self, judge: socket.socket, limits: jail.Limits, walls: bool):
        self.socket, self.limits, self.walls = judge, limits, walls
        self.asked, self.handle, self.watched = 0, -1, 0.0
        judge.settimeout(START_S)
        try:
            said, handles, _, _ = socket.recv_fds(judge, GREETING, 1)
        except OSError:
            said, handles = b"", []
        if not said.startswith(b"+"):
            judge.close()
            reason = said[1:].decode("utf-8", "replace").strip()
            raise NotIsolated(reason) if said else WarmEnded("the warm process has ended")
        self.pid, self.group = map(int, said[1:].split())
        self.handle = handles[0] if handles else -1
        self.pid = _pid_here(self.handle, self.pid)
        self.base = 0
        deadline = time.monotonic() + START_S
        first = self._reply(deadline)
        if not first.get("ok"):
            self.end()
            raise NotIsolated(str(first.get("text")))
        self.base = _memory(self.pid)

    def ask(self, seconds: float, **message: Any) -> dict[str, Any]:
        """The reply to {"ask": "run" | "call", "name": …}.  Ended if none comes in time."""
        self.asked += 1
        deadline = time.monotonic() + seconds
        body = codec.encode(message | {"number": self.asked})
        try:
            self._send(LENGTH.pack(len(body)) + body, deadline)
            reply = self._reply(deadline)
        except Ended:
            self.end()
            raise
        if not _answers(reply, self.asked):
            self.end()
            raise Ended("forged")
        return reply

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
            try:
                part = self.socket.recv(min(n - len(parts), 1 << 20))
            except TimeoutError:
                continue
            except OSError:
                part = b""
            if not part:
                raise Ended("died")
            parts += part
        return bytes(parts)

    def _watch(self, deadline: float) -> None:
        """Ended if time is up, or if all processes together hold too much memory."""
        now = time.monotonic()
        if now > deadline:
            raise Ended("slow")
        if self.base and now - self.watched > WATCH_S:
            most = self.base + self.limits.memory
            if _memory(self.pid) > most and _without_copies(self.pid) > most:
                raise Ended("memory")
            looked = time.monotonic() - now
            self.watched = now + 5 * looked  # with many children a look takes long

    def end(self) -> None:
        """No process of this student is left; the pid namespace ends with its first process."""
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

    def __enter__(self) -> "Student":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def _answers(reply: Any, number: int) -> bool:
    """Is it the reply to that question?  A tensor may stand in any place, and is equal to much."""
    if type(reply) is not dict or type(reply.get("ok")) is not bool:
        return False
    texts = all(type(reply.get(key, "")) is str for key in ("kind", "type", "text"))
    return texts and type(reply.get("number")) is int and reply["number"] == number


def outer_wall() -> str:
    """The program bubblewrap; "" where there is none."""
    return shutil.which("bwrap") or ""


def unable() -> str:
    """Why this machine cannot isolate student code; "" where it may be able to."""
    if sys.platform != "linux":
        return f"isolation needs Linux (here: {sys.platform}); use WSL 2, a container or a server"
    if not seccomp.known():
        return f"isolation knows {', '.join(seccomp.MACHINES)} (here: {platform.machine()})"
    if not hasattr(os, "pidfd_open"):
        return "isolation needs Linux 5.3 or newer and a Python built for it"
    return ""


def _python() -> str:
    """This Python, in the folder where it lies: the links that lead to it are not in the jail."""
    folder, name = os.path.split(sys.executable)
    return os.path.join(os.path.realpath(folder), name)


def hindrances() -> list[str]:
    """Settings of this system that keep user namespaces from its users, and what allows them."""
    found = []
    for name, (open_, what) in SETTINGS.items():
        with contextlib.suppress(OSError):
            if (SYSTEM / name).read_text(encoding="ascii").strip() in what:
                setting = name.replace("/", ".")
                found.append(f"{setting} forbids it; sudo sysctl -w {setting}={open_} allows it")
    return found


def exposed(places: Iterable[Path]) -> list[str]:
    """Of these places, those that lie where student code may read."""
    readable = [Path(folder) for folder in _folders()]
    real = [place.resolve() for place in places]
    return [str(place) for place in real if any(place.is_relative_to(f) for f in readable)]


@functools.cache
def _folders() -> list[str]:
    """What Python, torch and a notebook's own imports need; not the course, but for helpers."""
    names = {sys.prefix, sys.base_prefix, sysconfig.get_paths()["purelib"], "/usr", "/lib"}
    names |= {"/lib64", *(path for path in sys.path if path.endswith("site-packages"))}
    names.add(os.path.dirname(os.path.realpath(f"{sys.prefix}/pyvenv.cfg")))  # a .venv of links
    names |= {os.path.realpath(name) for name in names} | {str(SRC / "helpers")}
    found = sorted((name for name in names if os.path.isdir(name)), key=len)
    return [n for n in found if not any(n.startswith(f"{o}/") for o in found if o != n)]


def _bubble(program: str) -> Iterator[str]:
    """bubblewrap around the warm process: the outer wall, with nothing but Python and the judge."""
    package = SRC / "course_tools"
    yield from (program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL")
    yield from ("--uid", str(jail.NOBODY), "--gid", str(jail.NOBODY), "--tmpfs", "/")
    yield from ("--proc", "/proc", "--dev", "/dev", "--dir", JAIL)
    yield from ("--tmpfs", "/tmp", "--chdir", "/tmp")  # before the folders, which may lie in it
    for folder in [*_folders(), str(package / "__init__.py"), str(package / "grading")]:
        yield from ("--ro-bind", folder, folder)


def _pid_here(handle: int, pid: int) -> int:
    """The process' number in this namespace, which is not the one that the warm process sees."""
    try:
        lines = Path(f"/proc/self/fdinfo/{handle}").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))
    except (OSError, StopIteration):
        return pid


def _memory(pid: int) -> int:
    """Bytes that a process and all below it hold for themselves; 0 where the system hides it."""
    return sum(map(_own_memory, _tree(pid)))


def _without_copies(pid: int) -> float:
    """The same, where a page that n processes share counts 1/n in each: a fork copies nothing."""
    return sum(map(_proportional, _tree(pid)))


def _proportional(pid: int) -> float:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    except OSError:
        return math.inf  # not ours to read: what _memory says holds
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in rollup[1:]}
    return (sizes["Pss_Anon"] + sizes["Pss_Shmem"]) << 10


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in file.read_text(encoding="ascii").split():
                yield from _tree(int(child))


def _own_memory(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    sizes = [line.split() for line in status.splitlines()]
    return sum(int(s[1]) for s in sizes if s and s[0] in ("RssAnon:", "RssShmem:")) << 10
