"""Every sheet through the judge: solved, open, and with each named wrong answer.

The solved ones always, in both languages; of the others one in the default tier, all with
TRIAD_ALL=1.
"""

import copy
import json
import os
import warnings

import pytest
import turns
from isolation import server_or_skip
from places import ROOT
from sample_class import MARKERS, dump, load, text

from course_tools.authoring.course import Lesson
from course_tools.authoring.inline_texts import code_in
from course_tools.grading import judge, sheet
from course_tools.grading.graded import Verdict
from course_tools.grading.sandbox import ForkServer, Limits
from course_tools.grading.submissions import matching, notebook
from helpers.language.say import COMPLETE as LANGUAGES

NAMES = sorted(folder.parent.name for folder in (ROOT / "lessons").glob("*/exercise.py"))
EVERY = [(name, lang) for name in NAMES for lang in LANGUAGES]
CHOSEN = EVERY if os.environ.get("TRIAD_ALL") else [("03_encoder", "zh-tw")]  # it loads a model
PATIENT = Limits(seconds=60, notebook_seconds=60)  # a busy machine is no wrong answer
MARGIN = 5  # the time limit of a task should be that much longer than its model answer takes


class Answered:
    """One sheet, its model answers, and a fork server that grades them."""

    def __init__(self, name: str, lang: str, server: ForkServer):
        self.name, self.lang, self.server = name, lang, server
        self.sheet = sheet.read(ROOT, name, lang)
        self.tasks = {task.name: task.points for task in self.sheet.tasks if not task.essay}
        self.open = load("exercises", lang, name)
        solved = {cell["id"]: text(cell) for cell in load("solutions", lang, name)["cells"]}
        self.answers = {task: MARKERS.sub("", solved[task]) for task in self.tasks}

    def answered(self, **instead: str) -> bytes:
        made = copy.deepcopy(self.open)
        for cell in made["cells"]:
            if cell["id"] in self.tasks:
                cell["source"] = instead.get(cell["id"], self.answers[cell["id"]])
        return dump(made)

    def verdict(self, data: bytes) -> Verdict:
        cells, _ = notebook.read(data)
        return judge.judge(self.sheet, matching.match(cells, self.sheet), self.server)


@pytest.fixture(scope="module")
def server():
    """One for all sheets: it has imported what any of them imports."""
    every = {name for which in EVERY for name in sheet.read(ROOT, *which).imports}
    with server_or_skip(PATIENT, imports=sorted(every)) as made:
        yield made


@pytest.fixture(scope="module", params=CHOSEN, ids="-".join)
def graded(request, server):
    return Answered(*request.param, server)


def points(verdict: Verdict) -> dict[str, float]:
    return {name: outcome.points for name, outcome in verdict.outcomes.items() if outcome.points}


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_the_solved_sheet_has_all_points(name, lang, server, monkeypatch):
    """Also in its hidden tests, with every seed that asks something new; no note, no doubt."""
    left = {}

    def close(run: judge._Run) -> None:
        left.update(run.left)
        run.student.end()

    monkeypatch.setattr(judge._Run, "close", close)
    sheet_ = Answered(name, lang, server)
    verdict = sheet_.verdict(sheet_.answered())
    assert points(verdict) == sheet_.tasks
    assert (verdict.notes, verdict.human) == ([], [])
    slowest = PATIENT.seconds - min(left.values())
    if slowest > Limits().seconds / MARGIN:
        warnings.warn(f"{name}: a task took {slowest:.1f} s: a busy machine?", stacklevel=1)


def test_there_are_tasks_enough():
    tasks = [t for which in EVERY for t in sheet.read(ROOT, *which).tasks if not t.essay]
    assert len(tasks) >= 2 * 27


def test_the_open_sheet_has_none(graded):
    verdict = graded.verdict(json.dumps(graded.open).encode())
    assert points(verdict) == {}
    assert {o.kind for o in verdict.outcomes.values()} == {"untouched"}


@turns.in_ci
def test_each_named_wrong_answer_costs_its_task_and_no_other(graded):
    found = Lesson.read(ROOT, graded.name).wrong_answers()
    wrong = [cell for cells in found.values() for cell in cells]
    hints: dict[str, list[str]] = {}
    assert len(wrong) >= 3 * len(graded.tasks)
    for cell in wrong:
        task = cell.key.split("-wrong-")[0]
        code = code_in(cell, graded.lang)
        verdict = graded.verdict(graded.answered(**{task: code}))
        left = {name: points for name, points in graded.tasks.items() if name != task}
        assert points(verdict) == left, cell.key
        assert verdict.human == [], cell.key
        assert verdict.outcomes[task].kind == "wrong", cell.key
        assert not verdict.outcomes[task].hidden, cell.key
        hints.setdefault(task, []).append(verdict.outcomes[task].hint)
    assert all(len(set(said)) == len(said) and all(said) for said in hints.values())
