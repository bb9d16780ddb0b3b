"""Build the course's site: python -m course_tools.site OUT = start.py site OUT

Every lesson is executed strictly, as by the tests, whose runs serve here too (kept in .executed
until something changes), then shown with all that it gave, in every language, and asks no other
host.  --serve shows it on this machine.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from helpers import stopping
from helpers.language.say import COMPLETE

from .. import command
from ..authoring import addresses
from ..checks import npm, testing
from ..checks.processes import CommandFailed
from . import audit, executed, frame, pdf, project, target
from .live import places, widgets
from .pages import Page, page
from .served import served
from .triad import page as triad


def main(argv: list[str]) -> int:
    """Build, and serve where that is asked for; 1 if it cannot be built."""
    wanted = parser().parse_args(argv)
    address = wanted.address or addresses.read(wanted.root)["site"]
    base, before = project.settings(address)["base"], spent()
    try:
        target.check(wanted.out, wanted.root)
        pages = build(wanted, address)
        seconds = spent() - before
        if wanted.pdf:
            pdf.write(wanted.out, base, wanted.pdf, pages)
    except (target.NotAPlace, executed.NotExecuted, CommandFailed, npm.NoNode) as error:
        print(error, file=sys.stderr)
        return 1
    told(wanted.out, len(pages), address, seconds)
    if wanted.within and seconds > wanted.within:
        print(f"building took more than {wanted.within} s of processors' time", file=sys.stderr)
        return 1
    if wanted.audit and audit.told(wanted.out, base, [f"{one.lang}/{one.name}/" for one in pages]):
        return 1
    return serve(wanted.out, base) if wanted.serve else 0


def build(wanted: argparse.Namespace, address: str) -> list[Page]:
    """Make the site and put it into its place; return its lessons."""
    work = testing.SITE
    with project.alone(work):
        testing.install_site()
    pages = lessons(wanted.root, wanted.lesson)
    awake = {(page.lang, page.name): page.awake for page in pages}
    places.checked({(page.lang, page.name): page.parts for page in pages})
    with project.alone(work):
        widgets.checked(work, awake)
        live, others = places.files(work, awake), frame.pages(wanted.root, pages)
        project.write(work, pages, others, address, live)
        triad.write(work, pages)
        project.build(work, wanted.out)
    return pages


def spent() -> float:
    """Return the seconds of processors that this process and its ended children took."""
    return sum(os.times()[:4])


def told(out: Path, lessons: int, address: str, seconds: float) -> None:
    """Print what is where, for which address, how large and after how long."""
    at = project.settings(address)
    where = f"{at['site']}{at['base']}" if address else "the top of a host"
    print(f"{lessons} lessons are in {out}, for {where}")
    files = [one for one in out.rglob("*") if one.is_file()]
    raw = sum(one.stat().st_size for one in files)
    sent = audit.weight(out, (one.relative_to(out).as_posix() for one in files))
    print(f"{raw / 1e6:.1f} MB, as hosts send it {sent / 1e6:.1f} MB; "
          f"{seconds:.0f} s of processors' time")  # fmt: skip
    if not address:
        print(f"No address is known, so links to other languages name {project.NOWHERE}, and below "
              "a path there are no styles: give --address URL before this is copied to a host.",
              file=sys.stderr)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = command.parser("start.py site", __doc__)
    made.add_argument("out", type=Path, help="a folder for the site: new, empty, or of an "
                      "earlier site, which is replaced")  # fmt: skip
    made.add_argument("--lesson", nargs="+", default=[""], metavar="NN", help="these lessons only")
    made.add_argument("--address", default="", help="where the site will stand, if not where "
                      "`publish` says")  # fmt: skip
    made.add_argument("--pdf", type=Path, metavar="FOLDER", help="print each lesson there")
    made.add_argument("--audit", action="store_true", help="open every page, and look for faults")
    made.add_argument("--within", type=float, metavar="SECONDS", help="fail if building takes more "
                      "of the processors' time")  # fmt: skip
    made.add_argument("--serve", action="store_true", help="show it on this machine")
    return made


def lessons(root: Path, wanted: list[str]) -> list[Page]:
    """Return the lessons whose names begin as wanted, executed and converted."""
    found = [notebook for lang in COMPLETE
             for notebook in sorted((root / "notebooks" / lang).glob("*.ipynb"))
             if notebook.name.startswith(tuple(wanted))]  # fmt: skip
    done = executed.lessons(found, root)
    made = [page(ran, file.parent.name, file.stem) for file, ran in zip(found, done, strict=True)]
    for one in made:
        one.found += frame.other_names(root, one)
    return made


def serve(out: Path, base: str) -> int:
    """Serve the folder at 127.0.0.1 until Ctrl-C or SIGTERM."""
    try:
        with served(out, base) as address:
            print(f"{address}{COMPLETE[0]}/   (Ctrl-C ends it)", flush=True)
            while True:  # a wait without an end may not hear a signal that comes as it begins
                time.sleep(stopping.HEAR_S)
    except KeyboardInterrupt as stopped:
        return stopping.status(stopped)


if __name__ == "__main__":
    command.run(main)
