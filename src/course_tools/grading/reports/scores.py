"""Scores in nbgrader's database, in bulk, and what a person gave there.

nbgrader's own objects ask the database several times for each cell of each student.  Here four
queries read a sheet, and what is new or different is written at once: the same rows.

What a person gave belongs to the answer that Formgrader showed.  A table of our own in the same
database, `triad_shown`, keeps what was shown and for which answer each mark was given; it is
written in the same commit as the scores, so that neither is ever without the other.

nbgrader knows no exemption, and adds up whatever points a row has.  The rows of an exempt task
therefore have none; what a person gave is set aside in our table, and put back when the exemption
ends.  The most that nbgrader shows stays that of the whole sheet.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import Column, MetaData, String, Table, Text, insert, select, update

from .. import messages
from ..graded import Graded
from ..marks import UNDECIDED, Given
from ..sheet import Sheet, Task

SHOWN = Table(
    "triad_shown",
    MetaData(),
    Column("notebook_id", String(32), primary_key=True),
    # JSON: {task: {"shown", "marked", "commented", "flagged"}}; also "aside", what an exempt task
    # had, and "doubt", where Formgrader was open while the answer changed
    Column("kept", Text, nullable=False),
)
Exempt = Mapping[str, Mapping[str, str]]
COLUMNS = ("auto_score", "manual_score", "extra_credit", "needs_manual_grade")
NONE = (0.0, None, None, False)  # of an exempt task
ALONE = {  # who marks at this moment waits until all is written
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "LOCK TABLE grade, comment IN SHARE ROW EXCLUSIVE MODE",
}
INDEXES = {  # nbgrader has none on these, and its pages take minutes for a large class
    "submitted_assignment": "student_id",
    "submitted_notebook": "assignment_id",
    "grade": "notebook_id",
    "comment": "notebook_id",
    "base_cell": "notebook_id",
}


def fingerprint(task: Task, graded: Graded, sheet: Sheet) -> str:
    """Return a hash of what a person sees who marks a task: the answer, and out of how many points.

    Code is seen with how the tests ended, and with all other code, which it may call.
    """
    own = [graded.answers.get(task.name)]
    if not task.essay:
        outcome = graded.outcomes[task.name]
        own = [graded.answers.get(other.name) for other in sheet.tasks if not other.essay]
        own.append(f"{outcome.kind in UNDECIDED} {outcome.points:g}")
    return hashlib.sha256(repr((task.points, own)).encode("utf-8", "replace")).hexdigest()[:16]


def prepare(book: Gradebook) -> None:
    """Make the table and the indexes that nbgrader does not have, where they are missing."""
    SHOWN.create(book.engine, checkfirst=True)
    for table, column in INDEXES.items():
        name = f"triad_{table}_{column}"
        book.db.connection().exec_driver_sql(
            f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({column})"
        )
    book.db.commit()


def write(
    book: Gradebook,
    sheet: Sheet,
    results: Iterable[Graded],
    unchanged: Mapping[str, bool],
    exempt: Exempt = MappingProxyType({}),
    opened: bool = False,
) -> dict[str, dict[str, Given]]:
    """Write scores; return what a person gave: {student: {task: what}}.

    unchanged: whose notebook in Formgrader is the same as before, for a database without SHOWN
    exempt: {student: {task: why}}
    opened: whether Formgrader is open, and may have pages of before
    """
    prepare(book)
    if lock := ALONE.get(book.engine.dialect.name):
        book.db.connection().exec_driver_sql(lock)
    rows = _Rows(book, sheet, exempt, opened)
    found = {graded.safe: rows.put(graded, unchanged[graded.safe]) for graded in results}
    rows.flush()
    book.db.commit()
    return found


class _Rows:
    """The rows of one sheet: what the database has, and what is to be written."""

    def __init__(self, book: Gradebook, sheet: Sheet, exempt: Exempt, opened: bool):
        self.db, self.sheet, self.exempt, self.opened = book.db, sheet, exempt, opened
        self.new: dict[Any, list[dict]] = {}
        self.other: dict[Any, list[dict]] = {}
        self.assignment = book.find_assignment(sheet.lesson)
        [self.notebook] = self.assignment.notebooks
        names = {test.key: task for task in sheet.tasks for test in task.tests}
        names |= {task.name: task for task in sheet.tasks if task.essay}
        self.cells = [(c.id, c.max_score, names[c.name]) for c in self.notebook.grade_cells]
        self.texts = {c.id: c.name for c in self.notebook.solution_cells}
        self.read()

    def read(self) -> None:
        """Ask for all that is there."""
        ask = self.db.execute
        self.people = dict(map(tuple, ask(select(Student.id, Student.last_name)).all()))
        mine = SubmittedNotebook.notebook_id == self.notebook.id
        whole, one = SubmittedAssignment, SubmittedNotebook
        wanted = (whole.student_id, whole.id, whole.timestamp, one.id, one.late_submission_penalty)
        joined = select(*wanted).join(one, one.assignment_id == whole.id)
        self.books = {row[0]: row[1:] for row in ask(joined.where(mine))}
        grades = select(Grade).join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        columns = (Grade.notebook_id, Grade.cell_id, Grade.id,
                   *(getattr(Grade, name) for name in COLUMNS))  # fmt: skip
        self.grades = {r[:2]: r[2:] for r in ask(grades.where(mine).with_only_columns(*columns))}
        said = select(Comment).join(SubmittedNotebook, Comment.notebook_id == SubmittedNotebook.id)
        kinds = (Comment.notebook_id, Comment.cell_id, Comment.id, Comment.auto_comment,
                 Comment.manual_comment)  # fmt: skip
        self.comments = {r[:2]: r[2:] for r in ask(said.where(mine).with_only_columns(*kinds))}
        ids = select(SHOWN).join(SubmittedNotebook, SHOWN.c.notebook_id == SubmittedNotebook.id)
        self.shown = {row[0]: json.loads(row[1]) for row in ask(ids.where(mine))}

    def put(self, graded: Graded, unchanged: bool) -> dict[str, Given]:
        """Bring one student's rows up to date; return what a person gave."""
        name = graded.safe
        if name not in self.people:
            person = {"id": name, "first_name": "", "last_name": graded.student}
            self.add(Student, person)  # a name is shown only with both
        elif self.people[name] != graded.student:
            self.change(Student, {"id": name, "first_name": "", "last_name": graded.student})
        notebook = self.submitted(graded)
        exempt = self.exempt.get(graded.student, {})
        before = self.shown.get(notebook, {})
        kept, found = {}, {}
        for task in self.sheet.tasks:
            now = fingerprint(task, graded, self.sheet)
            old = before.get(task.name) or {"shown": now if unchanged else ""}
            why = exempt.get(task.name)
            kept[task.name], found[task.name] = self.task(task, graded, notebook, old, now, why)
        if kept != before:
            row = {"notebook_id": notebook, "kept": json.dumps(kept)}
            if notebook in self.shown:
                self.change(SHOWN, row)
            else:
                self.add(SHOWN, row)
        return {task: given for task, given in found.items() if given != Given()}

    def submitted(self, graded: Graded) -> str:
        """Return the id of the student's notebook; its row and the assignment's are up to date."""
        when, exempt = _utc(graded.when), self.exempt.get(graded.student, {})
        counts = any(task.name not in exempt for task in self.sheet.tasks)
        off = graded.penalty if counts else 0.0
        if graded.safe not in self.books:
            whole, notebook = new_uuid(), new_uuid()
            self.add(SubmittedAssignment, {"id": whole, "assignment_id": self.assignment.id,
                     "student_id": graded.safe, "timestamp": when})  # fmt: skip
            self.add(SubmittedNotebook, {"id": notebook, "assignment_id": whole, "flagged": False,
                     "notebook_id": self.notebook.id,
                     "late_submission_penalty": off or None})  # fmt: skip
            return notebook
        whole, stamp, notebook, penalty = self.books[graded.safe]
        if stamp != when:
            self.change(SubmittedAssignment, {"id": whole, "timestamp": when})
        if (penalty or 0.0) != off:
            self.change(SubmittedNotebook, {"id": notebook, "late_submission_penalty": off or None})
        return notebook

    def task(
        self, task: Task, graded: Graded, notebook: str, old: dict, now: str, why: str | None
    ) -> tuple[dict, Given]:
        """Bring one task's rows up to date; return what to keep of it, and what a person gave.

        why: the reason of an exemption, None where the task counts
        """
        cells = [(id, most) for id, most, of in self.cells if of == task]
        rows = [self.grades.get((notebook, id), (None, None, None, None, True)) for id, _ in cells]
        aside = old.get("aside")
        marks = _put_back([[manual, extra] for _, _, manual, extra, _ in rows], aside)
        text = self.comment(task, graded, notebook, why)
        waited = aside is not None or any(waits for *_, waits in rows)
        confirmed = bool(old.get("flagged")) and not waited
        marked = _bound(marks, old.get("marked"), old, confirmed)
        commented = _bound([text], old.get("commented"), old)
        stale = marked is not None and marked[1] != now
        fresh = old["shown"] != now or rows[0][0] is None or aside is not None
        outcome = graded.outcomes[task.name]
        undecided, right = outcome.kind in UNDECIDED, outcome.kind == "right"
        doubt = bool(graded.human) and not right and outcome.kind != "untouched"
        for (cell, most), (id, *was), given in zip(cells, rows, marks, strict=True):
            score = None if undecided else most if right else 0.0
            wait = given[0] is None and (undecided or doubt) if fresh else was[-1]
            counts = (score, *given, wait or stale)
            self.grade(id, notebook, cell, tuple(was), counts if why is None else NONE)
        kept = {"shown": now, "marked": marked, "commented": commented, "flagged": stale}
        kept |= {} if why is None else {"aside": marks}
        other = old["shown"] not in ("", now) or "doubt" in old
        kept |= {"doubt": True} if other and self.opened else {}
        by_hand = _given(task, graded, marks, text)
        stale_comment = commented is not None and commented[1] != now
        return kept, Given(*by_hand, stale=stale, stale_comment=stale_comment)

    def grade(self, id: str | None, notebook: str, cell: str, was: tuple, now: tuple) -> None:
        """Write one grade, where it is new or different.  was, now: the values of COLUMNS.

        What a person gave is written only where an exemption begins or ends.
        """
        row = {"auto_score": now[0], "needs_manual_grade": now[3]}
        if id is None:
            self.add(Grade, {"id": new_uuid(), "notebook_id": notebook, "cell_id": cell} | row)
        elif was != now:
            by_hand = {"manual_score": now[1], "extra_credit": now[2]}
            self.change(Grade, {"id": id} | row | (by_hand if was[1:3] != now[1:3] else {}))

    def comment(self, task: Task, graded: Graded, notebook: str, why: str | None) -> str:
        """Write what the grader says of a task; return what a person says."""
        [cell] = [id for id, name in self.texts.items() if name == task.name]
        id, said, by_hand = self.comments.get((notebook, cell), (None, None, None))
        end = "exempt" if why is not None else f"kind_{graded.outcomes[task.name].kind}"
        text = messages.text(end, self.sheet.lang, {"reason": why})
        row = {"auto_comment": text}
        if id is None:
            self.add(Comment, {"id": new_uuid(), "notebook_id": notebook, "cell_id": cell} | row)
        elif said != text:
            self.change(Comment, {"id": id} | row)
        return by_hand or ""

    def add(self, table: Any, row: dict) -> None:
        """Take note of a new row."""
        self.new.setdefault(table, []).append(row)

    def change(self, table: Any, row: dict) -> None:
        """Take note of a row that is different; a row of SHOWN is replaced."""
        if table is SHOWN:
            self.db.execute(SHOWN.delete().where(SHOWN.c.notebook_id == row["notebook_id"]))
            return self.add(SHOWN, row)
        columns = frozenset(row)
        self.other.setdefault((table, columns), []).append(row)

    def flush(self) -> None:
        """Write all that was noted, the new rows in the order in which they need each other."""
        for table in (Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment, SHOWN):
            if rows := self.new.get(table):
                # of a class, SQLAlchemy would write the rows with a None apart from the others
                self.db.execute(insert(getattr(table, "__table__", table)), rows)
        for (table, _), rows in self.other.items():
            self.db.execute(update(table), rows)


