"""The one place where a text file of the repository is read."""

from pathlib import Path

from .problems import Problem


def read_file(root: Path, file: str) -> tuple[str, list[Problem]]:
    """Return (a file's text, why there is none); file: its path from the repository, with /."""
    path = root / file
    if not path.is_file():
        return "", [Problem(file, "-", "is not there", "write it, or get it back from git")]
    try:
        return path.read_text(encoding="utf-8"), []
    except UnicodeDecodeError as error:
        return "", [Problem(file, "-", f"no UTF-8: {error.reason}", "save it as UTF-8")]
