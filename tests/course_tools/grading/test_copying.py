"""A person is told what an answer has from the sheet's check: a call, a copy, a name made up."""

import json

import pytest
import turns
from places import ROOT

from course_tools.authoring.course import Lesson
from course_tools.authoring.inline_texts import code_in
from course_tools.grading import sheet
from course_tools.grading.submissions import copying, matching, notebook
from helpers.language.say import COMPLETE as LANGUAGES

NAMES = sorted(folder.parent.name for folder in (ROOT / "lessons").glob("*/exercise.py"))
IMPORTS = """import math
import torch
import torch.nn.functional as F
from helpers.classroom import check
"""
CHECK = '''def one_document_at_a_time(logits, ids, lengths):
    """Each question of each document."""
    total, count = 0.0, 0
    for part, words in zip(logits.split(lengths), ids.split(lengths)):
        for t in range(len(words) - 1):
            total += F.cross_entropy(part[t], words[t + 1])
            count += 1
    return torch.as_tensor(total / count)


with check.task("packed_loss"):
    toy = torch.ones(3)
'''
HONEST = """def packed_loss(logits, ids, lengths):
    toy = torch.repeat_interleave(torch.tensor(lengths))
    inside = toy[1:] == toy[:-1]
    return F.cross_entropy(logits[:-1][inside], ids[1:][inside])
"""
COPIED = """def packed_loss(a, b, c):
    # my own idea
    found, n = 0.0, 0
    for x, y in zip(a.split(c), b.split(c)):
        print(x)
        for i in range(len(y) - 1):
            found = found + torch.nn.functional.cross_entropy(x[i], y[i + 1])
            n += 1
    return torch.as_tensor(found / n)
"""
ASSIGNED = (
    COPIED.replace("    return torch", "    answer: torch.Tensor = torch") + "    return answer\n"
)
IMPORTED = "from torch.nn.functional import cross_entropy as ce\n" + COPIED.replace(
    "torch.nn.functional.cross_entropy", "ce"
)
OTHER = COPIED.replace("range(len(y) - 1)", "range(len(y) - 2)")


def sheet_of(check: str = CHECK) -> sheet.Sheet:
    parts = (
        sheet.Part("imports", "code", IMPORTS, IMPORTS, 0),
        sheet.Part("packed", "answer", HONEST, "def packed_loss(logits, ids, lengths): ...", 0),
        sheet.Part("packed-check", "test", check, check, 3),
    )
    return sheet.Sheet("00_none", "ja", parts)


def told(answer: str, *own: str) -> list[tuple[str, str]]:
    """What a person is told of a submission with cells of its own above the answer."""
    cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in own]
    cells.append({"cell_type": "code", "id": "packed", "source": answer, "metadata": {}})
    read, _ = notebook.read(json.dumps({"cells": cells}).encode())
    return [(name, v.get("name", "")) for name, v in matching.match(read, sheet_of()).human]


@pytest.mark.parametrize("answer", [HONEST, OTHER, HONEST.replace("F.", "model.eval().")])
def test_an_answer_of_ones_own_is_not_suspected(answer):
    assert told(answer) == []


@pytest.mark.parametrize("answer", [COPIED, ASSIGNED, IMPORTED], ids=["renamed", "assigned", "as"])
def test_a_renamed_copy_of_the_checks_function_is_found(answer):
    assert told(answer) == [("inlines_check", "one_document_at_a_time")]


def test_a_copy_in_a_cell_that_the_answer_uses_is_found_too():
    helper = COPIED.replace("packed_loss", "mine")
    answer = "def packed_loss(*given):\n    return mine(*given)\n"
    assert told(answer, helper) == [("inlines_check", "one_document_at_a_time")]
    alias = "mine = one_document_at_a_time\n"
    assert told(answer, alias) == [("asks_check", "one_document_at_a_time")]
    assert told(HONEST, "print(one_document_at_a_time)\n" + helper) == []  # compares for himself


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("return globals()['one_' + 'document_at_a_time'](a, b, c)", "globals"),
        ("return eval('one_' + 'document_at_a_time')(a, b, c)", "eval"),
        ("import __main__ as m; return getattr(m, 'one_' + 'x')(a, b, c)", "__main__"),
        ("return getattr(m, n)(a, b, c)", "getattr"),
        ("import sys; return sys._getframe().f_globals[n](a, b, c)", "_getframe"),
        ("return vars(m)[n](a, b, c)", "vars"),
    ],
)
def test_a_name_that_is_made_up_while_the_code_runs_is_found(line, name):
    found = told(f"def packed_loss(a, b, c):\n    {line}\n")
    assert ("dynamic", name) in found and {kind for kind, _ in found} == {"dynamic"}


def test_a_method_or_an_attribute_with_a_plain_name_is_not():
    assert (
        told("def packed_loss(a, b, c):\n    return getattr(a, 'eval')() or a.exec() or a.eval()\n")
        == []
    )


def test_code_without_end_is_left_to_a_person_and_costs_nothing():
    assert told("x = 1\n" * 5000 + HONEST)[0][0] == "dynamic"
    deep = "def packed_loss(a, b, c):\n    return " + "-" * 900 + "1\n"
    assert {kind for kind, _ in told(deep)} <= {"dynamic"}


@turns.in_ci
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_neither_a_model_answer_nor_a_named_wrong_one_is_suspected(name, lang):
    made = sheet.read(ROOT, name, lang)
    assert matching.solved(made).human == []
    [*tasks] = [task for task in made.tasks if not task.essay]
    wrong = Lesson.read(ROOT, name).wrong_answers()
    codes = [code_in(cell, lang) for cells in wrong.values() for cell in cells]
    cells = [notebook.SheetCell(n, "code", code, code=code) for n, code in enumerate(codes)]
    assert list(copying.suspicions(tasks[0], cells, made)) == [] and len(cells) >= 9
