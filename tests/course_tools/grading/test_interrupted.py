"""Whatever stops the grader, or marking: nothing is lost, one sentence, nothing is left running."""

import _thread
import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from unittest import mock

import filelock
import processes
import pytest
import turns
from marked_class import MarkedClass, notebook
from places import ROOT
from sample_class import FULL
from sqlalchemy.exc import OperationalError

from course_tools.grading import __main__ as grade
from course_tools.grading import classroom, mark
from course_tools.grading.reports import gradebook, scores

RIGHT = dict.fromkeys(FULL, "RIGHT")
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs signals")


@pytest.fixture
def marked(tmp_path) -> MarkedClass:
    """A class with an essay that a person has marked."""
    made = MarkedClass(tmp_path)
    made.hand_in("s1", notebook(**RIGHT, essay="an essay"))
    made.hand_in("s2", notebook(**RIGHT))
    assert made.grade("--report-lang", "en") == 0
    made.mark("s1", "essay", 3.5, 0.5)
    made.comment("s1", "essay", "くわしく")
    return made


def everything(made: MarkedClass) -> dict:
    """All that an instructor or a student reads."""
    files = [made.out / "grades.csv", made.out / "report.html"]
    files += sorted((made.out / "feedback").iterdir())
    files += sorted(made.courses.rglob("autograded/**/*.ipynb"))
    kept = {name: made.kept(name) for name in ("s1", "s2")}
    return {**{str(f): f.read_bytes() for f in files}, **kept}


class Full:
    """A disk that is full from the nth write on."""

    def __init__(self, writes: int, real):
        self.left, self.real = writes, real

    def __call__(self, *arguments):
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.real(*arguments)


def copy(of: MarkedClass, name: str) -> MarkedClass:
    made = MarkedClass(of.folder.parent / f"{of.folder.name}-{name}")
    shutil.copytree(of.folder, made.folder)
    return made


def by_name(made: MarkedClass) -> dict:
    return {Path(name).name: content for name, content in everything(made).items()}


def test_a_disk_that_is_full_at_any_write_loses_nothing(marked, capsys):
    """Each file that is written is once the one that fails; the next run is as if none had."""
    marked.hand_in("s1", notebook(**RIGHT, essay="another essay"))
    marked.hand_in("s3", notebook(merge="RIGHT"))
    before, whole, stops = (marked.out / "grades.csv").read_bytes(), copy(marked, "whole"), 0
    assert whole.grade("--report-lang", "en") == 0
    expected = by_name(whole)
    assert expected["s1"]["needs"] == {"essay"}  # the mark was for the essay before
    for writes in range(0, 100, 1 if os.environ.get("TRIAD_ALL") else 3):
        made = copy(marked, str(writes))
        capsys.readouterr()
        with mock.patch("helpers.files.os.fsync", Full(writes, os.fsync)):
            if not made.grade("--report-lang", "en"):
                break
        said, stops = capsys.readouterr().err, stops + 1
        assert said.count("\n") == 1 and "No space left on device" in said
        assert not list(made.folder.rglob("*.part"))
        assert made.kept("s1")["given"]["essay"] == (3.5, 0.5)
        assert (made.out / "grades.csv").read_bytes() == before
        assert made.grade("--report-lang", "en") == 0 and by_name(made) == expected
    assert stops > 3


def test_a_gradebook_that_cannot_be_written_keeps_what_it_had(marked, capsys):
    before = everything(marked)
    marked.hand_in("s2", notebook(merge="RIGHT"))
    full = OperationalError("INSERT", {}, Exception("database or disk is full"))
    with mock.patch.object(scores._Rows, "flush", side_effect=full):
        assert marked.grade() == 1
    said = capsys.readouterr().err
    assert "database or disk is full" in said and "Traceback" not in said and "sqlalche" not in said
    assert marked.kept("s1") == before["s1"] and marked.kept("s2") == before["s2"]


@pytest.mark.parametrize("fails", turns.by_turns(1, ["walk", "read"]))
def test_a_drive_that_is_pulled_changes_no_row(marked, fails, capsys):
    assert marked.grade() == 0  # with what the person gave
    before = everything(marked)
    gone = OSError(errno.EIO, os.strerror(errno.EIO))
    capsys.readouterr()
    where = "os.scandir" if fails == "walk" else "pathlib.Path.open"
    with mock.patch(where, side_effect=gone):
        assert marked.grade() == 1
    assert "Input/output error" in capsys.readouterr().err
    assert everything(marked) == before


def test_a_file_that_may_not_be_read_is_one_students_matter(marked, capsys):
    real = Path.open

    def denied(path, *more, **options):
        if "s2" in path.parts and path.suffix == ".ipynb" and "in" in path.parts:
            raise PermissionError(errno.EACCES, "denied")
        return real(path, *more, **options)

    with mock.patch("pathlib.Path.open", denied):
        assert marked.grade("--report-lang", "en") == 0
    assert "could not be read" in marked.rows()["s2"]["notes"]
    assert marked.rows()["s1"]["points"] == "14"


def test_two_commands_do_not_write_one_gradebook_at_a_time(marked, capsys, monkeypatch):
    monkeypatch.setattr(gradebook, "WAIT_S", 0.1)
    with filelock.FileLock(marked.courses / "ja" / ".lock"):
        assert marked.grade() == 1
    said = capsys.readouterr().err
    assert said.strip() == f"another run is writing to {marked.courses / 'ja'}"
    assert marked.grade() == 0


