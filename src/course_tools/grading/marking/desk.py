"""What lies on a marker's desk: the essays of one language, and each mark saved with its answer.

The record of a grade stays nbgrader's gradebook.  A table of our own in the same database,
`triad_marks`, keeps what nbgrader has no column for: points by criterion, which comments of the
bank were used, and a second marker's blind marks, which count nowhere.  Everything that belongs to
one mark is written in one transaction, and only if the answer that was read is still the one that
counts, and nobody else has marked it meanwhile.
"""

import contextlib
import functools
import hashlib
import html
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FIRST, SECOND = "first", "second"  # whose marks count, and whose are compared with them
TABLE = """CREATE TABLE IF NOT EXISTS triad_marks (
    notebook_id VARCHAR(32) NOT NULL, task VARCHAR(128) NOT NULL, marker VARCHAR(16) NOT NULL,
    points TEXT NOT NULL, comment TEXT NOT NULL, used TEXT NOT NULL, answer VARCHAR(16) NOT NULL,
    PRIMARY KEY (notebook_id, task, marker))"""
EXISTS = "SELECT 1 FROM sqlite_master WHERE name = 'triad_marks'"
ROWS = """
    SELECT n.id, a.student_id, s.kept, g.id, g.auto_score, g.manual_score, g.extra_credit,
           g.needs_manual_grade, m.id, m.manual_comment
    FROM submitted_notebook n
    JOIN submitted_assignment a ON a.id = n.assignment_id
    JOIN assignment l ON l.id = a.assignment_id AND l.name = :lesson
    JOIN triad_shown s ON s.notebook_id = n.id
    JOIN grade g ON g.notebook_id = n.id
    JOIN base_cell c ON c.id = g.cell_id AND c.name = :task
    JOIN comment m ON m.notebook_id = n.id
    JOIN base_cell t ON t.id = m.cell_id AND t.name = :task
"""
SHOWN = re.compile(r"<pre[^>]*>\n(.*)\n</pre>", re.DOTALL)  # as reports.gradebook writes an essay
WAIT_S = 30.0  # for the grader, which writes a whole class at once


@dataclass(frozen=True)
class Mark:
    """What a marker gave for one answer: points by criterion (None: not yet), and a comment.

    used: ids of comments of the bank.  answer: the fingerprint of what was marked
    """

    points: tuple[float | None, ...]
    comment: str = ""
    used: tuple[str, ...] = ()
    answer: str = ""

    @property
    def total(self) -> float | None:
        """The points of all criteria; None as long as one has none."""
        given = [points for points in self.points if points is not None]
        return sum(given) if len(given) == len(self.points) else None

    @property
    def is_begun(self) -> bool:
        """Whether any criterion has points."""
        return any(points is not None for points in self.points)


@dataclass(frozen=True)
class Essay:
    """One answer on the desk, without whose it is.

    state: "unmarked", "begun", "again" (marked, and the text is another one now) or "marked"
    version: the fingerprint of the text; revision: changes with every mark of it
    given, comment: what counts now; marks: what was given by criterion, by marker
    """

    id: str
    task: str
    text: str
    version: str
    revision: str
    state: str
    given: float | None
    comment: str
    marks: dict[str, Mark] = field(default_factory=dict)


class Changed(Exception):
    """The answer was graded anew since the page was opened: nothing was saved."""


class Overtaken(Exception):
    """Somebody else has marked the answer since the page was opened: nothing was saved."""


class Gone(Exception):
    """There is no such answer to mark, or none any more."""


