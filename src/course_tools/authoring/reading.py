"""The one place where a text file of the repository is read."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

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


@dataclass(frozen=True)
class SourceFile(ABC):
    """A file of a lesson as it was read.  With faults, what a subclass makes of it is not whole."""

    file: str
    text: str
    faults: tuple[Problem, ...] = field(default=(), kw_only=True)

    @classmethod
    def read(cls, root: Path, file: str) -> Self:
        """Read a file, given by its path from the repository."""
        text, faults = read_file(root, file)
        return cls(file, text, faults=tuple(faults)) if faults else cls.of(file, text)

    @classmethod
    @abstractmethod
    def of(cls, file: str, text: str) -> Self:
        """Return what a file with this text holds."""
