"""A hand-out of one page for each lesson: what was found, room for guesses, terms."""

from collections.abc import Sequence

from helpers.language.say import COMPLETE

from ..prose.glossary import BRACKETS, Term
from . import inline, paper
from .guide import Prepared
from .pages import FOLDER, asks, predicted, title
from .words import ENGLISH


def file(lang: str, name: str) -> str:
    """Return where a lesson's hand-out stands."""
    return f"{FOLDER}/{lang}/handouts/{name}.html"


def handout(one: Prepared, terms: Sequence[Term], lang: str) -> str:
    """Return the page, for printing."""
    parts = [f"<p>{inline.line(one.guide.get('goal', lang=lang))}</p>", paper.who(lang)]
    parts += [paper.heading("guesses", lang), *_guesses(one, lang)]
    parts += [paper.heading("takeaways", lang), f"<ul>{_points(one, lang)}</ul>"]
    if mine := [term for term in terms if term.cell.startswith(f"{one.lesson.name}:")]:
        lines = "".join(f"<div>{inline.line(_written(term, lang))}</div>" for term in mine)
        parts += [paper.heading("terms", lang), f'<div class="terms">{lines}</div>']
    return paper.page(title(one, lang), lang, parts)


def _guesses(one: Prepared, lang: str) -> list[str]:
    place = f"lessons/{one.lesson.name}"
    asked = [
        section.number + asks(one, name, cell, lang)
        for name, section in one.anchors.sections.items()
        for cell in predicted(one, name)
    ]
    room = "<span></span>"
    return [f'<div class="guess"><div>{inline.block(x, place)}</div>{room}</div>' for x in asked]


def _points(one: Prepared, lang: str) -> str:
    found = (one.guide.get("section", name, "point", lang=lang) for name in one.anchors.sections)
    return "".join(f"<li>{inline.line(point)}</li>" for point in filter(None, found))


def _written(term: Term, lang: str) -> str:
    """Return a term in each language, without what stands in brackets; the page's own first."""
    names = {ENGLISH: term.en} | {x: BRACKETS.sub("", term.written[x]).strip() for x in COMPLETE}
    return " / ".join(dict.fromkeys([names.pop(lang), *names.values()]))
