"""Build the course's site: python -m course_tools.site OUT = start.py site OUT

Every lesson is executed strictly (kept in .venv/site until something changes), then shown with all
that it gave, in every language, and asks no other host.  --serve shows it on this machine.
"""

import argparse
import functools
import http.server
import sys
from pathlib import Path

from helpers.language.say import COMPLETE

from .. import command
from ..authoring.problems import LessonError
from ..checks.processes import CommandFailed
from . import executed, frame, project
from .live import places, widgets
from .pages import Page, page


def main(argv: list[str]) -> int:
    """Build, and serve where that is asked for; 1 if it cannot be built."""
    wanted = parser().parse_args(argv)
    work = wanted.root / ".venv" / "site"
    try:
        project.install(work)
        pages = lessons(wanted.root, work / "executed", wanted.lesson)
        awake = {(page.lang, page.name): page.awake for page in pages}
        widgets.check(work, awake)
        live = places.files(work, awake)
        project.write(work, pages, frame.pages(wanted.root, pages), wanted.address, live)
        project.build(work, wanted.out)
    except (LessonError, CommandFailed, project.NoNode) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(pages)} lessons are in {wanted.out}")
    return serve(wanted.out) if wanted.serve else 0


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = command.parser("start.py site", __doc__)
    made.add_argument("out", type=Path, help="a folder for the site; what is in it is replaced")
    made.add_argument("--lesson", nargs="+", default=[""], metavar="NN", help="these lessons only")
    made.add_argument("--address", default="", help="where the site will stand, with its path")
    made.add_argument("--serve", action="store_true", help="show it on this machine")
    return made


def lessons(root: Path, cache: Path, wanted: list[str]) -> list[Page]:
    """Return the lessons whose names begin as wanted, executed and converted."""
    found = []
    for lang in COMPLETE:
        for notebook in sorted((root / "notebooks" / lang).glob("*.ipynb")):
            if notebook.name.startswith(tuple(wanted)):
                done = executed.lesson(notebook, root, cache, print)
                found.append(page(done, lang, notebook.stem))
    return found


def serve(out: Path) -> int:
    """Serve the folder at 127.0.0.1 until Ctrl-C."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(out))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/ja/   (Ctrl-C ends it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    command.run(main)
