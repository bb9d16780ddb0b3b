"""What the command lines of all tools share: the course's folder, common options, the console."""

import argparse
import io
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NoReturn

from helpers import stopping
from helpers.language import say

ROOT = Path(__file__).resolve().parents[2]


def parser(program: str, doc: str | None) -> argparse.ArgumentParser:
    """Make a tool's parser, with --root; DOC is the tool's docstring, without its first paragraph.

    An option is taken only as it is written, because a beginning of it may mean another one later.
    """
    about = (doc or "").partition("\n\n")[2]
    made = argparse.ArgumentParser(program, description=about, allow_abbrev=False)
    made.add_argument("--root", type=Path, default=ROOT, help="where the course lies")
    return made


def add_lang(
    made: argparse.ArgumentParser,
    languages: Collection[str] = tuple(say.LANGUAGES),
    required: bool = False,
) -> None:
    """Add --lang, which takes one of LANGUAGES; None where it may be left out, and is."""
    about = None if required else "default: all"
    made.add_argument("--lang", choices=list(languages), required=required, help=about)


def add_courses(made: argparse.ArgumentParser) -> None:
    """Add --courses, the folder of nbgrader's courses."""
    made.add_argument("--courses", type=Path, help="nbgrader's folder; default: courses")


def add_db(made: argparse.ArgumentParser) -> None:
    """Add --db, nbgrader's own option of a database's address."""
    made.add_argument("--db", metavar="URL",
                      help="nbgrader's database for a course that is made now, as SQLAlchemy has "
                      "it, {lang} for the language; default: SQLite in the course")  # fmt: skip


def courses(wanted: argparse.Namespace) -> Path:
    """Return the folder that --courses names, else the one beside start.py."""
    return wanted.courses or wanted.root / "courses"


def run(main: Callable[[list[str]], int]) -> NoReturn:
    """End this process with MAIN's status, or, when it is told to end, with a shell's for that.

    A console shows "?" for a character that it has not.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)
    try:
        with stopping.in_order():
            status = main(sys.argv[1:])
    except KeyboardInterrupt as stopped:
        print("\nStopped.", file=sys.stderr)
        status = stopping.status(stopped)
    sys.exit(status)
