"""A page for the instructor: who is missing, twice or unknown, and what the LMS did not get."""

import functools
import html
from collections.abc import Sequence

from helpers.language import say

from ..messages import Note
from ..roster import Class
from ..sheet import Sheet
from . import pages


def page(found: Sequence[tuple[str, Note]], people: Class, sheet: Sheet, lang: str) -> str:
    """Return the page.  found: of whom, and what.  lang: the instructor's."""
    say_it = functools.partial(pages.words, lang=lang)
    title = say_it("people_title", values={"lesson": sheet.lesson, "lang": sheet.lang})
    known = sum(who.known for who in people.who.values())
    values = {"n": len(people.who), "known": known, "missing": len(people.missing)}
    parts = [f"<h1>{title}</h1>", f"<p>{say_it('people_counts', values=values)}</p>"]
    rows = [pages.row([html.escape(_shown(who, people)), say_it(name, values=values)])
            for who, (name, values) in found]  # fmt: skip
    heads = [say_it("column_student_id"), say_it("report_why")]
    parts += [pages.table(heads, rows) if rows else f"<p>{say_it('report_none')}</p>"]
    return pages.document(title, "\n".join(parts), say.LANGUAGES.get(lang, lang))


def _shown(label: str, people: Class) -> str:
    """Return a name as a person knows it: number and name, and how it was handed in."""
    who = people.who.get(label)
    if not who or who.id == label:
        return label
    return f"{who.id} {who.name} ({label})"
