"""No mark is lost: whatever happens in a term, all that is written agrees with what was given.

Random sequences of events (handing in, marking, grading again, a download without somebody) against
a model of a few lines; the invariants are in `agrees`.
"""

import contextlib
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import turns
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from marked_class import MarkedClass, notebook
from sample_class import FULL

from course_tools.grading.marking.desk import Changed, Gone, Overtaken

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
    exempt: dict = field(default_factory=dict)  # {task, or "" for all: why}
    out: frozenset = frozenset()  # the tasks that were exempt when it was graded last
    given: dict = field(default_factory=dict)  # {task: (points, extra, the text it is for)}
    said: dict = field(default_factory=dict)  # {task: (comment, the text it is for)}
    listed: bool = False  # is the essay on the marker's desk?
    own: tuple = (None, "", None)  # what the page keeps: points by criterion, comment, text
    opened: tuple | None = None  # an essay that a marker has open, and what was true of it

    def points(self, task: str) -> float | None:
        if task in self.out:
            return None
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
                if what != [None, None] and of != self.text(t)} - self.out  # fmt: skip

    def revision(self) -> tuple:
        """What changes with every mark of the essay."""
        return self.given.get("essay", [None])[0], self.said.get("essay", [""])[0], self.own

    def by_criterion(self, points: tuple, before: float | None) -> float | None:
        """The points that a page gives: the sum, or what was given as a whole where all is empty"""
        if None not in points:
            return sum(points)
        empty = set(points) == {None}
        return before if empty and whole(self.own[0]) != before else None

    def pending(self) -> set[str]:
        return {t for t in MOST if self.points(t) is None} - self.out | self.stale()

    def most(self) -> float:
        return sum(most for task, most in MOST.items() if task not in self.out)

    def penalty(self) -> float:
        return 2 if self.late and self.most() else 0

    def so_far(self) -> float:
        points = sum(self.points(t) or 0 for t in MOST) + self.extra()
        return max(0.0, points - self.penalty())


