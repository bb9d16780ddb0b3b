"""grades.csv: one row a student, in UTF-8 with the mark that Excel needs."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from . import words
from .sheet import Sheet

COLUMNS = ("student_id", "points", "max_points", "status", "needs_human", "notes")
QUIZ = ("quiz_answered", "quiz_solved", "quiz_first_try")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would run
AUTOMATIC = "untouched"


def row(result: dict[str, Any], sheet: Sheet, walls: bool, marks: dict[str, float]) -> list[str]:
    """marks: what a person gave for essays, by task."""
    outcomes = result["outcomes"]
    tasks = [task for task in sheet.tasks if not task.essay]
    points = f"{sum(outcomes[task.name]['points'] for task in tasks):g}"
    said = [*result["human"], *result["notes"]]
    notes = [words.text(name, words.ENGLISH, values) for name, values in said]
    notes += [_reason(name, outcome) for name, outcome in outcomes.items()]
    human = "yes" if result["human"] else "no"
    status = "graded" if result["graded"] else "not graded"
    status += "" if walls else " (unsafe)"
    points = points if result["graded"] else ""  # nobody has decided that it is 0
    cells = [result["student"], points, f"{sheet.max_points:g}", status, human]
    notes = list(filter(None, notes))
    return [*map(_plain, [*cells, "; ".join(notes)]), *_tasks(outcomes, sheet, marks)]


def _reason(name: str, outcome: dict[str, Any]) -> str:
    """Why points are missing; "" where that goes without saying."""
    kind = outcome["kind"]
    if kind in ("right", "untouched", "not_yet", "to_mark", "ungraded"):
        return ""
    hidden = " (in the hidden tests)" if outcome["hidden"] else ""
    return f"{name}: {words.text(f'kind_{kind}', words.ENGLISH)}{hidden}"


def _tasks(outcomes: dict[str, Any], sheet: Sheet, marks: dict[str, float]) -> list[str]:
    """An essay has no points until a person gave some, unless it was left as it was."""
    cells = []
    for task in sheet.tasks:
        outcome = outcomes[task.name]
        given = marks.get(task.name)
        open_essay = task.essay and outcome["kind"] != AUTOMATIC
        if given is None and (open_essay or outcome["kind"] == "ungraded"):
            cells.append("")
        else:
            cells.append(f"{outcome['points'] if given is None else given:g}")
    return cells


def quiz(result: dict[str, Any], lesson: str) -> list[str]:
    """Of an exported progress file; empty where none was handed in."""
    if not result["work"]:
        return [""] * len(QUIZ)
    kept = result["work"].get(lesson)
    answers = list(kept.quiz.values()) if kept else []
    counts = (
        sum(bool(a.given) for a in answers),
        sum(a.solved for a in answers),
        sum(a.at_once for a in answers),
    )
    return list(map(str, counts))


def table(
    results: Iterable[dict[str, Any]],
    sheet: Sheet,
    walls: bool,
    marks: dict[str, dict[str, float]] | None = None,
) -> str:
    """The whole file, without the mark."""
    results, out = list(results), io.StringIO()
    with_quiz = any(result["work"] for result in results)
    names = [task.name for task in sheet.tasks]
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *names, *(QUIZ if with_quiz else ())])
    for result in results:
        line = row(result, sheet, walls, (marks or {}).get(result["safe"], {}))
        writer.writerow([*line, *(quiz(result, sheet.lesson) if with_quiz else ())])
    return out.getvalue()


def _plain(text: str) -> str:
    """One line, and no formula."""
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(FORMULA) else line
