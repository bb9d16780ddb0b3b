"""Who handed in what: every student's notebook, from a folder or an LMS' zip file."""

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ..messages import Note
from ..sheet import Sheet
from . import entries, handed_in, lms
from .attempts import Policy
from .entries import EMPTY, READ, SubmittedFile
from .folders import in_folder
from .submission import ANY_TIME, Submission, submissions
from .zip_files import in_zip


class NoSubmissions(Exception):
    """No submission is in that place.  The message says what would be one."""


def collect(place: Path, sheet: Sheet, policy: Policy = ANY_TIME) -> list[Submission]:
    """Return everybody's submission of one sheet, by student.  NoSubmissions, or OSError."""
    return joined(gather(place, sheet), sheet, policy)


def gather(place: Path, sheet: Sheet) -> dict[str, list[SubmittedFile]]:
    """Return everybody's files, read as far as they matter.  NoSubmissions, or OSError."""
    students: dict[str, list[SubmittedFile]] = {}
    for entry in _without_common_folder(_only_empty(list(_entries(place, sheet.lang)))):
        held = entries.held(entry) if entry.path.suffix.lower() in READ else entry
        students.setdefault(lms.student(entry.path, sheet.lesson), []).append(held)
    if not students:
        raise NoSubmissions(
            f"{place} holds no notebook; expected a folder for each student, NAME.ipynb files, "
            f"or the zip file of {lms.products()}"
        )
    return students


def joined(
    students: Mapping[str, Sequence[SubmittedFile]],
    sheet: Sheet,
    policy: Policy,
    out: Path | None = None,
) -> list[Submission]:
    """Return the submissions that follow from everybody's files.

    out: where it is kept what was handed in; a student who has no files this time is from there
    """
    there = handed_in.under_kept_names(out, sheet, students) if out else dict(students)
    absent = handed_in.exchange(out, sheet, there) if out else {}
    found = []
    for name, files in sorted({**there, **absent}.items()):
        said: list[Note] = [("absent", {})] if name in absent else []
        found += [one.saying(said) for one in submissions(name, files, sheet, policy)]
    return found


def _entries(place: Path, lang: str) -> Iterable[SubmittedFile]:
    if not place.exists():
        raise NoSubmissions(f"{place} is not there")
    if place.is_dir():
        return in_folder(place, lang)
    if zipfile.is_zipfile(place):
        return in_zip(place, lang)
    raise NoSubmissions(f"{place} is neither a folder nor a zip file")


def _only_empty(files: list[SubmittedFile]) -> list[SubmittedFile]:
    """Return the files, and EMPTY only of folders that hold neither a file nor a folder."""
    above = {p for f in files for p in f.path.parents[1 if f.problem == EMPTY else 0 :]}
    return [f for f in files if f.problem != EMPTY or f.path.parent not in above]


def _without_common_folder(files: list[SubmittedFile]) -> list[SubmittedFile]:
    """Return the same files without the folder that some zip files put around everybody's."""
    tops = {file.path.parts[0] for file in files}
    if len(tops) != 1 or not all(len(file.path.parts) > 1 for file in files):
        return files
    below = [PurePosixPath(*file.path.parts[1:]) for file in files]
    folders = {path.parts[0] for path in below}
    deep = len(folders) > 1 and all(len(path.parts) > 1 for path in below)
    if deep or any(map(lms.named_by_lms, below)):
        return [replace(f, path=path) for f, path in zip(files, below, strict=True)]
    return files
