"""The bulk writer leaves the rows that nbgrader's own objects would, and what a person gave."""

import json
import os
import random
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from marked_class import MarkedClass, notebook, released
from nbgrader.api import Gradebook, MissingEntry
from places import ROOT
from sample_class import FULL, LESSON
from sqlalchemy import text

from course_tools.grading import messages, sheet
from course_tools.grading.graded import Graded, Outcome
from course_tools.grading.marks import Grade
from course_tools.grading.reports import scores
from course_tools.grading.reports.gradebook import NbgraderCourse, alembic_in_reach
from helpers.classroom.sheets import sheet_file

SHEET = sheet.read(ROOT, LESSON, "ja")
STUDENTS = 200
ROWS = """
    select s.id, s.first_name, s.last_name, c.name, g.auto_score, g.manual_score, g.extra_credit,
           g.needs_manual_grade, m.auto_comment, m.manual_comment, n.flagged,
           coalesce(n.late_submission_penalty, 0), a.timestamp
    from grade g join base_cell c on c.id = g.cell_id
    join submitted_notebook n on n.id = g.notebook_id
    join submitted_assignment a on a.id = n.assignment_id join student s on s.id = a.student_id
    join base_cell t on t.type = 'SolutionCell'
         and (t.name = c.name or t.name || '-check' = c.name)
    join comment m on m.cell_id = t.id and m.notebook_id = n.id
"""


def by_nbgrader(book: Gradebook, results) -> None:
    """The same through nbgrader's objects, one student after the other."""
    tasks = {test.key: task for task in SHEET.tasks for test in task.tests}
    tasks |= {task.name: task for task in SHEET.tasks if task.essay}
    for graded in results:
        book.update_or_create_student(graded.safe, last_name=graded.student, first_name="")
        try:
            submission = book.find_submission(LESSON, graded.safe)
        except MissingEntry:
            submission = book.add_submission(LESSON, graded.safe)
        [notebook] = submission.notebooks
        notebook.late_submission_penalty = graded.penalty or None
        for grade in notebook.grades:
            outcome = graded.outcomes[tasks[grade.name].name]
            open_, right = outcome.kind in ("to_mark", "ungraded"), outcome.kind == "right"
            grade.auto_score = None if open_ else (grade.max_score_gradecell if right else 0.0)
            doubt = bool(graded.human) and not right and outcome.kind != "untouched"
            grade.needs_manual_grade = grade.manual_score is None and (open_ or doubt)
        for comment in notebook.comments:
            kind = graded.outcomes[comment.name].kind
            comment.auto_comment = messages.text(f"kind_{kind}", "ja")
    book.db.commit()


def a_class(seed: int, count: int) -> list[Graded]:
    """Results as a judge may find them."""
    drawn, found = random.Random(seed), []
    for n in range(count):
        ends, answers = {}, {}
        for task in SHEET.tasks:
            kinds = ["to_mark", "untouched"] if task.essay else ["right", "wrong", "ungraded"]
            kind = drawn.choice(kinds)
            ends[task.name] = Outcome(task.points if kind == "right" else 0, task.points, kind)
            answers[task.name] = None if kind == "untouched" else f"{seed} {drawn.random()}"
        human = drawn.choice([(), (("asks_check", {"task": "merge", "name": "f"}),)])
        name = f"学生 {n}" if n % 2 else f"s{n}"
        one = Graded(name, f"s{n}", {}, ends, answers, (), human)
        found.append(replace(one, penalty=drawn.choice([0.0, 1.5])))
    return found


def rows(book: Gradebook) -> set[tuple]:
    return set(map(tuple, book.db.execute(text(ROWS)).all()))


