"""Whose file it is: how each LMS names what it packs.  One more LMS is one more entry of FORMATS.

An LMS packs a folder for each student, or only files whose names begin with the student's.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from helpers.classroom.sheets import sheet_file

ATTEMPT = re.compile(r"(?:\s*\((\d+)\)|[-_ ](\d{1,2}))$")


@dataclass(frozen=True)
class Format:
    """One way of naming files: the pattern is matched from the start and finds `who`.

    key: what options and files of ours call it; lms: the products that name so
    The pattern may also find a `number`: what tells two students of one name apart; `late`: the
    LMS' own word that it came late; `serial`: a number that is larger for what came later.
    """

    key: str
    lms: tuple[str, ...]
    pattern: re.Pattern[str]

    def student(self, path: PurePosixPath) -> str:
        """Return WHO_NUMBER, or WHO, of the outermost folder's or the file's name; "" for none."""
        parts = self.parts(path)
        return "_".join(filter(None, [parts.get("who"), parts.get("number")]))

    def parts(self, path: PurePosixPath) -> dict[str, str]:
        """Return what the pattern finds in the name, by the name of its group."""
        found = self.pattern.match(_outermost(path))
        return {name: text for name, text in found.groupdict().items() if text} if found else {}


FORMATS = (
    Format(
        "moodle",
        ("Moodle",),
        re.compile(r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_(file|onlinetext)(_|\Z)"),
    ),
    Format(
        "canvas",
        ("Canvas", "NTU COOL"),
        re.compile(r"(?P<who>.+?)_(?:(?P<late>LATE)_)?(?P<number>\d+)_(?P<serial>\d+)_.+$"),
    ),
)


def products() -> str:
    """Return the LMS whose zip files are read, as a phrase: Moodle, Canvas or NTU COOL."""
    *others, last = [name for format_ in FORMATS for name in format_.lms]
    return f"{', '.join(others)} or {last}"


def format_of(path: PurePosixPath) -> Format | None:
    """Return the format in which a file or its folder is named; None where it is in none."""
    return next((format_ for format_ in FORMATS if format_.student(path)), None)


def named_by_lms(path: PurePosixPath) -> str:
    """Return the student whose file it is, in the naming of any LMS; "" where it is of none."""
    found = format_of(path)
    return found.student(path) if found else ""


def key_of(path: PurePosixPath) -> str:
    """Return what stays where an LMS renames a student, "canvas:4021"; "" where nothing does."""
    found = format_of(path)
    number = found.parts(path).get("number") if found else None
    return f"{found.key}:{number}" if found and number else ""


def marked_late(path: PurePosixPath) -> bool:
    """Tell whether the LMS itself says in the name that it came late."""
    return bool(parts(path).get("late"))


def serial(path: PurePosixPath) -> int:
    """Return the LMS' number that is larger for what came later; 0 where it gives none."""
    return int(parts(path).get("serial", 0))


def parts(path: PurePosixPath) -> dict[str, str]:
    """Return what the name of a file or its folder says, as the groups of its format."""
    found = format_of(path)
    return found.parts(path) if found else {}


def student(path: PurePosixPath, lesson: str) -> str:
    """Say whose file it is: by an LMS, else the folder's name, else what the file's name adds."""
    if found := named_by_lms(path):
        return found
    name = _outermost(path)
    if len(path.parts) > 1:
        return name
    names = "|".join(map(re.escape, names_of_sheet(lesson)))
    rest = re.sub(rf"[-_ ]*(?:{names})[-_ ]*", "", ATTEMPT.sub("", _brackets(name)))
    return rest or _brackets(name)


def names_of_sheet(lesson: str) -> tuple[str, str]:
    """Return what a sheet's file is called: in the course, and in nbgrader (as the lesson)."""
    return PurePosixPath(sheet_file("exercises", "", lesson)).stem, lesson


def attempt(path: PurePosixPath) -> int:
    """Return the number of an attempt: 2 for "01 (2).ipynb" and "01-2.ipynb"; 0 without one."""
    found = ATTEMPT.search(_brackets(path.stem))
    return int(found[1] or found[2]) if found else 0


def _outermost(path: PurePosixPath) -> str:
    return path.parts[0] if len(path.parts) > 1 else path.stem


def _brackets(name: str) -> str:
    """Return the name with (1) for （1）."""
    return name.translate({0xFF08: "(", 0xFF09: ")"}).strip()
