"""Grade a class: python -m course_tools.grading SUBMISSIONS --lesson LESSON --lang ja --out OUT

SUBMISSIONS: a folder with one folder for each student, a folder of notebooks, or the zip file of
{products}.  It is only read.  OUT gets grades.csv, report.html and a page of
feedback for each student; nbgrader's gradebook gets the scores.  Run again, it grades only what
changed; stopped, it goes on from there.
"""

import argparse
import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor
from pathlib import Path

import filelock
from sqlalchemy.exc import OperationalError

from helpers.files import write_whole
from helpers.language import say

from .. import command
from . import messages, stopping
from .classroom import Job, grade_class, is_new
from .likeness.answers import compared
from .marks import Grade
from .reports import alike, feedback, report, table
from .reports.gradebook import NbgraderCourse, NotReleased
from .sandbox import Limits
from .sandbox.isolation import NotIsolated, exposed, hindrances, outer_wall
from .sheet import NoSheet, Sheet, read
from .submissions import attempts, lms
from .submissions.attempts import Policy, due
from .submissions.collect import NoSubmissions, gather, joined
from .submissions.handed_in import OtherSheet
from .submissions.submission import Submission
from .workers import local_workers

A_PROCESS_PAYS = 4  # submissions: starting one takes as long as grading many


def main(argv: Sequence[str] | None = None) -> int:
    """Grade a class.  0: done, 1: refused with the reason, 2: a wrong --out, 130: stopped."""
    wanted = parser().parse_args(argv)
    place, out = wanted.submissions.resolve(), wanted.out.resolve()
    if wanted.cluster and wanted.unsafe:
        print("--unsafe is for this machine alone, not for a cluster's", file=sys.stderr)
        return 2
    if out == place or place in out.parents:
        print(f"{out} lies in {place}, which is only read: choose another --out", file=sys.stderr)
        return 2
    try:
        policy = Policy(wanted.attempts, wanted.due and due(wanted.due), wanted.late_penalty)
    except ValueError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    try:
        sheet = read(wanted.root, wanted.lesson, wanted.lang)
        students = gather(place, sheet)
        out.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(out / ".lock", timeout=0), stopping.sigterm_stops():
            return run(wanted, sheet, joined(students, sheet, policy, out), out)
    except (NoSheet, NotReleased, NoSubmissions, OtherSheet) as reason:
        print(reason, file=sys.stderr)
    except NotIsolated as reason:
        causes = ". ".join([str(reason), *hindrances()])
        print(f"Student code cannot be isolated here: {causes}.", file=sys.stderr)
        print(REFUSED, file=sys.stderr)
    except BrokenExecutor as reason:
        print(BROKEN.format(reason=reason), file=sys.stderr)
    except filelock.Timeout as lock:
        print(f"another run is writing to {Path(lock.lock_file).parent}", file=sys.stderr)
    except (OSError, OperationalError) as error:
        print(FAILED.format(reason=getattr(error, "orig", error)), file=sys.stderr)
    except KeyboardInterrupt as stopped:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 143 if isinstance(stopped, stopping.Terminated) else 130
    return 1


REFUSED = (
    "Nothing was graded. It works on Linux with user namespaces, better with bubblewrap (Debian, "
    "Ubuntu: sudo apt install bubblewrap). --unsafe runs the code without isolation: it can then "
    "read and change whatever you can."
)


FAILED = (
    "Stopped: {reason}. What was graded and marked is kept, and no file is half written: the same "
    "command goes on from here."
)


BROKEN = "{reason} What is graded is kept: the same command goes on from here."


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command's options."""
    made = command.parser("start.py grade", (__doc__ or "").format(products=lms.products()))
    made.add_argument("submissions", type=Path, metavar="SUBMISSIONS")
    made.add_argument("--lesson", required=True, help="for example 01_attention")
    command.add_lang(made, required=True)
    made.add_argument("--out", required=True, type=Path, help="folder for what is made")
    made.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    made.add_argument("--cluster", metavar="ADDRESS",
                      help="grade on a dask cluster: the address or file of its scheduler, a queue "
                      "(slurm, pbs, …: --jobs workers), or local")  # fmt: skip
    made.add_argument("--seconds", type=float, default=Limits().seconds, help="limit of one task")
    which = (attempts.LAST, attempts.BEST, attempts.ON_TIME)
    made.add_argument("--attempts", choices=which, default=which[0], help="which of several counts")
    made.add_argument("--due", metavar="TIME", help='"2026-05-01 23:59" by this machine\'s clock')
    made.add_argument("--late-penalty", default="", metavar="N",
                      help="points that being late costs: 2, 10%%, 2/day or 10%%/day")  # fmt: skip
    made.add_argument("--report-lang", choices=[messages.ENGLISH, *say.LANGUAGES],
                      help="language of table and report; default: that of the sheet")  # fmt: skip
    made.add_argument("--likeness", action="store_true",
                      help="also list answers that are more alike than chance")  # fmt: skip
    made.add_argument("--unsafe", action="store_true", help="run student code without isolation")
    command.add_courses(made)
    command.add_db(made)
    return made


