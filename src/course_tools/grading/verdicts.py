"""Verdicts that are kept between runs, and when an old one may be used again.

A verdict is used again where nothing has changed that could change it: the file that was handed in,
the sheet, the limits, the course's own code and data, Python and every package that is installed.
"""

import functools
import hashlib
import json
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from helpers.files import write_whole

from .graded import Verdict
from .sandbox import Limits
from .sheet import Sheet
from .submissions.submission import Submission

SRC = Path(__file__).resolve().parents[2]
IMPORTED = ("__init__.py", *(f"authoring/{x}.py" for x in ("__init__", "scopes", "syntax_trees")))
MATTERS = {".py", ".toml", ".json", ".safetensors"}  # not what is only shown: css, js, fonts


def key_of(data: bytes, sheet: Sheet, limits: Limits, walls: bool) -> str:
    """Return a hash of everything that may change the verdict on DATA."""
    own = (digest(SRC), *installed())
    parts = [data, repr(sheet.parts).encode(), repr((limits, walls)).encode(), repr(own).encode()]
    return _hash(parts)


@functools.cache
def digest(src: Path) -> str:
    """Return a hash of the course's own files that may change a verdict."""
    files = own_files(src)
    names = [file.relative_to(src).as_posix().encode() for file in files]
    return _hash([*names, *(file.read_bytes() for file in files)])


def own_files(src: Path) -> list[Path]:
    """Return the course's files that matter: the grader, what it imports, all of helpers.

    A sheet's tests and a student's code may import any of helpers.
    """
    tools = src / "course_tools"
    folders = (tools / "grading", src / "helpers")
    found = [path for folder in folders for path in folder.rglob("*") if path.suffix in MATTERS]
    return sorted([*found, *(tools / name for name in IMPORTED)])


@functools.cache
def installed() -> tuple[str, ...]:
    """Return Python's version and that of every package: student code may import any of them."""
    found = (package for package in metadata.distributions() if not _is_vendored(package))
    return sys.version, *sorted({f"{package.name} {package.version}" for package in found})


def _is_vendored(package: metadata.Distribution) -> bool:
    """Tell whether setuptools brings it along: such are seen only once setuptools was imported."""
    return "_vendor" in Path(str(package.locate_file(""))).parts


def load(out: Path, submission: Submission, key: str) -> Verdict | None:
    """Return the verdict in OUT that was kept with this key."""
    try:
        kept = json.loads(_file(out, submission).read_text(encoding="utf-8"))
        return Verdict.from_json(kept["verdict"]) if kept["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(out: Path, submission: Submission, key: str, verdict: Verdict) -> None:
    """Write a verdict into OUT."""
    kept = {"student": submission.student, "key": key, "verdict": verdict.to_json()}
    write_whole(_file(out, submission), json.dumps(kept))


def _file(out: Path, submission: Submission) -> Path:
    nth = f"~{submission.nth}" if submission.nth else ""  # a name as a file's holds no ~
    return out / "results" / f"{submission.safe}{nth}.json"


def _hash(parts: Iterable[bytes]) -> str:
    """Return a hash of the parts and of where one ends."""
    found = hashlib.sha256()
    for part in parts:
        found.update(hashlib.sha256(part).digest())
    return found.hexdigest()
