"""One file as it was handed in, and its name as a person reads it."""

import contextlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

LARGEST = 32 << 20  # bytes of one file
JUNK = re.compile(r"^(\.|__MACOSX$|__pycache__$|Thumbs\.db$|desktop\.ini$)")
CODE_PAGES = {"ja": ("cp932", "cp950"), "zh-tw": ("cp950", "cp932")}


@dataclass(frozen=True)
class SubmittedFile:
    """A file as it was handed in.  read() may raise OSError or ValueError; problem: do not read."""

    path: PurePosixPath
    read: Callable[[], bytes]
    when: float = 0.0
    problem: str = ""


def in_code_page(raw: bytes, lang: str) -> str:
    """Decode a name: UTF-8, else what Windows writes in that language; "" if it is neither."""
    for encoding in ("utf-8", *CODE_PAGES.get(lang, ())):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return ""


def composed(name: str) -> PurePosixPath:
    """Return a path whose letters are whole: macOS takes them apart (NFD), か and ゛ for が."""
    return PurePosixPath(unicodedata.normalize("NFC", name))