def run(wanted: argparse.Namespace, sheet: Sheet, submissions: list[Submission], out: Path) -> int:
    """Grade what is new, write gradebook, pages and table.  NotIsolated, NotReleased."""
    walls = not wanted.unsafe
    courses = command.courses(wanted)
    limits = Limits(seconds=wanted.seconds)
    settings = Job(wanted.root, sheet.lesson, sheet.lang, b"", limits, walls)
    tell = functools.partial(print, file=sys.stdout, flush=True)
    new = sum(is_new(one, settings, out) for one in submissions)
    places = [
        wanted.submissions,
        out,
        courses,
        *map(wanted.root.joinpath, ("solutions", "lessons")),
    ]
    with workers(wanted, settings, sheet, places, new, tell) as pool:
        results = grade_class(submissions, settings, out, pool, tell)
    course = NbgraderCourse(wanted.root, courses, sheet.lang, wanted.db)
    tell("writing the gradebook and the feedback …")
    marks = course.record(sheet, results.values(), tell)
    grades = [Grade(one, sheet, marks.get(one.safe, {})) for one in results.values()]
    lang = wanted.report_lang or wanted.lang
    show(grades, sheet, walls, out, lang)
    if wanted.likeness:
        show_alike(grades, sheet, wanted.root, out, lang)
    print(f"nbgrader's gradebook: {course.folder}")
    return 0


@contextlib.contextmanager
def workers(
    wanted: argparse.Namespace,
    settings: Job,
    sheet: Sheet,
    places: list[Path],
    new: int,
    tell: Callable[[str], None],
) -> Iterator[Executor]:
    """Make an executor for NEW submissions, on this machine or a cluster.  NotIsolated.

    places: what student code must not read
    """
    jobs = max(1, min(wanted.jobs, new // A_PROCESS_PAYS))
    if wanted.cluster and new:
        from .cluster.client import cluster_workers  # takes a second

        tell(f"grading {new} submissions on the cluster {wanted.cluster}; its workers are tried …")
        with cluster_workers(wanted.cluster, wanted.jobs, settings, sheet, places, tell) as made:
            yield made
        return
    if settings.walls and (open_ := exposed(places)):
        raise NotIsolated(f"student code may read the folders of Python, and in them {open_}")
    if new and not settings.walls:
        tell("UNSAFE: student code runs without isolation, as you.")
    elif new and not outer_wall():
        tell("bubblewrap is not installed: the isolation has no outer wall.")
    if new:
        tell(f"grading {new} submissions; starting {jobs} at once takes some seconds …")
    pool = local_workers(jobs)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def show(grades: list[Grade], sheet: Sheet, walls: bool, out: Path, lang: str) -> None:
    """Write pages, report and table.  lang: the instructor's."""
    for grade in grades:
        _write(out / "feedback" / f"{grade.graded.safe}.html", feedback.page(grade, walls))
    _write(out / "report.html", report.report(grades, sheet, walls, lang))
    _write(out / "grades.csv", "\ufeff" + table.table(grades, sheet, walls, lang))
    people = sum(bool(grade.human) for grade in grades)
    print(f"{len(grades)} submissions, {people} need a human: {out / 'grades.csv'}")
    if to_mark := sum(len(grade.to_mark) for grade in grades):
        print(f"{to_mark} tasks wait for marks: python start.py mark --lang {sheet.lang}")


def show_alike(grades: list[Grade], sheet: Sheet, root: Path, out: Path, lang: str) -> None:
    """Write the page of answers that are alike.  lang: the instructor's."""
    made = compared([grade.graded for grade in grades], sheet, root)
    _write(out / "likeness.html", alike.page(made, sheet, lang))
    print(f"{len(made.found.pairs)} pairs are more alike than chance: {out / 'likeness.html'}")


def _write(path: Path, text: str) -> None:
    """Write a file, with ? for half a surrogate pair, which a name or an answer may hold."""
    write_whole(path, text.encode("utf-8", "replace"))


if __name__ == "__main__":
    command.run(main)
