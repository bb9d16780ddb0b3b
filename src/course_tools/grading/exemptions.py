"""Who is exempt from which sheet or task, and why.

    courses/ja/exempt.json    {lesson: {student: {task: why}}}, the task "" for the whole sheet

A person decides it, as marks, so it lies beside them, and nowhere else.
"""

import difflib
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import filelock

from helpers.files import write_whole

from .graded import Graded, Outcome
from .marks import Grade
from .roster import Class, read_learned
from .sheet import Sheet
from .submissions.submission import Submission

WHOLE = ""  # in place of a task
Kept = dict[str, dict[str, dict[str, str]]]


def everything(folder: Path) -> Kept:
    """Return all exemptions of one language: {lesson: {student: {task: why}}}."""
    file = folder / "exempt.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def of_sheet(folder: Path, sheet: Sheet) -> dict[str, dict[str, str]]:
    """Return {student: {task: why}} of one sheet; who is exempt from all of it, from each task."""
    found, names = {}, [task.name for task in sheet.tasks]
    for student, tasks in everything(folder).get(sheet.lesson, {}).items():
        why = dict.fromkeys(names, tasks[WHOLE]) if WHOLE in tasks else {}
        why |= {task: tasks[task] for task in names if task in tasks}
        if why:
            found[student] = why
    return found


def by_label(exempt: Mapping[str, Mapping[str, str]], people: Class) -> dict[str, dict[str, str]]:
    """Return the same by the names under which the students' files were collected.

    A person may stand there by number, as in grades.csv, or by that name.
    """
    found: dict[str, dict[str, str]] = {}
    for student, why in exempt.items():
        labels = [label for label, who in people.who.items() if who.id == student]
        for label in labels or [student]:
            found.setdefault(label, {}).update(why)
    return found


def put(folder: Path, lesson: str, student: str, task: str, why: str | None) -> None:
    """Keep an exemption, or end it where there is no reason any more.  KeyError if there is none.

    Two commands at once do not undo each other.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / ".exempt.lock"):
        kept = everything(folder)
        if why is None:
            del kept[lesson][student][task]
        else:
            kept.setdefault(lesson, {}).setdefault(student, {})[task] = why
        write_whole(folder / "exempt.json", json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


def known(folder: Path) -> set[str]:
    """Return the names of all who have handed in anything in one language; numbers of a roster."""
    file, numbers = folder / "gradebook.db", set(read_learned(folder.parent).values())
    if not file.exists():
        return numbers
    with sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True) as book:
        return numbers | {name for (name,) in book.execute("select last_name from student")}


def like(name: str, names: set[str]) -> list[str]:
    """Return the names that NAME may be meant for, the likeliest first."""
    return difflib.get_close_matches(name, names, n=3, cutoff=0.5)


def without_submission(
    exempt: Mapping[str, Mapping[str, str]], there: set[str], sheet: Sheet
) -> list[Grade]:
    """Return a grade for each student who is exempt from the whole sheet and handed in nothing."""
    ends = {task.name: Outcome(0, task.points, "ungraded") for task in sheet.tasks}
    return [
        Grade(Graded(name, Submission(name).safe, {}, ends, {}, (), ()), sheet, {}, why)
        for name, why in sorted(exempt.items())
        if name not in there and len(why) == len(sheet.tasks)
    ]
