"""nbgrader's course folder and database of each language: sheets and scores are written there.

nbgrader never executes what students wrote.

    courses/ja/   nbgrader_config.py  gradebook.db  source/  release/  autograded/
"""

import contextlib
import functools
import html
import json
import os
import re
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import filelock
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import URL, create_engine, inspect, make_url
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config, PyFileConfigLoader

from helpers.classroom.sheets import sheet_file
from helpers.files import write_whole

from ...authoring.data import Table
from ..graded import Graded
from ..marks import Given
from ..sheet import Sheet
from . import scores

TAKES = (
    "--db takes an address of SQLAlchemy's: postgresql://USER:PASSWORD@HOST/NAME (with the extra "
    "postgres: pip install -c constraints.txt -e .[postgres]) or sqlite:////FOLDER/FILE"
)
MARKING = ".marking"  # a lock that `start.py mark` holds in a course's folder
OUTDATED = (
    "{lesson} has changed since it was released: Formgrader shows the old sheet. "
    "python start.py release --lang {lang} --lesson {lesson} brings the new one"
)
WAIT_S = 120.0  # for another command that writes; a class of 3,000 takes a tenth of it

CONFIG = """\
# Written by python start.py release.  python start.py mark opens nbgrader's formgrader with it.
from pathlib import Path

c = get_config()  # noqa: F821
root = Path(__file__).resolve().parent
c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = {course!r}
c.CourseDirectory.db_url = {database}
c.ClearSolutions.code_stub = {{"python": {code!r}}}
c.ClearSolutions.text_stub = {text!r}
c.Execute.enabled = False  # what students wrote is run by python start.py grade, behind walls
"""


class NotReleased(Exception):
    """nbgrader did not take a sheet.  The message is its own log."""


class NoDatabase(NotReleased):
    """The gradebook's database cannot be used.  The message says why, and what --db takes."""


