"""What one student handed in: the notebook that counts, and why where there is none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from helpers.classroom import records

from ..messages import Note
from ..sheet import Sheet
from . import attempts, matching, notebook
from .attempts import Policy
from .entries import EMPTY, SubmittedFile

ANY_TIME = Policy()
SAID = {  # of several attempts, by the policy
    attempts.LAST: "attempts",
    attempts.BEST: "best_attempt",
    attempts.ON_TIME: "on_time_attempt",
}
NAME_BYTES = 180  # with a mark and the endings of files it is below the 255 that a system takes
MARKED = re.compile(r"-[0-9a-f]{8}$")


@dataclass
class Submission:
    """What one student handed in: one notebook, or none and the reason.

    file: the path of the notebook, or of anything else where there is none
    when: seconds since 1970, 0 where nobody knows; penalty: points that being late costs;
    nth: its number where the best of several counts
    """

    student: str
    file: str = ""
    data: bytes = b""
    notes: list[Note] = field(default_factory=list)
    human: list[Note] = field(default_factory=list)
    work: records.Work = field(default_factory=dict)
    when: float = 0.0
    late: bool = False
    penalty: float = 0.0
    nth: int = 0

    def saying(self, notes: list[Note]) -> "Submission":
        """Return the same with more notes."""
        return replace(self, notes=[*self.notes, *notes])

    @property
    def safe(self) -> str:
        """The student's name as the name of a file and in nbgrader."""
        name = re.sub(r"[^\w.-]+", "_", self.student).strip("._")[:60]
        name = name.encode("utf-8", "ignore")[:NAME_BYTES].decode("utf-8", "ignore")
        mark = sha256(self.student.encode("utf-8", "replace")).hexdigest()[:8]
        alone = name == self.student and not MARKED.search(name)  # not like another's with a mark
        return name if alone else f"{name}-{mark}".strip("-")


def submissions(
    student: str, files: Sequence[SubmittedFile], sheet: Sheet, policy: Policy = ANY_TIME
) -> list[Submission]:
    """Join one student's files to one submission, with notes on what was left out.

    Several where the best of them counts: only the judge knows which that is.
    """
    made = Submission(student, file=str(files[0].path) if files else "")
    for file in files:
        if file.problem and file.problem != EMPTY:
            made.human.append((file.problem, {"file": str(file.path)}))
    whole = [file for file in files if not file.problem]
    notebooks = [f for f in whole if f.path.suffix.lower() == ".ipynb"]
    _add_work(made, [f for f in whole if f.path.suffix.lower() == ".json"])
    if not whole and not made.human:
        made.human.append(("nothing", {}))
    elif not notebooks and not made.human:
        names = ", ".join(str(f.path.name) for f in whole)[:80]
        made.human.append(("no_notebook", {"files": names}))
    return _counting(made, notebooks, sheet, policy) if notebooks else [made]


def _counting(
    made: Submission, notebooks: Sequence[SubmittedFile], sheet: Sheet, policy: Policy
) -> list[Submission]:
    """Return the attempts that may count, each with what is to be said of it."""
    fitting = _fitting(made, notebooks, sheet) if len(notebooks) > 1 else list(notebooks)
    pool = attempts.pool(fitting, policy)
    chosen = attempts.counting(pool, policy)
    if len(chosen) > 1 and policy.counts != attempts.BEST:
        made.human.append(("tied", {"n": len(chosen)}))
    elif len(chosen) == 1 and attempts.is_doubtful(chosen[0], pool):
        made.human.append(("order_unclear", {"file": chosen[0].path.name}))
    chosen.sort(key=lambda file: (attempts.order(file), sha256(file.read()).digest()))
    several = {"n": len(fitting)} if len(fitting) > 1 else {}
    return [_one(made, n, file, policy, sheet, several) for n, file in enumerate(chosen)]


def _one(
    of: Submission, nth: int, file: SubmittedFile, policy: Policy, sheet: Sheet, several: dict
) -> Submission:
    """Return one attempt as a submission of its own.  several: how many there are, if more."""
    notes, human = list(of.notes), list(of.human)
    late, penalty = policy.is_late(file), policy.penalty(file, sheet.total_points)
    days = policy.days(file)
    if several:
        name = SAID[policy.counts]
        kind = "best_attempt" if of.human and of.human[-1][0] == "tied" else name
        notes.append((kind, several | {"file": file.path.name}))
    if late:
        notes.append(("late_days", {"days": days}) if days else ("late", {}))
    if penalty:
        notes.append(("penalty", {"points": f"{penalty:g}"}))
    data = file.read()
    human += [] if data else [("empty_file", {})]
    made = replace(of, file=str(file.path), data=data, notes=notes, human=human, nth=nth)
    return replace(made, when=file.when, late=late, penalty=penalty)


def _fitting(
    made: Submission, notebooks: Sequence[SubmittedFile], sheet: Sheet
) -> list[SubmittedFile]:
    """Return the notebooks that hold at least half as many of the sheet's cells as any other.

    A file that is no notebook is noted: it may be the one that was meant.
    """
    counts: list[tuple[int, SubmittedFile]] = []
    for file in notebooks:
        try:
            cells, _ = notebook.read(file.read())
            counts.append((len({c.key for c in matching.keyed(cells, sheet) if c.key}), file))
        except notebook.Unreadable:
            made.human.append(("left_out", {"file": file.path.name}))
    most = max((n for n, _ in counts), default=0)
    return [file for n, file in counts if 2 * n >= most] or list(notebooks)


def _add_work(made: Submission, files: Sequence[SubmittedFile]) -> None:
    """Read the exported progress: several files of one student are one record."""
    for file in files:
        try:
            made.work = records.merged(made.work, records.loads(file.read()))
        except ValueError:
            made.notes.append(("no_progress", {"file": file.path.name}))
