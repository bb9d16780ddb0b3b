"""Freed memory goes back to the system after a cell that took long, and only then."""

import platform
import subprocess
import sys

import pytest

from helpers.classroom import heap


class Shell:
    """IPython's events, as far as they are used."""

    def __init__(self):
        self.events, self.called = self, {}

    def register(self, name, function):
        self.called[name] = function


@pytest.fixture
def cell(monkeypatch):
    """cell(seconds): run one; how often memory was given back so far."""
    now, given, shell = [0.0], [], Shell()
    monkeypatch.setattr(heap.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(heap, "give_back", lambda: given.append(1))
    heap.install(shell)

    def run(seconds, begins=True):
        if begins:
            shell.called["pre_run_cell"](None)
        now[0] += seconds
        shell.called["post_run_cell"](None)
        return len(given)

    return run


def test_after_a_long_cell_alone(cell):
    assert cell(9, begins=False) == 0, "the cell that installs it has begun before"
    assert [cell(0.01), cell(2), cell(0.9), cell(60)] == [0, 1, 1, 2]


FREE = """
import re
from helpers.classroom import heap
def mib():
    text = open("/proc/self/smaps_rollup").read()
    return int(re.search(r"Anonymous: +(\\d+)", text)[1]) / 1024
blocks = [bytearray(b"x" * 100_000) for _ in range(1000)]
last = bytearray(b"x" * 100_000)  # keeps the end of the heap in use
full = mib()
del blocks
freed = mib()
heap.give_back()
print(full - freed, freed - mib())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps less")
def test_the_system_gets_it(monkeypatch):
    done = subprocess.run([sys.executable, "-c", FREE], capture_output=True, text=True)
    alone, given = map(float, done.stdout.split())
    assert alone < 30 and given > 60, done.stdout + done.stderr


def test_another_c_library_is_no_fault(monkeypatch):
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda name: object())
    heap.give_back()
