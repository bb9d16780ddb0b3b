"""Every sheet in its three states: open (green), solved (right), wrong (rejected, with a hint)."""

import re
from collections import defaultdict
from functools import cache

import nbformat
import pytest
import torch
import whole_course
from places import ROOT

from course_tools.authoring.course import Lesson
from course_tools.authoring.inline_texts import code_in
from course_tools.authoring.notebooks import notebook
from course_tools.authoring.percent import Cell
from helpers.classroom import check, overview, session
from helpers.classroom.sheets import sheet_file
from helpers.language import say
from helpers.language.say import COMPLETE as LANGUAGES


def lesson(name: str) -> Lesson:
    return next(one for one in whole_course.course().lessons if one.name == name)


@cache
def wrong_answers(name: str) -> dict[str, list[Cell]]:
    return lesson(name).wrong_answers()


LESSONS = sorted(p.parent for p in (ROOT / "lessons").glob("*/exercise.py"))
SHEETS = [(folder.name, lang) for folder in LESSONS for lang in LANGUAGES]
FEWEST_TASKS = 3
FEWEST_CALLS = {  # their answers call little; else 5
    "05_encoder_decoder": 3,
    "06_decoder_dominance": 3,
    "07_kv_cache": 1,
    "08_bottleneck_challenge": 0,
}
WRONG = [
    (folder.name, lang, task, cell.key)
    for folder in LESSONS
    for task, cells in wrong_answers(folder.name).items()
    for cell in cells
    for lang in LANGUAGES
]


@cache
def cells_of(kind: str, name: str, lang: str) -> list[nbformat.NotebookNode]:
    path = ROOT / sheet_file(kind, lang, name)
    return [c for c in nbformat.read(path, 4).cells if c.cell_type == "code"]


def declared(name: str) -> set[str]:
    """The tasks that the course's list names, with their points; as many as were ever asked for."""
    [tasks] = [entry["tasks"] for entry in overview.course()["lesson"] if entry["name"] == name]
    assert len(tasks) >= FEWEST_TASKS and all(tasks.values())
    return set(tasks)


def graded(cell) -> dict:
    return cell.metadata.get("nbgrader", {})


def run(cells, instead: dict[str, str] | None = None) -> dict[str, check.Result]:
    """Execute the cells' code, some replaced by {key: code}; how each task stands."""
    found = session.current().results
    found.clear()
    scope: dict = {}
    for cell in cells:
        exec(compile((instead or {}).get(cell.id, cell.source), cell.id, "exec"), scope)
    return dict(found)


def test_there_are_sheets():
    assert len(SHEETS) >= 2 and len(WRONG) >= 24


@pytest.mark.parametrize(("name", "lang"), SHEETS)
def test_an_open_sheet_says_not_yet_and_never_raises(name, lang):
    results = run(cells_of("exercises", name, lang))
    assert results.keys() == declared(name)
    assert {r.status for r in results.values()} == {"not_yet"}


@pytest.mark.parametrize(("name", "lang"), SHEETS)
def test_an_open_sheet_raises_under_the_strict_switch(name, lang, monkeypatch):
    monkeypatch.setenv("TRIAD_STRICT", "tasks")
    with pytest.raises(NotImplementedError):
        run(cells_of("exercises", name, lang))


@pytest.mark.parametrize(("name", "lang"), SHEETS)
def test_the_solved_sheet_passes_every_check(name, lang, monkeypatch):
    monkeypatch.setenv("TRIAD_STRICT", "tasks")
    results = run(cells_of("solutions", name, lang))
    assert results.keys() == declared(name)
    assert {r.status for r in results.values()} == {"right"}


@pytest.mark.parametrize(("name", "lang"), SHEETS)
def test_the_solution_also_passes_the_checks_that_a_student_sees(name, lang):
    solved = {
        c.id: c.source for c in cells_of("solutions", name, lang) if graded(c).get("solution")
    }
    results = run(cells_of("exercises", name, lang), solved)
    assert {r.status for r in results.values()} == {"right"}


