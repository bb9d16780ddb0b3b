"""Points by student number, for an LMS whose own table is not filled here.

manaba takes an Excel file, its sheet for registering grades, and the points are pasted into the
column of totals (manual of Tottori University, kb.oict.tottori-u.ac.jp, "add-grades").  WebClass
takes a CSV file that it exported, answer.csv (datapacific.co.jp, FAQ on grading reports at once).
Both were read 2026-11-29; this list was built from these manuals, and tried on neither.
"""

import csv
import io
from collections.abc import Sequence

from .. import messages
from ..csv_files import plain
from ..marks import Grade
from ..roster import Class, Who

HEADS = ("student_id", "name", "points", "max_points", "status")


def listed(grades: Sequence[Grade], people: Class, lang: str) -> bytes:
    """Return the list as CSV in UTF-8 with its mark, by student number.  lang: of the heads."""
    rows = [(people.of(grade.graded), grade) for grade in grades]
    lines = [(who.id, _line(who, grade, people, lang)) for who, grade in rows]
    absent = messages.text("status_missing", lang)
    lines += [(who.id, [who.id, who.name, "", "", absent]) for who in people.missing]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([messages.text(f"column_{name}", lang) for name in HEADS])
    writer.writerows([[plain(cell) for cell in line] for _, line in sorted(lines)])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def _line(who: Who, grade: Grade, people: Class, lang: str) -> list[str]:
    total = None if who.id in people.twice else grade.total
    points = "" if total is None else f"{total:.12g}"
    status = "status_graded" if total is not None else "status_not_graded"
    return [who.id, who.name, points, f"{grade.max_points:g}", messages.text(status, lang)]
