"""The current session: what is set ends with it, whatever fails; every thread reads the same."""

import contextvars
import os
import shutil
import subprocess
import sys
import threading
from types import SimpleNamespace

import ipywidgets
import pytest
import turns
from places import ROOT

import helpers
from course_tools.grading import judge
from helpers.classroom import check, claims, progress, session
from helpers.classroom.session import Session
from helpers.language import say


def state() -> tuple:
    """All that a session may change for others."""
    now = session.current()
    return now, now.lesson, say.language(), dict(now.results), progress.data_dir(), list(sys.path)


def in_thread(call):
    """What a call returns in another thread, and so in a context of its own."""
    returned = []
    thread = threading.Thread(target=lambda: returned.append(call()))
    thread.start()
    thread.join(60)
    [value] = returned
    return value


# --- one within another -----------------------------------------------------------------------


def test_nested_sessions_restore_the_one_before(tmp_path):
    helpers.begin("01_attention", "ja")
    before = state()
    with Session("03_encoder", "zh-tw", home=tmp_path / "a") as outer:
        with check.task("merge"):
            pass
        within = state()
        assert within[:3] == (outer, "03_encoder", "zh-tw") and list(within[3]) == ["merge"]
        assert progress.data_dir() == tmp_path / "a"
        with pytest.raises(ZeroDivisionError), Session(home=tmp_path / "b") as inner:
            assert state()[:4] == (inner, "", "zh-tw", {})
            helpers.begin("04_decoder", "ja")
            assert state()[:3] == (inner, "04_decoder", "ja")
            1 / 0  # noqa: B018
        assert state() == within
    assert state() == before


def test_one_session_may_be_entered_again():
    before, one = state(), Session("01_attention", "zh-tw")
    with one, Session("03_encoder", "ja"), one:
        assert state()[:3] == (one, "01_attention", "zh-tw")
    assert state() == before


@pytest.mark.parametrize("lang", ["en", ""])
def test_an_unknown_language_changes_nothing(lang):
    before = state()
    with pytest.raises(ValueError, match="expected one of 'ja'"), Session(lang=lang):
        pass
    with pytest.raises(ValueError, match="expected one of 'ja'"):
        helpers.begin("01_attention", lang)
    assert state() == before


def test_the_one_that_began_later_ends_first():
    first, second = Session("first"), Session("second")
    first.__enter__()
    with second, pytest.raises(RuntimeError, match=r"'second' has not ended.*that of 'first'"):
        first.__exit__()
    assert session.current() is first
    first.__exit__()


def test_begin_loses_nothing_of_a_student(tmp_path):
    """A student runs the first cell again while the disk is full."""
    (tmp_path / "a file").touch()
    with Session(home=tmp_path / "a file" / "below") as now:
        helpers.begin("01_attention", "ja")
        progress.passed("merge")
        helpers.begin("01_attention", "ja")
        assert list(progress.work()["01_attention"].tasks) == ["merge"]
        assert now.shown_once == {"in_memory"}


# --- the environment is the default -----------------------------------------------------------


def test_the_environment_holds_where_the_session_says_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "env"))
    monkeypatch.setenv("TRIAD_STRICT", "claims,tasks")
    monkeypatch.delenv("CI", raising=False)
    with Session() as now:
        assert progress.data_dir() == tmp_path / "env"
        assert now.is_strict("tasks") and claims.is_strict()
    with Session(strict="tasks", home=tmp_path / "own") as now:
        assert progress.data_dir() == tmp_path / "own"
        assert now.is_strict("tasks") and not claims.is_strict()
    with Session(strict=""), check.task("open"):
        raise NotImplementedError
    with Session(strict="tasks"), pytest.raises(NotImplementedError), check.task("open"):
        raise NotImplementedError


# --- threads and callbacks --------------------------------------------------------------------


@pytest.mark.parametrize("lang", say.LANGUAGES)
def test_every_thread_and_context_reads_the_students_session(lang):
    helpers.begin("01_attention", lang)
    seen = session.current(), lang, "01_attention"

    def read():
        return session.current(), say.language(), session.current().lesson

    assert in_thread(read) == seen
    assert contextvars.Context().run(read) == seen


@pytest.mark.parametrize("lang", say.LANGUAGES)
def test_a_widgets_callback_in_another_thread_speaks_the_students_language(lang):
    said, button = [], ipywidgets.Button()
    button.on_click(lambda _: said.append(say.text("check", "not_yet", task="merge")))
    contextvars.Context().run(helpers.begin, "01_attention", lang)  # as a kernel runs a cell
    in_thread(button.click)
    assert said == [say.catalogue("check")["not_yet"][say.key(lang)].format(task="merge")]


def test_what_another_thread_begins_and_ends_leaves_no_trace():
    helpers.begin("01_attention", "ja")
    before = state()

    def grade():
        with Session("03_encoder", "zh-tw"), check.task("merge"):
            return say.language()

    assert [in_thread(grade) for _ in range(2)] == ["zh-tw", "zh-tw"]
    assert state() == before


# --- the grader -------------------------------------------------------------------------------


def test_the_grader_leaves_its_callers_session_as_it_was(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRIAD_STRICT", "tasks")
    helpers.begin("01_attention", "ja")
    with pytest.raises(NotImplementedError), check.task("mine"):
        raise NotImplementedError
    before, environment = state(), dict(os.environ)
    capsys.readouterr()
    with pytest.raises(ZeroDivisionError), judge._quiet(SimpleNamespace(lang="zh-tw")):
        assert say.language() == "zh-tw" and progress.data_dir() != before[4]
        helpers.begin("03_encoder", "zh-tw")
        sys.path.insert(0, str(tmp_path))
        with check.task("theirs"):
            raise NotImplementedError  # raises in the caller's session alone
        with check.task("solved"):
            pass
        assert set(session.current().results) == {"theirs", "solved"}
        1 / 0  # noqa: B018
    assert state() == before and dict(os.environ) == environment
    assert list(before[3]) == ["mine"] and capsys.readouterr().out == ""


# --- the tests' own ---------------------------------------------------------------------------

LEAK = """
import helpers
from helpers.classroom import session
from helpers.language import say

def test_sets_and_does_not_set_back():
    helpers.begin("01_attention", "zh-tw")
    session.current().results["merge"] = session.Result("merge", "right")

def test_begins_anew():
    now = session.current()
    assert (now.lesson, say.language(), now.results) == ("", "ja", {})
"""


@pytest.mark.parametrize(
    "case", turns.by_turns(0, [(True, "2 passed"), (False, "1 failed, 1 passed")]), ids=str
)
def test_what_a_test_does_not_set_back_ends_with_it(case, tmp_path):
    fixture, ended = case
    """And without the fixture of conftest.py the leak is seen."""
    (tmp_path / "test_leak.py").write_text(LEAK, encoding="utf-8")
    if fixture:
        shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path]
    path = os.pathsep.join(map(str, (ROOT / "tests" / "kit", ROOT / "src")))
    env = os.environ | {"PYTEST_ADDOPTS": "", "PYTHONPATH": path}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8")
    assert ended in done.stdout, done.stdout + done.stderr
