"""What the course remembers of a student between sessions: a random id, on the student's disk."""

import functools
import os
import re
import uuid
from pathlib import Path

import platformdirs

ID_FORM = re.compile(r"[0-9a-f]{32}")


def data_dir() -> Path:
    """The student's own data: $TRIAD_HOME, else the platform's place.  Not created here."""
    home = os.environ.get("TRIAD_HOME")
    return Path(home or platformdirs.user_data_dir("transformer-triad", appauthor=False))


def student_id() -> str:
    """32 random hexadecimal digits, the same in every session; they say nothing about the person.

    Where the folder cannot be written, or the file holds something else, the id lives as long
    as the process.  Raises nothing: no lesson may stop because of it.
    """
    try:
        return _kept_id(data_dir() / "student_id")
    except (OSError, RuntimeError, ValueError):  # read-only, no home folder, no id in the file
        return _id_in_memory()


def _kept_id(file: Path) -> str:
    """Read the id, or write a new one.  Mode "x": of two kernels that start at once, one wins."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x", encoding="utf-8") as new:
                new.write(_id_in_memory())
        except FileExistsError:
            pass
    kept = file.read_text(encoding="utf-8").strip()
    if not ID_FORM.fullmatch(kept):
        raise ValueError(f"{file} holds {kept[:40]!r}, expected 32 hexadecimal digits")
    return kept


@functools.cache
def _id_in_memory() -> str:
    return uuid.uuid4().hex
