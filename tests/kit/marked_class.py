"""A class over a term without a judge: what is handed in, what a person gives, what is written.

An answer is right where its text holds the word RIGHT; everything else is the course's own code.
"""

import contextlib
import csv
import functools
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from nbgrader.api import Gradebook
from places import ROOT
from sample_class import LESSON, cell, dump, load

from course_tools.grading import __main__ as grade
from course_tools.grading import classroom, exempt, regrade, release
from course_tools.grading.graded import Outcome, Verdict
from course_tools.grading.marking.desk import FIRST, Desk, Essay, Mark
from course_tools.grading.sandbox import isolation
from course_tools.grading.submissions.submission import Submission

RELEASED = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
FUNCTIONS = {"window": "window_mask"}  # where it is not called as the task is


def judge(sheet, matched, server):
    """Stand in for the judge: an answer says itself whether it is right."""
    verdict = Verdict({}, dict(matched.answers), list(matched.notes), list(matched.human))
    for task in sheet.tasks:
        answer = matched.answers.get(task.name)
        kind = "to_mark" if task.essay else "right" if "RIGHT" in (answer or "") else "wrong"
        kind = "untouched" if answer is None else kind
        points = task.points if kind == "right" else 0
        verdict.outcomes[task.name] = Outcome(points, task.points, kind)
    return verdict


@contextlib.contextmanager
def judged_by_their_words() -> Iterator[None]:
    """No process is started for a student as long as the block runs."""
    caches = (classroom.sheet_of, classroom.unsound, classroom.server_of)
    for cache in caches:
        cache.cache_clear()
    with (
        mock.patch.object(classroom, "judge", judge),
        mock.patch.object(classroom, "server_of", lambda *_: None),
        mock.patch.object(classroom, "unsound", lambda *_: {}),
        mock.patch.object(grade, "exposed", lambda *_: []),
        mock.patch.object(isolation, "why_not", str),
        mock.patch.object(grade, "local_workers", lambda *_: ThreadPoolExecutor(1)),
    ):
        yield
    classroom.sheet_of.cache_clear()


def notebook(lang: str = "ja", lesson: str = LESSON, **answers: str) -> bytes:
    """The sheet with these texts in place of its answers."""
    made = load("exercises", lang, lesson)
    for key, text in answers.items():
        code = f"def {FUNCTIONS.get(key, key)}(*_):\n    return {text!r}"
        cell(made, key)["source"] = text if key.startswith(("essay", "step")) else code
    return dump(made)


@functools.cache
def released(lang: str) -> Path:
    """The folder of courses after `start.py release`, which takes seconds."""
    folder = Path(RELEASED.name, lang)
    command = ["--lesson", LESSON, "--lang", lang, "--courses", str(folder)]
    assert release.main(command) == 0
    return folder


@dataclass
class MarkedClass:
    """One class: a folder of submissions, nbgrader's courses, OUT."""

    folder: Path
    lang: str = "ja"
    root: Path = ROOT

    @property
    def place(self) -> Path:
        return self.folder / "in"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def courses(self) -> Path:
        return self.folder / "courses"

    def hand_in(self, student: str, data: bytes, name: str = f"{LESSON}.ipynb", when=None) -> None:
        """Put a file into the student's folder; when: seconds since 1970."""
        path = self.place / student / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if when is not None:
            os.utime(path, (when, when))

    def take_back(self, student: str) -> None:
        """Leave the student out of the next download."""
        shutil.rmtree(self.place / student, ignore_errors=True)

    def grade(self, *more: str, place: Path | None = None) -> int:
        """Run `start.py grade`, after `release`."""
        if not self.courses.exists() and self.root == ROOT:
            shutil.copytree(released(self.lang), self.courses)
        where = ["--lesson", LESSON, "--lang", self.lang, "--out", str(self.out), "--jobs", "1"]
        where += ["--courses", str(self.courses), "--root", str(self.root)]
        with judged_by_their_words():
            return grade.main([str(place or self.place), *where, *more])

    def regrade(self) -> int:
        """Run `start.py regrade`."""
        with judged_by_their_words():
            return regrade.main([str(self.out), "--root", str(self.root)])

    def rows(self) -> dict[str, dict[str, str]]:
        """The table, by student."""
        text = (self.out / "grades.csv").read_text(encoding="utf-8-sig")
        return {row["student_id"]: row for row in csv.DictReader(io.StringIO(text))}

    def page(self, student: str) -> str:
        """The feedback that a student reads, without its markup."""
        file = self.out / "feedback" / f"{Submission(student).safe}.html"
        return re.sub(r"<[^>]+>", "|", file.read_text(encoding="utf-8"))

    def report(self) -> str:
        return (self.out / "report.html").read_text(encoding="utf-8")

    def exempt(self, student: str, task: str, why: str | None) -> int:
        """Run `start.py exempt`."""
        where = ["--lesson", LESSON, "--lang", self.lang, "--courses", str(self.courses)]
        how = ["--end"] if why is None else ["--reason", why]
        return exempt.main([student, *where, *(["--task", task] if task else []), *how])

    # --- a person at Formgrader -----------------------------------------------------------------

    def book(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.courses}/{self.lang}/gradebook.db")

    def mark(self, student: str, task: str, points: float | None, extra: float | None = None):
        """Do what Formgrader does when a person types points (nbgrader's GradeHandler.put)."""
        with self.book() as book:
            key = task if task == "essay" else f"{task}-check"
            found = book.find_grade(key, LESSON, LESSON, Submission(student).safe)
            found.manual_score, found.extra_credit = points, extra
            found.needs_manual_grade = found.manual_score is None and found.auto_score is None
            book.db.commit()

    def comment(self, student: str, task: str, text: str) -> None:
        """Do what Formgrader does when a person writes a comment (its CommentHandler.put)."""
        with self.book() as book:
            found = book.find_comment(task, LESSON, LESSON, Submission(student).safe)
            found.manual_comment = text
            book.db.commit()

    # --- a person at our page -------------------------------------------------------------------

    def desk(self, marker: str = FIRST) -> Desk:
        return Desk(self.courses / self.lang, marker)

    def on_desk(self, student: str, marker: str = FIRST) -> Essay | None:
        """The student's essay as a marker finds it; None where it is not to be marked."""
        with self.book() as book:
            [notebook] = book.find_submission(LESSON, Submission(student).safe).notebooks
            id = notebook.id
        found = {one.id: one for one in self.desk(marker).essays(LESSON, "essay")}
        return found.get(id)

    def save(self, essay: Essay, points, comment: str = "", marker: str = FIRST, used=()) -> Essay:
        """Do what the page does when a marker saves what was typed beside this essay."""
        mark = Mark(tuple(points), comment, tuple(used), essay.version)
        return self.desk(marker).save(LESSON, "essay", essay.id, mark, essay.revision)

    def kept(self, student: str) -> dict:
        """What nbgrader's gradebook says of a student: as `nbgrader export`, and each cell."""
        with self.book() as book:
            found = book.find_submission(LESSON, Submission(student).safe)
            [notebook] = found.notebooks
            cells = {g.name.removesuffix("-check"): g for g in notebook.grades}
            return {
                "score": max(0.0, found.score - found.late_submission_penalty),
                "max_score": found.max_score,
                "penalty": found.late_submission_penalty,
                "needs": {n for n, g in cells.items() if g.needs_manual_grade},
                "given": {n: (g.manual_score, g.extra_credit) for n, g in cells.items()},
                "said": {c.name: c.auto_comment for c in notebook.comments},
                "comments": {c.name: c.manual_comment for c in notebook.comments},
            }
