"""The bridge to nbgrader: sheets released, scores and essays in its gradebook, marks out of it."""

import csv
import html
import io
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import nbformat
import pytest
import turns
from isolation import server_or_skip
from nbconvert.filters import markdown2html
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from places import ROOT
from sample_class import LESSON, Bait, everything

from course_tools.grading import classroom, release, sheet
from course_tools.grading.marks import Grade
from course_tools.grading.reports import gradebook, table
from course_tools.grading.sandbox import Limits
from course_tools.grading.submissions.submission import Submission
from helpers.language import say

CASES = everything("ja", Bait(9, ROOT, []))
NAMES = ("right", "essay", "partial", "renamed function", "half a file")
LIMITS = Limits(seconds=4, notebook_seconds=8)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Of a few submissions, as the judge found them."""
    handed = [Submission(name, f"{name}.ipynb", CASES[name].data) for name in NAMES]
    job = classroom.Job(ROOT, LESSON, "ja", b"", LIMITS, True)
    classroom.server_of.cache_clear()
    with server_or_skip(LIMITS), ThreadPoolExecutor(1) as pool:
        out = tmp_path_factory.mktemp("out")
        return classroom.grade_class(handed, job, out, pool, lambda _: None)


@pytest.fixture(scope="module")
def the_sheet():
    return sheet.read(ROOT, LESSON, "ja")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The folder of courses after `start.py release`, which takes seconds."""
    folder = tmp_path_factory.mktemp("courses") / "課程 1"
    assert release.main(["--lesson", LESSON, "--courses", str(folder)]) == 0
    return folder


@pytest.fixture
def course(tmp_path, released):
    """A copy of its own for each test."""
    shutil.copytree(released, tmp_path / "課程 2")
    return gradebook.NbgraderCourse(ROOT, tmp_path / "課程 2", "ja")


def answering(one, task, text):
    """The same student with another answer to one task."""
    return replace(one, answers={**one.answers, task: text})


def test_release_makes_one_course_for_each_language(released):
    for lang in say.LANGUAGES:
        made = nbformat.read(released / lang / "release" / LESSON / f"{LESSON}.ipynb", 4)
        ours = nbformat.read(ROOT / f"exercises/{lang}/{LESSON}/exercise_{LESSON}.ipynb", 4)
        assert [c.source for c in made.cells] == [c.source for c in ours.cells]
        with Gradebook(f"sqlite:///{released}/{lang}/gradebook.db") as book:
            assert book.find_assignment(LESSON).max_score == 14


def test_release_of_no_lesson_names_those_that_are_there(tmp_path, capsys):
    assert release.main(["--lesson", "47_x", "--courses", str(tmp_path)]) == 1
    assert LESSON in capsys.readouterr().err


def test_the_config_that_release_writes_is_read_by_nbgrader(course, monkeypatch):
    from nbgrader.apps.baseapp import NbGrader

    monkeypatch.chdir(course.folder)
    app = NbGrader()
    app.initialize([])
    assert app.config.CourseDirectory.course_id == "triad-ja"
    assert app.config.CourseDirectory.root == str(course.folder)
    assert app.config.Execute.enabled is False


@turns.in_ci
def test_what_a_student_wrote_reaches_formgrader_as_text(course, results, the_sheet):
    """Formgrader shows HTML as it is: a script would run with all that Jupyter may do."""
    attack = '<script>alert(1)</script> </pre><img src=x onerror="alert(1)">\n\n- [a](javascript:1)'
    one = answering(results["essay"], "essay", attack)
    course.record(the_sheet, [one])
    file = course.folder / "autograded" / one.safe / LESSON / f"{LESSON}.ipynb"
    essay = next(c for c in nbformat.read(file, 4).cells if c.id == "essay").source
    shown = markdown2html(essay)
    assert re.findall(r"</?(\w+)", shown) == ["pre", "pre"]
    assert attack in html.unescape(shown)


def test_scores_are_what_formgrader_shows(course, results, the_sheet):
    course.record(the_sheet, list(results.values()))
    api: NbGraderAPI = course._api()
    shown = {s["student"]: s for s in api.get_submissions(LESSON)}
    assert {s["last_name"] for s in shown.values()} == set(NAMES)
    by_name = {s["last_name"]: s for s in shown.values()}
    assert all(s["autograded"] for s in shown.values())
    assert [by_name[n]["score"] for n in NAMES] == [10, 10, 5, 10, 0]
    assert [by_name[n]["needs_manual_grade"] for n in NAMES] == [False, True, False, False, True]
    file = course.folder / "autograded" / by_name["essay"]["student"] / LESSON / f"{LESSON}.ipynb"
    essay = next(c for c in nbformat.read(file, 4).cells if c.id == "essay")
    assert "アテンション重み" in essay.source


def test_what_a_person_gave_stays_and_comes_into_the_table(course, results, the_sheet):
    everybody = list(results.values())
    course.record(the_sheet, everybody)
    safe = results["essay"].safe
    with Gradebook(course.database) as book:
        grade = book.find_grade("essay", LESSON, LESSON, safe)
        grade.manual_score, grade.needs_manual_grade = 3.5, False
        book.db.commit()
    marks = course.record(the_sheet, everybody)
    grades = [Grade(one, the_sheet, marks[one.safe]) for one in everybody]
    made = table.table(grades, the_sheet, True, "en")
    row = next(r for r in csv.DictReader(io.StringIO(made)) if r["student_id"] == "essay")
    assert (row["essay"], row["points"], row["auto_points"]) == ("3.5", "13.5", "10")
    with Gradebook(course.database) as book:
        assert not book.find_grade("essay", LESSON, LESSON, safe).needs_manual_grade
        assert book.find_submission(LESSON, safe).score == 13.5
    essay = results["essay"].answers["essay"]
    course.record(the_sheet, [answering(results["essay"], "essay", f"{essay} .")])
    with Gradebook(course.database) as book:
        grade = book.find_grade("essay", LESSON, LESSON, safe)
        assert grade.needs_manual_grade and grade.manual_score == 3.5


def test_points_that_a_person_changed_are_looked_at_again_when_the_answer_changes(
    course, results, the_sheet
):
    partial = results["partial"]
    course.record(the_sheet, [partial])
    for answer, again in (("", False), ("# new\n", True)):
        with Gradebook(course.database) as book:
            grade = book.find_grade("grouped-check", LESSON, LESSON, "partial")
            grade.manual_score, grade.needs_manual_grade = 1.0, False
            book.db.commit()
        merge = partial.answers["merge"] + answer
        course.record(the_sheet, [answering(partial, "merge", merge)])
        with Gradebook(course.database) as book:
            grade = book.find_grade("grouped-check", LESSON, LESSON, "partial")
            assert (grade.manual_score, grade.needs_manual_grade) == (1.0, again)
