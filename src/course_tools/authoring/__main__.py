"""python -m course_tools.authoring COMMAND ...

build [--check] | confirm LESSON:KEY ... | translate LANGUAGE LESSON ...   [--root FOLDER]
"""

import argparse
import sys
from pathlib import Path

from . import drafts, lock
from .course import build, compare, write
from .problems import LessonError, Problem

ROOT = Path(__file__).resolve().parents[3]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="start.py", description=__doc__)
    parser.add_argument("command", choices=["build", "confirm", "translate"])
    parser.add_argument("keys", nargs="*", help="confirm: the pairs that you have read; translate:"
                        f" the language, then lessons or {drafts.SHARED!r}")  # fmt: skip
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a file differs")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    wanted = parser.parse_intermixed_args(argv)
    if wanted.command == "confirm" and not wanted.keys:
        parser.error("confirm: name at least one LESSON:KEY, as `build --check` prints it")
    if wanted.command == "translate" and len(wanted.keys) < 2:
        parser.error(f"translate: name a language, then lessons or {drafts.SHARED!r}")
    if wanted.command == "build" and wanted.keys:
        parser.error(f"build takes no {wanted.keys[0]!r}: it builds everything")
    try:
        if wanted.command == "confirm":
            return confirm(wanted.root, wanted.keys)
        if wanted.command == "translate":
            return translate(wanted.root, *wanted.keys)
        files = build(wanted.root)
        unread = lock.problems(wanted.root) if wanted.check else []
    except LessonError as error:
        print(error, file=sys.stderr)
        print(f"\n{len(error.problems)} fault(s); nothing was written.", file=sys.stderr)
        return 1
    status = (
        check(wanted.root, files, unread) if wanted.check else bring_in_step(wanted.root, files)
    )
    print(*drafts.report(wanted.root), sep="\n", end="\n" if drafts.DRAFTS else "")
    return status


def confirm(root: Path, keys: list[str]) -> int:
    """Show what is confirmed: its languages, one under the other."""
    for text in lock.confirm(root, keys):
        print(f"{text.file}:{text.line}:{text.key} [{text.lang}]\n{text.words}\n")
    return 0


def translate(root: Path, lang: str, *names: str) -> int:
    """Say where the places for texts are."""
    todo = drafts.translate(root, lang, list(names))
    print(*todo, f"{len(todo)} texts to write: each has its {drafts.TODO}", sep="\n")
    return 0


def bring_in_step(root: Path, files: dict[str, str]) -> int:
    """Write the generated folders, and say how much of them."""
    different, stale = write(root, files)
    print(f"{len(files)} files: {len(different)} written, {len(stale)} stale removed")
    return 0


def check(root: Path, files: dict[str, str], unread: list[Problem]) -> int:
    different, stale = compare(root, files)
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
    sys.exit(main(sys.argv[1:]))
