"""The rules that conftest.py gives nbval, tried on tiny notebooks, most of them broken."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import forked_kernels
import pytest
import turns
from jupyter_client.manager import start_new_kernel
from jupyter_client.provisioning import local_provisioner
from places import BARE, ROOT
from small_tree import begun

FIXTURES = ROOT / "tests" / "fixtures"
PLACES = {
    "good": ["notebooks", "solutions"],
    "environment": ["notebooks"],
    "stderr": ["notebooks"],
    "raises": ["notebooks"],
    "callback": ["notebooks"],
    "swallowed": ["notebooks"],
    "unsolved": ["exercises", "solutions"],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[tuple[str, str], list[str]]:
    """{(folder, notebook): one of "passed", "failed" and the message of each cell}"""
    root = begun(tmp_path_factory.mktemp("course with 山田"))
    for name, folders in PLACES.items():
        for folder in folders:
            target = root / folder / "ja"
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(FIXTURES / f"{name}.ipynb", target)
    done = pytest_in(root, ".")
    assert done.returncode == 1, done.stdout + done.stderr
    assert not (root / ".executed").exists(), "only TRIAD_KEEP keeps what lessons gave"
    return read(root / "report.xml")


def pytest_in(root: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    options = ["--nbval-lax", "-ra", "-p", "no:cacheprovider", "--junitxml=report.xml"]
    places = "notebooks solutions tests/marked"
    options += ["-o", "pythonpath=src tests/kit", "-o", f"testpaths={places}"]
    ours = ("CI", "TRIAD_ALL", "TRIAD_KEEP")
    clean = {name: text for name, text in os.environ.items() if name not in ours}
    env = clean | {"TRIAD_STRICT": "", "PYTEST_ADDOPTS": ""} | variables
    command = [sys.executable, "-m", "pytest", "--color=no", *options, *words]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, encoding="utf-8")


def read(report: Path) -> dict[tuple[str, str], list[str]]:
    cells: dict[tuple[str, str], list[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        folder, _, notebook = case.attrib["classname"].removesuffix(".ipynb").split(".")
        failure = case.find("failure")
        text = "passed" if failure is None else f"failed: {failure.text}"
        cells.setdefault((folder, notebook), []).append(text)
    return cells


@pytest.mark.parametrize("folder, name", [("notebooks", "good"), ("solutions", "good")])
def test_a_good_notebook_is_green(results, folder, name):
    assert results[folder, name] == ["passed", "passed"]


def test_kernels_get_this_python_a_home_that_goes_away_and_strict_claims(results):
    assert results["notebooks", "environment"] == ["passed", "passed"]


ABOUT = """
import json, os, sys
ours = sorted(name for name in sys.modules if name.partition(".")[0] in ("helpers", "matplotlib"))
env = {name: text for name, text in os.environ.items() if name != "JPY_PARENT_PID"}
alone = os.getpgid(0) == os.getpid() and os.getcwd()
print(json.dumps(["torch" in sys.modules, [sys.path, sys.argv[::3], env, alone, ours]]))
"""


def about_kernel(cwd: Path) -> list:
    """[torch was there at once, all else that a cell may find]"""
    manager, client = start_new_kernel(extra_arguments=BARE, cwd=str(cwd))
    shown: list[dict] = []
    try:
        client.execute_interactive(ABOUT, output_hook=shown.append, timeout=600)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    [printed] = [message for message in shown if message["msg_type"] == "stream"]
    return json.loads(printed["content"]["text"])


@turns.in_ci
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every kernel is a fresh one")
def test_a_forked_kernel_differs_from_a_fresh_one_in_what_is_imported_only(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIAD_STRICT", "claims")
    fresh = about_kernel(tmp_path)
    monkeypatch.setattr(local_provisioner, "launch_kernel", forked_kernels.launch)
    forked = about_kernel(tmp_path)
    assert (fresh[0], forked[0]) == (False, True)
    assert forked[1] == fresh[1] and fresh[1][3:] == [str(tmp_path), []]


def test_words_on_stderr_are_red_in_their_cell_only(results):
    before, warned, after = results["notebooks", "stderr"]
    assert (before, after) == ("passed", "passed")
    assert "The cell wrote to stderr" in warned
    assert "deprecated thing" in warned


def test_a_cell_that_raises_is_red(results):
    assert "ZeroDivisionError" in results["notebooks", "raises"][1]


@pytest.mark.parametrize("name", ["callback", "swallowed"])
def test_an_error_in_a_widget_is_red(results, name):
    assert "ZeroDivisionError" in results["notebooks", name][1]


def test_an_open_task_is_green_in_a_sheet_and_red_in_a_solution(results):
    assert results["exercises", "unsolved"] == ["passed", "passed"]
    assert "NotImplementedError" in results["solutions", "unsolved"][1]


@turns.in_ci
def test_the_broken_notebooks_here_are_not_collected_with_the_course():
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--collect-only", "-q"]
    done = subprocess.run(
        [*command, "tests/fixtures"], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 5, done.stdout  # pytest's word for: no tests


# --- by turns -----------------------------------------------------------------------------

IN_TURN = {"notebooks/ja/00_a.ipynb", "solutions/zh-tw/03_b/exercise_03_b.ipynb"}
OUT = {"notebooks/zh-tw/00_a.ipynb", "solutions/ja/03_b/exercise_03_b.ipynb"}


MARKED = """
import pytest

