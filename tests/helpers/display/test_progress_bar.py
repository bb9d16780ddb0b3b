"""Progress is drawn in one place: a bar, a changing line, lines; a log gets no "\\r"."""

import io
import os
import shutil
import time

import pytest
from processes import until

from course_tools.checks import processes
from course_tools.grading import classroom
from helpers.display import progress_bar
from helpers.display.monospace import columns
from helpers.launch import runner


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Handle:
    """A place in a notebook's output: what it shows now, and how often it was drawn."""

    def __init__(self):
        self.shown, self.drawings = {}, 0

    def update(self, data, raw):
        assert raw
        self.shown, self.drawings = data, self.drawings + 1


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves when the test says so."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((30, 24)))


def work(clock, display, steps=50):
    with progress_bar.Meter(steps, display) as meter:
        for step in range(1, steps + 1):
            clock[0] += 0.1
            meter.show(step, "損失 1.234")


def test_the_meter_says_steps_and_time_left(clock):
    bar = progress_bar.Meter(200, progress_bar.ProgressDisplay())
    clock[0] += 10
    bar.show(50, "損失 1.234")
    assert bar.text() == "50/200　10秒経過、残り約30秒 損失 1.234"


def test_a_terminal_has_one_line_that_fits_and_ends(clock, narrow):
    terminal = Terminal()
    work(clock, progress_bar.on_stream(terminal, None))
    start, *redrawn = terminal.getvalue().split("\r")
    assert start == "" and 10 < len(redrawn) < 25  # 5 s, four times a second at most
    assert max(map(columns, redrawn)) <= 29
    assert redrawn[-1].startswith("50/50") and terminal.getvalue().count("\n") == 1


def test_what_is_shorter_leaves_nothing_of_what_was_longer(narrow):
    terminal = Terminal()
    line = progress_bar.TerminalLine(terminal)
    line.draw("注意機構 abc")
    line.draw("abc")
    line.clear()
    _, first, second, gone, rest = terminal.getvalue().split("\r")
    assert columns(second) == columns(first) == 12 and second.strip() == "abc"
    assert (gone, rest) == (" " * 3, "")


def test_a_bar_in_a_notebook_has_its_share_and_its_text(clock):
    handle = Handle()
    work(clock, progress_bar.NotebookBar(handle))
    assert '<progress max="50" value="50"' in handle.shown["text/html"]
    assert handle.shown["text/plain"] in handle.shown["text/html"]
    assert 10 < handle.drawings < 25


def test_a_failure_is_not_told_as_the_end(clock):
    handle = Handle()
    with pytest.raises(ZeroDivisionError), progress_bar.Meter(2, progress_bar.NotebookBar(handle)):
        raise ZeroDivisionError
    assert handle.drawings == 0


def to_log(clock, log):
    """All four that tell how far they are, with a log in place of a terminal."""
    work(clock, progress_bar.on_stream(log, None))
    lesson = runner.Progress("01_good (ja)", log)
    counter = classroom._Counter(40, 10, lambda text: print(text, file=log))
    for step in range(1, 31):
        clock[0] += 1
        lesson.cell(step, 30, "注意機構")
        lesson.tick()
        counter.one_more()
    lesson.display.clear()
    counter.end()


def test_a_log_gets_lines_and_no_carriage_return(clock):
    log = io.StringIO()
    to_log(clock, log)
    lines = log.getvalue().splitlines()
    assert "\r" not in log.getvalue()
    assert not any("損失" in line for line in lines)  # a cell's bar is for who waits before it
    lesson = [line.split()[2] for line in lines if line.startswith("01_good")]
    assert lesson == [str(seconds) for seconds in range(0, 31, 5)]
    counted = [line for line in lines if line.startswith("  ")]
    assert counted[0] == "  12 of 40, about 28 s left" and len(counted) == 14
    assert lines[-1] == "30 graded in 30 s"


def test_a_changing_line_in_a_log_would_be_seen(clock, monkeypatch):
    monkeypatch.setattr(progress_bar, "on_stream", lambda s, _: progress_bar.TerminalLine(s))
    log = io.StringIO()
    to_log(clock, log)
    assert "\r" in log.getvalue()


def test_signs_of_life_are_lines_on_a_terminal_too(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setattr(processes, "LIFE_SIGN_S", 0.05)
    with processes.life_signs("slow part"):
        until(lambda: len(terminal.getvalue().splitlines()) > 2)
    assert terminal.getvalue().splitlines()[0] == "slow part …"
    assert "\r" not in terminal.getvalue()
