"""Write the student edition: python -m course_tools.edition.student_edition = start.py student-zip

Lessons, sheets, what they import and what sets them up; nothing that is held back from students.
Refused if a model answer or a hidden test stands in it (leaks.py).
"""

import io
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from helpers.language.say import LANGUAGES

from .. import command
from ..authoring.build import build, compare
from ..authoring.course import Course
from ..authoring.problems import LessonError
from . import leaks

TOP = "transformer-triad"  # the one folder in the archive
FILES = (
    "LICENSE",
    "LICENSE-CC-BY-4.0.txt",
    "README.md",
    *(f"README.{lang}.md" for lang in LANGUAGES),
    "constraints.txt",
    "environment.yml",
    "pyproject.toml",
    "start.py",
)
FOLDERS = ("exercises", "notebooks", "src/helpers")
PICTURES = "docs/*.svg"  # of the READMEs; other documents are for developers


class NotWritten(Exception):
    """The edition was not written; the message says why and what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the edition that the command line names; 1 where it could not be written."""
    parser = command.parser("start.py student-zip", __doc__)
    parser.add_argument("out", type=Path, metavar="OUT.zip")
    parser.add_argument("--force", action="store_true", help="write over an existing file")
    wanted = parser.parse_args(argv)
    try:
        course = Course.read(wanted.root)
        if course.lessons:
            require_built(course)
        paths = write(wanted.out, course, wanted.force)
    except (NotWritten, LessonError, OSError) as reason:
        print(reason, file=sys.stderr)
        return 1
    size = wanted.out.stat().st_size / 2**20
    print(f"{wanted.out}: {len(paths)} files, {size:.1f} MiB")
    return 0


def require_built(course: Course) -> None:
    """Raise NotWritten if notebooks are behind lessons/, or git does not know a file of it."""
    root = course.root
    different, stale = compare(root, build(course))
    if different or stale:
        names = ", ".join([*different, *stale])
        raise NotWritten(f"not in step with lessons/: {names}\nrun: python start.py build")
    if untracked := [str(p) for p in listed(root, "--others", "--exclude-standard") if belongs(p)]:
        raise NotWritten(f"not in git, so they would be left out: {', '.join(untracked)}\ngit add?")


def write(out: Path, course: Course, force: bool = False) -> list[Path]:
    """Write the archive; return the paths in it, relative to its root.  NotWritten says why not."""
    if out.exists() and not force:
        raise NotWritten(f"{out} exists; give another name, or --force to write over it")
    paths = members(course.root)
    found = leaks.find(course, paths)
    if found:
        raise NotWritten("\n".join([*map(str, found), "Model answers leak: nothing was written."]))
    out.write_bytes(archive(course.root, paths))
    return paths


def archive(root: Path, paths: Sequence[Path]) -> bytes:
    """Return a zip file of the paths; names that are not ASCII are marked as UTF-8."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for path in paths:
            target.writestr(entry(path), (root / path).read_bytes(), compresslevel=9)
    return packed.getvalue()


def entry(path: Path) -> zipfile.ZipInfo:
    """Fix date (1980, the default), system and permissions: equal files give equal bytes."""
    info = zipfile.ZipInfo(f"{TOP}/{path.as_posix()}")
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # Unix, which the permissions below belong to
    info.external_attr = 0o100644 << 16
    return info


def members(root: Path) -> list[Path]:
    """Return the edition's files, sorted, relative to root: those of git, else those there are.

    NotWritten if a tracked file is missing, or there is no lesson.
    """
    paths = sorted(p for p in tracked(root) if belongs(p))
    if missing := [p for p in paths if not (root / p).is_file()]:
        raise NotWritten(f"tracked by git but not there: {', '.join(map(str, missing))}")
    if not any(p.parts[0] == "notebooks" for p in paths):
        raise NotWritten(f"{root} holds no lessons in notebooks/; run python start.py build")
    return paths


def tracked(root: Path) -> list[Path]:
    """Return what git tracks; outside git, every file that is the course's."""
    if not (root / ".git").exists():
        return [p.relative_to(root) for p in root.rglob("*") if p.is_file() and is_ours(p, root)]
    return listed(root)


def listed(root: Path, *options: str) -> list[Path]:
    """Return what git lists; nothing where there is no git."""
    if not (root / ".git").exists():
        return []
    command = ["git", "-C", str(root), "ls-files", "-z", *options]
    names = subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8")
    return [Path(name) for name in names.split("\0") if name]


def is_ours(path: Path, root: Path) -> bool:
    """Tell whether it is not something that Python, Jupyter or the system left behind."""
    parts = path.relative_to(root).parts
    return not any(part.startswith(".") or part == "__pycache__" for part in parts)


def belongs(path: Path) -> bool:
    """Tell whether a path belongs in the student edition."""
    name = path.as_posix()
    inside = any(name.startswith(f"{folder}/") for folder in FOLDERS)
    return inside or name in FILES or path.match(PICTURES)


if __name__ == "__main__":
    command.run(main)
