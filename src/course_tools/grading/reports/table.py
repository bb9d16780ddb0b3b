"""grades.csv: one row a student, in UTF-8 with the mark that Excel needs."""

import csv
import functools
import io
from collections.abc import Iterable

from .. import messages
from ..csv_files import plain
from ..graded import Graded, Outcome
from ..marks import Grade
from ..roster import Class, Who
from ..sheet import Sheet

COLUMNS = (
    *("student_id", "points", "max_points", "auto_points", "extra", "penalty", "late"),
    *("status", "needs_human", "to_mark", "notes"),
)
QUIZ = ("quiz_answered", "quiz_solved", "quiz_first_try")
WHO = ("name", "lms_id")  # behind the student_id, where they are known
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
        "student_id": plain(graded.student),
        "points": _number(grade.total),
        "max_points": _number(grade.max_points),
        "auto_points": _number(grade.auto_points),
        "extra": _number(grade.extra or None),
        "penalty": _number(grade.penalty or None),
        "late": word("word_yes") if graded.late else "",
        "status": word(status) + ("" if walls else word("status_unsafe")),
        "needs_human": word("word_yes" if grade.human else "word_no"),
        "to_mark": " ".join(grade.to_mark),
        "notes": plain("; ".join(filter(None, notes))),
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


def table(
    grades: Iterable[Grade], sheet: Sheet, walls: bool, lang: str, people: Class | None = None
) -> str:
    """Return the whole file, without the mark that Excel needs.  lang: of heads and notes.

    people: whose the submissions are; who is in the roster and handed in nothing has a row, too
    """
    grades, out = list(grades), io.StringIO()
    with_quiz = any(grade.graded.work for grade in grades)
    with_who = people and any(who.name for who in (*people.who.values(), *people.missing))
    heads = [messages.text(f"column_{n}", lang) for n in (*COLUMNS, *(QUIZ if with_quiz else ()))]
    at = len(COLUMNS)
    more = [messages.text(f"column_{name}", lang) for name in WHO] if with_who else []
    writer = csv.writer(out, lineterminator="\r\n")
    names: list[str] = [task.name for task in sheet.tasks]
    rows: list[list[str]] = []
    writer.writerow([heads[0], *more, *heads[1:at], *names, *heads[at:]])
    for grade in grades:
        cells = row(grade, walls, lang)
        whose, *line = [*(cells[name] for name in COLUMNS), *_tasks(grade, lang)]
        who = _who(people.of(grade.graded))[: 1 + len(more)] if people else [whose]
        rows.append([*who, *line, *(quiz(grade.graded, sheet.lesson) if with_quiz else ())])
    for absent in people.missing if people else ():
        rows.append([*_who(absent)[: 1 + len(more)], *_absent(sheet, lang)])
    if people:
        rows.sort(key=lambda cells: cells[0])
    writer.writerows(rows)
    return out.getvalue()


def _absent(sheet: Sheet, lang: str) -> list[str]:
    """Return the cells, behind whose row it is, of somebody who has handed in nothing."""
    cells = {"max_points": _number(sheet.total_points)}
    cells |= {"status": messages.text("status_missing", lang)}
    return [cells.get(name, "") for name in COLUMNS[1:]]


def _who(who: Who) -> list[str]:
    return [plain(cell) for cell in (who.id, who.name, who.lms_id)]
