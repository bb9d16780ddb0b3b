"""Where a site may be put: what is there is replaced only if an earlier site wrote it.

A folder that a site wrote is replaced with all that is in it.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from helpers.files import write_whole

MARK = ".triad-site"  # lists what a site wrote there
BARE = ".nojekyll"  # else GitHub Pages leaves out folders such as _astro
# in the course's folder, beside those whose names begin with a dot; a test asks git
COURSE = ("benchmarks", "courses", "deploy", "docs", "exercises", "lessons", "my", "notebooks",
          "rehearsal", "solutions", "src", "tests", "tools")  # fmt: skip


class NotAPlace(Exception):
    """A folder that no site may be written to; the message says why, and what to do."""


def check(out: Path, root: Path) -> None:
    """Refuse a folder of the course, and one with files that no earlier site wrote.  NotAPlace."""
    whole, course = out.resolve(), root.resolve()
    inside = whole.relative_to(course).parts[:1] if whole.is_relative_to(course) else ()
    if course.is_relative_to(whole) or any(x in COURSE or x.startswith(".") for x in inside):
        raise _refused(out, "is a folder of the course, holds one or lies in one")
    if out.exists() and not out.is_dir():
        raise _refused(out, "is a file")
    if out.is_dir() and not (out / MARK).is_file() and any(out.iterdir()):
        raise _refused(out, f"has files in it, and no {MARK}, which an earlier site would have")


def _refused(out: Path, got: str) -> NotAPlace:
    return NotAPlace(
        f"{out} {got}; nothing was changed.  Expected: a folder that is new, empty, or written by "
        "an earlier `start.py site`.  Name another one: python start.py site site"
    )


def put(made: Path, out: Path) -> None:
    """Move a site to its place.  Of what is there, only what an earlier site wrote is replaced.

    NotAPlace, before anything is changed, if another's file has the name of one of the site's.
    """
    (made / BARE).touch()
    old, new = written(out), {one.name for one in made.iterdir()}
    if others := sorted(name for name in new - old if os.path.lexists(out / name)):
        raise _refused(out, f"has {', '.join(others)}, which no earlier site wrote")
    _mark(out, old | new)  # if this is interrupted, the next site finds what it may replace
    for name in old:
        _remove(out / name)
    for one in made.iterdir():
        shutil.move(one, out / one.name)
    _mark(out, new)


def written(out: Path) -> set[str]:
    """Return the names in a folder that an earlier site wrote."""
    mark = out / MARK
    names = mark.read_text(encoding="utf-8").splitlines()[1:] if mark.is_file() else []
    return {name for name in names if name.strip(".") and name == Path(name).name}  # not ..


def _mark(out: Path, names: Iterable[str]) -> None:
    head = "`start.py site` wrote these, and replaces them with all that is in them:"
    write_whole(out / MARK, "\n".join([head, *sorted(names), ""]))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
