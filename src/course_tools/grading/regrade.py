"""Grade again: python -m course_tools.grading.regrade OUT

For a task that was mended after it was graded: releases the sheet anew where it has changed, grades
what was handed in once more with the options of the last time, keeps every mark, and says whose
points are others now.
"""

import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .. import command
from . import __main__ as grade
from . import messages, options
from .reports.gradebook import NbgraderCourse, NotReleased
from .sheet import NoSheet, read


def main(argv: Sequence[str] | None = None) -> int:
    """Grade again.  1: OUT was never graded, or refused with the reason."""
    parser = command.parser("start.py regrade", __doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder of start.py grade")
    wanted = parser.parse_args(argv)
    out = wanted.out.resolve()
    try:
        kept = options.kept(out, wanted.root, grade.parser())
        sheet = read(kept.root, kept.lesson, kept.lang)
        course = NbgraderCourse(kept.root, command.courses(kept), kept.lang)
        before = points(out)
        if course.is_outdated(kept.lesson):
            print(f"released anew: {course.release(kept.lesson)}")
    except (OSError, ValueError, KeyError, NoSheet, NotReleased) as reason:
        print(f"{out} cannot be graded again: {reason}", file=sys.stderr)
        return 1
    if status := grade.carried_out(kept):
        return status
    columns = [messages.text("column_points", kept.report_lang or kept.lang)]
    columns += [task.name for task in sheet.tasks]
    print("\n".join(changes(before, points(out), columns)) or "Nobody's points have changed.")
    return 0


def points(out: Path) -> dict[str, dict[str, str]]:
    """Return everybody's row of grades.csv, by student."""
    rows = csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8-sig")))
    first = (rows.fieldnames or [""])[0]
    return {row[first]: row for row in rows}


def changes(
    before: Mapping[str, Mapping[str, str]],
    after: Mapping[str, Mapping[str, str]],
    columns: Sequence[str],
) -> Iterator[str]:
    """Yield a line for each student with other points, in the whole or in a task."""
    for student, row in after.items():
        was = before.get(student, {})
        found = [f"{name} {was.get(name) or '–'} → {row.get(name) or '–'}"
                 for name in columns if was.get(name) != row.get(name)]  # fmt: skip
        if found:
            yield f"{student}: {', '.join(found)}"


if __name__ == "__main__":
    command.run(main)
