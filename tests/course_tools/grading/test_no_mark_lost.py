"""No mark is lost: whatever happens in a term, all that is written agrees with what was given.

Random sequences of events (handing in, marking, grading again, a download without somebody) against
a model of a few lines; the invariants are in `agrees`.
"""

import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from marked_class import MarkedClass, notebook
from sample_class import FULL

STUDENTS, MARKED = ("王小明", "s 2"), ("merge", "essay")
DUE, DUE_S = "2026-05-01 23:59", 1_777_679_940.0
MOST = {**FULL, "essay": 4.0}
CODE = dict.fromkeys(FULL, "RIGHT")
LONG = bool(os.environ.get("TRIAD_ALL"))


# --- a model ------------------------------------------------------------------------------------


@dataclass
class Student:
    """What must be true of one student; an answer is (merge, essay) as it was handed in."""

    answer: tuple | None = None
    late: bool = False
    was_late: bool = False
    shown: tuple | None = None  # what Formgrader shows: the answer when it was graded last
    given: dict = field(default_factory=dict)  # {task: (points, extra, the text it is for)}
    said: dict = field(default_factory=dict)  # {task: (comment, the text it is for)}

    def points(self, task: str) -> float | None:
        by_hand = self.given.get(task, (None, None, None))[0]
        if by_hand is not None:
            return by_hand
        merge, essay = self.shown
        if task == "essay":
            return None if essay else 0
        return MOST[task] if task != "merge" or merge else 0

    def extra(self) -> float:
        mine = {task: more for task, (_, more, _) in self.given.items() if more}
        return sum(more for task, more in mine.items() if self.points(task) is not None)

    def text(self, task: str):
        """What a mark of this task belongs to."""
        return self.shown[MARKED.index(task)]

    def stale(self) -> set[str]:
        return {t for t, (*what, of) in self.given.items()
                if what != [None, None] and of != self.text(t)}  # fmt: skip

    def pending(self) -> set[str]:
        return {t for t in MOST if self.points(t) is None} | self.stale()

    def so_far(self) -> float:
        points = sum(self.points(t) or 0 for t in MOST) + self.extra()
        return max(0.0, points - (2 if self.late else 0))


class Term:
    """A class beside its model."""

    def __init__(self, made: MarkedClass):
        self.made, self.students = made, {name: Student() for name in STUDENTS}
        self.here: set[str] = set()

    def hand_in(self, name: str, merge: bool, essay: str, late: bool) -> None:
        code = {**CODE, "merge": "RIGHT" if merge else "another"}
        data = notebook(**code, **({"essay": essay} if essay else {}))
        self.made.hand_in(name, data, when=DUE_S + (60 if late else -60))
        self.here.add(name)
        one = self.students[name]
        one.answer, one.late = (merge, essay), late

    def leave_out(self, name: str) -> None:
        if len(self.here) > 1:
            self.made.take_back(name)
            self.here.discard(name)
            one = self.students[name]
            one.answer, one.late = one.shown, one.was_late  # what no command has seen is gone

    def mark(self, name: str, task: str, points: float | None, extra: float | None) -> None:
        one = self.students[name]
        extra = None if points is None and task == "essay" else extra  # waits for points anyway
        if one.shown:
            self.made.mark(name, task, points, extra)
            one.given[task] = (points, extra, one.text(task))

    def comment(self, name: str, task: str, text: str) -> None:
        one = self.students[name]
        if one.shown and one.said.get(task, ("", ""))[0] != text:
            self.made.comment(name, task, text)
            one.said[task] = (text, one.text(task))

    def grade(self) -> None:
        if not self.here:
            return
        assert self.made.grade("--due", DUE, "--late-penalty", "2", "--report-lang", "en") == 0
        for one in self.students.values():
            one.shown, one.was_late = one.answer, one.late
        self.agrees()

    def agrees(self) -> None:
        """Every output says of everybody what the model says, and the same as the others."""
        rows, report = self.made.rows(), self.made.report().split("<h2>")
        there = {name: one for name, one in self.students.items() if one.answer}
        assert set(rows) == set(there)
        for name, one in there.items():
            row, kept, page = rows[name], self.made.kept(name), self.made.page(name)
            # what a person typed is there as it was typed
            for task, (points, extra, _) in one.given.items():
                assert kept["given"][task] == (points, extra)
            for task, (text, _) in one.said.items():
                assert (kept["comments"][task] or "") == text and text in page
            # one total: table, its own columns, page, nbgrader
            tasks = [float(row[t] or 0) for t in MOST]
            assert [row[t] == "" for t in MOST] == [one.points(t) is None for t in MOST]
            assert tasks == [one.points(t) or 0 for t in MOST]
            assert (float(row["extra"] or 0), float(row["penalty"] or 0)) == (
                one.extra(),
                2 if one.late else 0,
            )
            assert kept["score"] == one.so_far() and kept["max_score"] == 14
            assert row["points"] == ("" if one.pending() else f"{one.so_far():g}")
            total = re.search(r"得点：(\S+) / 14", page)[1]
            assert float(total) == one.so_far() and ("ここまで" in page) == bool(one.pending())
            for task in MOST:
                shown = re.search(rf"\|{task}\|+(\S+)(?: \+ (\S+))? / ", page)
                points = one.points(task)
                assert shown[1] == ("–" if points is None else f"{points:g}")
                more = one.given.get(task, (0, 0, 0))[1] if points is not None else 0
                assert float(shown[2] or 0) == (more or 0)
            # what waits for a person is said everywhere
            assert set(row["to_mark"].split()) == kept["needs"] == one.pending()
            assert (name in report[4]) == bool(one.pending())
            old_comments = {t for t, (text, of) in one.said.items() if text and of != one.text(t)}
            told = "".join(report[5:6])
            assert (row["needs_human"] == "yes") == bool(one.stale() | old_comments)
            assert (name in told) == bool(one.stale() | old_comments)
            assert page.count("前に提出した答えに対する点です") == len(one.stale())
            assert page.count("前に提出した答えへのコメント") == len(old_comments)


