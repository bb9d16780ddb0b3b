"""Packages of npm: those that a lock file names, installed once, until it changes."""

import shutil
from pathlib import Path

from .processes import step


class NoNode(Exception):
    """Node.js or npm is missing, or too old."""


def install(source: Path, target: Path, title: str, *words: str) -> None:
    """Install what SOURCE/package-lock.json names into TARGET.  NoNode; CommandFailed."""
    stamp, lock = target / "installed", (source / "package-lock.json").read_bytes()
    if stamp.is_file() and stamp.read_bytes() == lock:
        return
    npm = shutil.which("npm")
    if not npm:
        raise NoNode("npm is not there: it comes with Node.js (nodejs.org)")
    target.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)  # it is written last
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(source / name, target / name)
    quiet = ["--prefix", target, "--ignore-scripts", "--no-audit", "--no-fund"]
    step(title, [npm, *words, *quiet])
    stamp.write_bytes(lock)