@pytest.mark.parametrize(("name", "lang", "task", "key"), WRONG)
def test_a_wrong_answer_is_rejected_with_a_hint_of_its_own(name, lang, task, key):
    say.use(lang)
    result = try_wrong(name, lang, key)[task]
    others = [
        try_wrong(name, lang, k)[task].hint
        for n, la, t, k in WRONG
        if (n, la, t) == (name, lang, task) and k != key
    ]
    assert result.status == "wrong"
    assert result.hint
    assert len(others) >= 2, f"{task} has fewer than three named wrong answers"
    assert result.hint not in others


@pytest.mark.parametrize(("name", "lang"), SHEETS)
def test_every_task_has_wrong_answers(name, lang):
    tasks = {c.id for c in cells_of("solutions", name, lang) if graded(c).get("solution")}
    named = {key.split("-wrong-")[0] for n, la, _, key in WRONG if (n, la) == (name, lang)}
    assert tasks == named


@pytest.mark.parametrize(("name", "lang"), SHEETS)
def test_a_hint_gives_no_code_away(name, lang):
    """No method that a model answer calls is named by a hint."""
    answers = [c.source for c in cells_of("solutions", name, lang) if graded(c).get("solution")]
    calls = {call for a in answers for call in re.findall(r"\.(\w{5,})\(", a)}
    sheet = "\n".join(c.source for c in cells_of("exercises", name, lang))
    hints = re.findall(r'hint=\(?"([^"]+)"', sheet.replace("\n", " "))
    assert len(hints) >= 12 and len(calls) >= FEWEST_CALLS.get(name, 5)
    assert not [h for h in hints if any(call in h for call in calls)]


@cache
def try_wrong(name: str, lang: str, key: str) -> dict[str, check.Result]:
    """How the tasks stand with this answer; each is also one of the others of its task."""
    named = (cell for cells in wrong_answers(name).values() for cell in cells)
    wrong = next(cell for cell in named if cell.key == key)
    task = key.split("-wrong-")[0]
    return run(cells_of("exercises", name, lang), {task: code_in(wrong, lang)})


def test_results_are_shown_in_the_students_language(capsys):
    say.use("zh-tw")
    with check.task("merge"):
        raise NotImplementedError
    assert "尚未作答" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "word"),
    [(None, "NoneType"), ("text", "str"), ((1, 2, 3), "tuple(3)")],
)
def test_a_wrong_kind_of_return_value_is_named(answer, word):
    with check.task("merge"):
        check.unpack(answer, 2)
    assert session.current().results["merge"].status == "wrong"
    assert word in session.current().results["merge"].detail


@pytest.mark.parametrize(
    ("got", "want", "percent"),
    [
        ([2.0, 5.0], [2.0, 4.0], "25%"),
        ([-1.0, 2.0], [1.0, 2.0], "200%"),
        ([8.0, 110.0], [4.0, 100.0], "10%"),  # of the largest gap, not the largest share
        ([0.5, 1.0], [0.0, 1.0], None),  # of nothing there is no share
    ],
)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_value_that_is_off_says_by_how_much(lang, got, want, percent):
    say.use(lang)
    with check.task("merge"):
        check.close(torch.tensor(got), torch.tensor(want), hint="-")
    said = session.current().results["merge"].detail
    gap = max(abs(a - b) for a, b in zip(got, want, strict=True))
    assert f"{gap:g}" in said and "1e-05" in said
    assert (percent in said) if percent else "%" not in said


def test_an_error_in_the_students_code_is_shown_and_the_sheet_goes_on(capsys):
    with check.task("merge"):
        1 / 0  # noqa: B018
    assert session.current().results["merge"].status == "error"
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_wrong_cells_are_in_no_built_notebook():
    sheet = lesson("01_attention").sheet
    assert sum("wrong" in c.options for c in sheet.cells) >= 12
    for lang in LANGUAGES:
        made = notebook(sheet.cells, {}, lang, {}, defaultdict(str))["cells"]
        assert made and not [c["id"] for c in made if "wrong" in c["id"]]
