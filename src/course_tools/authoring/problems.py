"""What can be wrong in a lesson's source, always with the place and the remedy."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One fault: FILE:KEY: what is wrong; what to do."""

    file: str
    key: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.key}: {self.what}\n    → {self.remedy}"


class LessonError(Exception):
    """The sources cannot be built; `problems` holds every fault that was found."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


def stop_at(problems: Iterable[Problem]) -> None:
    """Raise LessonError if there is any problem."""
    if found := list(problems):
        raise LessonError(found)
