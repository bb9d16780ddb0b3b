"""The review: questions of finished lessons, those missed first; it knows no screen."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...classroom import overview, progress, records
from ...classroom.records import Answer
from ...display.show import Link
from .bank import read_bank
from .kinds import Given, Question, Words, from_table
from .state import QuizState


@dataclass(frozen=True)
class Asked:
    """A question of a finished lesson, and what the student's record says of it.

    table: the question's, from its lesson's bank   place: in the order of lessons and questions
    """

    entry: dict[str, Any]  # the lesson's, of overview.course()
    table: dict[str, Any]
    kept: Answer
    place: int

    @property
    def lesson(self) -> str:
        """The lesson's name."""
        return str(self.entry["name"])

    @property
    def id(self) -> str:
        """The question's id in a review, where several lessons have a q1: 03-q1."""
        return f"{overview.number(self.entry)}-{self.table['id']}"


def finished(work: records.Work) -> list[Asked]:
    """List every question of the lessons that are finished, in the order of the lessons."""
    found = [
        (entry, table, work[entry["name"]].quiz[table["id"]])
        for entry in overview.course()["lesson"]
        if entry["quiz"] and overview.is_finished(entry, work)
        for table in read_bank(entry["name"])["question"]
        if table["id"] in entry["quiz"]
    ]
    return [Asked(*one, place) for place, one in enumerate(found)]


def chosen(asked: Sequence[Asked], count: int, words: Words) -> list[Asked]:
    """Choose `count` questions, those missed first, and spread them over their lessons.

    Missed is what is wrong now or was not right at the first try; what was answered with a hint
    comes next, then the rest.  Within each of the three, what was answered longest ago comes first.
    The same record gives the same questions.
    """

    def urgency(one: Asked) -> tuple[int, str, int]:
        missed = not one.kept.at_once or _is_wrong_now(from_table(one.table), one.kept, words)
        return 0 if missed else 1 if one.kept.hinted else 2, one.kept.when, one.place

    return spread(sorted(asked, key=urgency)[:count])


def spread(asked: Sequence[Asked]) -> list[Asked]:
    """Keep neighbours of one lesson apart where that can be, and else the order.

    A lesson with more than half of what is left comes next, or it would be left over at the end.
    """
    left, placed = list(asked), list[Asked]()
    while left:
        last = placed[-1].lesson if placed else ""
        others = [one for one in left if one.lesson != last] or left
        counts = Counter(one.lesson for one in left)
        pressing = (one for one in others if 2 * counts[one.lesson] > len(left))
        placed.append(next(pressing, others[0]))
        left.remove(placed[-1])
    return placed


def _is_wrong_now(question: Question, kept: Answer, words: Words) -> bool:
    """Is the newest answer wrong?  Not one that was taken back or no longer fits the question."""
    if not kept.given or not question.fits(kept.given, words):
        return False
    return question.judge(kept.given, words).right is False


class ReviewState(QuizState):
    """A quiz over questions of several lessons.

    It begins without answers.  An answer counts as one more try in its own lesson's record, which
    keeps what was reached there; so does a hint.  A retry clears the screen and nothing kept.
    """

    def __init__(self, asked: Sequence[Asked], *, student: str | None = None) -> None:
        self._asked = {one.id: one for one in asked}
        bank = {"question": [one.table | {"id": id} for id, one in self._asked.items()]}
        super().__init__("review", bank=bank, student=student)
        self.words |= {
            "title": self.words["review_title"],
            "call_note": self.words["review_call_note"],
        }

    def origin(self, question: str) -> Link:
        """Name the lesson that a question comes from, with a link to it."""
        entry = self._asked[question].entry
        return overview.lesson_link(entry, self.words["review_origin"])

    def keep_answer(self, question: str, given: Given, right: bool) -> None:
        """Count the answer in the record of the question's lesson."""
        one = self._asked[question]
        progress.answered(one.lesson, one.table["id"], given, right)

    def keep_hint(self, question: str) -> None:
        """Keep the hint in the record of the question's lesson."""
        one = self._asked[question]
        progress.hinted(one.lesson, one.table["id"])
