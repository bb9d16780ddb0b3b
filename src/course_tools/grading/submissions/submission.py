"""What one student handed in: the one notebook that counts, and why where there is none."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from helpers.classroom import records

from ..messages import Note
from ..sheet import Sheet
from . import lms, matching, notebook
from .entries import SubmittedFile

MARKED = re.compile(r"-[0-9a-f]{8}$")


@dataclass
class Submission:
    """What one student handed in: one notebook, or none and the reason."""

    student: str
    file: str = ""
    data: bytes = b""
    notes: list[Note] = field(default_factory=list)
    human: list[Note] = field(default_factory=list)
    work: records.Work = field(default_factory=dict)

    @property
    def safe(self) -> str:
        """The student's name as the name of a file and in nbgrader."""
        name = re.sub(r"[^\w.-]+", "_", self.student).strip("._")[:60]
        mark = sha256(self.student.encode("utf-8", "replace")).hexdigest()[:8]
        alone = name == self.student and not MARKED.search(name)  # not like another's with a mark
        return name if alone else f"{name}-{mark}".strip("-")


def submission(student: str, entries: list[SubmittedFile], sheet: Sheet) -> Submission:
    """Join one student's files to one submission, with notes on what was left out."""
    made = Submission(student)
    for entry in entries:
        if entry.problem:
            made.human.append((entry.problem, {"file": str(entry.path)}))
    whole = [entry for entry in entries if not entry.problem]
    notebooks = [e for e in whole if e.path.suffix.lower() == ".ipynb"]
    _add_work(made, [e for e in whole if e.path.suffix.lower() == ".json"])
    if not notebooks and not made.human:
        names = ", ".join(str(e.path.name) for e in whole)[:80]
        made.human.append(("no_notebook", {"files": names}))
    if notebooks:
        _choose(made, notebooks, sheet)
    return made


def _choose(made: Submission, notebooks: list[SubmittedFile], sheet: Sheet) -> None:
    """Take the last of the notebooks that are named like the lesson, else of those most like it."""
    named = [e for e in notebooks if sheet.lesson.lower() in e.path.name.lower()]
    fitting = named or (_alike(notebooks, sheet) if len(notebooks) > 1 else notebooks)
    last = max(fitting, key=lambda e: (lms.attempt(e.path), e.when, str(e.path)))
    made.file = str(last.path)
    if len(fitting) > 1:
        made.notes.append(("attempts", {"n": len(fitting), "file": last.path.name}))
    try:
        made.data = last.read()
    except (OSError, ValueError) as error:
        made.human.append(("unreadable", {"reason": f"{type(error).__name__}: {error}"[:120]}))
    else:
        if not made.data:
            made.human.append(("unreadable", {"reason": "the file is empty"}))


def _alike(notebooks: Iterable[SubmittedFile], sheet: Sheet) -> list[SubmittedFile]:
    """Return the notebooks that hold more of the sheet's cells than any other."""
    counts: list[tuple[int, SubmittedFile]] = []
    for entry in notebooks:
        try:
            cells, _ = notebook.read(entry.read())
            found = {c.key for c in matching.keyed(cells, sheet) if c.key}
        except (OSError, ValueError, notebook.Unreadable):
            found = set()
        counts.append((len(found), entry))
    most = max(n for n, _ in counts)
    return [entry for n, entry in counts if n == most]


def _add_work(made: Submission, files: list[SubmittedFile]) -> None:
    """Read the exported progress: several files of one student are one record."""
    for entry in files:
        try:
            made.work = records.merged(made.work, records.loads(entry.read()))
        except (OSError, ValueError):
            made.notes.append(("no_progress", {"file": entry.path.name}))
