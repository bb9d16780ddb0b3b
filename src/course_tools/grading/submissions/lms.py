"""Whose file it is: how each LMS names what it packs.  One more LMS is one more entry of FORMATS.

An LMS packs a folder for each student, or only files whose names begin with the student's.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

ATTEMPT = re.compile(r"(?:\s*\((\d+)\)|[-_ ](\d{1,2}))$")


@dataclass(frozen=True)
class Format:
    """One way of naming files: the pattern is matched from the start and finds `who`.

    lms: the products that name so
    The pattern may also find a `number`: what tells two students of one name apart.
    """

    lms: tuple[str, ...]
    pattern: re.Pattern[str]

    def student(self, path: PurePosixPath) -> str:
        """Return WHO_NUMBER, or WHO, of the outermost folder's or the file's name; "" for none."""
        found = self.pattern.match(_outermost(path))
        parts = found.groupdict() if found else {}
        return "_".join(filter(None, [parts.get("who"), parts.get("number")]))


FORMATS = (
    Format(
        ("Moodle",),
        re.compile(r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_(file|onlinetext)(_|\Z)"),
    ),
    Format(
        ("Canvas", "NTU COOL"),
        re.compile(r"(?P<who>.+?)_(?:LATE_)?(?P<number>\d+)_\d+_.+$"),
    ),
)


def products() -> str:
    """Return the LMS whose zip files are read, as a phrase: Moodle, Canvas or NTU COOL."""
    *others, last = [name for format_ in FORMATS for name in format_.lms]
    return f"{', '.join(others)} or {last}"


def named_by_lms(path: PurePosixPath) -> str:
    """Return the student whose file it is, in the naming of any LMS; "" where it is of none."""
    return next(filter(None, (format_.student(path) for format_ in FORMATS)), "")


def student(path: PurePosixPath, lesson: str) -> str:
    """Say whose file it is: by an LMS, else the folder's name, else what the file's name adds."""
    if found := named_by_lms(path):
        return found
    name = _outermost(path)
    if len(path.parts) > 1:
        return name
    rest = re.sub(rf"[-_ ]*{re.escape(lesson)}[-_ ]*", "", ATTEMPT.sub("", _brackets(name)))
    return rest or _brackets(name)


def attempt(path: PurePosixPath) -> int:
    """Return the number of an attempt: 2 for "01 (2).ipynb" and "01-2.ipynb"; 0 without one."""
    found = ATTEMPT.search(_brackets(path.stem))
    return int(found[1] or found[2]) if found else 0


def _outermost(path: PurePosixPath) -> str:
    return path.parts[0] if len(path.parts) > 1 else path.stem


def _brackets(name: str) -> str:
    """Return the name with (1) for （1）."""
    return name.translate({0xFF08: "(", 0xFF09: ")"}).strip()
