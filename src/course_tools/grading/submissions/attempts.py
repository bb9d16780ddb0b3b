"""Which of a student's attempts counts, when it came, and what coming late costs.

The order of attempts follows from the LMS' own numbers, the numbers that programs append to a
name, and dates; never from how a path is spelled.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from . import lms
from .entries import SubmittedFile

LAST, BEST, ON_TIME = "last", "best", "on-time"
DAY_S = 86_400
CLOCKS_DIFFER_S = 60  # two dates that are no further apart say nothing on which was first
CUT = re.compile(r"(?P<points>\d+(?:\.\d+)?)(?P<percent>%)?(?P<daily>/day)?")


@dataclass(frozen=True)
class Policy:
    """What the instructor has decided on several attempts and on late ones.

    counts: LAST, BEST, or ON_TIME, the last that was on time (the last of all where none was)
    due: seconds since 1970; cut: points off, or percent of the sheet's, once or for each day
    """

    counts: str = LAST
    due: float | None = None
    cut: str = ""

    def __post_init__(self) -> None:
        if self.cut and not CUT.fullmatch(self.cut):
            raise ValueError(f"{self.cut}: expected 2, 10%, 2/day or 10%/day")
        if self.cut.endswith("/day") and self.due is None:
            raise ValueError(f"{self.cut}: how many days, only --due can say")

    def is_late(self, file: SubmittedFile) -> bool:
        """Tell whether a file came late: the LMS says so, or its date does."""
        return lms.marked_late(file.path) or self.days(file) > 0

    def days(self, file: SubmittedFile) -> int:
        """Return how many days after the date that it was due, begun ones counted."""
        if self.due is None or file.when <= self.due:
            return 0
        return math.ceil((file.when - self.due) / DAY_S)

    def penalty(self, file: SubmittedFile, most: float) -> float:
        """Return the points that a file loses for being late, of MOST."""
        found = CUT.fullmatch(self.cut)
        if not found or not self.is_late(file):
            return 0.0
        once = float(found["points"]) * (most / 100 if found["percent"] else 1)
        return min(most, once * (max(1, self.days(file)) if found["daily"] else 1))


def due(text: str) -> float:
    """Return a date and time as typed, "2026-05-01 23:59", in seconds since 1970.  ValueError."""
    return datetime.fromisoformat(text).timestamp()


def order(file: SubmittedFile) -> tuple[int, int, float]:
    """Return what is greater for the later of two attempts of one student."""
    return lms.serial(file.path), lms.attempt(file.path), file.when


def pool(files: Sequence[SubmittedFile], policy: Policy) -> list[SubmittedFile]:
    """Return the attempts that may count: those that were on time, where the policy asks that."""
    on_time = [file for file in files if not policy.is_late(file)]
    return on_time if policy.counts == ON_TIME and on_time else list(files)


def counting(pool: Sequence[SubmittedFile], policy: Policy) -> list[SubmittedFile]:
    """Return the attempt that counts; several where the best of them does.

    That is what BEST means, and what is fair where nothing tells which of two was later.
    """
    if policy.counts == BEST:
        return list(pool)
    last = max(map(order, pool))
    tied = {file.read(): file for file in pool if order(file) == last}
    return list(tied.values())


def is_doubtful(chosen: SubmittedFile, files: Sequence[SubmittedFile]) -> bool:
    """Tell whether a date says of another attempt that it came after the one that was chosen."""
    same = [file for file in files if lms.serial(file.path) == lms.serial(chosen.path)]
    return any(file.when > chosen.when + CLOCKS_DIFFER_S for file in same)
