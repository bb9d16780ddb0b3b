"""A cluster by hand: dask's scheduler and workers, each a command of its own, below one folder."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil


class Site:
    """One scheduler at a time, and any number of workers with a nanny."""

    def __init__(self, folder: Path):
        self.folder, self.file = folder, folder / "scheduler.json"
        self.scheduler: subprocess.Popen | None = None
        self.nannies: dict[str, subprocess.Popen] = {}
        folder.mkdir(parents=True)

    def start(self) -> None:
        """Start a scheduler; where one was, its workers end with it."""
        self.file.unlink(missing_ok=True)
        words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
        self.scheduler = self.run("dask_scheduler", [*words, "--scheduler-file", self.file])
        end = time.monotonic() + 60
        while not self.file.exists() or not self.file.read_text("utf-8").strip().endswith("}"):
            assert time.monotonic() < end, "the scheduler did not start"
            time.sleep(0.05)

    def worker(self, name: str, before: Sequence[str] = (), **environment: str) -> None:
        """Start a worker, by another command and with other variables where they are given."""
        place = self.folder / name
        place.mkdir(exist_ok=True)
        words = ["--scheduler-file", self.file, "--nthreads", "1", "--no-dashboard"]
        words += ["--memory-limit", "0", "--local-directory", place, "--death-timeout", "30"]
        self.nannies[name] = self.run("dask_worker", words, before, **environment)

    def run(
        self, program: str, words: Sequence, before: Sequence[str] = (), **environment: str
    ) -> subprocess.Popen:
        """Start one of dask's programs; what it says lies below the folder."""
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | environment
        command = [*before, sys.executable, "-m", f"distributed.cli.{program}", *map(str, words)]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command, env=env, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )

    def processes(self, name: str) -> dict[str, psutil.Process]:
        """The processes of one worker that run: nanny, worker, judge."""
        found = {}
        with contextlib.suppress(psutil.Error):
            nanny = psutil.Process(self.nannies[name].pid)
            for process in [nanny, *nanny.children(recursive=True)]:
                line = " ".join(process.cmdline())
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                if "judge_main" in line:
                    found["judge"] = process
                elif "spawn_main" in line:
                    found["worker"] = process
                elif "dask_worker" in line:
                    found["nanny"] = process
        return found

    def close(self) -> None:
        """End everything."""
        for process in filter(None, [*self.nannies.values(), self.scheduler]):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in filter(None, [*self.nannies.values(), self.scheduler]):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(60)
