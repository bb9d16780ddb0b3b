"""One run of a lesson serves the tests and the site: counted, and red where a fault is planted."""

import kept_runs
import nbformat
import pytest
import turns
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from places import ROOT
from small_tree import begun

from course_tools.checks import testing
from course_tools.site import executed
from helpers.language.say import COMPLETE
from helpers.models.real.refusals import refuse

COUNTED = """
from pathlib import Path
with Path("../../runs.txt").open("a") as runs:
    runs.write("x")
print(2 + 2)
"""
# what a front end changes after it was shown, and what nbval leaves out
SHOWN = """
from IPython.display import HTML, clear_output, display, update_display
import ipywidgets
print("gone")
clear_output()
display(HTML("<p>first</p>"), display_id="a")
update_display(HTML("<p>then</p>"), display_id="a")
print("one ", end="", flush=True)
print("line")
ipywidgets.IntSlider()
"""
CLAIM = """
import helpers
helpers.begin("01_attention", "ja")
from helpers.classroom import claims
quantities = claims.declared("C04")["quantity"]
assert not any("equals" in one for one in quantities.values())  # those raise for a student, too
claims.check("C04", dict.fromkeys(quantities, float("nan")))
"""
LESSONS = {
    "01_counted": [COUNTED, "import os; print(os.environ['TRIAD_HOME'])"],
    "02_shown": [SHOWN],
    "03_error": ["y = 1", "1 / 0", "z = 1"],
    "04_stderr": ["import sys; print('careful', file=sys.stderr)"],
    "05_claim": [CLAIM],
}
BAD = list(LESSONS)[2:]


def write(notebook, sources):
    cells = [new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]
    notebook.parent.mkdir(parents=True, exist_ok=True)
    made = new_notebook(cells=[new_markdown_cell("# 題", id="title"), *cells])
    notebook.write_text(nbformat.writes(made), encoding="utf-8")
    return notebook


@pytest.fixture
def course(tmp_path):
    """A course in which nothing has run."""
    return with_constraints(tmp_path / "course")


def with_constraints(folder):
    made = begun(folder)
    (made / "constraints.txt").write_text("torch==1\n", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A course whose lessons, and a sheet, nbval has run once, as the tests do."""
    made = with_constraints(tmp_path_factory.mktemp("course"))
    (made / "pytest.ini").write_text("[pytest]\npythonpath = src tests/kit\n", encoding="utf-8")
    notebooks = [write(lesson(made, name), LESSONS[name]) for name in LESSONS]
    sheet = write(made / "exercises/ja/01_counted/exercise_01_counted.ipynb", ["print(1)"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testing, "ROOT", made)
        patch.delenv("TRIAD_REAL", raising=False)
        words = ["-q", *map(str, notebooks), str(sheet)]
        ran = testing.pytest([], made / "report.xml", words, TRIAD_KEEP="1")
        assert ran.counts == (6, 3, 0)
        yield made


def lesson(root, name):
    return root / "notebooks" / "ja" / f"{name}.ipynb"


def counted(root):
    return len((root / "runs.txt").read_text(encoding="utf-8"))


@turns.in_ci
def test_a_lesson_that_the_tests_ran_is_not_run_again_for_the_site(root, capfd):
    [done] = executed.lessons([lesson(root, "01_counted")], root)
    assert counted(root) == 1
    assert "1 lessons are kept as they ran, 0 run now" in capfd.readouterr().out
    assert done.cells[1].outputs[0].text == "4\n"
    assert done.cells[2].outputs[0].text == f"{kept_runs.STUDENTS}\n", "not this machine's folder"


@turns.in_ci
def test_what_is_shown_is_what_nbclient_would_show(root):
    """The last state of what changes, in the order in which it was shown."""
    [done] = executed.lessons([lesson(root, "02_shown")], root)
    html, words, slider = done.cells[1].outputs
    assert (html.data["text/html"], words.text) == ("<p>then</p>", "one line\n")
    assert "application/vnd.jupyter.widget-view+json" in slider.data


@turns.in_ci
def test_of_a_lesson_with_a_fault_nothing_is_kept_nor_of_a_sheet(root):
    kept = {file.stem.rpartition("-")[0] for file in (root / executed.FOLDER).iterdir()}
    assert kept == {"ja-01_counted", "ja-02_shown"}


@turns.in_ci
def test_what_is_missing_runs_and_a_fault_stops_the_site(root, capfd):
    write(lesson(root, "01_counted"), [COUNTED, "x = 2"])
    names = ["01_counted", "02_shown", *BAD]
    with pytest.raises(executed.NotExecuted) as stopped:
        executed.lessons([lesson(root, name) for name in names], root)
    assert str(stopped.value) == f"not executed: {', '.join(f'ja/{name}.ipynb' for name in BAD)}"
    said = capfd.readouterr().out
    assert "1 lessons are kept as they ran, 4 run now" in said
    assert "ZeroDivisionError" in said and "careful" in said and "ClaimError" in said
    assert counted(root) == 2, "the lesson that changed"
    assert len([*root.glob(".executed/ja-01_counted-*")]) == 1, "its old run is gone"


def test_a_lesson_has_another_place_when_what_it_needs_changes(course):
    notebook = write(lesson(course, "02_shown"), LESSONS["02_shown"])
    places = {executed.place(notebook, course)}
    for file in (course / "src/helpers/new.py", course / "constraints.txt", notebook):
        with file.open("a", encoding="utf-8") as changed:
            changed.write("\n")
        places.add(executed.place(notebook, course))
    assert len(places) == 4


# --- real weights -----------------------------------------------------------------------------


@pytest.fixture
def without_weights(course, monkeypatch):
    """On a machine without real weights: a lesson that loads some, and one that loads none."""

    def checked(entry):
        raise refuse("no_package", name=entry.name, package=entry.package, mb="1")

    monkeypatch.setattr(executed.packages, "checked", checked)
    folder = course / "notebooks/ja"
    real = write(folder / "09_real.ipynb", ['from helpers.models import real\nreal.load("e5")'])
    return real, write(folder / "01_plain.ipynb", ["1 + 1"])


def test_a_lesson_without_its_real_weights_is_named_before_anything_runs(
    course, without_weights, monkeypatch
):
    monkeypatch.setattr(executed, "_run", lambda _: pytest.fail("a lesson ran"))
    said = r"ja/09_real\.ipynb: .* of smollm2 and e5 are not here; .*: python start\.py real$"
    with pytest.raises(executed.NotExecuted, match=said):
        executed.lessons(without_weights, course)


def test_no_weights_are_asked_for_where_no_lesson_runs_that_loads_them(
    course, without_weights, monkeypatch
):
    real, plain = without_weights
    run = []
    monkeypatch.setattr(executed, "_run", run.extend)
    executed.keep(executed.place(real, course), nbformat.read(real, as_version=4))
    with pytest.raises(executed.NotExecuted, match=r"^not executed: ja/01_plain\.ipynb$"):
        executed.lessons(without_weights, course)
    assert run == [plain]


def test_of_the_course_one_lesson_loads_real_weights():
    notebooks = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
    loads = [one for one in notebooks if executed.LOADS in one.read_text(encoding="utf-8")]
    assert {one.stem for one in loads} == {"09_real_models"} and len(loads) == len(COMPLETE)
