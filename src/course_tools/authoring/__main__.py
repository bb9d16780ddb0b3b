"""python -m course_tools.authoring build [--check] [--root FOLDER]"""

import argparse
import sys
from pathlib import Path

from .course import GENERATED, build
from .problems import LessonError

ROOT = Path(__file__).resolve().parents[3]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="start.py", description=__doc__)
    parser.add_argument("command", choices=["build"])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a file differs")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    wanted = parser.parse_args(argv)
    try:
        files = build(wanted.root)
    except LessonError as error:
        print(error, file=sys.stderr)
        print(f"\n{len(error.problems)} fault(s); nothing was written.", file=sys.stderr)
        return 1
    return check(wanted.root, files) if wanted.check else write(wanted.root, files)


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


def check(root: Path, files: dict[str, str]) -> int:
    different, stale = compare(root, files)
    for name in different:
        print(f"differs from its source: {name}")
    for name in stale:
        print(f"has no source: {name}")
    if different or stale:
        print("run: python start.py build", file=sys.stderr)
    else:
        print(f"{len(files)} files are in step with lessons/")
    return bool(different or stale)


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