def _put_back(marks: list[list[float | None]], aside: list | None) -> list[list[float | None]]:
    """Return what a person gave: what was typed since, else what an exemption has set aside."""
    if aside is None or len(aside) != len(marks):
        return marks
    return [old if now == [None, None] else now for now, old in zip(marks, aside, strict=True)]


def _bound(now: list, before: list | None, old: dict, confirmed: bool = False) -> list | None:
    """Return [what a person gave, the answer that it was given for]; None where nothing was given.

    What is new since last time was given for the answer that was shown; so was what stayed the
    same where Formgrader had asked for it again and does not ask any more (confirmed).  If the
    answer changed while Formgrader was open (doubt), nobody knows which one its page showed:
    what is new is then for none, and is asked for again.
    """
    if not any(value not in (None, [None, None], "") for value in now):
        return None
    if before is None or before[0] != now:
        return [now, "" if "doubt" in old else old["shown"]]
    return [now, old["shown"]] if confirmed else before


def _given(
    task: Task, graded: Graded, marks: list[list[float | None]], text: str
) -> tuple[float | None, float, str]:
    """Return a person's points, extra credit and comment.

    Where several tests make a task, those without a person's points count as the tests ended.
    """
    extra = sum(more or 0.0 for _, more in marks)
    if all(manual is None for manual, _ in marks):
        return None, extra, text
    right = graded.outcomes[task.name].kind == "right"
    auto = [test.points if right else 0.0 for test in task.tests] or [0.0]
    points = [a if m is None else m for a, (m, _) in zip(auto, marks, strict=True)]
    return sum(points), extra, text


def _utc(when: float) -> datetime | None:
    """Return a time as nbgrader keeps it: in UTC, and not said to be so."""
    return datetime.fromtimestamp(when, UTC).replace(tzinfo=None) if when else None
