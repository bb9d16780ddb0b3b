"""Item statistics: how hard a task or question is, and whether who knows more gets it right.

    discrimination = r(x, R),  R = the points of the other items in percent of their most

Pearson's r of an item's score x with the rest of the test: the corrected item-total correlation
(Henrysson 1963; Crocker & Algina 1986, §14).  The same rest sorts the class into thirds, in which
the wrong answers are counted (Kelley 1939 takes 27 %; a third holds more of a small class).
"""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from helpers.classroom.records import Answer
from helpers.widgets.quiz.bank import questions, read_bank
from helpers.widgets.quiz.kinds import Question

from .graded import Graded
from .marks import UNDECIDED, Grade
from .sheet import Sheet, Task

# The least n at which r = 0.4, which Ebel & Frisbie 1991, §13, call very good, differs from 0 in a
# t test at 5 %, both sides: t = r √((n − 2) / (1 − r²)) = 2.09 at 25.  With fewer students, a task
# that tells nothing looks very good, or harmful, more than once in twenty.
FEWEST = 25
LEVEL = 0.05  # how often a quiz or sheet may name a wrong answer as drawing the best by chance


@dataclass(frozen=True)
class Item:
    """A task or a question with what each student reached and gave.

    scores: {student: share of the points, 0 to 1}.  given: {student: labels}, of what is wrong.
    wrong: labels that may be in `given`.  hinted: who asked for the hint.  weight: its points.
    """

    name: str
    scores: Mapping[str, float]
    given: Mapping[str, frozenset[str]] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()
    hinted: frozenset[str] = frozenset()
    weight: float = 1.0


@dataclass(frozen=True)
class Distractor:
    """A distractor, or what a task's hint answers: its share in the best and the last third.

    draws: more of the best third gave it than of the last, and not by chance
    """

    label: str
    upper: float
    lower: float
    draws: bool


@dataclass(frozen=True)
class ItemStatistics:
    """The statistics of one task or question.

    share: mean share of the points.  discrimination: None with fewer than FEWEST students, or
    where all have the same.  hinted: share of those who asked for the hint.
    """

    item: Item
    n: int
    share: float
    discrimination: float | None
    hinted: float
    wrong: tuple[Distractor, ...]

    @property
    def too_few(self) -> bool:
        """Whether there are too few students to say more than the share."""
        return self.n < FEWEST


def analysed(items: Sequence[Item]) -> list[ItemStatistics]:
    """Return the statistics of the items of one test; items without any answer are left out."""
    level = LEVEL / max(1, sum(len(item.wrong) for item in items))
    return [_analysed(item, rests(item, items), level) for item in items if item.scores]


def rests(item: Item, items: Sequence[Item]) -> dict[str, float]:
    """Return {student: share of the points of the other items that the student answered}."""
    found = {}
    for student in item.scores:
        own = [
            (i.weight, i.scores[student]) for i in items if i is not item and student in i.scores
        ]
        if most := sum(weight for weight, _ in own):
            found[student] = sum(weight * score for weight, score in own) / most
    return found


def _analysed(item: Item, rest: Mapping[str, float], level: float) -> ItemStatistics:
    n, scores = len(item.scores), item.scores
    hinted = len(item.hinted & scores.keys()) / n
    if n < FEWEST or len(rest) < FEWEST:
        return ItemStatistics(item, n, statistics.fmean(scores.values()), None, hinted, ())
    found = correlation([scores[student] for student in rest], list(rest.values()))
    wrong = tuple(_wrong(item, rest, level))
    return ItemStatistics(item, n, statistics.fmean(scores.values()), found, hinted, wrong)


def correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return Pearson's r; None where one of them does not vary."""
    constant = any(max(values) - min(values) < 1e-12 for values in (x, y))
    return None if constant else statistics.correlation(x, y)


def best_third(rest: Mapping[str, float]) -> dict[str, float]:
    """Return {student: how much of the student is in the best third}, n // 3 in sum.

    Those who are equal at its border share the places that are left, so that no order decides.
    """
    size = len(rest) // 3
    border = sorted(rest.values(), reverse=True)[size - 1]
    above = [student for student, value in rest.items() if value > border]
    equal = [student for student, value in rest.items() if value == border]
    part = (size - len(above)) / len(equal)
    return dict.fromkeys(above, 1.0) | dict.fromkeys(equal, part)


def _wrong(item: Item, rest: Mapping[str, float], level: float) -> Iterator[Distractor]:
    size = len(rest) // 3
    upper, lower = best_third(rest), best_third({who: -value for who, value in rest.items()})
    for label in item.wrong:
        high, low = (
            math.fsum(part for who, part in third.items() if label in item.given.get(who, ()))
            for third in (upper, lower)
        )
        draws = by_chance(high, low, size) <= level
        yield Distractor(label, high / size, low / size, draws)


def by_chance(high: float, low: float, size: int) -> float:
    """Return the chance of so many more in the one of two groups of one size: Fisher's exact test.

    Parts of a student count against the difference.
    """
    from scipy.stats import hypergeom  # a fifth of what it takes to load the grader

    more, less = math.floor(high + 1e-9), math.ceil(low - 1e-9)
    return float(hypergeom.sf(more - 1, 2 * size, more + less, size))


# --- from a class -----------------------------------------------------------------------------


def of_tasks(grades: Sequence[Grade], sheet: Sheet) -> list[Item]:
    """Return the sheet's tasks: points in the submission that counts, wrong answers by hint.

    A task has no scores as long as somebody's waits for marks: those who wrote nothing have their
    0 at once, and would speak for all.  Who is exempt from a task is not counted in it.
    """
    decided = [grade for grade in grades if grade.graded.decided]
    return [
        _task([grade for grade in decided if task.name not in grade.exempt], task)
        for task in sheet.tasks
    ]


def _task(grades: Sequence[Grade], task: Task) -> Item:
    scores, given, name, weight = {}, {}, task.name, task.points
    for grade in grades:
        points = grade.points(task)
        outcome = grade.graded.outcomes[name]
        if points is not None and weight:
            scores[grade.graded.safe] = points / weight
        if outcome.kind not in {"right", *UNDECIDED}:
            given[grade.graded.safe] = frozenset([outcome.hint or outcome.kind])
    wrong = tuple(sorted({label for labels in given.values() for label in labels}))
    scores = scores if len(scores) == len(grades) else {}
    return Item(name, scores, given, wrong, weight=weight)


def of_quiz(results: Sequence[Graded], lesson: str) -> list[Item]:
    """Return the questions of the lesson's quiz, from the progress that was handed in.

    What counts is the first answer.  [] where nobody handed any in.
    """
    kept = {g.safe: g.work[lesson].quiz for g in results if lesson in g.work}
    if not any(kept.values()):
        return []
    try:
        bank = questions(read_bank(lesson))
    except FileNotFoundError:  # the lesson has no quiz
        return []
    return [_question(question, kept) for question in bank.values()]


def _question(question: Question, kept: Mapping[str, Mapping[str, Answer]]) -> Item:
    answers = {who: quiz[question.id] for who, quiz in kept.items() if question.id in quiz}
    judged = {who: answer for who, answer in answers.items() if answer.tries > 0}
    scores = {who: float(answer.at_once) for who, answer in judged.items()}
    wrong = set(question.distractors())
    given = {who: frozenset(question.held(answer.first) & wrong) for who, answer in judged.items()}
    hinted = frozenset(who for who, answer in judged.items() if answer.hinted)
    return Item(question.id, scores, given, tuple(question.distractors()), hinted)