def a_book(folder: Path) -> Gradebook:
    shutil.copytree(released("ja"), folder)
    return Gradebook(f"sqlite:///{folder}/ja/gradebook.db")


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # of nbgrader's own queries
def test_rows_are_those_of_nbgraders_own_objects(tmp_path):
    """First, for more students, and for those who have handed in anew, without any mark."""
    with alembic_in_reach(), a_book(tmp_path / "a") as ours, a_book(tmp_path / "b") as theirs:
        for seed, count in ((1, STUDENTS // 2), (2, STUDENTS)):
            results = a_class(seed, count)
            scores.write(ours, SHEET, results, dict.fromkeys((r.safe for r in results), False))
            by_nbgrader(theirs, results)
            found = rows(ours)
            assert found == rows(theirs) and len(found) == 5 * count
            for one in results[:5]:
                a, b = (book.find_submission(LESSON, one.safe) for book in (ours, theirs))
                assert (a.score, a.max_score) == (b.score, 14)
                assert a.late_submission_penalty == one.penalty
        before = rows(ours)
        scores.write(ours, SHEET, results, dict.fromkeys((r.safe for r in results), True))
        assert rows(ours) == before


def test_marks_of_a_gradebook_from_before_are_kept_and_bound(tmp_path):
    """No table of what was shown: a mark counts where the notebook is still the same."""
    made = MarkedClass(tmp_path)
    for name in ("s1", "s2"):
        made.hand_in(name, notebook(**dict.fromkeys(FULL, "RIGHT"), essay="A"))
    assert made.grade("--report-lang", "en") == 0
    for name in ("s1", "s2"):
        made.mark(name, "essay", 3.0)
    with made.book() as book:
        book.db.execute(text("drop table triad_shown"))
        book.db.commit()
    made.hand_in("s2", notebook(**dict.fromkeys(FULL, "RIGHT"), essay="B"))
    assert made.grade("--report-lang", "en") == 0
    found = {name: (row["points"], row["to_mark"]) for name, row in made.rows().items()}
    assert found == {"s1": ("13", ""), "s2": ("", "essay")}


def test_a_doubt_that_a_person_has_settled_comes_back_with_another_answer_only(tmp_path):
    made = MarkedClass(tmp_path)
    for answer, waits in (("another", {"merge"}), ("another", set()), ("a third", {"merge"})):
        code = notebook(**{**dict.fromkeys(FULL, "RIGHT"), "merge": answer})
        made.hand_in("s1", code.replace(b"def merge(", b"def mix("))  # a person is asked
        assert made.grade("--report-lang", "en") == 0
        assert made.kept("s1")["needs"] == waits
        made.mark("s1", "merge", None, 0.5)  # no points, but something for the idea


def a_large_class(count: int) -> list[Graded]:
    return [replace(one, human=()) for one in a_class(3, count)]


def test_a_large_class_asks_the_database_a_few_times(tmp_path):
    """The number of statements does not grow with the class; what is unchanged is not written."""
    from sqlalchemy import event

    counts = {}
    for size in (5, STUDENTS):
        with alembic_in_reach(), a_book(tmp_path / str(size)) as book:
            asked: list[str] = []
            event.listen(book.engine, "before_cursor_execute", lambda *a, to=asked: to.append(a[2]))
            results = a_large_class(size)
            same = dict.fromkeys((r.safe for r in results), True)
            scores.write(book, SHEET, results, same)
            first = len(asked)
            scores.write(book, SHEET, results, same)
            again = asked[first:]
            counts[size] = (first, len(again))
            assert not [said for said in again if said.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(set(counts.values())) == 1, counts


# --- the sheet itself changes ---------------------------------------------------------------------


def a_course(folder: Path) -> Path:
    """A copy of what grading reads of the course."""
    for part in ("solutions/ja", "exercises/ja"):
        shutil.copytree(ROOT / part / LESSON, folder / part / LESSON)
    (folder / "lessons").mkdir()
    shutil.copy(ROOT / "lessons" / "stubs.toml", folder / "lessons")
    return folder


def set_points(root: Path, **points: int) -> None:
    """Change the points of tests and essays, as a new build would."""
    for kind in ("solutions", "exercises"):
        path = root / sheet_file(kind, "ja", LESSON)
        made = json.loads(path.read_text(encoding="utf-8"))
        for cell in made["cells"]:
            if cell["id"] in points:
                cell["metadata"]["nbgrader"]["points"] = points[cell["id"]]
        path.write_text(json.dumps(made), encoding="utf-8")


def test_points_of_a_task_that_change_reach_everything_and_flag_what_was_marked(tmp_path, capsys):
    made = MarkedClass(tmp_path, root=a_course(tmp_path / "course"))
    right = dict.fromkeys(FULL, "RIGHT")
    made.hand_in("s1", notebook(**right, essay="A"))
    made.hand_in("s2", notebook(**{**right, "merge": "another"}))
    assert made.grade("--report-lang", "en") == 0
    made.mark("s1", "essay", 3.0)
    made.mark("s2", "window", 1.0)
    set_points(made.root, **{"merge-check": 6, "essay": 8})
    capsys.readouterr()
    assert made.grade("--report-lang", "en") == 0
    assert "the points of 01_attention have changed" in capsys.readouterr().out
    one, two = made.rows()["s1"], made.rows()["s2"]
    assert (one["auto_points"], one["max_points"], one["merge"], one["essay"]) == (
        "13", "21", "6", "3",
    )  # fmt: skip
    assert (one["points"], one["to_mark"], made.kept("s1")["needs"]) == ("", "essay", {"essay"})
    assert (made.kept("s1")["score"], made.kept("s1")["max_score"]) == (16.0, 21.0)
    # 1 of 2 points for code whose task and answer are as they were is still that
    assert (two["points"], two["to_mark"], made.kept("s2")["score"]) == ("6", "", 6.0)
    made.mark("s1", "essay", 6.0)
    assert made.grade("--report-lang", "en") == 0
    assert (made.rows()["s1"]["points"], made.kept("s1")["score"]) == ("19", 19.0)
    assert "19 / 21" in made.page("s1")


@pytest.mark.skipif(not os.environ.get("TRIAD_ALL"), reason="long: start.py test --all")
def test_three_thousand_students_in_ten_seconds_of_cpu(tmp_path):
    course = NbgraderCourse(ROOT, tmp_path / "courses", "ja")
    shutil.copytree(released("ja"), course.folder.parent)
    results = a_large_class(3000)
    for limit in (10.0, 7.0):  # first with the notebooks' files, then nothing is new
        started = time.process_time()
        marks = course.record(SHEET, results)
        assert time.process_time() - started < limit
    assert [Grade(one, SHEET, marks[one.safe]).total for one in results[:3]]
