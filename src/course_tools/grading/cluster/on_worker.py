"""What a cluster's worker runs itself: it keeps one judge for one command.

The command sends these functions by value (cloudpickle), as a worker has nothing of the course: the
standard library alone.  The judge is a process of its own.  Sheets and submissions are in its
memory, in no file, and end with it; on the disk lies only the wheel, unpacked.  A command that is
gone and asks nothing for LEASE seconds is taken to have ended.
"""

import asyncio
import io
import os
import shutil
import subprocess
import tempfile
import zipfile
from typing import Any

from ..judge_process import JudgeProcess

KEPT, LOCK = "transformer_triad", "transformer_triad_lock"  # attributes of dask's worker
BUSY = "another command is grading on it"


class Judge:
    """The judge of one command, and its folder on the worker's disk."""

    def __init__(self, command: str, wheel: bytes, below: str, lease_s: float, hung_s: float):
        self.command, self.lease_s = command, lease_s
        self.folder = tempfile.mkdtemp(prefix="triad-", dir=below)
        course, temporary = (os.path.join(self.folder, name) for name in ("course", "tmp"))
        os.mkdir(temporary)
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            archive.extractall(course)
        self.process = JudgeProcess(course, temporary, subprocess.DEVNULL, hung_s)

    def end(self) -> None:
        """Kill the process, with all that it knows, and remove the folder."""
        self.process.kill()
        self.process.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def connected(dask_scheduler: Any = None) -> list[str]:
    """Return the commands that the scheduler is connected with: on the scheduler."""
    return list(dask_scheduler.clients)


async def begin(
    command: str,
    others: list[str],
    wheel: bytes,
    lease_s: float,
    hung_s: float,
    dask_worker: Any = None,
) -> str:
    """Start a judge; return the reason where there is none: BUSY, or what went wrong.

    others: commands that are connected; the judge of one that is not is ended
    hung_s: what no question takes
    """
    async with _lock(dask_worker):  # between looking and keeping, another command may ask
        kept = getattr(dask_worker, KEPT, None)
        if kept and kept.command != command and kept.command in others:
            return BUSY
        await _end(kept, dask_worker)
        try:
            below = dask_worker.local_directory
            made = await asyncio.to_thread(Judge, command, wheel, below, lease_s, hung_s)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        setattr(dask_worker, KEPT, made)
        extend(made, dask_worker)
    return ""


def _lock(dask_worker: Any) -> asyncio.Lock:
    """Return the lock of those that start a judge here: every command has its own functions."""
    if not hasattr(dask_worker, LOCK):
        setattr(dask_worker, LOCK, asyncio.Lock())
    return getattr(dask_worker, LOCK)


async def ask(command: str, question: bytes, dask_worker: Any = None) -> tuple[str, bytes]:
    """Return ("answer", it), or how the judge has ended: "died" over the question, or "gone"."""
    kept = getattr(dask_worker, KEPT, None)
    if not kept or kept.command != command:
        return "gone", b""
    kept.timer.cancel()
    try:
        return "answer", await asyncio.to_thread(kept.process.ask, question)
    except Exception as error:
        return ("died" if getattr(error, "asked", True) else "gone"), b""
    finally:
        if getattr(dask_worker, KEPT, None) is kept:
            extend(kept, dask_worker)


def extend(kept: Any, dask_worker: Any) -> None:
    """Keep the judge for another lease."""
    kept.timer = asyncio.get_running_loop().call_later(
        kept.lease_s, lambda: asyncio.ensure_future(_end(kept, dask_worker))
    )


async def end(command: str, dask_worker: Any = None) -> None:
    """End the command's judge, if it has one here, even at work on a question or starting."""
    async with _lock(dask_worker):
        kept = getattr(dask_worker, KEPT, None)
        if kept and kept.command == command:
            await _end(kept, dask_worker)


async def _end(kept: Any, dask_worker: Any) -> None:
    """End just this judge: a lease may run out when another one is there."""
    if kept:
        if getattr(dask_worker, KEPT, None) is kept:
            setattr(dask_worker, KEPT, None)
        kept.timer.cancel()
        await asyncio.to_thread(kept.end)
