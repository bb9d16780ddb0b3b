"""Deliver the course into a folder of a student's: python -m helpers.launch.delivery --to FOLDER

Lessons and sheets are copied to where they are absent; nothing there is ever overwritten.  A new
version of a lesson comes beside the old one, once.  `start.py` delivers into my/ in this way; on a
hub each server does when it starts (deploy/jupyter_server_config.py).
"""

import argparse
import hashlib
import itertools
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import filelock

from ..files import write_whole
from ..language import say

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 30.0  # seconds to wait for another delivery, which needs one or two


def main(argv: Sequence[str] | None = None) -> int:
    """Deliver what the command line names; 1 where it cannot be done, with the reason."""
    made = argparse.ArgumentParser("delivery", description=__doc__, allow_abbrev=False)
    made.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    made.add_argument("--course", type=Path, default=ROOT, help="the student edition, unpacked")
    made.add_argument("--lang", choices=say.LANGUAGES, action="append", help="default: all")
    wanted = made.parse_args(argv)
    try:
        deliver_all(wanted.course, wanted.lang or say.COMPLETE, wanted.to.expanduser())
    except (OSError, NothingToDeliver) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


class NothingToDeliver(Exception):
    """The course's folder holds no lesson; the message says which folder."""


def deliver_all(course: Path, languages: Iterable[str], to: Path) -> None:
    """Deliver several languages.  Two servers of one student wait for each other."""
    to.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(to / ".delivery.lock", timeout=PATIENCE):
        for lang in languages:
            if not course_files(course, lang):
                raise NothingToDeliver(f"{course} holds no notebooks/{lang}: nothing to deliver.")
            deliver(course, lang, to)


def course_files(course: Path, lang: str) -> list[Path]:
    """Return lessons and sheets of LANG, relative to the course's folder."""
    found = [*course.glob(f"notebooks/{lang}/*.ipynb"), *course.glob(f"exercises/{lang}/**/*")]
    names = (path.relative_to(course) for path in found if path.is_file())
    return sorted(name for name in names if ".ipynb_checkpoints" not in name.parts)


def versions_file(to: Path) -> Path:
    """Return the path of {file: hash of the version that was delivered}."""
    return to / ".versions.json"


def deliver(course: Path, lang: str, to: Path) -> None:
    """Copy into the folder TO what is absent there.

    What was delivered is kept, so news come only once.
    """
    delivered = read_json(versions_file(to))
    for name in course_files(course, lang):
        data = (course / name).read_bytes()
        version = hashlib.sha256(data).hexdigest()
        if delivered.get(name.as_posix()) != version or not (to / name).exists():
            deliver_file(to, name, data)
            delivered[name.as_posix()] = version
            write_json(versions_file(to), delivered)


def deliver_file(to: Path, name: Path, data: bytes) -> None:
    """Write a file, but never over another version: then DATA is put beside it."""
    names = names_beside(to / name)
    there = list(itertools.takewhile(Path.exists, names))
    if data in [path.read_bytes() for path in there]:
        return
    free = names[len(there)]
    write_whole(free, data)
    said = "A newer version, beside yours:" if there else "New:"
    print(said, free.relative_to(to.parent).as_posix())


def names_beside(target: Path) -> list[Path]:
    """Return NAME.ipynb, NAME.new.ipynb, NAME.new2.ipynb, …, one after the other."""
    marks = ["", ".new", *(f".new{n}" for n in range(2, 1000))]
    return [target.with_name(target.stem + mark + target.suffix) for mark in marks]


def read_json(path: Path) -> dict:
    """Return the object in PATH; {} where there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: dict) -> None:
    """Write an object to PATH as JSON."""
    write_whole(path, json.dumps(value, indent=1, sort_keys=True))


if __name__ == "__main__":
    sys.exit(main())
