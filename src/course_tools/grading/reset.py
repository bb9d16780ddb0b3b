"""Reset a course: python -m course_tools.grading.reset --lang ja [--lesson 01_attention]

Takes what was handed in, marked and decided for one sheet, or for all, out of nbgrader's course.
Nothing is deleted: all of it is put aside, in a folder that the command names.
"""

import contextlib
import json
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import filelock
from nbgrader.api import Gradebook, MissingEntry

from helpers.files import write_whole

from .. import command
from . import exemptions
from .marking import desk
from .reports import scores
from .reports.gradebook import MARKING


def main(argv: Sequence[str] | None = None) -> int:
    """Put a course or one of its sheets aside.  1: refused with the reason."""
    parser = command.parser("start.py reset", __doc__)
    command.add_lang(parser, required=True)
    parser.add_argument("--lesson", help="default: every sheet")
    command.add_courses(parser)
    wanted = parser.parse_args(argv)
    folder = command.courses(wanted).resolve() / wanted.lang
    if not (folder / "gradebook.db").exists():
        print(f"no gradebook in {folder}", file=sys.stderr)
        return 1
    name = time.strftime("before-reset-%Y%m%d-%H%M%S")
    try:
        with _alone(folder):
            if wanted.lesson:
                aside = folder / name
                one_sheet(folder, wanted.lesson, aside)
        if not wanted.lesson:  # when the locks, which lie in it, are let go
            aside = folder.rename(folder.with_name(f"{folder.name}.{name}"))
    except MissingEntry:
        print(f"{folder} holds no sheet {wanted.lesson}", file=sys.stderr)
        return 1
    except filelock.Timeout as lock:
        print(f"in use: {lock.lock_file}", file=sys.stderr)
        return 1
    except (OSError, sqlite3.Error) as reason:
        print(f"not reset: {reason}", file=sys.stderr)
        return 1
    print(f"Put aside: {aside}. The OUT folders of start.py grade are yours to delete.")
    return 0


def one_sheet(folder: Path, lesson: str, aside: Path) -> None:
    """Put a sheet's part of a course aside.  MissingEntry.

    First everything is copied, then taken out, the database last: what stops in between can be
    done again, and nothing is ever in neither place.
    """
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
        book.find_assignment(lesson)
    aside.mkdir()
    source, copy = (sqlite3.connect(at / "gradebook.db") for at in (folder, aside))
    with contextlib.closing(source), contextlib.closing(copy):
        source.backup(copy)
    if (kept := folder / "exempt.json").exists():
        shutil.copy(kept, aside)
    parts = [folder / "source" / lesson, folder / "release" / lesson]
    parts += sorted((folder / "autograded").glob(f"*/{lesson}"))
    for part in filter(Path.exists, parts):
        shutil.copytree(part, aside / part.relative_to(folder))
    for part in parts:
        shutil.rmtree(part, ignore_errors=True)
    _take_out(folder, lesson)


def _take_out(folder: Path, lesson: str) -> None:
    """Take a sheet out of the exemptions and the gradebook, and who is in no other."""
    if lesson in (kept := exemptions.everything(folder)):
        del kept[lesson]
        write_whole(folder / "exempt.json", json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
        scores.prepare(book)
        book.db.connection().exec_driver_sql(desk.TABLE)
        ids = [f"'{notebook.id}'" for submitted in book.find_assignment(lesson).submissions
               for notebook in submitted.notebooks]  # fmt: skip
        for table in (scores.SHOWN.name, "triad_marks"):
            gone = f"DELETE FROM {table} WHERE notebook_id IN ({', '.join(ids)})"
            book.db.connection().exec_driver_sql(gone)
        book.remove_assignment(lesson)
        nobody = "DELETE FROM student WHERE id NOT IN (SELECT student_id FROM submitted_assignment)"
        book.db.connection().exec_driver_sql(nobody)
        book.db.commit()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the locks of the grader and of Formgrader.  filelock.Timeout if one is in use."""
    with contextlib.ExitStack() as held:
        for name in (".lock", MARKING):
            held.enter_context(filelock.FileLock(folder / name, timeout=0))
        yield


if __name__ == "__main__":
    command.run(main)
