"""A student reads why, in the sheet's language; an instructor reads all of it in the own one."""

import csv
import io
import re

import pytest
from marked_class import MarkedClass, notebook
from places import ROOT
from sample_class import FULL, LESSON

from course_tools.grading import messages, sheet
from course_tools.grading.graded import Graded, Outcome
from course_tools.grading.marks import Given, Grade
from course_tools.grading.reports import feedback, report, table
from helpers.language import say

RIGHT = dict.fromkeys(FULL, "RIGHT")
OTHER = {"ja": "zh-tw", "zh-tw": "ja"}


def handed_in(kind: str, lang: str) -> bytes:
    """What a student hands in who will ask why there are no points."""
    return {
        "empty_file": b"",
        "no_json": notebook(lang, **RIGHT)[:9000],
        "no_cells": b'{"a": 1}',
        "other_sheet": notebook(lang, "03_encoder", whole="RIGHT"),
        "other_language": notebook(OTHER[lang], **RIGHT),
    }[kind]


@pytest.mark.parametrize("lang", say.COMPLETE)
@pytest.mark.parametrize("kind", ["empty_file", "no_json", "no_cells", "other_sheet"])
def test_a_student_reads_why_nothing_was_graded(tmp_path, kind, lang):
    made = MarkedClass(tmp_path, lang=lang)
    made.hand_in("s1", handed_in(kind, lang))
    assert made.grade("--report-lang", "en") == 0
    row, page = made.rows()["s1"], made.page("s1")
    why = messages.text(kind, lang, {"lesson": "03_encoder", "reason": "…"}).partition("…")[0]
    assert why in page and messages.text("total_none", lang) in page
    english = messages.text(kind, "en", {"lesson": "03_encoder", "reason": "…"}).partition("…")[0]
    assert english in row["notes"] and english not in page
    assert (row["points"], row["status"], row["needs_human"]) == ("", "not graded", "yes")
    assert "may hold it" not in row["notes"] and "was deleted" not in row["notes"]
    assert made.kept("s1")["needs"] == {*FULL, "essay"}  # Formgrader asks for a person, too


@pytest.mark.parametrize("lang", say.COMPLETE)
def test_the_sheet_of_the_other_language_is_called_that_and_not_tampering(tmp_path, lang):
    made = MarkedClass(tmp_path, lang=lang)
    made.hand_in("s1", handed_in("other_language", lang))
    made.hand_in("s2", notebook(lang, **RIGHT))
    assert made.grade("--report-lang", "en") == 0
    rows = made.rows()
    name = f"other_language_{say.key(OTHER[lang])}"
    assert rows["s1"]["notes"] == messages.text(name, "en") and rows["s2"]["notes"] == ""
    assert rows["s1"]["points"] == rows["s2"]["points"] == "10"
    assert messages.text(name, lang) in made.page("s1")
    odd = made.report().split(messages.text("report_odd", "en"))[1]
    assert "s1" not in odd


def test_every_language_can_be_named_and_a_changed_check_is_still_said(tmp_path):
    for lang in say.LANGUAGES:
        assert messages.text(f"other_language_{say.key(lang)}", "en")
    made = MarkedClass(tmp_path)
    tampered = notebook(**RIGHT).replace(b"check.task(", b"check.task( ")
    made.hand_in("s1", tampered)
    assert made.grade("--report-lang", "en") == 0
    assert "merge-check was changed" in made.rows()["s1"]["notes"]


@pytest.fixture(scope="module")
def the_sheet():
    return sheet.read(ROOT, LESSON, "ja")


def a_grade(the_sheet, given=None, **outcomes) -> Grade:
    ends = {t.name: Outcome(t.points, t.points, "right") for t in the_sheet.tasks}
    ends["essay"] = Outcome(0, 4, "to_mark")
    graded = Graded("s1", "s1", {}, ends | outcomes, {}, (), ())
    return Grade(graded, the_sheet, given or {})


def test_details_have_units(the_sheet):
    slow, syntax = Outcome(0, 3, "slow", "5"), Outcome(0, 2, "syntax", "1")
    page = feedback.page(a_grade(the_sheet, merge=slow, window=syntax), True)
    assert "制限時間：5秒" in page and "1行目" in page


def test_a_comment_is_text(the_sheet):
    said = "a < b\n<img src=x onerror=alert(1)>"
    page = feedback.page(a_grade(the_sheet, {"essay": Given(2, 0, said)}), True)
    assert "<img" not in page and "a &lt; b\n&lt;img" in page


def test_a_person_who_gave_points_has_decided(the_sheet):
    """A note on a task needs nobody any more once a person has given points for it."""
    one = a_grade(the_sheet, {"merge": Given(2.0), "essay": Given(3.0)})
    note = ("renamed", {"task": "merge", "name": "mix", "wanted": "merge"})
    graded = Graded("s1", "s1", {}, one.graded.outcomes, {}, (), (note,))
    settled = Grade(graded, the_sheet, one.given)
    assert settled.human == () and settled.total == 12
    assert "mix was taken" in table.row(settled, True, "en")["notes"]
    stale = Grade(graded, the_sheet, {**one.given, "merge": Given(2.0, stale=True)})
    assert {name for name, _ in stale.human} == {"stale", "renamed"} and stale.total is None


@pytest.mark.parametrize("lang", ["ja", "zh-tw"])
def test_table_and_report_are_in_the_instructors_language(the_sheet, lang):
    """No English word but names, and the same columns in the same order."""
    grades = [a_grade(the_sheet, merge=Outcome(0, 3, kind, "", "", True)) for kind in ENDS]
    for name in NOTES:
        grades.append(a_grade(the_sheet))
        values = dict.fromkeys(("task", "file", "n", "points", "days", "lesson", "most"), "1")
        object.__setattr__(grades[-1].graded, "human", ((name, values),))
    made = table.table(grades, the_sheet, False, lang)
    english = table.table(grades, the_sheet, False, "en")
    heads, english_heads = (next(csv.reader(io.StringIO(text))) for text in (made, english))
    assert len(heads) == len(english_heads) == len(set(heads))
    body = report.report(grades, the_sheet, False, lang).split("<main>")[1]
    words = set(re.findall(r"[A-Za-z]{2,}", made + re.sub(r"<[^>]+>", " ", body)))
    names = "essay attention LMS JSON unsafe start py mark ja Python"
    assert words <= {*FULL, *names.split(" ")}


ENDS = [name.removeprefix("end_") for name in messages.catalogue() if name.startswith("end_")]
NOTES = ["tied", "late_days", "penalty", "absent", "empty_file", "nothing", "other_sheet"]


def test_what_the_instructor_sees_by_default_is_in_the_sheets_language(tmp_path):
    made = MarkedClass(tmp_path, lang="zh-tw")
    made.hand_in("s1", notebook("zh-tw", **{**RIGHT, "merge": "another"}))
    assert made.grade() == 0
    heads, line, *_ = csv.reader(io.StringIO((made.out / "grades.csv").read_text("utf-8-sig")))
    row = dict(zip(heads, line, strict=True))
    assert (row["學生"], row["得分"], row["滿分"], row["需人工確認"]) == ("s1", "7", "14", "否")
    assert row["備註"] == "merge: 答錯" and 'lang="zh-Hant-TW"' in made.report()
