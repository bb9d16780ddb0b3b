"""Who handed in what: every student's notebook, from a folder or an LMS' zip file."""

import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ..sheet import Sheet
from . import lms
from .entries import SubmittedFile
from .folders import in_folder
from .submission import Submission, submission
from .zip_files import in_zip


class NoSubmissions(Exception):
    """No submission is in that place.  The message says what would be one."""


def collect(place: Path, sheet: Sheet) -> list[Submission]:
    """Return everybody's submission of one sheet, by student.  NoSubmissions, or OSError."""
    students: dict[str, list[SubmittedFile]] = {}
    for entry in _without_common_folder(list(_entries(place, sheet.lang))):
        students.setdefault(lms.student(entry.path, sheet.lesson), []).append(entry)
    every = [submission(name, files, sheet) for name, files in sorted(students.items())]
    found = [one for one in every if one.file or one.human]
    if not found:
        raise NoSubmissions(
            f"{place} holds no notebook; expected a folder for each student, NAME.ipynb files, "
            f"or the zip file of {lms.products()}"
        )
    return found


def _entries(place: Path, lang: str) -> Iterable[SubmittedFile]:
    if not place.exists():
        raise NoSubmissions(f"{place} is not there")
    if place.is_dir():
        return in_folder(place, lang)
    if zipfile.is_zipfile(place):
        return in_zip(place, lang)
    raise NoSubmissions(f"{place} is neither a folder nor a zip file")


def _without_common_folder(entries: list[SubmittedFile]) -> list[SubmittedFile]:
    """Return the same files without the folder that some zip files put around everybody's."""
    tops = {entry.path.parts[0] for entry in entries}
    if len(tops) != 1 or not all(len(entry.path.parts) > 1 for entry in entries):
        return entries
    below = [PurePosixPath(*entry.path.parts[1:]) for entry in entries]
    folders = {path.parts[0] for path in below}
    deep = len(folders) > 1 and all(len(path.parts) > 1 for path in below)
    if deep or any(map(lms.named_by_lms, below)):
        return [replace(e, path=path) for e, path in zip(entries, below, strict=True)]
    return entries