@pytest.mark.in_ci
def test_long():
    raise AssertionError("it ran")

def test_short():
    pass
"""


@pytest.fixture(scope="module")
def by_turns(tmp_path_factory) -> Path:
    root = begun(tmp_path_factory.mktemp("course by turns"))
    for name in IN_TURN | OUT:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FIXTURES / "good.ipynb", root / name)
    shutil.copy(ROOT / "tests" / "conftest.py", root / "tests")
    (root / "tests" / "marked").mkdir()
    (root / "tests" / "marked" / "test_marked.py").write_text(MARKED, encoding="utf-8")
    return root


@turns.in_ci
def test_without_ci_a_notebook_runs_in_one_language_and_the_rest_is_said(by_turns):
    done = pytest_in(by_turns, "-n", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    said = sorted(line for line in done.stdout.splitlines() if line.startswith("SKIPPED"))
    assert [line.split()[1] for line in said] == ["[1]", f"[{len(OUT)}]"]
    assert "seldom changed: CI, --all or its path" in said[0]
    assert "by turns: CI, --all, or its path" in said[1]
    cases = list(ElementTree.parse(by_turns / "report.xml").iter("testcase"))
    skipped = {case.attrib["classname"] for case in cases if case.find("skipped") is not None}
    assert skipped == {name.replace("/", ".") for name in OUT} | {"tests.marked.test_marked"}
    assert len(cases) - len(skipped) == 2 * len(IN_TURN) + len(["test_short"])


@pytest.mark.parametrize(
    "variables, source, left",
    [
        ({}, "TESTPATHS", True),
        ({}, "ARGS", False),
        ({"CI": "true"}, "TESTPATHS", False),
        ({"TRIAD_ALL": "1"}, "TESTPATHS", False),
    ],
)
def test_only_a_persons_run_of_everything_leaves_anything(monkeypatch, variables, source, left):
    for name in ("CI", "TRIAD_ALL"):
        monkeypatch.delenv(name, raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    config = SimpleNamespace(args_source=pytest.Config.ArgsSource[source])
    assert turns.leaves(config) is left


@turns.in_ci
@pytest.mark.parametrize(
    "words, variables, wanted",
    [
        ([], {"CI": "true"}, IN_TURN | OUT),
        ([], {"TRIAD_ALL": "1"}, IN_TURN | OUT),
        (sorted(OUT), {}, OUT),
        (["solutions"], {}, {name for name in IN_TURN | OUT if "solutions" in name}),
    ],
    ids=["CI", "all", "notebooks", "a folder"],
)
def test_ci_all_or_a_path_runs_every_language(by_turns, words, variables, wanted):
    done = pytest_in(by_turns, "--collect-only", "-q", *words, **variables)
    assert {line.split("::")[0] for line in done.stdout.splitlines() if "::Cell" in line} == wanted


# --- which process ------------------------------------------------------------------------

NOTED = """
import os
from pathlib import Path
def test():
    Path(__file__).with_suffix(".txt").write_text(os.environ["PYTEST_XDIST_WORKER"])
"""


@turns.in_ci
def test_what_needs_a_browser_is_in_one_process_and_the_rest_in_another(tmp_path):
    root = begun(tmp_path)
    (root / "tests/browser").mkdir()
    for name in ("browser/test_a", "browser/test_b", "test_c"):
        (root / f"tests/{name}.py").write_text(NOTED, encoding="utf-8")
    done = pytest_in(root, "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    a, b, c = (path.read_text(encoding="utf-8") for path in sorted(root.rglob("test_*.txt")))
    assert a == b != c


@pytest.mark.parametrize(
    "pattern, source, prefix",
    [
        ("notebooks/{}/*", "lesson", ""),
        ("exercises/{}/*/*", "exercise", "exercise_"),
        ("solutions/{}/*/*", "exercise", "exercise_"),
    ],
)
def test_every_source_has_its_notebooks_in_both_languages(pattern, source, prefix):
    lessons = {prefix + p.parent.name for p in ROOT.glob(f"lessons/*/{source}.py")}
    for lang in ("ja", "zh-tw"):
        found = [p.stem for p in ROOT.glob(pattern.format(lang) + ".ipynb")]
        assert found and sorted(found) == sorted(lessons)
