"""What a student gets for a sheet: the judge's points and a person's, joined in one place.

Tests decide in `judge`; a person decides in nbgrader's gradebook (`reports.scores` reads it).  The
table, the pages, the report and nbgrader's totals all follow from a Grade, and from nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .graded import Graded
from .messages import Note
from .sheet import Sheet, Task

UNDECIDED = {"to_mark", "ungraded"}  # ends of a task that say nothing of its points


@dataclass(frozen=True)
class Given:
    """What a person gave for one task.  points: in place of the automatic ones, None: kept those.

    stale, stale_comment: it was given for another answer than the one that counts now
    """

    points: float | None = None
    extra: float = 0.0
    comment: str = ""
    stale: bool = False
    stale_comment: bool = False


@dataclass(frozen=True)
class Grade:
    """One student's grade for one sheet.

    given: what a person gave, by task.  exempt: {task: why it does not count for this student}
    """

    graded: Graded
    sheet: Sheet
    given: Mapping[str, Given] = field(default_factory=dict)
    exempt: Mapping[str, str] = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks that count for this student."""
        return tuple(task for task in self.sheet.tasks if task.name not in self.exempt)

    @property
    def max_points(self) -> float:
        """The points of the tasks that count for this student."""
        return sum(task.points for task in self.tasks)

    @property
    def penalty(self) -> float:
        """The points that being late costs: none where nothing of the sheet counts."""
        return self.graded.penalty if self.tasks else 0.0

    def of(self, task: Task) -> Given:
        """Return what a person gave for a task."""
        return self.given.get(task.name, Given())

    def points(self, task: Task) -> float | None:
        """Return a task's points without extra credit; None if undecided or not counted."""
        if task.name in self.exempt:
            return None
        if (given := self.of(task).points) is not None:
            return given
        outcome = self.graded.outcomes[task.name]
        return None if outcome.kind in UNDECIDED else outcome.points

    @property
    def extra(self) -> float:
        """The extra credit of all tasks; as in nbgrader, none where a task has no points yet."""
        return sum(self.of(t).extra for t in self.tasks if self.points(t) is not None)

    @property
    def so_far(self) -> float:
        """The points of what is decided, with extra credit, without what being late costs."""
        points = sum(self.points(task) or 0.0 for task in self.tasks)
        return max(0.0, points + self.extra - self.penalty)

    @property
    def pending(self) -> tuple[str, ...]:
        """The tasks that wait for a person: no points yet, or points for an earlier answer."""
        return tuple(t.name for t in self.tasks
                     if self.points(t) is None or self.of(t).stale)  # fmt: skip

    @property
    def to_mark(self) -> tuple[str, ...]:
        """The tasks that wait and have an answer to mark, or to mark again."""
        ends, stale = self.graded.outcomes, {v["task"] for name, v in self.stale if name == "stale"}
        return tuple(n for n in self.pending if ends[n].kind == "to_mark" or n in stale)

    @property
    def total(self) -> float | None:
        """The points of the sheet; None if a task waits for a person, or if none counts."""
        return None if self.pending or not self.tasks else self.so_far

    @property
    def auto_points(self) -> float | None:
        """The points of the automatically graded tasks; None if one has no outcome."""
        tasks = [task for task in self.tasks if not task.essay]
        ends = [self.graded.outcomes[task.name] for task in tasks]
        undecided = not tasks or any(end.kind == "ungraded" for end in ends)
        return None if undecided else sum(end.points for end in ends)

    @property
    def decided(self) -> bool:
        """Whether the tests or a person have decided every task that is no essay."""
        return all(self.points(task) is not None for task in self.tasks if not task.essay)

    @property
    def stale(self) -> tuple[Note, ...]:
        """Notes on what a person gave for an earlier answer."""
        tasks = self.tasks
        points = [("stale", {"task": t.name, "points": f"{self.points(t) or 0:g}"}) for t in tasks
                  if self.of(t).stale]  # fmt: skip
        comments = [("stale_comment", {"task": t.name}) for t in tasks if self.of(t).stale_comment]
        return (*points, *comments)

    @property
    def human(self) -> tuple[Note, ...]:
        """Why a person has to look; not what points given since, or an exemption, settle."""
        if not self.tasks:
            return ()
        settled = {t.name for t in self.tasks
                   if self.of(t).points is not None and not self.of(t).stale}  # fmt: skip
        settled |= self.exempt.keys()
        open_ = [note for note in self.graded.human if note[1].get("task") not in settled]
        return (*self.stale, *open_)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was noticed; nothing on points that are off where nothing of the sheet counts."""
        return tuple(note for note in self.graded.notes if self.tasks or note[0] != "penalty")

    @property
    def excused(self) -> tuple[Note, ...]:
        """Notes on what does not count, and why; one where nothing of the sheet counts."""
        if not self.tasks:
            return (("exempt_sheet", {"reason": "; ".join(sorted({*self.exempt.values()}))}),)
        return tuple(("exempt_task", {"task": task, "reason": reason})
                     for task, reason in self.exempt.items())  # fmt: skip
