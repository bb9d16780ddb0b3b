"""The decision table of lesson 08: every row is complete, and its numbers were measured."""

import copy
import re
import tomllib

import pytest
from places import ROOT

from helpers import bottleneck
from helpers.language import say

LANGUAGES = {"ja": "レッスン{}", "zh_tw": "第 {} 課"}
WORDS = say.catalogue("decisions")
FIELDS = ("name", "licence", "source", "date", "read")


def ledgers():
    found = {}
    for path in ROOT.glob("lessons/*/claims.toml"):
        for claim, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found[claim] = path.parent.name[:2], entry.get("quantity", {})
    return found


def problems(tasks):
    """Say what a table lacks, or states otherwise than the ledger of claims."""
    known = ledgers()
    for task in tasks:
        yield from incomplete_models(task)
        reason, cost = (WORDS[f"{part}_{task['key']}"] for part in ("reason", "cost"))
        words = {lang: f"{reason[lang]} {cost[lang]}" for lang in LANGUAGES}
        for claim, quantity, value in task["measured"]:
            lesson, quantities = known[claim]
            if lesson not in task["lessons"]:
                yield f"{claim} is of lesson {lesson}"
            if not holds(quantities[quantity], value):
                yield f"{claim} {quantity}: {value} is outside its bounds"
            number = rf"(?<![\d.,]){re.escape(value)}(?![\d,]|\.\d)"
            if not all(re.search(number, text) for text in words.values()):
                yield f"{value} is not in the words"
        for lesson in task["lessons"]:
            if not all(form.format(lesson) in words[lang] for lang, form in LANGUAGES.items()):
                yield f"lesson {lesson} is not named"


def holds(bounds, value):
    """Do a quantity's bounds hold the value?  The last digit may be rounded."""
    number = float(value.rstrip("%")) / (100 if "%" in value else 1)
    digits = len(value.partition(".")[2].rstrip("%"))
    slack = 0.5 * 10.0**-digits if digits else 0
    low = bounds.get("at_least", bounds.get("equals"))
    return low - slack <= number <= bounds.get("at_most", bounds.get("equals")) + slack


def incomplete_models(task):
    spoken = sorted(lang for model in task["model"] for lang in model["languages"])
    if spoken != ["ja", "zh-tw"]:
        yield f"models of {spoken}"
    for model in task["model"]:
        yield from (f"no {field}" for field in FIELDS if not model.get(field))
        if not model.get("parameters", 0) > 1e6:
            yield "no size"
        if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", model.get("date", "")):
            yield "no month"
        if not model.get("source", "").startswith("https://"):
            yield "no address"


def test_every_row_is_complete_and_measured():
    assert list(problems(bottleneck.decisions())) == []
    assert {task["architecture"] for task in bottleneck.decisions()} == {
        "encoder", "encoder_decoder", "decoder",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        *((field, "", f"no {field}") for field in FIELDS),
        ("parameters", 0, "no size"),
        ("date", "2026", "no month"),
        ("source", "huggingface.co", "no address"),
        ("languages", ["ja", "ja"], "models of"),
    ],
)
def test_a_model_that_lacks_something_is_found(field, value, said):
    tasks = copy.deepcopy(bottleneck.decisions())
    tasks[3]["model"][0][field] = value
    assert any(said in problem for problem in problems(tasks))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("measured", [["C26", "whole_job", "1.9"]], "outside its bounds"),
        ("measured", [["C26", "whole_job", "1.77"]], "not in the words"),
        ("measured", [["C20", "gib", "12.2"]], "C20 is of lesson 07"),
        ("lessons", ["05", "08", "03"], "lesson 03 is not named"),
    ],
)
def test_a_number_that_was_not_measured_is_found(field, value, said):
    tasks = copy.deepcopy(bottleneck.decisions())
    tasks[3][field] = value
    assert any(said in problem for problem in problems(tasks))


@pytest.mark.parametrize("lang", say.COMPLETE)
def test_the_tables_are_shown(lang, capsys):
    say.use(lang)
    bottleneck.show_decisions()
    shown = capsys.readouterr().out.splitlines()
    tasks = bottleneck.decisions()
    models = [model for task in tasks for model in task["model"]]
    assert len(shown) == len(tasks) + len(models) + 2
    assert {line.count("|") for line in shown[: len(tasks) + 1]} == {3}
    assert {line.count("|") for line in shown[len(tasks) + 1 :]} == {5}
    chat = next(line for line in shown if "LLM-jp-4" in line)
    assert "8.6B | 16.00 GiB | 2026-04" in chat
