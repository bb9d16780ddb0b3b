"""The table that the LMS exported, with the points of one sheet in it, all else as it was."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..csv_files import CsvFile, number
from ..marks import Grade
from ..messages import Note
from ..roster import Class, Clues, Person, Roster, clues_of_row
from ..sheet import Sheet
from ..submissions import lms
from .layouts import LAYOUTS, NOT_ASSIGNED, Layout


class OtherMaximum(Exception):
    """The LMS counts to another number than the sheet.  The message says what to do."""


@dataclass
class Filled:
    """A worksheet's cells that change, and what is to be said of them.

    cells: {(row, column): text}, the cells that change; given: the students whose points stand in
    the table now; found: what is to be said, of whom; untouched: rows without a submission
    """

    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    found: list[tuple[str, Note]] = field(default_factory=list)
    untouched: int = 0


def fill(
    file: CsvFile,
    key: str,
    grades: Sequence[Grade],
    people: Class,
    roster: Roster | None = None,
    column: str = "",
    scale: bool = False,
) -> Filled:
    """Fill in the points of everybody whose row is beyond doubt.  UnknownLayout, OtherMaximum.

    key: of the LMS.  scale: convert to its maximum, where that is not the sheet's
    """
    layout, made = LAYOUTS[key](file, column), Filled()
    rows, grade_of = _rows(file, layout, key, grades, people, roster, made), _by_student(grades)
    for student, grade in grade_of.items():
        of, who = rows.get(student, []), people.of(grade.graded)
        if who.id in people.twice:
            made.found.append((student, ("lms_twice", {})))
        elif not of:
            made.found.append((student, ("lms_no_row", {})))
        elif len(of) > 1:
            made.found.append((student, ("lms_rows", {"n": len(of)})))
        else:
            _write(file, layout, of[0], grade, scale, made)
    return made


def numbers(file: CsvFile, key: str, column: str, roster: Roster) -> dict[str, str]:
    """Return whose each number of the LMS is, {"moodle:418230": "24A0001"}: its table has both.

    Only what stands in a row beside the number counts, such as the mail, never the name alone.
    """
    found, layout = {}, LAYOUTS[key](file, column)
    for row in layout.students:
        person = roster.find(Clues(clues_of_row(file, row).ids))
        if isinstance(person, Person):
            found[f"{key}:{layout.ids[row]}"] = person.number
    return found


def _by_student(grades: Sequence[Grade]) -> dict[str, Grade]:
    return {grade.graded.student: grade for grade in grades}


def _rows(
    file: CsvFile,
    layout: Layout,
    key: str,
    grades: Sequence[Grade],
    people: Class,
    roster: Roster | None,
    made: Filled,
) -> dict[str, list[int]]:
    """Return {student: rows}: by the LMS' own number, and by the roster; both must agree."""
    by_number, by_id, whose = {}, {}, {}
    for grade in grades:
        student, who = grade.graded.student, people.of(grade.graded)
        found = lms.format_of(PurePosixPath(grade.graded.file or "-"))
        if who.lms_id and found and found.key == key:
            by_number[who.lms_id] = student
        if who.known:
            by_id[who.id] = student
        whose[student] = who
    rows: dict[str, list[int]] = {}
    for row in layout.students:
        person = roster.find(clues_of_row(file, row)) if roster else None
        by_roster = person.number if isinstance(person, Person) else ""
        of = by_number.get(layout.ids[row], by_id.get(by_roster))
        if of and by_roster and whose[of].id != by_roster:
            made.found.append((of, ("lms_contradicts", {"row": row + 1, "other": by_roster})))
        elif of:
            rows.setdefault(of, []).append(row)
        else:
            made.untouched += 1
    return rows


def _write(
    file: CsvFile, layout: Layout, row: int, grade: Grade, scale: bool, made: Filled
) -> None:
    """Fill in one student's points, or say why not."""
    student, before = grade.graded.student, file.cell(row, layout.points)
    value = points_of(grade, layout, layout.most.get(row), scale, made)
    if value is None:
        return
    if before.strip() == NOT_ASSIGNED or layout.points >= len(file.rows[row]):
        made.found.append((student, ("lms_not_assigned", {"points": value})))
        return
    made.given.add(student)
    known = number(before) if before.isascii() else None
    if (before if known is None else known) != (value if known is None else number(value)):
        made.cells[row, layout.points] = value
        if before.strip():
            values = {"before": before.strip(), "points": value}
            made.found.append((student, ("lms_changed", values)))


def points_of(
    grade: Grade, layout: Layout, most: float | None, scale: bool, made: Filled
) -> str | None:
    """Return what an LMS gets for a grade; None where its cell is left as it is.

    Late: what it costs is off already.  Waiting for a person: nothing, which is not 0.  Exempt:
    the LMS' own word for it, where it has one.  Exempt from some tasks: the same share of the
    LMS' maximum, which is one for all.
    """
    student, own = grade.graded.student, grade.max_points
    if not own:
        made.found.append((student, ("lms_exempt" if layout.excused else "lms_exempt_kept", {})))
        return layout.excused or None
    if grade.total is None:
        made.found.append((student, ("lms_pending", {"tasks": ", ".join(grade.pending)})))
        return None
    most, whole = maximum(grade.sheet, most, scale), grade.sheet.total_points
    points = grade.total if own == most else grade.total * most / own
    if own != whole:
        values = {"points": f"{grade.total:.12g}", "most": f"{own:g}"}
        made.found.append((student, ("lms_share", values)))
    if points > most and not layout.above:
        values = {"points": f"{points:.12g}", "most": f"{most:g}"}
        made.found.append((student, ("lms_above", values)))
        return None
    return f"{points:.12g}" if own == most else f"{round(points, 2):.12g}"


def maximum(sheet: Sheet, most: float | None, scale: bool) -> float:
    """Return the LMS' maximum.  OtherMaximum where it is not the sheet's and nobody converts."""
    whole = sheet.total_points
    if most is not None and most != whole and (not scale or most <= 0):
        raise OtherMaximum(
            f"{sheet.lesson} has {whole:g} points, the LMS counts to {most:g}. Set the maximum of "
            f"the assignment to {whole:g} there and export again, or convert with --lms-scale"
        )
    return whole if most is None else most
