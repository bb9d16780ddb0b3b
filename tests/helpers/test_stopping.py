"""A signal at any moment ends a command in order: none is lost, no child is left, no traceback."""

import _thread
import os
import signal
import subprocess
import sys
import threading
import time

import processes
import psutil
import pytest
from places import ROOT

from course_tools.checks.processes import status_of
from helpers import stopping

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
DEAF += "print(flush=True); time.sleep(60)"


@pytest.mark.parametrize("how", stopping.SIGNALS)
def test_a_signal_while_a_child_starts_leaves_it_to_nobody(monkeypatch, how):
    real, started = subprocess.Popen, []

    def popen(*words, **options):
        started.append(real(*words, **options))
        signal.raise_signal(how)
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", popen)
    raised = stopping.Terminated if how == signal.SIGTERM else KeyboardInterrupt
    with pytest.raises(raised) as stopped, stopping.in_order(), stopping.child(SLEEP):
        pytest.fail("the signal waits for the child, and no longer")
    assert started[0].poll() is not None
    assert stopping.status(stopped.value) == 128 + how


def test_a_signal_that_interrupts_no_wait_is_heard():
    """As one that comes when the wait is just about to begin."""
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), stopping.child(SLEEP) as child:
        threading.Timer(0.2, _thread.interrupt_main).start()
        stopping.waited(child)
    assert time.monotonic() - begun < 30


def test_a_child_that_does_not_listen_is_ended_all_the_same():
    with processes.started([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as server:
        server.stdout.readline()
        stopping.ended(server, 0.2)
        assert server.poll() == -signal.SIGKILL


def test_who_presses_ctrl_c_once_more_need_not_wait_for_it():
    with processes.started([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as server:
        server.stdout.readline()
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            stopping.ended(server)
        assert server.poll() == -signal.SIGKILL


def test_sigterm_ends_what_a_command_runs_in_the_foreground():
    before = set(psutil.Process().children())
    with pytest.raises(stopping.Terminated), stopping.in_order():
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
        status_of(SLEEP)
    assert set(psutil.Process().children()) <= before
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def ended(command: list, how: int, **options) -> tuple[int, str]:
    """(status, words on stderr) of a command that gets a signal after its first line."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with processes.started(command, env=env, **pipes, **options) as process:
        process.stdout.readline()
        process.send_signal(how)
        said = process.communicate(timeout=60)[1]
    return process.returncode, said


def test_ctrl_c_while_a_command_is_loaded_just_ends_it(tmp_path):
    package = tmp_path / "tool"
    package.mkdir()
    (package / "__init__.py").write_text("from helpers import stopping\n", encoding="utf-8")
    loading = "print(flush=True); import time; time.sleep(60)"
    (package / "__main__.py").write_text(loading, encoding="utf-8")
    command = [sys.executable, "-m", "tool"]
    assert ended(command, signal.SIGINT, cwd=tmp_path) == (-signal.SIGINT, "")


@pytest.mark.parametrize("how", stopping.SIGNALS)
def test_a_command_that_is_told_to_end_says_so_in_a_line(how):
    code = "import time; from course_tools import command; "
    code += "command.run(lambda _: (print(flush=True), time.sleep(60)))"
    assert ended([sys.executable, "-c", code], how) == (128 + how, "\nStopped.\n")
