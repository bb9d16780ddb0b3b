"""What bench makes of a test report, and what it writes.  The numbers themselves are not tested."""

import re
import subprocess
import sys
import tomllib

import pytest
import turns
from places import ROOT
from processes import until

from course_tools.checks import bench, processes

ROW = bench.Row("a", "1 s", "b")
CASES = {  # as pytest and nbval name them
    "tests.test_quiz": "tests",
    "tests.browser.test_lesson_in_browser": "tests/browser",
    "notebooks.ja.01_attention.ipynb": "notebooks",
    "exercises.zh-tw.01_attention.exercise_01_attention.ipynb": "exercises",
    "elsewhere.test_x": "",
}


def test_a_reports_cases_are_summed_by_part(tmp_path):
    report = tmp_path / "report.xml"
    cases = [f'<testcase classname="{name}" name="x" time="1.5"/>' for name in CASES]
    failed = '<testcase classname="tests.test_quiz" name="y" time="2"><failure/></testcase>'
    skipped = '<testcase classname="tests.test_quiz" name="z" time="0"><skipped/></testcase>'
    report.write_text(f"<suite>{''.join(cases)}{failed}{skipped}</suite>", encoding="utf-8")
    ((_, step),) = bench.tests(report, tmp_path)
    rows = {row.what: (row.value, row.how) for row in step()}
    assert set(rows) == {f"Tests: `{part}`" for part in bench.PARTS}
    assert rows["Tests: `tests`"] == ("4 s", "3 tests, 1 failed, 1 skipped, sum of cases")
    assert rows["Tests: `tests/browser`"][0] == "2 s"
    assert rows["Tests: `solutions`"][1].startswith("0 tests")


@turns.in_ci
def test_a_part_is_run_and_counted(monkeypatch, tmp_path):
    (tmp_path / "test_it.py").write_text("def test_a():\n    assert 0\n", encoding="utf-8")
    monkeypatch.setitem(bench.PARTS, "it", [str(tmp_path), "-p", "no:cacheprovider"])
    ((title, step),) = [s for s in bench.tests(None, tmp_path) if s[0].endswith("it")]
    (row,) = step()
    assert (title, row.what, row.how) == (
        "tests: it",
        "Tests: `it`",
        "1 tests, 1 failed, 0 skipped",
    )


def test_the_parts_are_all_that_pytest_runs():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tops = {part.split("/")[0] for part in bench.PARTS}
    assert tops == set(settings["tool"]["pytest"]["ini_options"]["testpaths"])


def test_the_report_has_machine_note_and_every_row():
    written = bench.report([bench.Row("Build", "1.0 s", "once")], "shared by six")
    assert bench.machine() in written and "Note: shared by six." in written
    assert "| Build | 1.0 s | once |" in written
    assert "Note" not in bench.report([], "")


def test_a_command_that_fails_is_no_measurement():
    with pytest.raises(RuntimeError, match="broken"):
        bench.seconds_of([sys.executable, "-c", "print('broken'); raise SystemExit(3)"])


def test_a_step_that_fails_is_a_row_and_the_others_go_on(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path))
    for name in ("answer_latency", "first_figure"):
        monkeypatch.setattr(bench, name, lambda *_: ROW)
    monkeypatch.setattr(bench, "key_latency", lambda *_: [ROW])
    monkeypatch.setattr(bench, "tests", lambda *_: [])
    monkeypatch.setattr(bench, "build", lambda: bench.seconds_of([sys.executable, "-c", "1 / 0"]))
    assert bench.main([]) == 1
    written = bench.RESULTS.read_text(encoding="utf-8")
    assert written.count("| a | 1 s | b |") == 3 and "| build | failed | RuntimeError |" in written
    assert "RuntimeError" in capsys.readouterr().err


def test_set_up_is_measured_in_a_copy_and_written_with_the_rest(monkeypatch, tmp_path):
    """A start.py that only writes a file of half a GiB (sparse) into the copy's .venv."""
    course = tmp_path / "course 桌面"
    (course / ".venv").mkdir(parents=True)
    (course / "start.py").write_text(
        "import pathlib, sys\nassert sys.argv[1:] == ['run', '--list']\n"
        "venv = pathlib.Path('.venv')\nvenv.mkdir()\n"
        "with open(venv / 'big', 'wb') as file:\n    file.truncate(2**29)\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(bench, "RESULTS", course / "RESULTS.md")
    monkeypatch.setattr(bench, "ROOT", course)
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path))
    for name in ("answer_latency", "first_figure", "build"):
        monkeypatch.setattr(bench, name, lambda *_: ROW)
    monkeypatch.setattr(bench, "key_latency", lambda *_: [ROW])
    monkeypatch.setattr(bench, "tests", lambda *_: [])
    assert bench.main(["--set-up"]) == 0
    written = bench.RESULTS.read_text(encoding="utf-8")
    assert re.search(r"\| Set-up, fresh `\.venv` \| \d+ s, 0\.5 GiB \|", written)
    assert written.count("| a | 1 s | b |") == 4
    assert list((course / ".venv").iterdir()) == []


def test_there_are_signs_of_life(monkeypatch, capsys):
    monkeypatch.setattr(processes, "LIFE_SIGN_S", 0.05)
    said = []
    with processes.life_signs("slow part"):
        until(lambda: said.append(capsys.readouterr().out) or "".join(said).count("slow part") > 2)


def test_importing_bench_reads_no_notebook_and_nothing_of_the_tests(tmp_path):
    """The rows' names come from the course that is measured, when it is measured."""
    code = (
        "import sys\nopened = []\n"
        "def hook(event, args):\n    if event == 'open':\n        opened.append(str(args[0]))\n"
        "sys.addaudithook(hook)\n"
        "from course_tools.checks import bench\n"
        "print(*[name for name in opened if name.endswith('.ipynb')])\n"
        "print(*[name for name in sys.modules if name == 'lab' or name.startswith('test')])\n"
        "print(len(bench.key_presses()), *[name for name in opened if name.endswith('.ipynb')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=tmp_path
    )
    notebooks, modules, later = done.stdout.splitlines()
    assert (notebooks, modules) == ("", ""), done.stderr
    assert later == f"4 {ROOT / 'notebooks/ja/07_kv_cache.ipynb'}"


def test_an_answer_of_the_real_quiz_is_timed():
    row = bench.answer_latency()
    assert re.fullmatch(r"\d+\.\d ms", row.value)
