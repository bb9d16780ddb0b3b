"""The files below a folder: no link is followed, nothing is written."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NoReturn

from . import entries, zip_files
from .entries import EMPTY, JUNK, SubmittedFile


def in_folder(place: Path, lang: str) -> Iterator[SubmittedFile]:
    """Yield every file below a folder, and those in the zip files that lie in it.

    A folder without any yields EMPTY.  OSError where one cannot be read: it may be a drive.
    """
    for folder, names, files in os.walk(place, onerror=_stop, followlinks=False):
        names[:] = sorted(n for n in names if not JUNK.match(n))
        if not names and not any(not JUNK.match(f) for f in files) and Path(folder) != place:
            below = Path(folder, EMPTY).relative_to(place).as_posix()
            yield SubmittedFile(entries.composed(_readable(below, lang)), bytes, problem=EMPTY)
        linked = [n for n in names if Path(folder, n).is_symlink()]
        for name in sorted([*(f for f in files if not JUNK.match(f)), *linked]):
            path = Path(folder, name)
            shown = entries.composed(_readable(path.relative_to(place).as_posix(), lang))
            entry = _file(path, shown)
            if path.suffix.lower() == ".zip" and not entry.problem:
                yield from zip_files.nested(entry, lang)
            else:
                yield entry


def _stop(error: OSError) -> NoReturn:
    raise error


def _readable(name: str, lang: str) -> str:
    """Return a file's name as text, also where it was unpacked in the code page of Windows."""
    try:
        name.encode("utf-8")
        return name
    except UnicodeEncodeError:
        return entries.in_code_page(os.fsencode(name), lang) or os.fsencode(name).decode(
            "ascii", "replace"
        )


def _file(path: Path, shown: PurePosixPath) -> SubmittedFile:
    found = path.lstat()
    problem = "link" if stat.S_ISLNK(found.st_mode) else ""
    if not problem and not stat.S_ISREG(found.st_mode):
        problem = "no_file"
    if not problem and found.st_size > entries.LARGEST:
        problem = "large"
    return SubmittedFile(shown, lambda: _read(path, found), found.st_mtime, problem)


def _read(path: Path, found: os.stat_result) -> bytes:
    """Return the file's bytes.  ValueError where another file has taken its place since."""
    with path.open("rb") as file:
        if not os.path.samestat(os.fstat(file.fileno()), found):
            raise ValueError("the file was replaced while it was read")
        return file.read(entries.LARGEST + 1)
