"""Where the points stand in the tables that an LMS exports, and takes back.

Moodle: the grading worksheet of one assignment.  The first column is a word and the number that
the names of the submitted files hold too; on import Moodle reads this column, the grade and the
time of the last change, and leaves a grade out that is larger than the maximum (mod/assign:
gradingtable.php, feedback/offline/importgradeslib.php and locallib.php, read 2026-11-29).

Canvas, and NTU COOL, which runs it: the gradebook of a course.  A column for each assignment,
called "title (number)"; a row "Points Possible", perhaps one on posting; EX is excused, N/A not
assigned (lib/gradebook_exporter.rb, lib/gradebook_importer.rb, read 2026-11-29).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..csv_files import CsvFile, columns, number, spelled

ASSIGNMENT = re.compile(r"(?P<title>.*) \((?P<number>\d+)\)")
NOT_ASSIGNED = "N/A"


class UnknownLayout(Exception):
    """Nothing tells where the points stand.  The message: what is there, and what to do."""


@dataclass(frozen=True)
class Layout:
    """Where things stand in one file.

    points: the column; students: the rows; most: {row: the maximum there}, where it says so
    ids: {row: the LMS' number of the student}; excused: what stands for an exempt one, if anything
    above: whether more points than the maximum are taken
    """

    points: int
    students: tuple[int, ...]
    most: dict[int, float]
    ids: dict[int, str]
    excused: str = ""
    above: bool = True


def moodle(file: CsvFile, column: str) -> Layout:
    """Find the points in a grading worksheet.  UnknownLayout."""
    rows, names = tuple(range(1, len(file.rows))), columns()["moodle"]
    ids = {row: _last_digits(file.cell(row, 0)) for row in rows}
    if not rows or not all(ids.values()):
        raise UnknownLayout(
            f"{file.path} is no grading worksheet of Moodle: its first column is "
            f'"{file.heads[0]}", expected "Participant 418230" in each row. In Moodle: turn on '
            "the feedback type Offline grading worksheet, then download it from the submissions"
        )
    points = _one(file, column) if column else _one_of(file, file.columns(names["points"]))
    places = file.columns(names["most"])[:1]
    most = {row: value for row in rows for place in places
            if (value := number(file.cell(row, place))) is not None}  # fmt: skip
    return Layout(points, rows, most, ids, above=False)


def canvas(file: CsvFile, column: str) -> Layout:
    """Find an assignment's points in a gradebook.  UnknownLayout."""
    names = columns()["canvas"]
    ids, section = file.columns(names["id"]), file.columns(names["section"])
    if len(ids) != 1 or not section:
        raise UnknownLayout(
            f"{file.path} is no gradebook of Canvas: it has the columns {', '.join(file.heads)}; "
            "expected ID and Section. In Canvas: Grades, Export, Export Entire Gradebook"
        )
    there = [place for place, head in enumerate(file.heads)
             if place > section[0] and ASSIGNMENT.fullmatch(head)]  # fmt: skip
    points = _one(file, column) if column else _one_of(file, there)
    rows = [row for row in range(1, len(file.rows)) if file.cell(row, ids[0]).strip()]
    given = [number(file.cell(row, points)) for row in range(1, len(file.rows))
             if "Points Possible" in file.cell(row, 0)]  # fmt: skip
    most = {row: value for row in rows for value in given[:1] if value is not None}
    return Layout(points, tuple(rows), most, {r: file.cell(r, ids[0]).strip() for r in rows}, "EX")


LAYOUTS: dict[str, Callable[[CsvFile, str], Layout]] = {"moodle": moodle, "canvas": canvas}


def _last_digits(text: str) -> str:
    """Return the number at the end of "Participant 418230"; "" where another thing stands there."""
    found = re.fullmatch(r"\D*?(\d+)", text.strip())
    return found[1] if found else ""


def _one(file: CsvFile, column: str) -> int:
    """Return the column that is named: by its whole head, its title or its number."""
    wanted, found = spelled(column), []
    for place, head in enumerate(file.heads):
        parts = ASSIGNMENT.fullmatch(head)
        called = {head, *((parts["title"], parts["number"]) if parts else ())}
        found += [place] if wanted in {spelled(name) for name in called} else []
    return _one_of(file, found)


def _one_of(file: CsvFile, places: list[int]) -> int:
    if len(places) == 1:
        return places[0]
    several = [file.heads[place] for place in places] or file.heads
    raise UnknownLayout(
        f"{file.path}: {len(places)} columns may hold the points; say which one with --lms-column: "
        f"{', '.join(several)}"
    )
