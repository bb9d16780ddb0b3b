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
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from pathlib import Path

import filelock
from sqlalchemy.exc import OperationalError

from helpers import stopping
from helpers.language import say

from .. import command
from . import messages, options, outputs
from .classroom import Job, grade_class, is_new, local_workers
from .csv_files import UnreadableTable
from .graded import Graded
from .marks import Grade
from .reports.gradebook import NbgraderCourse, NotReleased
from .roster import Class, Roster, keep_learned, read_learned
from .sandbox import Limits, isolation
from .sandbox.isolation import NotIsolated, exposed, hindrances, outer_wall
from .sheet import NoSheet, Sheet, read
from .submissions import attempts, handed_in, lms
from .submissions.attempts import Policy, due
from .submissions.collect import NoSubmissions, gather, joined
from .submissions.handed_in import OtherSheet
from .submissions.submission import Submission
from .to_lms import uploads
from .to_lms.layouts import UnknownLayout
from .to_lms.worksheet import OtherMaximum

A_PROCESS_PAYS = 4  # submissions: starting one takes as long as grading many


def main(argv: Sequence[str] | None = None) -> int:
    """Grade a class.  0: done, 1: refused with the reason, 2: a wrong --out, 130: stopped."""
    return carried_out(parser().parse_args(argv))


def carried_out(wanted: argparse.Namespace) -> int:
    """Do what the options say; without submissions, grade what was handed in before."""
    if wanted.cluster and wanted.unsafe:
        print("--unsafe is for this machine alone, not for a cluster's", file=sys.stderr)
        return 2
    place, out = wanted.submissions and wanted.submissions.resolve(), wanted.out.resolve()
    if place and place in (out, *out.parents):
        print(f"{out} lies in {place}, which is only read: choose another --out", file=sys.stderr)
        return 2
    try:
        policy = Policy(wanted.attempts, wanted.due and due(wanted.due), wanted.late_penalty)
        check(wanted)
    except (ValueError, uploads.WrongOptions) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    try:
        sheet = read(wanted.root, wanted.lesson, wanted.lang)
        students = gather(place, sheet) if place else handed_in.before(out, sheet)
        out.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(out / ".lock", timeout=0), stopping.in_order():
            return run(wanted, sheet, joined(students, sheet, policy, out), out)
    except (NoSheet, NotReleased, NoSubmissions, OtherSheet, *TABLES) as reason:
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
        return stopping.status(stopped)
    return 1


TABLES = (UnreadableTable, UnknownLayout, OtherMaximum, uploads.WrongOptions)


REFUSED = (
    "Nothing was graded. It works on Linux with user namespaces, better with bubblewrap (Debian, "
    "Ubuntu: sudo apt install bubblewrap). --unsafe runs the code without isolation: it can then "
    "read and change whatever you can."
)


FAILED = (
    "Stopped: {reason}. What was graded and marked is kept, and no file is half written: the same "
    "command goes on from here."
)


