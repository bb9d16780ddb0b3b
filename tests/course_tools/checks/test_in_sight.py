"""No answer in sight: what a student can see, put in place of each stub, passes no check.

The sheets' own functions in the default tier; those of helpers, torch and the lessons, and more
orders of arguments, with TRIAD_ALL=1.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import turns
from isolation import server_or_skip
from places import ROOT

from course_tools.checks import in_sight
from course_tools.grading import sheet
from course_tools.grading.sandbox import why_not
from helpers.language.say import COMPLETE as LANGUAGES

TASKS = 31
REACH = "all" if os.environ.get("TRIAD_ALL") else "sheet"
LESSON, LANG = "04_decoder", "ja"
# the model answer of another hand, its arguments in another order
PLANTED = """def one_document_at_a_time(lengths, logits, ids):
    each = []
    for part, words in zip(logits.split(lengths), ids.split(lengths)):
        for t in range(len(words) - 1):
            each.append(-part[t].log_softmax(-1)[words[t + 1]])
    return torch.stack(each).mean()
"""
NESTED = (
    "def around():\n" + re.sub("(?m)^", "    ", PLANTED) + "\n    return one_document_at_a_time\n"
)
METHOD = "class Loss:\n" + re.sub("(?m)^", "    ", PLANTED).replace("(lengths", "(self, lengths", 1)
SPOILER = "def spoil(logits, ids, lengths):\n    del check.task\n"
linux = pytest.mark.skipif(bool(why_not()), reason=why_not())


@linux
def test_nothing_that_a_student_sees_answers_a_task():
    command = [sys.executable, "-m", "course_tools.checks.in_sight", "--reach", REACH]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    for lang in LANGUAGES:
        told = re.findall(rf"\({lang}\): (\d+) tasks, (\d+) functions tried, 0 pass", done.stdout)
        assert sum(int(tasks) for tasks, _ in told) == TASKS, done.stdout
        assert all(int(tried) >= (1 if REACH == "sheet" else 1000) for _, tried in told)


@pytest.fixture
def with_sheet(tmp_path):
    """The sheet with more code in a check that is shown: a root for the gate."""

    def make(more: str):
        for kind in ("exercises", "solutions"):
            where = f"{kind}/{LANG}/{LESSON}"
            shutil.copytree(ROOT / where, tmp_path / where, dirs_exist_ok=True)
        file = tmp_path / f"exercises/{LANG}/{LESSON}/exercise_{LESSON}.ipynb"
        notebook = json.loads(file.read_text(encoding="utf-8"))
        [cell] = [cell for cell in notebook["cells"] if cell["id"] == "packed-check"]
        cell["source"] = more + "\n\n" + "".join(cell["source"])
        file.write_text(json.dumps(notebook), encoding="utf-8")
        return tmp_path

    return make


@linux
@pytest.mark.parametrize(
    "more",
    [
        pytest.param(PLANTED, id="plain", marks=turns.in_ci),
        pytest.param(NESTED, id="nested"),
        pytest.param(METHOD, id="method", marks=turns.in_ci),
    ],
)
def test_an_answer_planted_in_a_check_is_found_and_gets_its_points(more, with_sheet):
    with server_or_skip():
        pass
    [found] = in_sight.find(with_sheet(more), LESSON, LANG, "sheet")
    assert (found.task, found.order, found.points) == ("packed", (2, 0, 1), 3)
    assert "one_document_at_a_time" in str(found)


@linux
def test_trials_that_spoil_the_bench_are_no_success(with_sheet):
    """Else every trial after them fails, and the gate is green."""
    with pytest.raises(RuntimeError, match="its model answer does not pass"):
        in_sight.find(with_sheet(SPOILER), LESSON, LANG, "sheet")


def test_what_is_seen_is_more_than_names_at_the_top():
    made = list(
        in_sight.of_code(
            "x", ["import torch", NESTED, METHOD, "K = 3\ndef f(a):\n    return a + K"]
        )
    )
    names = sorted(one.name for one in made)
    assert names == ["around", "f", "one_document_at_a_time", "one_document_at_a_time"]
    assert next(one for one in made if one.name == "f").function(4) == 7
    helpers = {(one.place, one.name) for one in in_sight.of_module("helpers.world.corpus")}
    assert len(helpers) >= 10
    assert "softmax" in {one.name for one in in_sight.of_library("torch.nn.functional")}


def test_the_sheets_still_have_functions_to_try():
    """Else the gate is green on nothing."""
    tried = [in_sight.seen_in(ROOT, sheet.read(ROOT, LESSON, lang), "sheet") for lang in LANGUAGES]
    assert all(len(seen) >= 2 for seen in tried)
