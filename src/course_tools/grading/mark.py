"""Mark essays: python -m course_tools.grading.mark --lang ja

Opens nbgrader's formgrader for one language: essays are marked there, and scores may be changed.
"""

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import filelock

from .. import command
from . import stopping
from .reports.gradebook import MARKING
from .sandbox import jail


def main(argv: Sequence[str] | None = None) -> int:
    """Open formgrader.  1 where there is no gradebook."""
    parser = command.parser("start.py mark", __doc__)
    command.add_lang(parser, required=True)
    command.add_courses(parser)
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=int, help="default: the first free one from 8888")
    wanted = parser.parse_args(argv)
    folder = command.courses(wanted).resolve() / wanted.lang
    if not (folder / "nbgrader_config.py").exists():  # it names the database
        print(f"no gradebook in {folder}: run start.py release or grade first", file=sys.stderr)
        return 1
    lock = filelock.FileLock(folder / MARKING)  # tells the grader that a page may be open
    with stopping.sigterm_stops(), contextlib.suppress(filelock.Timeout), lock.acquire(timeout=0):
        return served(formgrader(wanted), folder)
    print(f"Formgrader is open for {folder} already", file=sys.stderr)
    return 1


def served(command: list[str], folder: Path) -> int:
    """Run the server until it ends, or until this process is told to; it never outlives it."""
    last = jail.end_with_parent if sys.platform == "linux" else None
    server = subprocess.Popen(command, cwd=folder, preexec_fn=last)
    try:
        return server.wait()
    except KeyboardInterrupt as stopped:
        return 143 if isinstance(stopped, stopping.Terminated) else 130
    finally:
        ended(server)


def ended(server: subprocess.Popen, seconds: float = 20.0) -> None:
    """End the server in order, and wait until it is gone."""
    if server.poll() is None:
        server.terminate()
    try:
        server.wait(seconds)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def formgrader(wanted: argparse.Namespace) -> list[str]:
    """Return the command that opens it, for the course's folder: nbgrader's settings are there."""
    made = [sys.executable, "-P", "-m", "jupyterlab", "--LabApp.default_url=/formgrader"]
    made += ["--ServerApp.answer_yes=True", "--LabApp.news_url=None"]
    made += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    made += ["--no-browser"] if wanted.no_browser else []
    return made + ([f"--port={wanted.port}"] if wanted.port else [])


if __name__ == "__main__":
    command.run(main)