class Desk:
    """The essays in nbgrader's folder of one language, for one marker."""

    def __init__(self, folder: Path, marker: str = FIRST):
        self.folder, self.marker = folder, marker
        with self._book() as book:
            book.execute(TABLE)

    def essays(self, lesson: str, task: str) -> list[Essay]:
        """Return all answers to one task, in an order that tells nothing of whose they are."""
        with self._book() as book:
            found = [self._essay(book, lesson, task, row) for row in self._rows(book, lesson, task)]
        return sorted((one for one in found if one), key=lambda one: one.id)

    def essay(self, lesson: str, task: str, id: str) -> Essay:
        """Return one answer.  Gone."""
        with self._book() as book:
            return self._one(book, lesson, task, id)[0]

    def save(self, lesson: str, task: str, id: str, mark: Mark, revision: str) -> Essay:
        """Keep a mark of the answer whose fingerprint it names, whole or not at all.

        Changed, Overtaken, Gone: nothing was saved.
        """
        with self._book() as book:
            book.execute("BEGIN IMMEDIATE")
            now, row = self._one(book, lesson, task, id)
            if now.version != mark.answer:
                raise Changed
            if now.revision != revision:
                raise Overtaken
            if self.marker == FIRST:
                self._count(book, row, now, mark)
            book.execute(
                "INSERT OR REPLACE INTO triad_marks VALUES (?, ?, ?, ?, ?, ?, ?)",
                (id, task, self.marker, json.dumps(mark.points), mark.comment,
                 json.dumps(mark.used), mark.answer),
            )  # fmt: skip
            made = self._one(book, lesson, task, id)[0]
            book.execute("COMMIT")
        return made

    def _count(self, book: sqlite3.Connection, row: sqlite3.Row, now: Essay, mark: Mark) -> None:
        """Write a mark where nbgrader, table, pages and report have it from; bind it to its text.

        Where all boxes are empty, points that were given as a whole, in Formgrader, stay.
        """
        before = now.marks.get(FIRST)
        points = mark.total
        if not mark.is_begun and not (before and before.total == now.given):
            points = now.given
        waits = points is None and row["auto_score"] is None
        book.execute("UPDATE grade SET manual_score = ?, needs_manual_grade = ? WHERE id = ?",
                     (points, waits, row[3]))  # fmt: skip
        said = mark.comment or None
        book.execute("UPDATE comment SET manual_comment = ? WHERE id = ?", (said, row[8]))
        kept = json.loads(row["kept"])
        given = [[points, row["extra_credit"]]]
        marked = None if given == [[None, None]] else [given, mark.answer]
        commented = [[said], mark.answer] if said else None
        kept[now.task] |= {"marked": marked, "commented": commented, "flagged": False}
        book.execute("UPDATE triad_shown SET kept = ? WHERE notebook_id = ?",
                     (json.dumps(kept), now.id))  # fmt: skip

    def _one(
        self, book: sqlite3.Connection, lesson: str, task: str, id: str
    ) -> tuple[Essay, sqlite3.Row]:
        for row in self._rows(book, lesson, task, id):
            if found := self._essay(book, lesson, task, row):
                return found, row
        raise Gone

    def _rows(
        self, book: sqlite3.Connection, lesson: str, task: str, id: str | None = None
    ) -> list[sqlite3.Row]:
        only = "" if id is None else " WHERE n.id = :id"
        return book.execute(ROWS + only, {"lesson": lesson, "task": task, "id": id}).fetchall()

    def _essay(
        self, book: sqlite3.Connection, lesson: str, task: str, row: sqlite3.Row
    ) -> Essay | None:
        """Return what a marker sees of a row; None where there is nothing to mark."""
        kept = json.loads(row["kept"]).get(task, {})
        folder = self.folder / "autograded" / row["student_id"] / lesson
        text = _text(folder / f"{lesson}.ipynb", task)
        bound = kept.get("marked")
        exempt = "aside" in kept
        if exempt or "shown" not in kept or (text is None and bound is None):
            return None
        marks = self._marks(book, row["id"], task)
        own = marks.get(self.marker)
        version, given = kept["shown"], row["manual_score"]
        if self.marker == SECOND:
            old = own is not None and own.answer != version
            total = own.total if own else None
        else:
            old = bound is not None and bound[1] != version and bool(row["needs_manual_grade"])
            total = given
        state = "again" if old else "marked" if total is not None else ""
        state = state or ("begun" if own and own.is_begun else "unmarked")
        mine = [given, row["manual_comment"]] if self.marker == FIRST else []
        revision = hashlib.sha256(repr((mine, own)).encode()).hexdigest()[:16]
        said = row["manual_comment"] or ""
        return Essay(row["id"], task, text or "", version, revision, state, given, said, marks)

    def _marks(self, book: sqlite3.Connection, id: str, task: str) -> dict[str, Mark]:
        ask = "SELECT * FROM triad_marks WHERE notebook_id = ? AND task = ?"
        return {r["marker"]: _mark(r) for r in book.execute(ask, (id, task))}

    @contextlib.contextmanager
    def _book(self) -> Iterator[sqlite3.Connection]:
        """Open the gradebook; what is not committed when the block ends is undone."""
        file = self.folder / "gradebook.db"
        book = sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=WAIT_S,
                               isolation_level=None)  # fmt: skip
        book.row_factory = sqlite3.Row
        try:
            yield book
        finally:
            book.close()


def uses(courses: Path) -> Counter[str]:
    """Return how many marks hold each comment of the bank, over the courses of all languages."""
    found: Counter[str] = Counter()
    for file in courses.glob("*/gradebook.db"):
        book = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=WAIT_S)
        with contextlib.closing(book):
            if book.execute(EXISTS).fetchone():
                for (used,) in book.execute("SELECT used FROM triad_marks WHERE marker = 'first'"):
                    found.update(json.loads(used))
    return found


def _mark(row: sqlite3.Row) -> Mark:
    points, used = json.loads(row["points"]), json.loads(row["used"])
    return Mark(tuple(points), row["comment"], tuple(used), row["answer"])


def _text(file: Path, task: str) -> str | None:
    """Return a student's text, as Formgrader shows it; None where none was written."""
    try:
        return _texts(file, file.stat().st_mtime_ns).get(task)
    except FileNotFoundError:
        return None


@functools.lru_cache(4_096)
def _texts(file: Path, _: int) -> dict[str, str]:
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    found = {}
    for cell in cells:
        shown = SHOWN.fullmatch("".join(cell["source"]))
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if shown and name and cell["cell_type"] == "markdown":
            found[name] = html.unescape(shown[1])
    return found
