"""A page for each student, in the sheet's language.

A student reads what passed, what did not, the hint, what a person gave and wrote, and why nothing
was graded; no hidden test, no answer, nobody else.
"""

import functools
import html

from helpers.language import say

from ..graded import Outcome
from ..marks import Grade
from ..sheet import Task
from . import pages

# of what a person has to decide, the reasons that a student can do something about
TOLD = {"nothing", "no_notebook", "empty_file", "no_json", "no_cells", "many_cells", "much_text"}
TOLD |= {"large", "encrypted", "broken_zip", "link", "no_file", "odd_name", "no_read", "left_out"}
TOLD |= {"other_notebook", "other_sheet", "unclear", "renamed", "tied", "order_unclear"}


def page(grade: Grade, walls: bool) -> str:
    """Return one student's feedback as HTML."""
    title = pages.words("title", grade.sheet.lang, {"lesson": grade.sheet.lesson})
    return pages.document(title, body(grade, walls), say.LANGUAGES[grade.sheet.lang])


def body(grade: Grade, walls: bool) -> str:
    """Return what the page shows, without the page around it."""
    graded, sheet = grade.graded, grade.sheet
    say_it = functools.partial(pages.words, lang=sheet.lang)
    parts = [f"<h1>{say_it('title', values={'lesson': sheet.lesson})}</h1>"]
    parts += [f"<p>{say_it('student', values={'student': graded.student})}</p>"]
    parts += [f"<p><strong>{_total(grade)}</strong></p>"]
    parts += [] if walls else [f"<p>{say_it('unsafe')}</p>"]
    parts += [f"<p role='status'>{say_it('person')}</p>"] if grade.human else []
    told = [note for note in graded.human if note[0] in TOLD and grade.tasks]
    told += grade.notes
    if told:
        notes = "".join(f"<li>{say_it(name, values=values)}</li>" for name, values in told)
        parts.append(f"<h2>{say_it('notes')}</h2><ul>{notes}</ul>")
    heads = [say_it(f"head_{name}") for name in ("task", "points", "result")]
    parts.append(pages.table(heads, [_task(task, grade) for task in sheet.tasks]))
    return "\n".join(parts)


def _total(grade: Grade) -> str:
    """Return the points of the sheet; of what is decided, where something is still to be."""
    values = {"points": f"{grade.so_far:.12g}", "max": f"{grade.max_points:g}"}
    if not grade.tasks:
        return pages.words("total_exempt", grade.sheet.lang)
    if all(grade.points(task) is None for task in grade.tasks):
        return pages.words("total_none", grade.sheet.lang)
    waiting = {"tasks": ", ".join(grade.pending)}
    name = "total_so_far" if grade.pending else "total"
    return pages.words(name, grade.sheet.lang, values | waiting)


def _task(task: Task, grade: Grade) -> str:
    """Return a task's row: points, how it ended, what a person gave and wrote."""
    if task.name in grade.exempt:
        said = pages.words("exempt", grade.sheet.lang, {"reason": grade.exempt[task.name]})
        return f"<tr><td><code>{html.escape(task.name)}</code></td><td>–</td><td>{said}</td></tr>"
    points, extra = grade.points(task), grade.of(task).extra
    more = f" + {extra:g}" if extra and points is not None else ""
    reached = f"{'–' if points is None else f'{points:.12g}'}{more} / {task.points:g}"
    lines = [*_by_a_person(task, grade), *_by_tests(grade.graded.outcomes[task.name], grade, task)]
    cells = f'<td><code>{html.escape(task.name)}</code></td><td class="points">{reached}</td>'
    return f"<tr>{cells}<td>{'<br>'.join(lines)}</td></tr>"


def _by_a_person(task: Task, grade: Grade) -> list[str]:
    given, lang = grade.of(task), grade.sheet.lang
    lines = [pages.words("by_person", lang)] if given.points is not None else []
    lines += [pages.words("again", lang)] if given.stale else []
    if given.comment:
        name = "comment_before" if given.stale_comment else "comment"
        text = pages.words(name, lang, {"comment": given.comment})
        lines.append(f'<span class="said">{text}</span>')
    return lines


def _by_tests(outcome: Outcome, grade: Grade, task: Task) -> list[str]:
    """Return how a task ended; nothing of an essay that a person has marked."""
    lang, given = grade.sheet.lang, grade.of(task).points is not None
    if given and outcome.kind in ("to_mark", "ungraded"):
        return []
    lines = [pages.words(f"kind_{outcome.kind}", lang)]
    lines += [pages.words("hidden", lang)] if outcome.hidden else []
    if outcome.detail:
        name = {"slow": "seconds", "syntax": "line"}.get(outcome.kind, "detail")
        lines.append(pages.words(name, lang, {"detail": outcome.detail}))
    return lines + ([pages.words("hint", lang, {"hint": outcome.hint})] if outcome.hint else [])
