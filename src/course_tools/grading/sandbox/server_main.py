"""The fork server: python -m course_tools.grading.sandbox.server_main DESCRIPTOR [MODULE …]

It has imported torch and what the sheet imports, and has never read a test or a submission.  For
each socket that the judge passes it, it forks one child that puts up its walls and then does what
the judge asks: run a cell, call a function.  Nothing here trusts the child, and nothing here is
secret from it.
"""

import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import types
from typing import Any

import torch

from . import codec, jail
from .codec import GREETING, LENGTH, READY

STANDARD = ("helpers", "helpers.classroom.check", "numpy", "math", "torch.nn.functional")
RUN_BODY = {"time", "timeit", "capture", "prun"}  # magics whose code counts


def main() -> None:
    """Import what is needed, then fork one child for each socket that arrives."""
    control = socket.socket(fileno=int(sys.argv[1]))
    torch.set_num_threads(1)
    for name in STANDARD:
        importlib.import_module(name)
    for name in sys.argv[2:]:
        with contextlib.suppress(ImportError):  # the b of `from a import b` may be no module
            importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended children leave no zombie
    control.send(READY)
    os.dup2(0, 2)  # what was shown until here is for the judge; from here on nobody reads
    while True:
        request, fds, _, _ = socket.recv_fds(control, 1 << 16, 1)
        if not request:
            return
        if os.fork() == 0:
            control.close()
            _child(socket.socket(fileno=fds[0]), json.loads(request))
        os.close(fds[0])


def _child(judge: socket.socket, request: dict) -> None:
    """Put up the walls, fork the student's process and wait for it, so that its pid is kept."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        jail.remember_mapped()
        if request["walls"]:
            jail.enter(request["mount_point"], request["folders"])
            jail.end_with_parent()
        gate, opened = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(opened)
            os.read(gate, 1)  # until the judge has its handle on this process
            os.close(gate)
            _student(judge, request)
        _present(judge, pid)
        os.close(opened)
        judge.close()
        os.waitpid(pid, 0)
    except BaseException as error:
        with contextlib.suppress(OSError):
            judge.send(f"-{type(error).__name__}: {error}".encode()[:GREETING].ljust(GREETING))
    finally:
        os._exit(0)


def _present(judge: socket.socket, pid: int) -> None:
    """Give the judge a handle on the process that no reuse of numbers can make wrong."""
    handles = [os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else []
    socket.send_fds(judge, [f"+{pid} {os.getpid()}".encode().ljust(GREETING)], handles)


def _student(judge: socket.socket, request: dict) -> None:
    try:
        if request["walls"]:
            jail.end_with_parent()
        number = _only(judge)
        jail.limit(jail.Limits(*request["limits"]))
        if request["walls"]:
            jail.give_up_privileges()
        judge = socket.socket(fileno=number)
    except BaseException as error:
        _send(judge, {"ok": False, "kind": "walls", "text": f"{type(error).__name__}: {error}"})
        os._exit(1)
    _send(judge, {"ok": True})
    _obey(judge)
    os._exit(0)


def _only(judge: socket.socket) -> int:
    """Close every descriptor but the judge's, which becomes number 3; 0, 1, 2 are /dev/null."""
    kept = os.dup(judge.detach())
    if kept != 3:
        os.dup2(kept, 3)
    os.closerange(4, 1024)
    return 3


class _Nothing:
    """sys.stdout of a student: takes everything, keeps nothing."""

    encoding, closed = "utf-8", False

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


class _Shell:
    """get_ipython(): magics that run code run it, all others do nothing."""

    def __init__(self, scope: dict[str, Any]):
        self.scope = scope

    def run_line_magic(self, name: str, line: str, *_: Any, **__: Any) -> None:
        if name in RUN_BODY - {"capture"}:
            exec(line, self.scope)

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        if name in RUN_BODY:
            exec(body, self.scope)

    def system(self, *_: Any) -> None:
        pass

    def getoutput(self, *_: Any, **__: Any) -> list[str]:
        return []


def _obey(judge: socket.socket) -> None:
    sys.stdout = sys.stderr = _Nothing()  # type: ignore[assignment]
    os.environ.update({"TRIAD_HOME": "/tmp", "HOME": "/tmp"})
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    scope = main.__dict__
    shell = _Shell(scope)
    scope |= {"get_ipython": lambda: shell, "display": lambda *_, **__: None}
    while (message := _receive(judge)) is not None:
        _answer(judge, message["number"], _done(message, scope))


def _done(message: dict[str, Any], scope: dict[str, Any]) -> dict[str, Any]:
    """Run a cell, or call a function of the student's."""
    name = message["name"]
    try:
        if message["ask"] == "run":
            code = compile(message["source"], f"<cell {name}>", "exec", dont_inherit=True)
            exec(code, scope)
            return {"ok": True, "value": None}
        if name not in scope:
            return {"ok": False, "kind": "undefined", "type": "", "text": "", "line": 0}
        return {"ok": True, "value": scope[name](*message["args"], **message["kwargs"])}
    except BaseException as error:
        return _failure(error)


def _failure(error: BaseException) -> dict[str, Any]:
    """Make the reply about an exception.

    kind: what it was; type, text: the exception; line: where in the student's own cell
    """
    try:
        text, line = str(error)[:300], _line(error)
    except BaseException:
        text, line = "", 0
    return {"ok": False, "kind": _kind(error, text), "type": type(error).__name__[:60],
            "text": text, "line": line}  # fmt: skip


def _kind(error: BaseException, text: str) -> str:
    if isinstance(error, MemoryError) or "can't allocate memory" in text:
        return "memory"
    if isinstance(error, NotImplementedError):
        return "not_yet"
    if isinstance(error, OSError):
        return "forbidden"
    return "error" if isinstance(error, Exception) else "exit"


def _line(error: BaseException) -> int:
    """Return the line of the last frame that lies in a cell; 0 where none does."""
    found, frame = 0, error.__traceback__
    while frame:
        if frame.tb_frame.f_code.co_filename.startswith("<cell "):
            found = frame.tb_lineno
        frame = frame.tb_next
    return found


def _answer(judge: socket.socket, number: int, reply: dict[str, Any]) -> None:
    try:
        _send(judge, reply | {"number": number})
    except OSError:
        os._exit(1)
    except BaseException as error:  # a result that is too large, or too deep
        _send(judge, _failure(error) | {"kind": "unsent", "number": number})


def _send(judge: socket.socket, reply: dict[str, Any]) -> None:
    body = codec.encode(reply, foreign=True)
    judge.sendall(LENGTH.pack(len(body)) + body)


def _receive(judge: socket.socket) -> dict[str, Any] | None:
    size = _exactly(judge, LENGTH.size)
    body = size and _exactly(judge, LENGTH.unpack(size)[0])
    return codec.decode(body) if body else None


def _exactly(judge: socket.socket, n: int) -> bytes:
    """Receive n bytes; b"" where the judge has gone."""
    parts = bytearray()
    while len(parts) < n:
        part = judge.recv(min(n - len(parts), 1 << 20))
        if not part:
            return b""
        parts += part
    return bytes(parts)


if __name__ == "__main__":
    main()