def test_a_mark_that_is_saved_while_the_grader_writes_is_there(marked):
    """Formgrader's write waits for the grader's, and neither undoes the other."""
    real, seen = scores._Rows.flush, []

    def slow(rows):
        book = marked.book()
        try:
            book.engine.dispose()
            script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=120); "
            script += "c.execute('update grade set manual_score = 1.0, needs_manual_grade = 0 "
            script += "where manual_score = 3.5'); c.commit()"
            path = str(marked.courses / "ja" / "gradebook.db")
            seen.append(subprocess.Popen([sys.executable, "-c", script, path]))
            time.sleep(1.0)
            assert seen[0].poll() is None  # it waits
        finally:
            book.close()
        return real(rows)

    with mock.patch.object(scores._Rows, "flush", slow):
        assert marked.grade() == 0
    assert seen[0].wait(120) == 0
    assert marked.kept("s1")["given"]["essay"] == (1.0, 0.5)


@turns.in_ci
def test_a_page_that_may_be_open_is_spoken_of(marked, capsys):
    with filelock.FileLock(marked.courses / "ja" / gradebook.MARKING):
        assert marked.grade() == 0
        assert "reload" not in capsys.readouterr().out
        marked.hand_in("s1", notebook(**RIGHT, essay="another essay"))
        assert marked.grade() == 0
        assert "Formgrader is open: reload" in capsys.readouterr().out


@turns.in_ci
def test_a_mark_from_a_page_of_formgrader_that_may_be_old_is_asked_for_again(marked):
    """Nobody knows which text it showed; the marking page does, and is believed."""
    marked.hand_in("s2", notebook(**RIGHT, essay="first"))
    assert marked.grade("--report-lang", "en") == 0
    with filelock.FileLock(marked.courses / "ja" / gradebook.MARKING):
        for name in ("s1", "s2"):
            marked.hand_in(name, notebook(**RIGHT, essay="second"))
        marked.hand_in("s3", notebook(**RIGHT, essay="the first that there is"))
        assert marked.grade("--report-lang", "en") == 0
        marked.save(marked.on_desk("s1"), (1, 1, 1, 1), "read")
        for name in ("s2", "s3"):
            marked.mark(name, "essay", 2.0)
        marked.comment("s2", "essay", "read what?")
    assert marked.grade("--report-lang", "en") == 0
    rows = marked.rows()
    assert {name: row["to_mark"] for name, row in rows.items()} == {
        "s1": "", "s2": "essay", "s3": "",
    }  # fmt: skip
    assert marked.kept("s2")["given"]["essay"] == (2.0, None)
    assert "written on an earlier answer" in rows["s2"]["notes"] and not rows["s1"]["notes"]
    marked.mark("s2", "essay", 2.0)  # "Resolve", and the comment is written again on our page
    assert marked.grade("--report-lang", "en") == 0 and marked.rows()["s2"]["points"] == "12"
    marked.save(marked.on_desk("s2"), (None,) * 4, "read what?")
    assert marked.grade("--report-lang", "en") == 0 and marked.rows()["s2"]["notes"] == ""


# --- signals --------------------------------------------------------------------------------------


@POSIX
def test_sigterm_ends_as_ctrl_c_does(marked, capsys):
    def told(*_):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    with mock.patch.object(grade, "grade_class", told):
        assert marked.grade() == 143
    assert "Stopped. The same command goes on from here." in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


SERVER = "import signal, sys, time; print('up', flush=True); time.sleep(60)"
MARKING = """
import sys
from pathlib import Path
from course_tools.grading import mark
mark.formgrader = lambda _: [sys.executable, "-c", sys.argv[2]]
sys.exit(mark.main(["--lang", "ja", "--courses", sys.argv[1], "--formgrader"]))
"""


@POSIX
@pytest.mark.parametrize("how", turns.by_turns(1, [signal.SIGTERM, signal.SIGKILL, signal.SIGINT]))
def test_no_server_outlives_the_command_that_marks(marked, how):
    if how == signal.SIGKILL and sys.platform != "linux":
        pytest.skip("needs Linux")
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    say = SERVER.replace("print('up'", "import os; print(os.getpid()")
    command = [sys.executable, "-c", MARKING, str(marked.courses), say]
    with processes.started(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        server = int(process.stdout.readline())
        process.send_signal(how)
        assert process.wait(60) == {signal.SIGTERM: 143, signal.SIGINT: 130}.get(how, -9)
    processes.until(lambda: not alive(server), 10)


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_two_do_not_mark_one_course_from_two_servers(marked, capsys):
    with filelock.FileLock(marked.courses / "ja" / gradebook.MARKING):
        where = ["--lang", "ja", "--courses", str(marked.courses)]
        assert mark.main([*where, "--formgrader"]) == 1
    assert "open" in capsys.readouterr().err


def test_ctrl_c_while_the_browser_is_opened_ends_the_marking_page(marked, capsys):
    where = ["--lang", "ja", "--courses", str(marked.courses)]
    with mock.patch("webbrowser.open", side_effect=KeyboardInterrupt):
        assert mark.main(where) == 130
    assert "What was saved is kept" in capsys.readouterr().out


@POSIX
def test_a_signal_that_interrupts_no_wait_is_heard_while_nothing_is_graded():
    """As one that comes when the wait is just about to begin."""
    never = Future()
    threading.Timer(0.2, _thread.interrupt_main).start()
    late = threading.Timer(20, never.set_result, (None,))
    late.start()
    with pytest.raises(KeyboardInterrupt):
        list(classroom._as_done([never]))
    assert not never.done()
    late.cancel()
