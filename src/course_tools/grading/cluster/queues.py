"""A queue of a batch system: its jobs each start one worker, and are submitted again when they end.

dask-jobqueue submits a job once.  One whose time is over, or whose node has failed, is missed here;
so is the word of a queue that takes none.
"""

import contextlib
import getpass
import importlib
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from pathlib import Path
from types import ModuleType

import dask
from distributed import Status
from distributed.security import Security

from helpers import stopping

QUEUES = {  # dask-jobqueue's classes, whose settings lie in dask's own configuration
    "slurm": "SLURMCluster", "pbs": "PBSCluster", "sge": "SGECluster", "lsf": "LSFCluster",
    "oar": "OARCluster", "htcondor": "HTCondorCluster",
}  # fmt: skip
LISTS = {  # what lists a user's jobs that wait or run, each with its number
    "slurm": "squeue -h -o '%i %T %r' -u {user}", "pbs": "qstat -u {user}", "sge": "qstat",
    "lsf": "bjobs", "oar": "oarstat -u {user}", "htcondor": "condor_q {user}",
}  # fmt: skip
MEMORY = "4GB"  # of a job: a judge, its fork server and a student's process, and what tests make
LOOK_S, LIST_S, TELL_S = 15.0, 5.0, 300.0
FAILURES = 5  # attempts to submit, or jobs, one after the other, without any worker
ENDED = (
    "The jobs of {name} end before a worker has come: look at what they have written "
    "(log-directory in dask's settings)."
)


def jobqueue() -> ModuleType:
    """Import dask_jobqueue, which takes Ctrl-C for itself as it is loaded: that is undone."""
    with stopping.kept_back():
        return importlib.import_module("dask_jobqueue")


class Queue:
    """JOBS jobs of a queue, kept up; look() raises BrokenExecutor where that comes to nothing."""

    def __init__(self, name: str, jobs: int, security: Security):
        self.name, self.jobs = name, jobs
        self.failed: list[Exception] = []  # of submitting, since one was taken
        self.missing: set[str] = set()  # jobs that the last look did not find
        self.refused = self.lost = 0  # looks without any job taken; jobs that came to nothing
        self.looked, self.told = 0.0, time.monotonic()
        kind = getattr(jobqueue(), QUEUES[name])
        settings = dask.config.get(f"jobqueue.{name}", {})
        folder = settings.get("shared-temp-directory") or str(Path.home())  # the workers' keys
        self.cluster = kind(cores=1, processes=1, memory=settings.get("memory") or MEMORY,
                            job_cls=self._heard(kind.job_cls), security=security,
                            shared_temp_directory=folder)  # fmt: skip

    def _heard(self, kind: type) -> type:
        """Return the class of a job whose failure to be submitted is kept, and not only logged."""
        failed = self.failed

        class HeardJob(kind):  # type: ignore[misc, valid-type]
            async def start(self) -> None:
                try:
                    await super().start()
                    failed.clear()
                except Exception as error:
                    failed.append(error)
                    self.status = Status.running  # else dask logs it and submits nothing more

            async def close(self) -> None:
                with contextlib.suppress(OSError):  # without a queue's commands
                    await super().close()
                self.status = Status.closed

        return HeardJob

    def start(self) -> None:
        """Submit the jobs."""
        self.cluster.scale(self.jobs)

    def look(self, tell: Callable[[str], object], has_workers: bool) -> None:
        """Submit again what has ended; say what a queue says that lets one wait.  BrokenExecutor.

        has_workers: whether any worker is here
        """
        now = time.monotonic()
        if now - self.looked < LOOK_S:
            return
        self.looked, ids = now, self._ids()  # first: what is submitted meanwhile is in no list yet
        words = self._listed()
        taken = self._again(ids, words)
        self.refused = 0 if taken or has_workers or not self.failed else self.refused + 1
        if has_workers:
            self.lost, self.told = 0, now
            return
        self._end_if_in_vain()
        if now - self.told > TELL_S or self.refused == 1:
            self.told = now
            tell(f"no worker yet; {self._state(words)}")

    def _end_if_in_vain(self) -> None:
        error = self.failed[-1] if self.failed else None
        if self.refused and isinstance(error, FileNotFoundError):
            raise BrokenExecutor(f"No job can be submitted to {self.name} here: {error}.")
        if self.refused >= FAILURES:
            raise BrokenExecutor(f"{self.name} takes no job: {_line(error)}.")
        if self.lost >= FAILURES:
            raise BrokenExecutor(ENDED.format(name=self.name))

    def _ids(self) -> dict[str, str]:
        """Return {job's name: its number}, "" where it was not taken}."""
        every = list(self.cluster.workers.items())
        return {str(name): getattr(job, "job_id", None) or "" for name, job in every}

    def _again(self, ids: dict[str, str], words: str | None) -> bool:
        """Submit again what was not taken, or what two looks have not found.  Was any taken?"""
        there = {str(w["name"]) for w in self.cluster.scheduler_info["workers"].values()}
        known = {name: id_ for name, id_ in ids.items() if id_ and name not in there}
        absent = {id_ for id_ in known.values() if words is not None and not _in(id_, words)}
        ended = absent & self.missing
        self.missing, self.lost = absent - ended, self.lost + len(ended)
        self.cluster.loop.add_callback(self._forget, {"", *ended})
        self.cluster.scale(self.jobs)  # also for what dask itself has forgotten
        return any(ids.values())

    async def _forget(self, ids: set[str]) -> None:
        known = [name for name, job in self.cluster.workers.items() if (job.job_id or "") in ids]
        for job in [self.cluster.workers.pop(name) for name in known]:
            await job.close()

    def _listed(self) -> str | None:
        """Return what the queue says of this user's jobs; None where it says nothing."""
        command = shlex.split(LISTS[self.name].format(user=getpass.getuser()))
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIST_S)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return None if done.returncode else done.stdout

    def _state(self, words: str | None) -> str:
        """Say how it stands with our jobs, in the queue's own words."""
        if self.failed:
            return f"{self.name} has not taken a job: {_line(self.failed[-1])}"
        ids = [id_ for id_ in self._ids().values() if id_]
        lines = [" ".join(line.split()) for line in (words or "").splitlines()]
        ours = [line for line in lines if any(_in(id_, line) for id_ in ids)]
        if words is not None and not ours:
            return f"no job runs or waits in {self.name}: submitted again"
        return f"{self.name}: {'; '.join(ours[:5]) or 'jobs ' + ', '.join(ids[:5])}"


def _in(id_: str, words: str) -> bool:
    """Tell whether a job is named, also where its number is followed by a server's name."""
    number = re.match(r"\d*", id_)
    return bool(re.search(rf"\b{re.escape((number and number[0]) or id_)}\b", words))


def _line(error: Exception | None) -> str:
    """Return an error's words in one line; of a command that failed, its own."""
    said = re.search(r"stderr:\n(.+)", str(error), re.DOTALL)
    return " ".join((said[1] if said else str(error)).split())[:300]
