"""Mark essays: python -m course_tools.grading.mark --lang ja

Opens nbgrader's formgrader for one language: essays are marked there, and scores may be changed.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.language import say

from ..command import ROOT


def main(argv: Sequence[str] | None = None) -> int:
    """Open formgrader.  1 where there is no gradebook."""
    about = (__doc__ or "").partition("\n\n")[2]
    parser = argparse.ArgumentParser("start.py mark", description=about)
    parser.add_argument("--lang", required=True, choices=list(say.LANGUAGES))
    parser.add_argument("--courses", type=Path, help="default: courses, beside start.py")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=int, help="default: the first free one from 8888")
    wanted = parser.parse_args(argv)
    folder = (wanted.courses or ROOT / "courses").resolve() / wanted.lang
    if not (folder / "gradebook.db").exists():
        print(f"no gradebook in {folder}: run start.py release or grade first", file=sys.stderr)
        return 1
    return subprocess.call(command(wanted), cwd=folder)


def command(wanted: argparse.Namespace) -> list[str]:
    """Return the command that opens it, for the course's folder: nbgrader's settings are there."""
    made = [sys.executable, "-P", "-m", "jupyterlab", "--LabApp.default_url=/formgrader"]
    made += ["--ServerApp.answer_yes=True", "--LabApp.news_url=None"]
    made += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    made += ["--no-browser"] if wanted.no_browser else []
    return made + ([f"--port={wanted.port}"] if wanted.port else [])


if __name__ == "__main__":
    sys.exit(main())
