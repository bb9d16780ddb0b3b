"""Every sheet through the judge: solved, open, and with each named wrong answer.

One sheet in the default tier, all in both languages with TRIAD_ALL=1.
"""

import copy
import json
import os

import pytest
from isolation import warm_or_skip
from places import ROOT
from sample_class import MARKERS, dump, load, text

from course_tools.authoring import course
from course_tools.authoring.words import code_in
from course_tools.grading import jail, judge, matching, sheet, student
from helpers.say import COMPLETE as LANGUAGES

NAMES = sorted(folder.parent.name for folder in (ROOT / "lessons").glob("*/exercise.py"))
EVERY = [(name, lang) for name in NAMES for lang in LANGUAGES]
CHOSEN = EVERY if os.environ.get("TRIAD_ALL") else [("02_encoder", "zh-tw")]  # it loads a model
MARGIN = 5  # the time limit of a task is that much longer than its model answer takes, at least


class Graded:
    """One sheet, its model answers, and a warm process that grades them."""

    def __init__(self, name: str, lang: str, warm: student.Warm):
        self.name, self.lang, self.warm = name, lang, warm
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

    def verdict(self, data: bytes) -> judge.Verdict:
        cells, _ = matching.read(data)
        return judge.judge(self.sheet, matching.match(cells, self.sheet), self.warm)


@pytest.fixture(scope="module", params=CHOSEN, ids="-".join)
def graded(request):
    imports = sheet.read(ROOT, *request.param).imports
    with warm_or_skip(imports=imports) as warm:
        yield Graded(*request.param, warm)


def points(verdict: judge.Verdict) -> dict[str, float]:
    return {name: outcome.points for name, outcome in verdict.outcomes.items()}


def test_the_solved_sheet_has_all_points_far_within_the_limits(graded, monkeypatch):
    left = {}

    def close(run: judge._Run) -> None:
        left.update(run.left)
        run.student.end()

    monkeypatch.setattr(judge._Run, "close", close)
    graded.verdict(graded.answered())  # what is imported once takes its time once
    verdict = graded.verdict(graded.answered())
    assert points(verdict) == graded.tasks | {"essay": 0}
    assert (verdict.notes, verdict.human) == ([], [])
    assert min(left.values()) > jail.Limits().seconds * (1 - 1 / MARGIN), left


def test_the_open_sheet_has_none(graded):
    verdict = graded.verdict(json.dumps(graded.open).encode())
    assert set(points(verdict).values()) == {0}
    assert {o.kind for o in verdict.outcomes.values()} == {"untouched"}


def test_each_named_wrong_answer_costs_its_task_and_no_other(graded):
    found = course.wrong_answers(ROOT / "lessons" / graded.name)
    wrong = [cell for cells in found.values() for cell in cells]
    hints: dict[str, list[str]] = {}
    assert len(wrong) >= 3 * len(graded.tasks)
    for cell in wrong:
        task = cell.key.split("-wrong-")[0]
        code = code_in(cell, graded.lang)
        verdict = graded.verdict(graded.answered(**{task: code}))
        assert points(verdict) == graded.tasks | {task: 0, "essay": 0}, cell.key
        assert verdict.outcomes[task].kind == "wrong", cell.key
        assert not verdict.outcomes[task].hidden, cell.key
        hints.setdefault(task, []).append(verdict.outcomes[task].hint)
    assert all(len(set(said)) == len(said) and all(said) for said in hints.values())