class NbgraderCourse:
    """nbgrader's folder and database of one language.

    db: another database's address, when the course is made; {lang} in it stands for the language
    """

    def __init__(self, root: Path, folder: Path, lang: str, db: str | None = None):
        self.root, self.lang, self.folder = root, lang, (folder / lang).resolve()
        self.wanted = db and db.replace("{lang}", lang)

    @functools.cached_property
    def database(self) -> str:
        """The database's address for SQLAlchemy: nbgrader's own option.  NotReleased."""
        own = f"sqlite:///{self.folder}/gradebook.db"
        if not self._settings.exists():
            return self.wanted or own
        loaded = PyFileConfigLoader(self._settings.name, str(self.folder)).load_config()
        kept = str(loaded.CourseDirectory.get("db_url", own))
        if self.wanted not in (None, kept):
            known = make_url(kept).render_as_string()  # without the password
            raise NotReleased(f"{self._settings} names {known}: change it there, or leave out --db")
        return kept

    def reach(self) -> None:
        """Try the database, before hours of grading that it is for.  NoDatabase."""
        url = self.database
        try:
            if not _is_new_file(make_url(url), self.folder):
                with create_engine(url).connect() as connection:
                    inspect(connection).get_table_names()
        except ModuleNotFoundError as missing:
            raise NoDatabase(f"{_shown(url)} needs {missing.name}. {TAKES}") from None
        except (SQLAlchemyError, OSError, ValueError) as error:
            reason = _shown(" ".join(str(getattr(error, "orig", error)).split()))
            for part in _password(url).split("@"):  # one with an @ is taken for a host's name
                reason = reason.replace(f"{part}@", "***@") if part else reason
            raise NoDatabase(f"{_shown(url)} cannot be used: {reason}. {TAKES}") from None

    @property
    def _settings(self) -> Path:
        return self.folder / "nbgrader_config.py"

    def release(self, lesson: str) -> Path:
        """Make the student's copy of a sheet, and its tasks in the gradebook.  NotReleased."""
        self.reach()
        source = self.folder / "source" / lesson
        source.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._solution(lesson), source / f"{lesson}.ipynb")
        self._configure()
        with alembic_in_reach():
            done = self._api().generate_assignment(lesson)
        if not done["success"]:
            raise NotReleased(f"{lesson}: {done.get('error') or done.get('log')}")
        return self.released(lesson)

    def released(self, lesson: str) -> Path:
        """Return where the student's copy of a sheet lies, once it is made."""
        return self.folder / "release" / lesson / f"{lesson}.ipynb"

    def is_outdated(self, lesson: str) -> bool:
        """Tell whether the sheet has changed since it was released."""
        source = self.folder / "source" / lesson / f"{lesson}.ipynb"
        return not source.exists() or source.read_bytes() != self._solution(lesson).read_bytes()

    def record(
        self,
        sheet: Sheet,
        results: Iterable[Graded],
        tell: Callable[[str], object] = print,
        exempt: scores.Exempt = MappingProxyType({}),
    ) -> dict[str, dict[str, Given]]:
        """Write scores into the gradebook; return what a person gave: {student: {task: what}}.

        One command at a time writes: filelock.Timeout where another one does not end.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self.folder / ".lock", timeout=WAIT_S), alembic_in_reach():
            self._released_as(sheet, tell)
            released = json.loads(self.released(sheet.lesson).read_text(encoding="utf-8"))
            results = list(results)
            # first what Formgrader shows, then whose marks were given for something else: stopped
            # in between, a mark is flagged too often and never too seldom
            unchanged = {r.safe: not self._keep_answers(sheet, released, r) for r in results}
            opened = self._is_open()
            if not all(unchanged.values()) and opened:
                tell("Formgrader is open: reload its pages before you go on marking")
            with Gradebook(self.database) as book, warnings.catch_warnings():
                warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own queries
                return scores.write(book, sheet, results, unchanged, exempt, opened)

    def _is_open(self) -> bool:
        """Tell whether somebody marks at this moment, and may look at a page from before."""
        try:
            with filelock.FileLock(self.folder / MARKING, timeout=0):
                return False
        except filelock.Timeout:
            return True

    def _released_as(self, sheet: Sheet, tell: Callable[[str], object]) -> None:
        """Release the sheet where that was not done, or where its tasks have other points now."""
        if self.released(sheet.lesson).exists():
            with Gradebook(self.database) as book, contextlib.suppress(MissingEntry):
                notebook = book.find_notebook(sheet.lesson, sheet.lesson)
                points = {cell.name: cell.max_score for cell in notebook.grade_cells}
                if points == {p.key: p.points for p in sheet.of("test", "essay")}:
                    if self.is_outdated(sheet.lesson):
                        tell(OUTDATED.format(lesson=sheet.lesson, lang=self.lang))
                    return
            tell(f"the points of {sheet.lesson} have changed: it is released anew")
        self.release(sheet.lesson)

    def _solution(self, lesson: str) -> Path:
        return self.root / sheet_file("solutions", self.lang, lesson)

    def _configure(self) -> None:
        if not self._settings.exists():  # an instructor may have added to it
            database = repr(self.wanted) if self.wanted else 'f"sqlite:///{root}/gradebook.db"'
            write_whole(self._settings, CONFIG.format(database=database, **self._values()))

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

    def _keep_answers(self, sheet: Sheet, released: dict, graded: Graded) -> bool:
        """Write the sheet with a student's answers, which formgrader shows.  False if unchanged."""
        cells = [_answered(cell, graded.answers) for cell in released["cells"]]
        made = {**released, "cells": cells}
        # nbformat would copy it twice, and write it eight times slower
        data = (json.dumps(made, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        file = self.folder / "autograded" / graded.safe / sheet.lesson / f"{sheet.lesson}.ipynb"
        before = file.read_bytes() if file.exists() else b"{}"
        if before == data or json.loads(before) == made:
            return False
        write_whole(file, data)
        return True


def _is_new_file(url: URL, folder: Path) -> bool:
    """Tell whether it is SQLite's file that is still to be made.  OSError where it cannot be."""
    if url.get_backend_name() != "sqlite" or not url.database or Path(url.database).exists():
        return False
    above = Path(url.database).parent
    if above != folder and not above.is_dir():
        raise FileNotFoundError(f"{above} is not there")
    return True


PASSWORD = re.compile(r"(?<=:)[^/\s@]\S*(?=@)")


def _shown(address: str) -> str:
    """Return an address, or words with one, without its password."""
    return re.sub(r"(?i)(password=)[^&\s]+", r"\1***", PASSWORD.sub("***", address))


def _password(address: str) -> str:
    found = PASSWORD.search(address)
    return found[0] if found else ""


def _answered(cell: dict, answers: Mapping[str, str | None]) -> dict:
    """Return a cell of the sheet with a student's answer in it, if it has one."""
    answer = answers.get(cell["metadata"].get("nbgrader", {}).get("grade_id"))
    if answer is None:
        return cell
    shown = answer if cell["cell_type"] == "code" else _as_text(answer)
    return {**cell, "source": shown.splitlines(keepends=True)}


def _as_text(essay: str) -> str:
    """Return the essay as HTML without any markup of its own.

    Formgrader shows a text's HTML with all that Jupyter may do.
    """
    shown = html.escape("".join(c for c in essay if c.isprintable() or c in "\n\t"))
    return f'<pre style="white-space: pre-wrap; font: inherit">\n{shown}\n</pre>'


@contextlib.contextmanager
def alembic_in_reach() -> Iterator[None]:
    """Put Python's folder on the PATH: there lies the program that makes nbgrader's database."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
