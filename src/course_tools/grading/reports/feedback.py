"""Pages: one for each student, in the sheet's language; one for the instructor, in English.

A student reads what passed, what did not, and the hint; no hidden test, no answer, nobody else.
"""

import functools
import html
from collections import Counter
from collections.abc import Iterable, Sequence

from helpers.language import say

from .. import messages
from ..graded import Graded, Outcome
from ..sheet import Sheet

STYLE = """
body { font: 16px/1.6 sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem;
       color: #1a1a1a; background: #fff; }
table { border-collapse: collapse; width: 100%; overflow-wrap: anywhere; }
th, td { border: 1px solid #767676; padding: .4rem .6rem; text-align: left; vertical-align: top; }
code { background: #f2f2f2; }
code, th, .points { white-space: nowrap; }
svg text { font: 13px sans-serif; }
"""
ODD = {"forged", "walls", "test_changed", "link", "odd_name", "other_notebook"}
ODD_KINDS = {"forbidden", "died", "exit", "memory", "slow", "forged", "unsent"}


def page(graded: Graded, sheet: Sheet, walls: bool) -> str:
    """Return one student's feedback as HTML."""
    say_it = functools.partial(_escaped, lang=sheet.lang)
    title = say_it("title", {"lesson": sheet.lesson})
    parts = [f"<h1>{title}</h1>", f"<p>{say_it('student', {'student': graded.student})}</p>"]
    total = {"points": f"{graded.points(sheet):g}", "max": f"{sheet.max_points:g}"}
    parts.append(f"<p><strong>{say_it('total', total)}</strong></p>")
    parts += [] if walls else [f"<p>{say_it('unsafe')}</p>"]
    parts += [f"<p role='status'>{say_it('person')}</p>"] if graded.human else []
    head = "".join(f"<th>{say_it(f'head_{name}')}</th>" for name in ("task", "points", "result"))
    rows = [_task(name, outcome, sheet) for name, outcome in graded.outcomes.items()]
    parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>")
    if graded.notes:
        notes = "".join(f"<li>{say_it(name, values)}</li>" for name, values in graded.notes)
        parts.append(f"<h2>{say_it('notes')}</h2><ul>{notes}</ul>")
    return _document(title, "\n".join(parts), say.LANGUAGES[sheet.lang])


def _task(name: str, outcome: Outcome, sheet: Sheet) -> str:
    lines = [_escaped(f"kind_{outcome.kind}", lang=sheet.lang)]
    if outcome.hidden:
        lines.append(_escaped("hidden", lang=sheet.lang))
    for what, text in (("detail", outcome.detail), ("hint", outcome.hint)):
        if text:
            lines.append(_escaped(what, {what: text}, sheet.lang))
    marked = outcome.kind in ("to_mark", "ungraded")
    points = "–" if marked else f"{outcome.points:g}"
    task = f"<td><code>{html.escape(name)}</code></td>"
    reached = f'<td class="points">{points} / {outcome.max_points:g}</td>'
    return f"<tr>{task}{reached}<td>{'<br>'.join(lines)}</td></tr>"


def report(results: Iterable[Graded], sheet: Sheet, walls: bool) -> str:
    """Return the class: distribution of points, tasks by difficulty, what a person should see."""
    results = list(results)
    title = f"{sheet.lesson} ({sheet.lang}): {len(results)} submissions"
    parts = [f"<h1>{html.escape(title)}</h1>"]
    if not walls:
        parts.append("<p><strong>Graded with --unsafe: student code was not isolated.</strong></p>")
    decided = [graded for graded in results if graded.decided]
    totals = [graded.points(sheet) for graded in decided]
    parts += ["<h2>Points</h2>", _histogram(totals, sheet.max_points)]
    parts += ["<h2>Tasks, the hardest first</h2>", _hardest(decided, sheet)]
    parts += ["<h2>A person should look at these</h2>"]
    parts += [_people((graded.student, graded.human) for graded in results)]
    parts += ["<h2>Unusual submissions</h2>"]
    parts += [_people((graded.student, _odd(graded)) for graded in results)]
    return _document(html.escape(title), "\n".join(parts), "en")


def _histogram(totals: list[float], most: float) -> str:
    """Return one bar for each whole number of points; the numbers stand beside the bars."""
    counts = Counter(int(total) for total in totals)
    widest = max(counts.values(), default=1)
    rows = []
    for points in range(int(most) + 1):
        width, y = 300 * counts[points] / widest, 22 * points
        rows.append(f'<text x="30" y="{y + 15}" text-anchor="end">{points}</text>')
        rows.append(f'<rect x="40" y="{y + 3}" width="{width:.0f}" height="15" fill="#3b6ea5"/>')
        rows.append(f'<text x="{46 + width:.0f}" y="{y + 15}">{counts[points]}</text>')
    label = ", ".join(f"{n} with {points} points" for points, n in sorted(counts.items()))
    height = 22 * (int(most) + 1)
    size = f'width="400" height="{height}" role="img" aria-label="{label or "nobody"}"'
    return f"<svg {size}>{''.join(rows)}</svg>"


def _hardest(results: list[Graded], sheet: Sheet) -> str:
    lines = []
    for task in sheet.tasks:
        kinds = Counter(graded.outcomes[task.name].kind for graded in results)
        if not task.essay and results:
            lines.append((kinds["right"] / len(results), task.name, kinds))
    rows = []
    for share, name, kinds in sorted(lines, key=lambda line: line[:2]):
        ways = ", ".join(f"{_escaped(f'kind_{k}')}: {n}" for k, n in kinds.most_common())
        rows.append(f"<tr><td><code>{name}</code></td><td>{share:.0%}</td><td>{ways}</td></tr>")
    head = "<tr><th>task</th><th>right</th><th>how it ended</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _odd(graded: Graded) -> list[tuple]:
    """Return what is unusual: notes, and how a task ended with the task as a third member."""
    notes = [note for note in graded.notes if note[0] in ODD]
    ends = [(name, o.kind) for name, o in graded.outcomes.items() if o.kind in ODD_KINDS]
    return [*notes, *((f"kind_{kind}", {}, name) for name, kind in ends)]


def _people(whose: Iterable[tuple[str, Sequence[tuple]]]) -> str:
    """Return a row for each note on each student."""
    rows = []
    for student, notes in whose:
        for name, values, *task in notes:
            where = f"{html.escape(task[0])}: " if task else ""
            words = where + _escaped(name, values)
            rows.append(f"<tr><td>{html.escape(student)}</td><td>{words}</td></tr>")
    head = "<tr><th>student</th><th>why</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>" if rows else (
        "<p>None.</p>"
    )  # fmt: skip


def _escaped(name: str, values: dict | None = None, lang: str = messages.ENGLISH) -> str:
    return html.escape(messages.text(name, lang, values))


def _document(title: str, body: str, lang: str) -> str:
    """Return a whole page, without script or anything from elsewhere: a name is only shown."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