NO_EXTRA = (
    "{option} needs the package {module}: pip install -c constraints.txt -e .[{extra}] brings it."
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
    made.add_argument("--roster", type=Path, metavar="FILE",
                      help="CSV of all students: numbers and names, perhaps logins")  # fmt: skip
    made.add_argument("--lms", choices=list(uploads.UPLOADS),
                      help="also write what it takes back: OUT/lms; NTU COOL: canvas")  # fmt: skip
    made.add_argument("--lms-file", type=Path, metavar="FILE",
                      help="the table that the LMS exported: it gets the points")  # fmt: skip
    made.add_argument("--lms-column", default="", metavar="NAME",
                      help="its column for the points, if that is not plain")  # fmt: skip
    made.add_argument("--lms-scale", action="store_true",
                      help="convert the points to the maximum in the LMS")  # fmt: skip
    made.add_argument("--unsafe", action="store_true", help="run student code without isolation")
    command.add_courses(made)
    command.add_db(made)
    return made


def check(wanted: argparse.Namespace) -> None:
    """Look at all files and options before anything is graded.  WrongOptions, UnreadableTable."""
    back(wanted)
    for path in filter(None, (wanted.roster, wanted.lms_file)):
        if not path.is_file():
            raise uploads.WrongOptions(f"{path} is not there")


def back(wanted: argparse.Namespace) -> uploads.Wanted | None:
    """Return what the LMS is to get.  WrongOptions."""
    if wanted.lms:
        return uploads.Wanted(wanted.lms, wanted.lms_file, wanted.lms_column, wanted.lms_scale)
    if wanted.lms_file or wanted.lms_column or wanted.lms_scale:
        raise uploads.WrongOptions("--lms-file, --lms-column and --lms-scale need --lms")
    return None


def run(wanted: argparse.Namespace, sheet: Sheet, submissions: list[Submission], out: Path) -> int:
    """Grade what is new, write gradebook, pages and table.  NotIsolated, NotReleased."""
    courses, tell = command.courses(wanted), functools.partial(print, file=sys.stdout, flush=True)
    roster = Roster.read(wanted.roster) if wanted.roster else None
    if for_lms := back(wanted):
        uploads.check(for_lms, sheet, out)
    course = NbgraderCourse(wanted.root, courses, sheet.lang, wanted.db)
    course.reach()
    results = graded(wanted, sheet, submissions, out, tell)
    tell("writing the gradebook and the feedback …")
    grades, people = recorded_with_people(course, sheet, results, tell, roster, courses, for_lms)
    walls, lang = not wanted.unsafe, wanted.report_lang or wanted.lang
    outputs.show(grades, sheet, walls, out, lang, people)
    found = list(people.found)
    if for_lms:
        found += uploads.write(for_lms, grades, people, roster, out, walls, lang)
        print(f"for the LMS: {out / 'lms'}")
    if roster or for_lms:
        outputs.show_people(found, people, sheet, out, lang)
    options.keep(wanted, out)
    if wanted.likeness:
        outputs.show_alike(grades, sheet, wanted.root, out, lang)
    print(f"nbgrader's gradebook: {course.folder}")
    return 0


def recorded_with_people(
    course: NbgraderCourse,
    sheet: Sheet,
    results: Mapping[str, Graded],
    tell: Callable[[str], None],
    roster: Roster | None,
    courses: Path,
    for_lms: uploads.Wanted | None,
) -> tuple[list[Grade], Class]:
    """Write the gradebook; return everybody's grade, and whose they are, also of who is exempt.

    What is learned of an LMS' numbers is kept.  NotReleased.
    """
    learned = read_learned(courses) if roster else {}
    learned |= uploads.numbers(for_lms, roster) if for_lms and roster else {}
    people = outputs.who_is_who(results.values(), roster, learned)
    grades = outputs.recorded(course, sheet, results, tell, people)
    people = outputs.who_is_who([grade.graded for grade in grades], roster, learned)
    if roster:
        keep_learned(courses, people.learned)
    return grades, people


def graded(
    wanted: argparse.Namespace,
    sheet: Sheet,
    submissions: list[Submission],
    out: Path,
    tell: Callable[[str], None],
) -> dict[str, Graded]:
    """Grade what is new; return everybody's result, by student.  NotIsolated."""
    limits = Limits(seconds=wanted.seconds)
    settings = Job(wanted.root, sheet.lesson, sheet.lang, b"", limits, not wanted.unsafe)
    new = sum(is_new(one, settings, out) for one in submissions)
    own = map(wanted.root.joinpath, ("solutions", "lessons"))
    places = [out, command.courses(wanted), *own]
    places += [wanted.submissions] if wanted.submissions else []
    with workers(wanted, settings, sheet, places, new, tell) as pool:
        return grade_class(submissions, settings, out, pool, tell)


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
        try:
            from .cluster.client import cluster_workers  # takes a second
        except ModuleNotFoundError as missing:
            raise BrokenExecutor(NO_EXTRA.format(option="--cluster", module=missing.name,
                                                 extra="cluster")) from None  # fmt: skip

        tell(f"grading {new} submissions on the cluster {wanted.cluster}; its workers are tried …")
        with cluster_workers(wanted.cluster, wanted.jobs, settings, sheet, places, tell) as made:
            yield made
        return
    if new and settings.walls and (reason := isolation.why_not()):
        raise NotIsolated(reason)
    if settings.walls and (open_ := exposed(places)):
        raise NotIsolated(f"student code may read the folders of Python, and in them {open_}")
    if new and not settings.walls:
        tell("UNSAFE: student code runs without isolation, as you.")
    elif new and not outer_wall():
        tell("bubblewrap is not installed: the isolation has no outer wall.")
    if new:
        tell(f"grading {new} submissions; starting {jobs} at once takes some seconds …")
    pool = local_workers(jobs, settings) if new else ThreadPoolExecutor(1)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    command.run(main)
