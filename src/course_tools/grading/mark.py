"""Mark essays: python -m course_tools.grading.mark --lang ja

Opens a page on this machine where essays are marked by the sheet's rubric, by keyboard, without
names; several may mark at once.  With --second it is that of a second marker, who sees no other
marks, and whose own count nowhere: the first marker's page shows how far both agree.  --formgrader
opens nbgrader's formgrader instead, where the points of code may be changed, too.
"""

import argparse
import contextlib
import os
import sqlite3
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import filelock

from helpers import stopping
from helpers.language import say

from .. import command
from . import messages
from .marking import desk
from .marking.server import MarkingServer
from .marking.views import Marking
from .reports import scores
from .reports.gradebook import MARKING
from .sandbox import jail


def main(argv: Sequence[str] | None = None) -> int:
    """Open the marking page, or formgrader.  1 where there is no gradebook."""
    parser = command.parser("start.py mark", __doc__)
    command.add_lang(parser, required=True)
    command.add_courses(parser)
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--lesson", default="", help="only this sheet, for example 01_attention")
    parser.add_argument("--page-lang", choices=[messages.ENGLISH, *say.LANGUAGES],
                        help="language of the page; default: that of the sheets")  # fmt: skip
    parser.add_argument("--second", action="store_true", help="mark a second time, blind")
    parser.add_argument("--formgrader", action="store_true", help="open nbgrader's formgrader")
    wanted = parser.parse_args(argv)
    folder = command.courses(wanted).resolve() / wanted.lang
    if not (folder / "nbgrader_config.py").exists():  # it names the database
        print(f"no gradebook in {folder}: run start.py release or grade first", file=sys.stderr)
        return 1
    if not wanted.formgrader:
        return paged(wanted, folder)
    lock = filelock.FileLock(folder / MARKING)  # tells the grader that a page may be open
    with stopping.in_order(), contextlib.suppress(filelock.Timeout), lock.acquire(timeout=0):
        return served(formgrader(wanted), folder)
    print(f"Formgrader is open for {folder} already", file=sys.stderr)
    return 1


def paged(wanted: argparse.Namespace, folder: Path) -> int:
    """Serve the marking page until this process is told to end."""
    if not (folder / "gradebook.db").exists():
        print("the marking page needs nbgrader's own database, a file: take --formgrader",
              file=sys.stderr)  # fmt: skip
        return 1
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as book:
        ask = "SELECT 1 FROM sqlite_master WHERE name = ?"
        if not book.execute(ask, (scores.SHOWN.name,)).fetchone():
            print("nothing is graded yet: run start.py grade first", file=sys.stderr)
            return 1
    marker = desk.SECOND if wanted.second else desk.FIRST
    page_lang = wanted.page_lang or wanted.lang
    made = Marking(wanted.root, folder.parent, wanted.lang, page_lang, marker, wanted.lesson)
    try:
        server = MarkingServer(made, wanted.port)
    except OSError as reason:
        print(f"port {wanted.port}: {reason}", file=sys.stderr)
        return 1
    try:
        with stopping.in_order():
            print(f"Marking page: {server.address}\nCtrl-C ends it.", flush=True)
            if not wanted.no_browser:
                webbrowser.open(server.address)
            server.serve()
    except KeyboardInterrupt as stopped:
        print("\nWhat was saved is kept. python start.py grade writes it into table and pages.")
        return stopping.status(stopped)
    return 0


def served(command: list[str], folder: Path) -> int:
    """Run the server until it ends, or until this process is told to; it never outlives it."""
    last = jail.end_with_parent if sys.platform == "linux" else None
    try:
        with stopping.child(command, cwd=folder, preexec_fn=last) as server:
            return stopping.waited(server)
    except KeyboardInterrupt as stopped:
        return stopping.status(stopped)


def formgrader(wanted: argparse.Namespace) -> list[str]:
    """Return the command that opens it, for the course's folder: nbgrader's settings are there."""
    made = [sys.executable, "-P", "-m", "jupyterlab", "--LabApp.default_url=/formgrader"]
    made += ["--ServerApp.answer_yes=True", "--LabApp.news_url=None"]
    made += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    made += ["--no-browser"] if wanted.no_browser else []
    return made + ([f"--port={wanted.port}"] if wanted.port else [])


if __name__ == "__main__":
    command.run(main)
