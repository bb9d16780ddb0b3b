"""Run one notebook from end to end in a fresh kernel of this Python; its file is not written."""

import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

LIMIT_SECONDS = 1800  # a lesson takes less than 60 s; only what never ends is stopped
ANSWER_SECONDS = 60  # a kernel that has nothing to do takes up a cell, or answers, at once
SAMPLE_SECONDS = 0.05
MIB = 2**20
TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Failure:
    """A failure of a cell: its kind is "error", "stderr", "timeout", "silent" or "died"."""

    kind: str
    cell: str
    source: str
    detail: str = ""


@dataclass
class NotebookRun:
    """The outcome of a run: wall-clock seconds, the kernel's peak memory in MiB, all failures."""

    seconds: float = 0.0
    mib: float = 0.0
    failures: list[Failure] = field(default_factory=list)


def execute(
    path: Path,
    env: Mapping[str, str],
    on_cell: Callable[[int, int, str], None] = lambda i, n, heading: None,
    tick: Callable[[], None] = lambda: None,
    limit_seconds: float = LIMIT_SECONDS,
) -> NotebookRun:
    """Run the code cells in order, up to the first that raises.

    on_cell(i, n, heading) is called before cell i of n, tick() about every 50 ms from a thread.
    """
    start, notebook = time.monotonic(), nbformat.read(path, as_version=4)
    outcome = NotebookRun()
    cells = list(_code_cells(notebook))
    client = _Client(notebook, path.parent, start + limit_seconds)
    with client.started(env) as pid, _Watch(pid, tick) as watch:
        for i, (index, heading) in enumerate(cells, start=1):
            on_cell(i, len(cells), heading)
            outcome.failures += client.run(index)
            if any(f.kind != "stderr" for f in outcome.failures):
                break
    outcome.seconds, outcome.mib = time.monotonic() - start, watch.peak_bytes / MIB
    return outcome


def title(notebook: NotebookNode) -> str:
    """Return the first heading of a notebook, or nothing."""
    return next((h for cell in notebook.cells if (h := _heading(cell))), "")


def end_children() -> None:
    """End this process's kernels after Ctrl-C.

    nbclient lets a kernel go on whose start was interrupted.
    """
    children = psutil.Process().children(recursive=True)
    for child in children:
        with suppress(psutil.Error):
            child.kill()
    psutil.wait_procs(children, timeout=5)


def _code_cells(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """Return (index, the heading that it stands under, else its key) of each cell that has code."""
    heading = ""
    for index, cell in enumerate(notebook.cells):
        heading = _heading(cell) or heading
        if cell.cell_type == "code" and cell.source.strip():
            yield index, heading or cell.get("id", str(index))


def _heading(cell: NotebookNode) -> str:
    if cell.cell_type != "markdown":
        return ""
    found = re.findall(r"^#+ +(.+)$", cell.source, flags=re.MULTILINE)
    return found[-1].strip() if found else ""


class _ThisPython(AsyncKernelManager):
    """A manager of kernels of this Python, whatever kernels the user has registered."""

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


class _Client(NotebookClient):
    """A client that sees all errors and stderr output, also those that a widget would swallow."""

    def __init__(self, notebook: NotebookNode, folder: Path, deadline: float):
        super().__init__(
            notebook,
            resources={"metadata": {"path": str(folder)}},
            kernel_manager_class=_ThisPython,
            timeout_func=lambda source: max(1, round(deadline - time.monotonic())),
            shutdown_kernel="immediate",
        )
        self._seen: dict[str, str] = {}
        self._idle_since: float | None = None  # None: it computes

    @contextmanager
    def started(self, env: Mapping[str, str]) -> Iterator[int]:
        """Keep the kernel's process id.

        What it says itself (warnings) is kept for the day it dies.
        """
        with (
            tempfile.TemporaryFile() as self._last_words,
            self.setup_kernel(env=dict(env), stderr=self._last_words),
        ):
            manager: Any = self.km
            yield manager.provisioner.pid

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        content, allowed = msg["content"], "raises-exception" in cell.metadata.get("tags", [])
        if msg["msg_type"] == "error" and not allowed:
            self._see("error", "\n".join(content["traceback"]))
        elif msg["msg_type"] == "stream" and content["name"] == "stderr":
            self._see("stderr", content["text"])
        elif msg["msg_type"] == "status":
            busy = content["execution_state"] == "busy"
            self._idle_since = None if busy else time.monotonic()
        return super().process_message(msg, cell, cell_index)

    def run(self, index: int) -> list[Failure]:
        """Execute one cell; return its failures."""
        self._seen, self._idle_since = {}, time.monotonic()
        cell = self.nb.cells[index]
        try:
            self.execute_cell(cell, index)
        except CellTimeoutError:
            self._see("timeout", "")
        except DeadKernelError:
            self._last_words.seek(0)
            kind = "silent" if self._is_silent() else "died"
            self._see(kind, self._last_words.read().decode(errors="replace"))
        except CellExecutionError as error:
            self._seen.setdefault("error", error.traceback)
        name = cell.get("id", str(index))
        clean = {kind: TERMINAL_COLOURS.sub("", text) for kind, text in self._seen.items()}
        return [Failure(kind, name, cell.source, text) for kind, text in clean.items()]

    async def _async_check_alive(self) -> None:
        """Take a kernel for dead that is idle and answers no more; nbclient asks every second."""
        await super()._async_check_alive()
        if self._is_silent():
            raise DeadKernelError("idle, and silent")

    def _is_silent(self) -> bool:
        since = self._idle_since
        return since is not None and time.monotonic() - since > ANSWER_SECONDS

    def _see(self, kind: str, text: str) -> None:
        self._seen[kind] = self._seen.get(kind, "") + text


class _Watch(threading.Thread):
    """The peak resident memory of a process.

    It is sampled, because not every system keeps it.
    """

    def __init__(self, pid: int, tick: Callable[[], None]):
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self._process, self._tick, self._done = _real_process(pid), tick, threading.Event()

    def run(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self._sample()
            self._tick()

    def _sample(self) -> None:
        with suppress(psutil.Error, OSError):
            self.peak_bytes = max(self.peak_bytes, _peak_bytes(self._process))

    def __enter__(self) -> "_Watch":
        self._sample()
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self.join()
        self._sample()


def _peak_bytes(process: psutil.Process) -> int:
    """Return the peak memory of a process.

    Linux (VmHWM) and Windows (peak working set) keep the peak; macOS tells what is there now.
    """
    if sys.platform == "linux":
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        kept = re.search(r"VmHWM:\s+(\d+) kB", status)  # not there once the process has died
        return int(kept[1]) * 1024 if kept else 0
    memory = process.memory_info()
    return getattr(memory, "peak_wset", memory.rss)


def _real_process(pid: int) -> psutil.Process:
    """Return the process that runs Python.

    On Windows the python.exe of a virtual environment only starts the real one, its child.
    """
    process = psutil.Process(pid)
    children = process.children() if os.name == "nt" else []
    return children[0] if children else process
