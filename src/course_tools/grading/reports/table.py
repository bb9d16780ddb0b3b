"""grades.csv: one row a student, in UTF-8 with the mark that Excel needs."""

import csv
import io
from collections.abc import Iterable, Mapping

from .. import messages
from ..graded import Graded, Outcome
from ..sheet import Sheet

COLUMNS = ("student_id", "points", "max_points", "status", "needs_human", "notes")
QUIZ = ("quiz_answered", "quiz_solved", "quiz_first_try")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would run
AUTOMATIC = "untouched"


def row(graded: Graded, sheet: Sheet, walls: bool, marks: Mapping[str, float]) -> list[str]:
    """Return the cells of one student's row.  marks: what a person gave for essays, by task."""
    said = [*graded.human, *graded.notes]
    notes = [messages.text(name, messages.ENGLISH, values) for name, values in said]
    notes += [_reason(name, outcome) for name, outcome in graded.outcomes.items()]
    human = "yes" if graded.human else "no"
    status = "graded" if graded.decided else "not graded"
    status += "" if walls else " (unsafe)"
    # where nobody has decided, no points are not 0 points
    points = f"{graded.points(sheet):g}" if graded.decided else ""
    cells = [graded.student, points, f"{sheet.max_points:g}", status, human]
    notes = list(filter(None, notes))
    return [*map(_plain, [*cells, "; ".join(notes)]), *_tasks(graded.outcomes, sheet, marks)]


def _reason(name: str, outcome: Outcome) -> str:
    """Return why points are missing; "" where that goes without saying."""
    if outcome.kind in ("right", "untouched", "not_yet", "to_mark", "ungraded"):
        return ""
    hidden = " (in the hidden tests)" if outcome.hidden else ""
    return f"{name}: {messages.text(f'kind_{outcome.kind}', messages.ENGLISH)}{hidden}"


def _tasks(outcomes: Mapping[str, Outcome], sheet: Sheet, marks: Mapping[str, float]) -> list[str]:
    """Return the tasks' points; an essay that was answered has none until a person gave some."""
    cells = []
    for task in sheet.tasks:
        outcome = outcomes[task.name]
        given = marks.get(task.name)
        open_essay = task.essay and outcome.kind != AUTOMATIC
        if given is None and (open_essay or outcome.kind == "ungraded"):
            cells.append("")
        else:
            cells.append(f"{outcome.points if given is None else given:g}")
    return cells


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
    results: Iterable[Graded],
    sheet: Sheet,
    walls: bool,
    marks: Mapping[str, Mapping[str, float]] | None = None,
) -> str:
    """Return the whole file, without the mark that Excel needs."""
    results, out = list(results), io.StringIO()
    with_quiz = any(graded.work for graded in results)
    names = [task.name for task in sheet.tasks]
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *names, *(QUIZ if with_quiz else ())])
    for graded in results:
        line = row(graded, sheet, walls, (marks or {}).get(graded.safe, {}))
        writer.writerow([*line, *(quiz(graded, sheet.lesson) if with_quiz else ())])
    return out.getvalue()


def _plain(text: str) -> str:
    """Return a cell's text in one line, which no spreadsheet runs as a formula."""
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(FORMULA) else line