NAMES = st.sampled_from(STUDENTS)
TASKS = st.sampled_from(MARKED)
ESSAYS = st.sampled_from(["", "A", "B"])
EVENTS = st.one_of(
    st.tuples(st.just("hand_in"), NAMES, st.booleans(), ESSAYS, st.booleans()),
    st.tuples(st.just("mark"), NAMES, TASKS, st.sampled_from([None, 0.0, 2.5, 3.0]),
              st.sampled_from([None, None, 0.5])),
    st.tuples(st.just("comment"), NAMES, TASKS, st.sampled_from(["", "くわしく", "2"])),
    st.tuples(st.just("leave_out"), NAMES),
    st.tuples(st.just("grade")),
)  # fmt: skip
FIRST = [("hand_in", STUDENTS[0], True, "A", False), ("hand_in", STUDENTS[1], False, "B", True)]


@settings(
    max_examples=150 if LONG else 6,
    phases=list(Phase) if LONG else (Phase.explicit, Phase.generate),
    deadline=None,
    derandomize=not LONG,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(EVENTS, min_size=4, max_size=14))
@example([  # marked, another text, confirmed, the first text again
    ("mark", STUDENTS[0], "essay", 3.0, 0.5), ("comment", STUDENTS[0], "essay", "くわしく"),
    ("grade",), ("hand_in", STUDENTS[0], False, "B", False), ("grade",), ("grade",),
    ("mark", STUDENTS[0], "essay", 3.0, 0.5), ("grade",),
    ("hand_in", STUDENTS[0], True, "A", True), ("leave_out", STUDENTS[1]),
])  # fmt: skip
@example([  # an override of code; it is cleared; marked while a newer file waits to be graded
    ("mark", STUDENTS[1], "merge", 2.5, None), ("grade",),
    ("hand_in", STUDENTS[1], True, "A", False), ("mark", STUDENTS[1], "essay", 2.5, None),
    ("grade",), ("mark", STUDENTS[1], "merge", None, None),
])  # fmt: skip
def test_whatever_happens_every_total_agrees_and_every_mark_is_there(events):
    with tempfile.TemporaryDirectory() as folder:
        term = Term(MarkedClass(Path(folder)))
        for name, *arguments in [*FIRST, ("grade",), *events, ("grade",)]:
            getattr(term, name)(*arguments)
