"""What `start.py grade --lms` writes, for each LMS: one entry of UPLOADS for one value."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.files import write_whole

from ..csv_files import CsvFile
from ..marks import Grade
from ..messages import Note
from ..roster import Class, Roster
from ..sheet import Sheet
from . import feedback_files, student_list, worksheet
from .layouts import LAYOUTS


class WrongOptions(Exception):
    """What was asked for does not go together.  The message says why."""


@dataclass(frozen=True)
class Wanted:
    """The options of the way back."""

    key: str
    file: Path | None = None
    column: str = ""
    scale: bool = False

    def __post_init__(self) -> None:
        takes = UPLOADS[self.key]
        if takes and not self.file:
            raise WrongOptions(f"--lms {self.key} fills a file that it exported: give --lms-file")
        if not takes and (self.file or self.column or self.scale):
            raise WrongOptions(f"--lms {self.key} writes a list of its own: without --lms-file, "
                               "--lms-column, --lms-scale")  # fmt: skip


UPLOADS = {"moodle": True, "canvas": True, "manaba": False, "webclass": False}  # fills a table


def check(wanted: Wanted, sheet: Sheet, out: Path) -> None:
    """See that the LMS' table can be filled, before anything is graded.

    WrongOptions, UnreadableTable, UnknownLayout, OtherMaximum.
    """
    if not wanted.file:
        return
    if (out / "lms" / wanted.file.name).resolve() == wanted.file.resolve():
        raise WrongOptions(f"{wanted.file} would be overwritten: move it to another folder")
    layout = LAYOUTS[wanted.key](CsvFile.read(wanted.file), wanted.column)
    for most in set(layout.most.values()):
        worksheet.maximum(sheet, most, wanted.scale)


def numbers(wanted: Wanted, roster: Roster) -> dict[str, str]:
    """Return whose each number of the LMS is, as far as its table says so."""
    if not wanted.file:
        return {}
    return worksheet.numbers(CsvFile.read(wanted.file), wanted.key, wanted.column, roster)


def write(
    wanted: Wanted,
    grades: Sequence[Grade],
    people: Class,
    roster: Roster | None,
    out: Path,
    walls: bool,
    lang: str,
) -> list[tuple[str, Note]]:
    """Write what the LMS takes into OUT/lms; return what is to be said, of whom."""
    if not wanted.file:
        write_whole(out / "lms" / f"{wanted.key}.csv", student_list.listed(grades, people, lang))
        return []
    file = CsvFile.read(wanted.file)
    filled = worksheet.fill(file, wanted.key, grades, people, roster, wanted.column, wanted.scale)
    theirs = [grade for grade in grades if grade.graded.student in filled.given]
    pages, left_out = feedback_files.packed(wanted.key, theirs, people, walls)
    write_whole(out / "lms" / wanted.file.name, file.changed(filled.cells))
    write_whole(out / "lms" / "feedback.zip", pages)
    rest = [("–", ("lms_untouched", {"n": filled.untouched}))] if filled.untouched else []
    return [*filled.found, *left_out, *rest]
