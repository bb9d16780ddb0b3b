"""nbgrader's course folder and database of each language: sheets and scores are written there.

nbgrader never executes what students wrote.

    courses/ja/   nbgrader_config.py  gradebook.db  source/  release/  autograded/
"""

import contextlib
import copy
import html
import os
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from helpers.classroom.overview import sheet_file

from ...authoring.data import Table
from .. import messages
from ..graded import Graded
from ..sheet import Sheet

CONFIG = """\
# Written by python start.py release.  python start.py mark opens nbgrader's formgrader with it.
from pathlib import Path

c = get_config()  # noqa: F821
root = Path(__file__).resolve().parent
c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = {course!r}
c.CourseDirectory.db_url = f"sqlite:///{{root}}/gradebook.db"
c.ClearSolutions.code_stub = {{"python": {code!r}}}
c.ClearSolutions.text_stub = {text!r}
c.Execute.enabled = False  # what students wrote is run by python start.py grade, behind walls
"""


class NotReleased(Exception):
    """nbgrader did not take a sheet.  The message is its own log."""


class NbgraderCourse:
    """nbgrader's folder and database of one language."""

    def __init__(self, root: Path, folder: Path, lang: str):
        self.root, self.lang, self.folder = root, lang, (folder / lang).resolve()

    @property
    def database(self) -> str:
        """The database's address for SQLAlchemy."""
        return f"sqlite:///{self.folder}/gradebook.db"

    def release(self, lesson: str) -> Path:
        """Make the student's copy of a sheet, and its tasks in the gradebook.  NotReleased."""
        source = self.folder / "source" / lesson
        source.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._solution(lesson), source / f"{lesson}.ipynb")
        self._configure()
        with _alembic_in_reach():
            done = self._api().generate_assignment(lesson)
        if not done["success"]:
            raise NotReleased(f"{lesson}: {done.get('error') or done.get('log')}")
        return self.released(lesson)

    def released(self, lesson: str) -> Path:
        """Return where the student's copy of a sheet lies, once it is made."""
        return self.folder / "release" / lesson / f"{lesson}.ipynb"

    def record(self, sheet: Sheet, results: Iterable[Graded]) -> dict[str, dict]:
        """Write scores into the gradebook; return what a person gave: {student: {task: points}}."""
        if not self.released(sheet.lesson).exists():
            self.release(sheet.lesson)
        sheet_of = nbformat.read(self.released(sheet.lesson), 4)
        marks = {}
        with _alembic_in_reach(), Gradebook(self.database) as book, warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own queries
            with _one_commit(book):
                for graded in results:
                    changed = self._keep_answers(sheet, sheet_of, graded)
                    marks[graded.safe] = _record(book, sheet, graded, changed)
        return marks

    def _solution(self, lesson: str) -> Path:
        return self.root / sheet_file("solutions", self.lang, lesson)

    def _configure(self) -> None:
        file = self.folder / "nbgrader_config.py"
        if not file.exists():  # an instructor may have added to it
            file.write_text(CONFIG.format(**self._values()), encoding="utf-8")

    def _values(self) -> dict[str, str]:
        stubs = Table.read(self.root, "lessons/stubs.toml").table
        own = {name: texts[self.lang.replace("-", "_")] for name, texts in stubs.items()}
        return {"course": f"triad-{self.lang}", "code": own["code"], "text": own["text"]}

    def _api(self) -> NbGraderAPI:
        values, config = self._values(), Config()
        config.CourseDirectory.root = str(self.folder)
        config.CourseDirectory.course_id = values["course"]
        config.CourseDirectory.db_url = self.database
        config.ClearSolutions.code_stub = {"python": values["code"]}
        config.ClearSolutions.text_stub = values["text"]
        return NbGraderAPI(CourseDirectory(config=config), config=config)

    def _keep_answers(self, sheet: Sheet, released: Any, graded: Graded) -> bool:
        """Write the sheet with a student's answers, which formgrader shows.  False if unchanged."""
        made = copy.deepcopy(released)
        for cell in made.cells:
            key = cell.metadata.get("nbgrader", {}).get("grade_id")
            answer = graded.answers.get(key)
            if answer is not None:
                cell.source = answer if cell.cell_type == "code" else _as_text(answer)
        file = self.folder / "autograded" / graded.safe / sheet.lesson / f"{sheet.lesson}.ipynb"
        text = nbformat.writes(made) + "\n"
        data = text.encode("utf-8", "replace")
        if file.exists() and file.read_bytes() == data:
            return False
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return True


def _as_text(essay: str) -> str:
    """Return the essay as HTML without any markup of its own.

    Formgrader shows a text's HTML with all that Jupyter may do.
    """
    shown = html.escape("".join(c for c in essay if c.isprintable() or c in "\n\t"))
    return f'<pre style="white-space: pre-wrap; font: inherit">\n{shown}\n</pre>'


def _record(book: Gradebook, sheet: Sheet, graded: Graded, changed: bool) -> dict:
    """Write one student's scores; return what a person gave, which stays.

    Where the answer changed since, it is to be looked at again.
    """
    names = {"last_name": graded.student, "first_name": ""}  # shown only with both
    book.update_or_create_student(graded.safe, **names)
    try:
        submission = book.find_submission(sheet.lesson, graded.safe)
    except MissingEntry:
        submission, changed = book.add_submission(sheet.lesson, graded.safe), True
    [notebook] = submission.notebooks
    tasks = {test.key: task for task in sheet.tasks for test in task.tests}
    tasks |= {task.name: task for task in sheet.tasks if task.essay}
    marks = {}
    for grade in notebook.grades:
        task = tasks[grade.name]
        outcome = graded.outcomes[task.name]
        open_ = outcome.kind in ("to_mark", "ungraded")
        right = outcome.kind == "right"
        grade.auto_score = None if open_ else (grade.max_score_gradecell if right else 0.0)
        if changed:
            doubt = bool(graded.human) and not right and outcome.kind != "untouched"
            grade.needs_manual_grade = open_ or doubt or grade.manual_score is not None
        if grade.manual_score is not None:
            marks[task.name] = grade.manual_score
    for comment in notebook.comments:
        kind = graded.outcomes[comment.name].kind
        comment.auto_comment = messages.text(f"kind_{kind}", sheet.lang)
    return marks


@contextlib.contextmanager
def _one_commit(book: Gradebook) -> Iterator[None]:
    """Commit once at the end: nbgrader waits for the disk several times for each student."""
    commit, book.db.commit = book.db.commit, book.db.flush
    try:
        yield
    finally:
        book.db.commit = commit
    book.db.commit()


@contextlib.contextmanager
def _alembic_in_reach() -> Iterator[None]:
    """Put Python's folder on the PATH: there lies the program that makes nbgrader's database."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
