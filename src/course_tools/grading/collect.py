"""Collect sheets from students' homes: python -m course_tools.grading.collect = start.py collect

Of HOMES/STUDENT/transformer-triad/exercises/LANG/LESSON each notebook is copied to TO/STUDENT, a
folder that start.py grade takes.  A notebook that is still as it was released is left where it is.
Homes of others are read as root (sudo); so a link, or a file that is not the home's owner's, is
refused and named.
"""

import contextlib
import json
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.files import write_whole

from .. import command

COURSE = "transformer-triad"  # the folder in each home (deploy/jupyter_server_config.py)
NOT_OPEN = "you may not read it: with sudo you may"
LARGEST = 50 * 2**20  # bytes of a notebook


@dataclass(frozen=True)
class HomeNotebook:
    """A notebook in a home: its content, and when it was last changed."""

    name: str
    data: bytes
    changed_ns: int


class Refused(Exception):
    """A file that is not collected; the message says which and why."""


def main(argv: Sequence[str] | None = None) -> int:
    """Copy what is there; 1 where a file was refused, or nothing was found."""
    parser = command.parser("start.py collect", __doc__)
    parser.add_argument("homes", type=Path, metavar="HOMES", help="for example /home")
    parser.add_argument("--lesson", required=True, help="for example 01_attention")
    command.add_lang(parser, required=True)
    parser.add_argument("--to", required=True, type=Path, metavar="SUBMISSIONS")
    parser.add_argument("--home-prefix", default="", metavar="PREFIX",
                        help="of homes named PREFIX and a login, which alone is the student's name "
                        "then; on The Littlest JupyterHub: jupyter-")  # fmt: skip
    wanted = parser.parse_args(argv)
    inside = Path(COURSE, "exercises", wanted.lang, wanted.lesson)
    released = wanted.root / inside.relative_to(COURSE)
    try:
        collected, refused = collect(wanted.homes, inside, released, wanted.to, wanted.home_prefix)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    for reason in refused:
        print(reason, file=sys.stderr)
    print(f"{collected} notebooks in {wanted.to}, {len(refused)} refused")
    return 1 if refused or not collected else 0


def collect(
    homes: Path, inside: Path, released: Path, to: Path, prefix: str = ""
) -> tuple[int, list[str]]:
    """Copy the notebooks of every home named PREFIX…; how many, and why others were refused."""
    unchanged = {_sources(path.read_bytes()) for path in released.glob("*.ipynb")}
    collected, refused = 0, []
    for home in sorted(path for path in homes.iterdir() if path.is_dir()):
        student = home.name.removeprefix(prefix)
        if not student or not home.name.startswith(prefix):
            continue
        try:
            found = [f for f in notebooks(home, inside) if _sources(f.data) not in unchanged]
        except Refused as reason:
            refused.append(str(reason))
            continue
        for notebook in found:
            copy = to / student / notebook.name
            write_whole(copy, notebook.data)
            os.utime(copy, ns=(notebook.changed_ns, notebook.changed_ns))  # which attempt is last
        collected += len(found)
    return collected, refused


def notebooks(home: Path, inside: Path) -> Iterator[HomeNotebook]:
    """Yield the notebooks of one home; none where the student has not opened the course.

    Each folder on the way is opened by its handle, so that none can be exchanged for a link.
    """
    with contextlib.ExitStack() as handles:
        try:
            folder = _opened(home, os.O_DIRECTORY, handles)
            owner = os.fstat(folder).st_uid
            for part in inside.parts:
                folder = _opened(Path(part), os.O_DIRECTORY, handles, folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise Refused(f"{home / inside}: {_why(error, 'a link or no folder')}") from error
        for name in sorted(os.listdir(folder)):
            if name.endswith(".ipynb"):
                yield _read(home / inside / name, owner, folder)


def _opened(path: Path, kind: int, handles: contextlib.ExitStack, where: int | None = None) -> int:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | kind, dir_fd=where)
    handles.callback(os.close, handle)
    return handle


def _why(error: OSError, otherwise: str) -> str:
    closed = isinstance(error, PermissionError)
    return f"{NOT_OPEN if closed else otherwise} ({error.strerror})"


def _read(path: Path, owner: int, folder: int) -> HomeNotebook:
    with contextlib.ExitStack() as handles:
        try:
            handle = _opened(Path(path.name), 0, handles, folder)
        except OSError as error:
            raise Refused(f"{path}: {_why(error, 'a link or no file')}") from error
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1 or about.st_uid != owner:
            raise Refused(f"{path}: no file of the student's own")
        if about.st_size > LARGEST:
            raise Refused(f"{path}: {about.st_size / 2**20:.0f} MiB, more than any sheet needs")
        with open(handle, "rb", closefd=False) as file:
            return HomeNotebook(path.name, file.read(LARGEST), about.st_mtime_ns)


def _sources(data: bytes) -> str:
    """What stands in a notebook's cells; the whole file where it is no notebook."""
    try:
        cells = json.loads(data)["cells"]
        return json.dumps(["".join(cell["source"]) for cell in cells])
    except (ValueError, KeyError, TypeError):
        return repr(data)


if __name__ == "__main__":
    command.run(main)
