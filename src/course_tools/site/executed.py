"""Executed lessons: each is run once, strictly, and kept until what it depends on changes."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.files import write_whole
from helpers.launch.execution import Failure, execute
from helpers.launch.runner import kernel_environment

from ..authoring.problems import LessonError, Problem

DEPENDS = ("src/helpers", "constraints.txt")  # beside the notebook itself
REMEDY = "mend the cell; python start.py run shows the whole message"


def lesson(notebook: Path, root: Path, cache: Path, tell: Callable[[str], None]) -> NotebookNode:
    """Return the notebook with its outputs, from the cache where it holds this very run.

    LessonError if a cell raises, writes to stderr, or measures a claim outside its bounds.
    """
    kept = cache / f"{notebook.parent.name}-{notebook.stem}-{key(notebook, root)}.ipynb"
    if kept.is_file():
        return nbformat.read(kept, as_version=4)
    tell(f"run {notebook.parent.name}/{notebook.stem}")
    done = _run(notebook)
    for old in cache.glob(f"{notebook.parent.name}-{notebook.stem}-*.ipynb"):
        old.unlink()
    cache.mkdir(parents=True, exist_ok=True)
    write_whole(kept, nbformat.writes(done).encode())
    return done


def key(notebook: Path, root: Path) -> str:
    """Hash the notebook and every file that its outputs depend on."""
    found = hashlib.sha256(notebook.read_bytes())
    for file in _files(root / name for name in DEPENDS):
        found.update(file.relative_to(root).as_posix().encode())
        found.update(file.read_bytes())
    return found.hexdigest()[:16]


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        below = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (f for f in below if f.is_file() and "__pycache__" not in f.parts)


def _run(notebook: Path) -> NotebookNode:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        env = kernel_environment(Path(folder), Path(folder, "claims.jsonl"))
        outcome = execute(notebook, env | {"TRIAD_NARROW": "1"})
    if outcome.failures:
        raise LessonError([_problem(notebook, failure) for failure in outcome.failures])
    for cell in outcome.notebook.cells:
        cell.metadata.pop("execution", None)  # times of day
    return outcome.notebook


def _problem(notebook: Path, failure: Failure) -> Problem:
    last = failure.detail.strip().splitlines()[-1:] or [""]
    file = f"{notebook.parent.name}/{notebook.name}"
    return Problem(file, failure.cell, f"{failure.kind}: {last[0]}", REMEDY)