def whole(points: tuple | None) -> float | None:
    return None if points is None or None in points else sum(points)


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
        if one.shown and task not in one.out:
            self.made.mark(name, task, points, extra)
            one.given[task] = (points, extra, one.text(task))

    def open(self, name: str) -> None:
        one = self.students[name]
        if one.shown:
            found = self.made.on_desk(name)
            assert (found is not None) == one.listed
            assert found is None or found.text == one.text("essay")
            one.opened = (found, one.text("essay"), one.revision()) if found else None

    def save(self, name: str, points: tuple, comment: str) -> None:
        """Save on a page that may have been opened long ago."""
        one = self.students[name]
        if not one.opened:
            return
        page, text, revision = one.opened
        refused = Gone if not one.listed else Changed if text != one.text("essay") else None
        refused = refused or (Overtaken if revision != one.revision() else None)
        with pytest.raises(refused) if refused else contextlib.nullcontext():
            self.made.save(page, points, comment)
        if not refused:
            before, extra, _ = one.given.get("essay", (None, None, None))
            one.given["essay"] = (one.by_criterion(points, before), extra, text)
            one.said["essay"] = (comment, text)
            one.own = (points, comment, text)

    def excuse(self, name: str, task: str, why: str | None) -> None:
        one = self.students[name]
        if why or task in one.exempt:
            assert self.made.exempt(name, task, why) == 0
            one.exempt = {**one.exempt, task: why} if why else without(one.exempt, task)

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
            one.out = frozenset(MOST if "" in one.exempt else one.exempt)
            if one.shown:
                there = one.given.get("essay", (None, None, None))[:2] != (None, None)
                one.listed = "essay" not in one.out and bool(one.text("essay") or there)
        self.agrees()

    def agrees(self) -> None:
        """Every output says of everybody what the model says, and the same as the others."""
        rows = self.made.rows()
        report = dict(part.split("</h2>") for part in self.made.report().split("<h2>")[1:])
        there = {name: one for name, one in self.students.items() if one.answer}
        assert set(rows) == set(there)
        for name, one in there.items():
            row, kept, page = rows[name], self.made.kept(name), self.made.page(name)
            # what a person typed is there as it was typed
            for task, (points, extra, _) in one.given.items():
                assert kept["given"][task] == ((None, None) if task in one.out else (points, extra))
            for task, (text, _) in one.said.items():
                assert (kept["comments"][task] or "") == text
                assert text in page or task in one.out
            # one total: table, its own columns, page, nbgrader
            assert {t for t in MOST if row[t] == "exempt"} == one.out
            counting = [t for t in MOST if t not in one.out]
            assert [row[t] == "" for t in counting] == [one.points(t) is None for t in counting]
            assert [float(row[t] or 0) for t in counting] == [one.points(t) or 0 for t in counting]
            assert (float(row["extra"] or 0), float(row["penalty"] or 0)) == (
                one.extra(),
                one.penalty(),
            )
            assert kept["score"] == one.so_far() and kept["max_score"] == 14
            assert kept["penalty"] == one.penalty()
            decided = counting and not one.pending()
            assert row["points"] == (f"{one.so_far():g}" if decided else "")
            assert (row["max_points"], row["status"]) == (
                f"{one.most():g}",
                "graded" if counting else "exempt",
            )
            total = re.search(rf"得点：(\S+) / {one.most():g}\b", page) if counting else ["", 0]
            assert float(total[1]) == one.so_far() and ("ここまで" in page) == bool(one.pending())
            for task in counting:
                shown = re.search(rf"\|{task}\|+(\S+)(?: \+ (\S+))? / ", page)
                points = one.points(task)
                assert shown[1] == ("–" if points is None else f"{points:g}")
                more = one.given.get(task, (0, 0, 0))[1] if points is not None else 0
                assert float(shown[2] or 0) == (more or 0)
            # what waits for a person is said everywhere
            assert set(row["to_mark"].split()) == kept["needs"] == one.pending()
            assert (name in report["To mark"]) == bool(one.pending())
            said = [(t, text, of) for t, (text, of) in one.said.items() if t not in one.out]
            old_comments = {t for t, text, of in said if text and of != one.text(t)}
            told = report["A person should look at these"]
            assert (row["needs_human"] == "yes") == bool(one.stale() | old_comments)
            assert (name in told) == bool(one.stale() | old_comments)
            assert page.count("前に提出した答えに対する点です") == len(one.stale())
            assert page.count("前に提出した答えへのコメント") == len(old_comments)
            # an exemption is said, with its reason, and counts in no statistic
            whys = {one.exempt.get(t, one.exempt.get("")) for t in one.out}
            assert all(why in page and why in row["notes"] for why in whys)
            assert {t for t in MOST if "免除：" in kept["said"][t]} == one.out
            assert (name in report.get("Exempt", "")) == bool(one.out)
        hardest = report["Tasks, the hardest first"]
        for task in MOST:
            count = [one for one in there.values() if task not in one.out]
            scores = [] if any(one.points(task) is None for one in count) else count
            line = re.search(
                rf"<code>{task}</code></td><td>(\d+)%</td><td>[^<]*</td><td>(\d)", hardest
            )
            assert bool(line) == bool(scores)
            if line:
                share = sum(one.points(task) for one in scores) / len(scores) / MOST[task]
                assert (line[1], line[2]) == (f"{share:.0%}"[:-1], f"{len(scores)}")


def without(exempt: dict, task: str) -> dict:
    return {name: why for name, why in exempt.items() if name != task}


