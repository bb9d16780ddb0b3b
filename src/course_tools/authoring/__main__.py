"""python -m course_tools.authoring build [--check] | confirm LESSON:KEY ...   [--root FOLDER]"""

import argparse
import sys
from pathlib import Path

from . import lock
from .course import GENERATED, build
from .problems import LessonError, Problem

ROOT = Path(__file__).resolve().parents[3]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="start.py", description=__doc__)
    parser.add_argument("command", choices=["build", "confirm"])
    parser.add_argument("keys", nargs="*", help="confirm: the pairs that you have read")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a file differs")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    wanted = parser.parse_intermixed_args(argv)
    if bool(wanted.keys) != (wanted.command == "confirm"):
        parser.error("confirm takes keys, build none")
    try:
        if wanted.command == "confirm":
            return confirm(wanted.root, wanted.keys)
        files = build(wanted.root)
        unread = lock.problems(wanted.root) if wanted.check else []
    except LessonError as error:
        print(error, file=sys.stderr)
        print(f"\n{len(error.problems)} fault(s); nothing was written.", file=sys.stderr)
        return 1
    return check(wanted.root, files, unread) if wanted.check else write(wanted.root, files)


def confirm(root: Path, keys: list[str]) -> int:
    """Show what is confirmed: the two languages, one under the other."""
    for text in lock.confirm(root, keys):
        print(f"{text.file}:{text.line}:{text.key} [{text.lang}]\n{text.words}\n")
    return 0


def write(root: Path, files: dict[str, str]) -> int:
    """Bring the generated folders in step with the sources."""
    different, stale = compare(root, files)
    for name in different:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name].encode())  # bytes: the same line ends on every system
    for name in stale:
        (root / name).unlink()
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


def compare(root: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """(new or different files, files in the generated folders that no source makes)."""
    different = [n for n, text in files.items() if _bytes(root / n) != text.encode()]
    present = (p for folder in GENERATED for p in (root / folder).rglob("*") if p.is_file())
    names = (p.relative_to(root).as_posix() for p in present if ".ipynb_checkpoints" not in p.parts)
    return different, sorted(set(names) - set(files))


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
