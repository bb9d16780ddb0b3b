"""What is known of a submission once it was graded."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from helpers.classroom import records

from .messages import Note
from .sheet import Sheet
from .submissions.collect import Submission


@dataclass(frozen=True)
class Outcome:
    """How one task ended: kind "right" has all points; other kinds are in messages.toml.

    detail, hint: in the student's language; hidden: only the hidden tests failed
    """

    points: float
    max_points: float
    kind: str
    detail: str = ""
    hint: str = ""
    hidden: bool = False


@dataclass
class Verdict:
    """What follows from one submission alone: the judge fills it in, and it is kept as JSON.

    answers: the text of each answer, None where it was left as it was
    notes: what was mended or noticed; human: why a person has to look
    """

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    answers: dict[str, str | None] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    human: list[Note] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as values that json.dumps takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Verdict":
        """Return the verdict that to_json wrote.  KeyError or TypeError where it is none."""
        outcomes = {task: Outcome(**values) for task, values in kept["outcomes"].items()}
        notes, human = ([(name, values) for name, values in kept[of]] for of in ("notes", "human"))
        return cls(outcomes, kept["answers"], notes, human)


@dataclass(frozen=True)
class Graded:
    """A verdict with whose it is, for the table, the pages and the gradebook.

    safe: the name as the name of a file; work: the progress that was handed in beside the notebook
    when, late, penalty, file: of the submission
    """

    student: str
    safe: str
    work: records.Work
    outcomes: Mapping[str, Outcome]
    answers: Mapping[str, str | None]
    notes: tuple[Note, ...]
    human: tuple[Note, ...]
    when: float = 0.0
    late: bool = False
    penalty: float = 0.0
    file: str = ""

    @classmethod
    def of(cls, submission: Submission, verdict: Verdict) -> "Graded":
        """Join a verdict with whose it is and what was noticed when the files were collected."""
        notes = (*submission.notes, *verdict.notes)
        human = (*submission.human, *verdict.human)
        who = (submission.student, submission.safe, submission.work)
        found = (*who, verdict.outcomes, verdict.answers, notes, human)
        when = (submission.when, submission.late, submission.penalty)
        return cls(*found, *when, submission.file)

    @property
    def decided(self) -> bool:
        """Whether every task has an outcome: where one is missing, nobody knows the points."""
        return all(outcome.kind != "ungraded" for outcome in self.outcomes.values())

    @property
    def rank(self) -> float:
        """Return the points less the penalty: of two submissions the better has more."""
        return sum(outcome.points for outcome in self.outcomes.values()) - self.penalty

    def points(self, sheet: Sheet) -> float:
        """Return the points of all tasks that are graded automatically."""
        return sum(self.outcomes[task.name].points for task in sheet.tasks if not task.essay)
