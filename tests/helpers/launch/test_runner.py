"""python -m helpers.launch.runner, on tiny notebooks: what it shows, and every way to fail."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from functools import partial
from pathlib import Path

import processes
import psutil
import pytest
import turns
from places import ROOT

from helpers import experiments
from helpers.classroom import claims
from helpers.display.monospace import aligned, columns
from helpers.language import say
from helpers.launch import execution, runner

FIXTURES = ROOT / "tests" / "fixtures"
GOOD = ("01_good", "good")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """course("02_name", "fixture") puts a notebook in place for a language; cwd is the course."""
    root = tmp_path / "course with 山田"
    for lang in say.COMPLETE:
        (root / "notebooks" / lang).mkdir(parents=True)
    monkeypatch.chdir(root)
    monkeypatch.setattr(claims, "ids", lambda lesson: {"C00"})  # what most fixtures check

    def put(name: str, fixture: str, *langs: str) -> Path:
        for lang in langs or say.COMPLETE:
            shutil.copy(FIXTURES / f"{fixture}.ipynb", f"notebooks/{lang}/{name}.ipynb")
        return root

    yield put
    say.use("ja")


def words(name: str, lang: str = "ja") -> str:
    return say.catalogue("runner")[name][lang.replace("-", "_")]


def test_a_good_lesson_shows_claim_bound_seconds_and_memory(course, capsys):
    root = course(*GOOD)
    before = {p: p.read_bytes() for p in root.rglob("*.ipynb")}
    assert runner.main(["01"]) == 0
    shown = capsys.readouterr().out
    for lang in say.COMPLETE:
        assert f"01_good ({lang}): " in shown
    assert shown.count("C00") == 2 and "1.02" in shown and "0.9 – 1.1" in shown
    assert "60秒" in shown and "1024 MiB" in shown
    assert {p: p.read_bytes() for p in root.rglob("*.ipynb")} == before


@turns.in_ci
@pytest.mark.parametrize(
    "fixture, expected",
    [
        ("raises", ["error", "    return a / b", "ZeroDivisionError: division by zero", "divide"]),
        ("stderr", ["stderr", "deprecated thing", "warn"]),
        ("callback", ["error", "ZeroDivisionError", "press"]),
        ("swallowed", ["error", "ZeroDivisionError", "press"]),
        ("dies", ["died", "exit"]),
        ("no_claim", ["unmeasured", "C00"]),
        ("missed", ["missed", "7.5"]),
    ],
)
def test_a_fault_is_shown_and_the_next_lesson_still_runs(course, capsys, fixture, expected):
    course("01_bad", fixture, "ja")
    course("02_good", "good", "ja")
    assert runner.main(["--lang", "ja"]) == 1
    shown = capsys.readouterr().out
    kind, *details = expected
    assert words(kind).split("{")[0].strip() in shown
    assert all(detail in shown for detail in details)
    assert f"02_good (ja): {words('passed')}" in shown
    assert shown.rstrip().endswith("01_bad (ja)")
    assert "\x1b" not in shown


def test_a_lesson_that_declares_no_claim_needs_none(course, monkeypatch):
    course("00_light", "no_claim", "ja")
    monkeypatch.setattr(claims, "ids", lambda lesson: set())
    assert runner.main(["--lang", "ja"]) == 0


def test_more_than_the_memory_bound_fails_the_lesson(course, capsys, monkeypatch):
    course("01_big", "big", "ja")
    assert runner.main(["--lang", "ja"]) == 0
    monkeypatch.setattr(runner, "MIB_BOUND", 200)
    assert runner.main(["--lang", "ja"]) == 1
    assert words("too_big").format(mib_bound=200) in capsys.readouterr().out


@turns.in_ci
def test_the_peak_is_the_kernels_and_is_not_missed():
    env = dict(os.environ)
    big, good = (execution.execute(FIXTURES / f"{x}.ipynb", env) for x in ("big", "good"))
    assert 180 < big.mib - good.mib < 260  # the notebook fills 200 MiB
    assert not big.failures


def test_a_lesson_that_does_not_end_is_stopped(monkeypatch):
    """Its kernel computes: that is not the silence of one that is lost."""
    monkeypatch.setattr(execution, "ANSWER_SECONDS", 2)
    before = set(kernels_of(os.getpid()))  # a JupyterLab of other tests may be open beside it
    outcome = execution.execute(FIXTURES / "slow.ipynb", dict(os.environ), limit_seconds=4)
    assert [(f.kind, f.cell) for f in outcome.failures] == [("timeout", "wait")]
    assert outcome.seconds < 60  # the notebook waits 60 s
    assert set(kernels_of(os.getpid())) <= before


@turns.in_ci
def test_a_kernel_whose_answer_is_lost_is_given_up(course, capsys, monkeypatch):
    monkeypatch.setattr(execution, "ANSWER_SECONDS", 1)
    monkeypatch.setattr(runner, "execute", partial(execution.execute, limit_seconds=30))
    course("01_silent", "silent", "zh-tw")
    assert runner.main(["--lang", "zh-tw"]) == 1
    assert words("silent", "zh-tw").split("{")[1].split("}")[1] in capsys.readouterr().out


@turns.in_ci
def test_a_kernel_that_does_not_take_up_a_cell_is_given_up_and_ended(monkeypatch):
    """It is there, and stands still."""
    before = set(kernels_of(os.getpid()))
    there = []

    def stop(i, n, heading):
        if i == 2:
            there.extend(set(kernels_of(os.getpid())) - before)
            [kernel] = there
            kernel.suspend()
            monkeypatch.setattr(execution, "ANSWER_SECONDS", 1)

    notebook = FIXTURES / "slow.ipynb"
    outcome = execution.execute(notebook, dict(os.environ), on_cell=stop, limit_seconds=30)
    assert [(f.kind, f.cell) for f in outcome.failures] == [("silent", "wait")]
    assert not there[0].is_running() or there[0].status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to one process on Windows")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "moment", turns.by_turns(1, [say.catalogue("runner")["kernel"]["ja"], " 2/2"])
)
def test_control_c_or_a_supervisor_ends_the_kernel(course, moment, how):
    """Both while it starts and while a cell runs."""
    course("01_slow", "slow", "ja")
    code = "from helpers.launch import runner; runner.PIPE_SECONDS = 0; "
    code += "raise SystemExit(runner.main())"
    command = [sys.executable, "-u", "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    env = os.environ | {"PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"}
    with processes.started([*command, "--lang", "ja"], env=env, **pipes) as process:
        assert any(moment in line for line in process.stdout)
        kernels = processes.until(lambda: kernels_of(process.pid))
        process.send_signal(how)
        message = process.communicate(timeout=300)[1]
    assert process.returncode == 128 + how, message
    assert words("interrupted") in message and "Traceback" not in message
    assert not any(kernel.is_running() for kernel in kernels)


def kernels_of(pid: int) -> list[psutil.Process]:
    children = psutil.Process(pid).children(recursive=True)
    running = [p for p in children if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    return [p for p in running if "ipykernel_launcher" in " ".join(p.cmdline())]


@pytest.mark.parametrize("name", ["1", "01", "01_good"])
def test_names_of_a_lesson(course, name):
    root = course(*GOOD)
    course("11_other", "good")
    found = runner.find(root / "notebooks", [name], "zh-tw")
    assert [str(lesson) for lesson in found] == ["01_good (zh-tw)"]


@pytest.mark.parametrize("lang", say.COMPLETE)
def test_an_unknown_lesson_is_told_in_one_line_with_what_there_is(course, capsys, lang):
    course(*GOOD)
    assert runner.main(["9", "--lang", lang]) == 2
    message = capsys.readouterr().err
    there_are = {"known": "01_good", "alone": ", ".join(experiments.EXPERIMENTS)}
    assert message == words("unknown", lang).format(lesson="9", **there_are) + "\n"


def test_nothing_to_run_is_a_failure(course, capsys):
    course(*GOOD, "ja")
    assert runner.main(["--lang", "zh-tw"]) == 2
    assert "notebooks" in capsys.readouterr().err


def test_the_folder_is_found_from_below_and_from_elsewhere(course, tmp_path, monkeypatch):
    root = course(*GOOD)
    monkeypatch.chdir(root / "notebooks" / "ja")
    assert runner.notebooks_folder() == root / "notebooks"
    monkeypatch.chdir(tmp_path)
    ours = Path(runner.__file__).parents[3] / "notebooks"
    assert runner.notebooks_folder() == ours


def test_list_runs_nothing(course, capsys, monkeypatch):
    course(*GOOD)
    monkeypatch.setattr(runner, "run", None)
    assert runner.main(["--list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[:4] == [
        [words("list_lessons")],
        ["01_good", "ja"],
        ["01_good", "zh-tw"],
        [words("list_alone")],
    ]
    assert [line[0] for line in lines[4:]] == list(experiments.EXPERIMENTS)


@pytest.fixture
def planted(monkeypatch):
    """Experiments that only note that they ran; "bad" fails."""
    ran = []
    statuses = {"good-one": 0, "bad": 1}
    monkeypatch.setattr(experiments, "EXPERIMENTS", statuses)
    monkeypatch.setattr(experiments, "run", lambda name: ran.append(name) or statuses[name])
    return ran


def test_an_experiment_runs_alone_or_beside_lessons(course, planted, monkeypatch, capsys):
    course(*GOOD, "ja")
    assert runner.main(["good-one"]) == 0
    assert (planted, capsys.readouterr().out) == (["good-one"], "")
    assert runner.main(["bad", "01", "--lang", "ja"]) == 1
    assert planted == ["good-one", "bad"]
    assert f"01_good (ja): {words('passed')}" in capsys.readouterr().out


def test_an_experiment_has_no_record(course, planted, capsys):
    course(*GOOD)
    assert runner.main(["good-one", "--record", "lessons"]) == 2
    assert planted == [] and "--record" in capsys.readouterr().err


def test_the_students_data_are_not_touched(course, monkeypatch, tmp_path):
    course("01_home", "environment", "ja")
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "the student's"))
    env = runner.kernel_environment(tmp_path / "run", tmp_path / "run" / "log")
    assert env["TRIAD_HOME"] == str(tmp_path / "run" / "home")
    assert env["TRIAD_STRICT"] == "claims"
    assert env["PYTHONPATH"].split(os.pathsep)[0] == str(Path(runner.__file__).parents[2])


def test_record_writes_the_bigger_of_both_languages_rounded_up(course, monkeypatch):
    root = course(*GOOD)
    (root / "lessons" / "01_good").mkdir(parents=True)
    outcomes = {
        "ja": execution.NotebookRun(21.2, 401.0),
        "zh-tw": execution.NotebookRun(19.0, 449.0),
    }
    monkeypatch.setattr(runner, "run", lambda x: report_of(x, outcomes[x.lang]))
    assert runner.main(["--record", "lessons"]) == 0
    written = (root / "lessons/01_good/measured.toml").read_text(encoding="utf-8")
    assert tomllib.loads(written) == {"seconds": 25, "mib": 450}
    assert written.startswith("# ") and "torch" in written.splitlines()[0]


def test_record_takes_neither_a_failed_run_nor_half_a_run(course, monkeypatch, capsys):
    root = course(*GOOD)
    (root / "lessons" / "01_good").mkdir(parents=True)
    assert runner.main(["--record", "lessons", "--lang", "ja"]) == 2
    monkeypatch.setattr(runner, "run", lambda x: runner.Report(x, execution.NotebookRun(), []))
    assert runner.main(["--record", "lessons"]) == 1
    assert not list(root.rglob("measured.toml"))
    monkeypatch.setattr(runner, "run", lambda x: report_of(x, execution.NotebookRun(1, 1)))
    assert runner.main(["--record", "elsewhere"]) == 2
    assert "elsewhere" in capsys.readouterr().err


def report_of(lesson: runner.LessonNotebook, outcome: execution.NotebookRun) -> runner.Report:
    return runner.Report(lesson, outcome, [{"claim": "C00", "holds": True}])


def test_a_missing_package_is_told_in_both_languages():
    code = (
        "import sys, runpy; sys.modules['nbclient'] = None\n"
        "runpy.run_module('helpers.launch.runner')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.splitlines() == [
        words("no_package", lang).format(package="nbclient") for lang in say.COMPLETE
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_on_a_terminal_and_now_and_then_a_line_elsewhere(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((30, 24)))
    terminal, pipe = Terminal(), io.StringIO()
    both = [runner.Progress("01_good (ja)", stream) for stream in (terminal, pipe)]
    for second in range(13):
        now[0] = float(second)
        for progress in both:
            progress.cell(second, 12, "注意機構" * 20)
            progress.tick()
    for progress in both:
        progress.display.clear()
    assert [line.split()[2] for line in pipe.getvalue().splitlines()] == ["0", "5", "10"]
    redrawn = terminal.getvalue().split("\r")
    assert "\n" not in terminal.getvalue() and len(redrawn) > 12
    assert max(map(columns, redrawn)) <= 29


def test_columns_stand_under_each_other_with_wide_characters():
    lines = aligned([["主張", "x"], ["C1", "y"]])
    assert [columns(line) for line in lines] == [7, 7]


@pytest.mark.parametrize("value, text", [(0.123456, "0.1235"), (2147483648.0, "2,147,483,648")])
def test_numbers(value, text):
    assert runner.number(value) == text