NAMES = st.sampled_from(STUDENTS)
TASKS = st.sampled_from(MARKED)
ESSAYS = st.sampled_from(["", "A", "B"])
BOXES = [(1.0, 1.0, 0.5, 1.0), (1.0, 0.0, 0.0, 0.0), (1.0, None, None, None), (None,) * 4]
EVENTS = st.one_of(
    st.tuples(st.just("hand_in"), NAMES, st.booleans(), ESSAYS, st.booleans()),
    st.tuples(st.just("mark"), NAMES, TASKS, st.sampled_from([None, 0.0, 2.5, 3.0]),
              st.sampled_from([None, None, 0.5])),
    st.tuples(st.just("comment"), NAMES, TASKS, st.sampled_from(["", "くわしく", "2"])),
    st.tuples(st.just("leave_out"), NAMES),
    st.tuples(st.just("open"), NAMES),
    st.tuples(st.just("save"), NAMES, st.sampled_from(BOXES), st.sampled_from(["", "くわしく"])),
    st.tuples(st.just("excuse"), NAMES, st.sampled_from(["", "merge", "essay"]),
              st.sampled_from([None, "病欠", "転入"])),
    st.tuples(st.just("grade")),
)  # fmt: skip
FIRST = [("hand_in", STUDENTS[0], True, "A", False), ("hand_in", STUDENTS[1], False, "B", True)]


KNOWN = [
    # marked, another text, confirmed, the first text again
    [("mark", STUDENTS[0], "essay", 3.0, 0.5), ("comment", STUDENTS[0], "essay", "くわしく"),
     ("grade",), ("hand_in", STUDENTS[0], False, "B", False), ("grade",), ("grade",),
     ("mark", STUDENTS[0], "essay", 3.0, 0.5), ("grade",),
     ("hand_in", STUDENTS[0], True, "A", True), ("leave_out", STUDENTS[1])],
    # an override of code; it is cleared; marked while a newer file waits to be graded
    [("mark", STUDENTS[1], "merge", 2.5, None), ("grade",),
     ("hand_in", STUDENTS[1], True, "A", False), ("mark", STUDENTS[1], "essay", 2.5, None),
     ("grade",), ("mark", STUDENTS[1], "merge", None, None)],
    # a page that is open while another text is graded; it is read, and saved again
    [("open", STUDENTS[0]), ("hand_in", STUDENTS[0], True, "B", False), ("grade",),
     ("save", STUDENTS[0], BOXES[0], "くわしく"), ("grade",), ("open", STUDENTS[0]),
     ("save", STUDENTS[0], BOXES[0], "くわしく"), ("save", STUDENTS[0], BOXES[1], ""), ("grade",),
     ("open", STUDENTS[0]), ("save", STUDENTS[0], BOXES[3], ""), ("open", STUDENTS[1]),
     ("mark", STUDENTS[1], "essay", 3.0, None), ("save", STUDENTS[1], BOXES[1], ""),
     ("open", STUDENTS[1]), ("save", STUDENTS[1], BOXES[3], "2"), ("grade",),
     ("hand_in", STUDENTS[1], True, "A", False), ("grade",),
     ("open", STUDENTS[1]), ("save", STUDENTS[1], BOXES[0], "2")],  # the comment holds for it, too
    # exempt while marked, another text meanwhile, and it ends; from all of it, and late
    [("mark", STUDENTS[0], "essay", 3.0, 0.5), ("excuse", STUDENTS[0], "essay", "病欠"), ("grade",),
     ("hand_in", STUDENTS[0], True, "B", False), ("grade",), ("excuse", STUDENTS[0], "essay", None),
     ("excuse", STUDENTS[1], "", "転入"), ("grade",), ("excuse", STUDENTS[1], "merge", "病欠"),
     ("grade",), ("excuse", STUDENTS[1], "", None)],
]  # fmt: skip


def told(events: list[tuple]) -> None:
    """Let them happen to a class; each is compared with the model when it has."""
    with tempfile.TemporaryDirectory() as folder:
        term = Term(MarkedClass(Path(folder)))
        for name, *arguments in [*FIRST, ("grade",), *events, ("grade",)]:
            getattr(term, name)(*arguments)


@pytest.mark.parametrize("events", KNOWN, ids=["text", "override", "page", "exempt"])
def test_where_marks_are_easily_lost_every_mark_is_there(events):
    told(events)


@turns.in_ci
@settings(
    max_examples=150 if LONG else 6,
    phases=list(Phase) if LONG else (Phase.generate,),
    deadline=None,
    derandomize=not LONG,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(EVENTS, min_size=4, max_size=14))
def test_whatever_happens_every_total_agrees_and_every_mark_is_there(events):
    told(events)
