"""What is made of files that have not changed is not made again: kept beside executed lessons."""

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from helpers.files import write_whole

from ..command import ROOT
from . import executed

Files = dict[str, bytes]  # name -> content
WHOLE = "whole"  # the file that is written last
HASH = "[0-9a-f]" * 16


def files(name: str, needs: Iterable[bytes], make: Callable[[], Files], root: Path = ROOT) -> Files:
    """Return make()'s files, or those that it made of the same needs before.

    name: what they are; of each name the newest are kept
    """

    def write(folder: Path) -> None:
        for file, content in make().items():
            write_whole(folder / file, content)

    folder = once(name, needs, write, root)
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.name != WHOLE}


def once(
    name: str, needs: Iterable[bytes], do: Callable[[Path], object], root: Path = ROOT
) -> Path:
    """Do do(FOLDER), unless it ended without an error for the same needs before; the folder."""
    folder = root / executed.FOLDER / f"{name}-{digest(needs)}"
    if not (folder / WHOLE).is_file():
        for old in folder.parent.glob(f"{name}-{HASH}"):
            shutil.rmtree(old, ignore_errors=True)
        do(folder)
        write_whole(folder / WHOLE, b"")
    return folder


def digest(needs: Iterable[bytes]) -> str:
    """Hash them, each apart from the next."""
    each = b"".join(hashlib.sha256(one).digest() for one in needs)
    return hashlib.sha256(each).hexdigest()[:16]


def below(folder: Path) -> list[bytes]:
    """Return the names and contents of a folder's files."""
    found = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    found = [file for file in found if "__pycache__" not in file.parts]
    return [x for f in found for x in (f.relative_to(folder).as_posix().encode(), f.read_bytes())]
