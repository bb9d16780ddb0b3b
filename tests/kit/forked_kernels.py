"""Kernels for nbval that do not import themselves and torch anew: forks of one process that has.

    patch.setattr(local_provisioner, "launch_kernel", forked_kernels.launch)

Each notebook still has a process, a folder and an environment of its own, and modules of the course
are loaded after the fork.  Elsewhere than on Linux a kernel starts as Jupyter starts it; so do the
kernels of all other tests, where an import that a lesson forgot would be missed.
"""

import json
import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

from jupyter_client.launcher import launch_kernel

LAUNCHER = ["-m", "ipykernel_launcher"]
STARTS_S = 300  # torch and transformers are loaded before the first, on a busy machine
PRELOADED = [
    "ipykernel.kernelapp",
    "torch",
    *(f"transformers.models.{m}.modeling_{m}" for m in ("bert", "llama", "t5")),
]


class Forked:
    """A kernel's process, with what jupyter_client asks of a Popen."""

    stdin = stdout = stderr = None

    def __init__(self, process: ForkServerProcess):
        self.process, self.pid = process, process.pid
        self.kill, self.terminate = process.kill, process.terminate

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self) -> int | None:
        self.process.join()
        return self.poll()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


def launch(cmd: Sequence[str], **options: Any) -> Forked | subprocess.Popen:
    """Start a kernel in options' cwd and env, in a group of its own."""
    if sys.platform != "linux" or cmd[:3] != [sys.executable, *LAUNCHER]:
        return launch_kernel(cmd, **options)
    started, tell = multiprocessing.Pipe(duplex=False)
    cwd, env = options.get("cwd") or os.getcwd(), dict(options["env"])
    words = (cmd[2:], cwd, env, fresh_path(cwd, env), tell)
    process = context().Process(target=run, args=words, daemon=True)  # it ends with this process
    process.start()
    tell.close()
    if not started.poll(STARTS_S):  # before that its group is ours, which the caller would take
        process.kill()
        raise TimeoutError(f"no kernel was forked in {STARTS_S} s")
    started.recv()
    return Forked(process)


def run(argv: list[str], cwd: str, env: dict[str, str], path: list[str], tell: Connection) -> None:
    """In the fork: become a kernel as if this Python had just been started for it."""
    multiprocessing.current_process().daemon = False  # a cell may start processes
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env, JPY_PARENT_PID=str(os.getppid()))
    sys.argv[:], sys.path[:] = argv, path
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    tell.send(None)
    runpy.run_module(LAUNCHER[1], run_name="__main__", alter_sys=True)


@cache
def context() -> ForkServerContext:
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(PRELOADED)
    return made


def fresh_path(cwd: str, env: dict[str, str]) -> list[str]:
    """sys.path of a Python that starts there now: without what pytest added to its own."""
    command = [sys.executable, "-c", "import json, sys; print(json.dumps(sys.path))"]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=True)
    return json.loads(done.stdout)
