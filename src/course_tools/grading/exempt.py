"""Exempt a student: python -m course_tools.grading.exempt STUDENT --lesson LESSON --reason WHY

From a sheet, or with --task from one task of it.  Its points then count neither for the student
nor for what could be reached; the next `start.py grade` writes that everywhere, with the reason,
which the student reads, too.  What was marked is kept, and counts again after --end.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import command
from . import exemptions
from .exemptions import WHOLE
from .sheet import NoSheet, Sheet, read


def main(argv: Sequence[str] | None = None) -> int:
    """Keep, end or list exemptions.  1: refused with the reason."""
    parser = command.parser("start.py exempt", __doc__)
    parser.add_argument("student", nargs="?", metavar="STUDENT", help="as in grades.csv")
    parser.add_argument("--lesson", help="for example 01_attention")
    command.add_lang(parser, required=True)
    parser.add_argument("--task", default=WHOLE, help="default: the whole sheet")
    parser.add_argument("--reason", metavar="WHY", help="the student reads it")
    parser.add_argument("--end", action="store_true", help="end an exemption")
    parser.add_argument("--new", action="store_true", help="a student who handed in nothing yet")
    command.add_courses(parser)
    wanted = parser.parse_args(argv)
    folder = command.courses(wanted).resolve() / wanted.lang
    if wanted.student is None:
        return listed(folder)
    if not wanted.lesson or bool((wanted.reason or "").strip()) == wanted.end:
        parser.error("--lesson, and either --reason WHY or --end")
    try:
        if said := refused(wanted, read(wanted.root, wanted.lesson, wanted.lang), folder):
            print(said, file=sys.stderr)
            return 1
        why = None if wanted.end else " ".join(wanted.reason.split())
        exemptions.put(folder, wanted.lesson, wanted.student, wanted.task, why)
    except (NoSheet, OSError) as reason:
        print(reason, file=sys.stderr)
        return 1
    print("Kept. python start.py grade, as before, writes it into table, pages and gradebook.")
    return 0


def refused(wanted: argparse.Namespace, sheet: Sheet, folder: Path) -> str:
    """Return why this cannot be meant; "" if it can."""
    tasks = [task.name for task in sheet.tasks]
    if wanted.task not in (WHOLE, *tasks):
        return f"{sheet.lesson} has no task {wanted.task}; there are: {', '.join(tasks)}"
    there = exemptions.everything(folder).get(sheet.lesson, {})
    if wanted.end:
        exists = wanted.task in there.get(wanted.student, {})
        return "" if exists else "there is no such exemption; without a student all are listed"
    names = exemptions.known(folder)
    if wanted.new or wanted.student in names:
        return ""
    like = ", ".join(exemptions.like(wanted.student, names)) or "none"
    return (
        f"nobody called {wanted.student} has handed in anything (names like it: {like}). "
        "--new says that the name is right"
    )


def listed(folder: Path) -> int:
    """Print all exemptions of a language."""
    for lesson, students in sorted(exemptions.everything(folder).items()):
        for student, tasks in sorted(students.items()):
            for task, why in sorted(tasks.items()):
                print(f"{lesson}  {student}  {task or '(whole sheet)'}  {why}")
    return 0


if __name__ == "__main__":
    command.run(main)
