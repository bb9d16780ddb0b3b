"""grades.csv: one row a student, in UTF-8 with the mark that Excel needs."""

import csv
import functools
import io
from collections.abc import Iterable

from .. import messages
from ..graded import Graded, Outcome
from ..marks import Grade
from ..sheet import Sheet

COLUMNS = (
    *("student_id", "points", "max_points", "auto_points", "extra", "penalty", "late"),
    *("status", "needs_human", "to_mark", "notes"),
)
QUIZ = ("quiz_answered", "quiz_solved", "quiz_first_try")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would run
UNSAID = {"right", "untouched", "not_yet", "to_mark", "ungraded"}  # ends that go without saying


def row(grade: Grade, walls: bool, lang: str) -> dict[str, str]:
    """Return the cells of one student's row by their columns' names.

    The tasks' points and the extra credit, less the penalty, are the points; where something is
    still to be decided, there are none, which is not 0.
    """
    word = functools.partial(messages.text, lang=lang)
    graded, status = grade.graded, "status_graded" if grade.decided else "status_not_graded"
    status = status if grade.tasks else "status_exempt"
    said = [*grade.excused, *grade.stale, *graded.human, *grade.notes]
    notes = [messages.text(name, lang, values) for name, values in said]
    notes += [_reason(name, outcome, lang) for name, outcome in graded.outcomes.items()]
    return {
        "student_id": _plain(graded.student),
        "points": _number(grade.total),
        "max_points": _number(grade.max_points),
        "auto_points": _number(grade.auto_points),
        "extra": _number(grade.extra or None),
        "penalty": _number(grade.penalty or None),
        "late": word("word_yes") if graded.late else "",
        "status": word(status) + ("" if walls else word("status_unsafe")),
        "needs_human": word("word_yes" if grade.human else "word_no"),
        "to_mark": " ".join(grade.to_mark),
        "notes": _plain("; ".join(filter(None, notes))),
    }


def _number(points: float | None) -> str:
    """Return points as short as they are exact; "" for none."""
    return "" if points is None else f"{points:.12g}"


def _reason(name: str, outcome: Outcome, lang: str) -> str:
    """Return why points are missing; "" where that goes without saying."""
    if outcome.kind in UNSAID:
        return ""
    hidden = messages.text("in_hidden", lang) if outcome.hidden else ""
    return f"{name}: {messages.text(f'end_{outcome.kind}', lang)}{hidden}"


def _tasks(grade: Grade, lang: str) -> list[str]:
    """Return the tasks' points; one that nobody has decided has none, an exempt one says so."""
    exempt = messages.text("word_exempt", lang)
    return [exempt if task.name in grade.exempt else _number(grade.points(task))
            for task in grade.sheet.tasks]  # fmt: skip


def quiz(graded: Graded, lesson: str) -> list[str]:
    """Return what an exported progress file says of the quiz; empty where none was handed in."""
    if not graded.work:
        return [""] * len(QUIZ)
    kept = graded.work.get(lesson)
    answers = list(kept.quiz.values()) if kept else []
    counts = (
        sum(bool(a.given) for a in answers),
        sum(a.solved for a in answers),
        sum(a.at_once for a in answers),
    )
    return list(map(str, counts))


def table(grades: Iterable[Grade], sheet: Sheet, walls: bool, lang: str) -> str:
    """Return the whole file, without the mark that Excel needs.  lang: of heads and notes."""
    grades, out = list(grades), io.StringIO()
    with_quiz = any(grade.graded.work for grade in grades)
    heads = [messages.text(f"column_{n}", lang) for n in (*COLUMNS, *(QUIZ if with_quiz else ()))]
    at = len(COLUMNS)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*heads[:at], *(task.name for task in sheet.tasks), *heads[at:]])
    for grade in grades:
        line = [*row(grade, walls, lang).values(), *_tasks(grade, lang)]
        writer.writerow([*line, *(quiz(grade.graded, sheet.lesson) if with_quiz else ())])
    return out.getvalue()


def _plain(text: str) -> str:
    """Return a cell's text in one line, which no spreadsheet runs as a formula."""
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(FORMULA) else line
