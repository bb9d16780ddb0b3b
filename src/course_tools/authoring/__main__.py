"""python -m course_tools.authoring COMMAND ...

build [--check] [--verbose] | confirm LESSON:KEY ... | translate LANGUAGE LESSON ...
"""

import argparse
import gc
import sys

from .. import command
from . import drafts, pairs, rhythm, texts
from .build import build, compare, write
from .course import Course
from .problems import LessonError


def main(argv: list[str]) -> int:
    """Run a command; its exit status."""
    parser = command.parser("start.py", __doc__)
    parser.add_argument("command", choices=["build", "confirm", "translate"])
    parser.add_argument("keys", nargs="*", help="confirm: the pairs that you have read; translate:"
                        f" the language, then lessons or {drafts.SHARED!r}")  # fmt: skip
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a file differs")
    parser.add_argument("--verbose", action="store_true", help="build: how the prose runs, too")
    wanted = parser.parse_intermixed_args(argv)
    if wanted.command == "confirm" and not wanted.keys:
        parser.error("confirm: name at least one LESSON:KEY, as `build --check` prints it")
    if wanted.command == "translate" and len(wanted.keys) < 2:
        parser.error(f"translate: name a language, then lessons or {drafts.SHARED!r}")
    if wanted.command == "build" and wanted.keys:
        parser.error(f"build takes no {wanted.keys[0]!r}: it builds everything")
    try:
        return run(wanted)
    except LessonError as error:
        print(error, file=sys.stderr)
        print(f"\n{len(error.problems)} fault(s); nothing was written.", file=sys.stderr)
        return 1


def run(wanted: argparse.Namespace) -> int:
    """Do the command.  LessonError if the sources do not allow it."""
    course = Course.read(wanted.root)
    if wanted.command == "confirm":
        return confirm(course, wanted.keys)
    if wanted.command == "translate":
        return translate(course, *wanted.keys)
    files = build(course)
    if wanted.verbose:
        print(*rhythm.table(texts.of_course(course), rhythm.bounds()), sep="\n")
    status = tell_differences(course, files) if wanted.check else bring_in_step(course, files)
    print(*drafts.report(course), sep="\n", end="\n" if drafts.DRAFTS else "")
    return status


def confirm(course: Course, keys: list[str]) -> int:
    """Show what is confirmed: its languages, one under the other."""
    for text in pairs.confirm(course, keys):
        print(f"{text.file}:{text.line}:{text.key} [{text.lang}]\n{text.words}\n")
    return 0


def translate(course: Course, lang: str, *names: str) -> int:
    """Say where the places for texts are."""
    todo = drafts.translate(course, lang, list(names))
    print(*todo, f"{len(todo)} texts to write: each has its {drafts.TODO}", sep="\n")
    return 0


def bring_in_step(course: Course, files: dict[str, str]) -> int:
    """Write the generated folders, and say how much of them."""
    different, stale = write(course.root, files)
    print(f"{len(files)} files: {len(different)} written, {len(stale)} stale removed")
    return 0


def tell_differences(course: Course, files: dict[str, str]) -> int:
    """Name each file that is not in step, and each pair that nobody has read."""
    unread = pairs.problems(course)
    different, stale = compare(course.root, files)
    for name in different:
        print(f"differs from its source: {name}")
    for name in stale:
        print(f"has no source: {name}")
    print(*unread, sep="\n", end="\n" if unread else "")
    if different or stale:
        print("run: python start.py build", file=sys.stderr)
    elif not unread:
        print(f"{len(files)} files are in step with lessons/, and every pair is confirmed")
    return bool(different or stale or unread)


if __name__ == "__main__":
    gc.disable()  # what is read is needed to the end: nothing is found, for a sixth of the CPU time
    command.run(main)
