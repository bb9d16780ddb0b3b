"""One file as it was handed in, and its name as a person reads it."""

import contextlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

LARGEST = 32 << 20  # bytes of one file
READ = {".ipynb", ".json"}  # what is read of all that was handed in
EMPTY = "nothing"  # stands for the files of a folder that has none
JUNK = re.compile(r"^(\.|__MACOSX$|__pycache__$|Thumbs\.db$|desktop\.ini$)")
CODE_PAGES = {"ja": ("cp932", "cp950"), "zh-tw": ("cp950", "cp932")}


@dataclass(frozen=True)
class SubmittedFile:
    """A file as it was handed in.  read() may raise OSError or ValueError; problem: do not read.

    when: seconds since 1970, 0 where nobody knows
    """

    path: PurePosixPath
    read: Callable[[], bytes]
    when: float = 0.0
    problem: str = ""


def held(entry: SubmittedFile) -> SubmittedFile:
    """Return the file with its bytes at hand.  OSError where the place itself cannot be read."""
    if entry.problem:
        return entry
    try:
        data = entry.read()
    except (PermissionError, ValueError):
        return replace(entry, problem="no_read")
    return replace(entry, read=lambda: data)


def in_code_page(raw: bytes, lang: str) -> str:
    """Decode a name: UTF-8, else what Windows writes in that language; "" if it is neither."""
    for encoding in ("utf-8", *CODE_PAGES.get(lang, ())):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return ""


def composed(name: str) -> PurePosixPath:
    """Return a path whose letters are whole: macOS takes them apart (NFD), か and ゛ for が."""
    return PurePosixPath(unicodedata.normalize("NFC", name))
