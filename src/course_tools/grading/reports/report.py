"""A page for the instructor: the class, what waits for a person, what is unusual."""

import functools
import html
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from helpers.language import say

from ..graded import Graded
from ..marks import Grade
from ..sheet import Sheet
from . import item_tables, pages

ODD = {"forged", "walls", "test_changed", "link", "odd_name", "other_notebook", "other_sheet"}
ODD_KINDS = {"forbidden", "died", "exit", "memory", "slow", "forged", "unsent"}
Say = Callable[..., str]


def report(grades: Iterable[Grade], sheet: Sheet, walls: bool, lang: str) -> str:
    """Return the class: distribution of points, tasks by difficulty, what a person should see."""
    grades, say_it = list(grades), functools.partial(pages.words, lang=lang)
    values = {"lesson": sheet.lesson, "lang": sheet.lang, "n": len(grades)}
    title = say_it("report_title", values=values)
    whole = [grade for grade in grades if not grade.exempt]  # the others have another most
    parts = [f"<h1>{title}</h1>"]
    parts += [] if walls else [f"<p><strong>{say_it('report_unsafe')}</strong></p>"]
    parts += [f"<h2>{say_it('report_points')}</h2>"]
    parts += [_histogram([g.total for g in whole if g.total is not None], sheet.total_points)]
    parts += [f"<h2>{say_it('report_auto')}</h2>"]
    auto = [grade.auto_points for grade in whole]
    parts += [_histogram([points for points in auto if points is not None], sheet.max_points)]
    parts += _excused(grades, say_it)
    parts += [f"<h2>{say_it('report_tasks')}</h2>", item_tables.tasks(grades, sheet, lang)]
    parts += item_tables.quiz([grade.graded for grade in grades], sheet, lang)
    waiting = [(g.graded.student, ", ".join(g.to_mark)) for g in grades if g.to_mark]
    marked = {"n": sum(len(g.to_mark) for g in grades), "students": len(waiting)}
    parts += [f"<h2>{say_it('report_to_mark')}</h2><p>{say_it('report_marks', values=marked)}</p>"]
    heads = [say_it("column_student_id"), say_it("head_task")]
    lines = [pages.row([html.escape(who), f"<code>{names}</code>"]) for who, names in waiting]
    parts += [pages.table(heads, lines)] if lines else []
    parts += [f"<h2>{say_it('report_human')}</h2>"]
    parts += [_people(((g.graded.student, g.human) for g in grades), say_it)]
    parts += [f"<h2>{say_it('report_odd')}</h2>"]
    parts += [_people(((g.graded.student, _odd(g.graded)) for g in grades), say_it)]
    return pages.document(title, "\n".join(parts), say.LANGUAGES.get(lang, lang))


def _excused(grades: Sequence[Grade], say_it: Say) -> list[str]:
    """Return who is exempt from what and why; [] where nobody is."""
    whose = [(grade.graded.student, grade.excused) for grade in grades if grade.exempt]
    if not whose:
        return []
    told = say_it("report_exempt_apart", values={"n": len(whose)})
    return [f"<h2>{say_it('report_exempt')}</h2><p>{told}</p>", _people(whose, say_it)]


def _histogram(totals: list[float], most: float) -> str:
    """Return one bar for each whole number of points; the numbers stand beside the bars."""
    counts = Counter(int(total) for total in totals)
    widest, last = max(counts.values(), default=1), max(int(most), *counts, 0)
    rows = []
    for points in range(last + 1):
        width, y = 300 * counts[points] / widest, 22 * points
        rows.append(f'<text x="30" y="{y + 15}" text-anchor="end">{points}</text>')
        rows.append(f'<rect x="40" y="{y + 3}" width="{width:.0f}" height="15" fill="#3b6ea5"/>')
        rows.append(f'<text x="{46 + width:.0f}" y="{y + 15}">{counts[points]}</text>')
    label = ", ".join(f"{points}: {n}" for points, n in sorted(counts.items()) if n)
    size = f'width="400" height="{22 * (last + 1)}" role="img" aria-label="{label or "–"}"'
    return f"<svg {size}>{''.join(rows)}</svg>"


def _odd(graded: Graded) -> list[tuple]:
    """Return what is unusual: notes, and how a task ended with the task as a third member."""
    notes = [note for note in (*graded.human, *graded.notes) if note[0] in ODD]
    ends = [(name, o.kind) for name, o in graded.outcomes.items() if o.kind in ODD_KINDS]
    return [*notes, *((f"end_{kind}", {}, name) for name, kind in ends)]


def _people(whose: Iterable[tuple[str, Sequence[tuple]]], say_it: Say) -> str:
    """Return a row for each note on each student."""
    rows = []
    for student, notes in whose:
        for name, values, *task in notes:
            where = f"{html.escape(task[0])}: " if task else ""
            rows.append(pages.row([html.escape(student), where + say_it(name, values=values)]))
    heads = [say_it("column_student_id"), say_it("report_why")]
    return pages.table(heads, rows) if rows else f"<p>{say_it('report_none')}</p>"
