"""A term is explained before it is used: in its own cell, or in brackets where it first stands.

Titles, tables of contents and the cells that show the page's own words say what will come: they
explain nothing and need no explanation, and neither do headings.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from helpers.language.say import COMPLETE

from ..authoring.problems import Problem
from ..authoring.sentences import around, sentences
from ..authoring.texts import Text
from .glossary import Term

ANNOUNCES = ("title", "map", "page")  # keys of cells that say what will come
OPEN = ("（", "(")


class NamedText(NamedTuple):
    """A text of a lesson with the name of its cell, LESSON:KEY."""

    name: str
    text: Text


class Place(NamedTuple):
    """Where a form of a term first stands: the number of its text, and the piece of a line."""

    at: int
    offset: int
    line: str
    start: int
    end: int


def problems(texts: Iterable[Text], terms: Iterable[Term]) -> Iterator[Problem]:
    """Yield terms used before they are explained, and rows that name a wrong cell or reason."""
    terms, texts = list(terms), list(texts)
    for lang in COMPLETE:
        cells = [_cell(text) for text in texts if text.lang == lang and _is_lesson(text)]
        known = {form for term in terms for form in term.forms(lang)}
        for term in terms:
            yield from _of_term(term, lang, cells, known)


def _is_lesson(text: Text) -> bool:
    return PurePosixPath(text.file).name == "lesson.py"


def _cell(text: Text) -> NamedText:
    return NamedText(f"{PurePosixPath(text.file).parent.name}:{text.key.partition('.')[0]}", text)


def _of_term(term: Term, lang: str, cells: list[NamedText], known: set[str]) -> Iterator[Problem]:
    if term.assumed and term.assumed != "unused":
        return
    found = (_first(form, cells, known) for form in term.forms(lang))
    first = min(filter(None, found), default=None)
    if not term.assumed:
        yield from _unexplained(term, term.forms(lang), cells, first)
    elif first:
        what = f"{term.en} is {term.explained!r} in glossary.tsv, and stands here"
        yield cells[first.at].text.problem(first.offset, what, "give its row another reason")


def _unexplained(
    term: Term, forms: list[str], cells: list[NamedText], first: Place | None
) -> Iterator[Problem]:
    """Yield that its cell does not hold the term, or that it stands before it without a gloss."""
    home = [n for n, cell in enumerate(cells) if cell.name == term.cell and cell.text.markdown]
    if not any(form in cells[n].text.words for n in home for form in forms):
        what = f"{term.cell} does not hold {' or '.join(forms)}"
        yield Problem("glossary.tsv", term.en, what, "name the cell that explains it")
    elif first and first.at < home[0] and not _is_glossed(first, cells[first.at].text):
        place = around(first.line, first.start, first.end)
        what = f"「{place}」 stands before {term.cell}, which explains it"
        remedy = "explain it in brackets or by a link, or name this cell in glossary.tsv"
        yield cells[first.at].text.problem(first.offset, what, remedy)


def _first(form: str, cells: list[NamedText], known: set[str]) -> Place | None:
    """Return where a form first stands, outside longer terms; one character alone is no form."""
    if len(form) < 2:
        return None
    longer = [other for other in known if form in other and form != other]
    word = re.compile(rf"(?<![A-Za-z]){re.escape(form)}(?![A-Za-z])")
    for at, (name, text) in enumerate(cells):
        if form in text.words and name.partition(":")[2] not in ANNOUNCES:
            for offset, line in sentences(text):
                hit = _outside(word, line, longer, form)
                if hit and not _is_heading(text, offset):
                    return Place(at, offset, line, *hit.span())
    return None


def _outside(word: re.Pattern, line: str, longer: list[str], form: str) -> re.Match | None:
    taken = {
        hit.start() + other.find(form)
        for other in longer
        for hit in re.finditer(re.escape(other), line)
    }
    return next((hit for hit in word.finditer(line) if hit.start() not in taken), None)


def _is_heading(text: Text, offset: int) -> bool:
    return text.markdown and text.words.split("\n")[offset].lstrip().startswith("#")


def _is_glossed(place: Place, text: Text) -> bool:
    """Tell whether brackets follow the term or open before it, or a link holds it."""
    form = place.line[place.start : place.end]
    linked = rf"\[[^\]]*{re.escape(form)}[^\]]*\]\("
    before, after = place.line[: place.start], place.line[place.end :]
    return (
        after.startswith(OPEN)
        or before.endswith(OPEN)
        or bool(re.search(linked, text.words.split("\n")[place.offset]))
    )
