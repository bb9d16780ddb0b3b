"""Bring the generated files in step with the sources: read, check, render, compare, write."""

import json
from pathlib import Path

from . import render, rules
from .course import Course
from .problems import stop_at

# only built files live here
GENERATED = ("notebooks", "exercises", "solutions", "src/helpers/data")


def build(course: Course) -> dict[str, str]:
    """Return every generated file.  LessonError with every fault of every lesson."""
    stop_at(rules.problems(course))
    return render.files(course)


def compare(root: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return (new or different files, files in generated folders that no source makes)."""
    different = [n for n, text in files.items() if _bytes(root / n) != text.encode()]
    present = (p for folder in GENERATED for p in (root / folder).rglob("*") if p.is_file())
    names = (p.relative_to(root).as_posix() for p in present if ".ipynb_checkpoints" not in p.parts)
    return different, sorted(set(names) - set(files))


def write(root: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """Write what differs and remove what has no source; both, as `compare` found them."""
    different, stale = compare(root, files)
    _validate({name: files[name] for name in different if name.endswith(".ipynb")})
    for name in different:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name].encode())  # bytes: the same line ends on every system
    for name in stale:
        (root / name).unlink()
    return different, stale


def _validate(notebooks: dict[str, str]) -> None:
    """Hold notebooks against nbformat's schema before they are written."""
    if notebooks:
        import nbformat  # takes longer than a whole build that has nothing to write

        for text in notebooks.values():
            nbformat.validate(json.loads(text))


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
