"""The glossary's forbidden forms, each with the right one.

A cell of forbidden_LANGUAGE holds  wrong→right≠word≠word、?wrong→right : a form inside its right
form or inside one of the words after ≠ is no fault; after ? it is only worth a look.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.language.say import COMPLETE, LANGUAGES

from ..authoring.problems import Problem, stop_at
from ..authoring.sentences import around, sentences
from ..authoring.texts import Text

TERMS = tuple(dict.fromkeys(("en", *COMPLETE)))
FORBIDDEN = {lang: f"forbidden_{lang}" for lang in LANGUAGES}
COLUMNS = (*TERMS, *(FORBIDDEN[lang] for lang in COMPLETE), "note")  # a draft may have its own, too
FORM = re.compile(r"(\??)([^→≠?]+)→([^→≠]+)((?:≠[^→≠]+)*)")


@dataclass(frozen=True)
class Form:
    """A wrong form of one language."""

    lang: str
    wrong: str
    right: str
    inside: tuple[str, ...]  # longer words that are right
    only_warn: bool

    def places(self, line: str) -> Iterator[int]:
        """Say where the form begins, outside the longer words."""
        words = [word for word in (self.right, *self.inside) if self.wrong in word]
        taken = {m.start() + word.find(self.wrong) for word in words for m in _each(word, line)}
        return (m.start() for m in _each(self.wrong, line) if m.start() not in taken)


def _each(word: str, line: str) -> Iterator[re.Match]:
    return re.finditer(f"(?={re.escape(word)})", line)


def read(path: Path) -> list[Form]:
    """Return every forbidden form.  LessonError for an unreadable cell, or a table without any."""
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
        rows = list(table)
    stop_at(_faults(path.name, tuple(table.fieldnames or ()), rows))
    return [form for row in rows for form in _forms(row)]


def problems(texts: Iterable[Text], forms: Iterable[Form]) -> Iterator[Problem]:
    """Yield the forms that are never right."""
    forbidden = [form for form in forms if not form.only_warn]
    return (problem for text in texts for problem in _found(text, forbidden))


def warnings(texts: Iterable[Text], forms: Iterable[Form]) -> Iterator[Problem]:
    """Yield the forms that a reader should look at."""
    doubtful = [form for form in forms if form.only_warn]
    return (problem for text in texts for problem in _found(text, doubtful))


def _found(text: Text, forms: Iterable[Form]) -> Iterator[Problem]:
    for offset, line in sentences(text):
        for form in forms:
            for at in form.places(line) if form.lang == text.lang else ():
                place = around(line, at, at + len(form.wrong))
                what = f"{form.wrong} in 「{place}」"
                yield text.problem(offset, what, f"glossary.tsv: {form.right}")


def _forms(row: dict[str, str]) -> Iterator[Form]:
    for lang, column in FORBIDDEN.items():
        for item in _items(row, column):
            if hit := FORM.fullmatch(item):
                inside = tuple(filter(None, hit[4].split("≠")))
                yield Form(lang, hit[2], hit[3], inside, bool(hit[1]))


def _items(row: dict[str, str], column: str) -> list[str]:
    return [item for item in row.get(column, "").split("、") if item]


def _faults(name: str, columns: tuple[str, ...], rows: list[dict]) -> Iterator[Problem]:
    allowed = {*COLUMNS, *LANGUAGES, *FORBIDDEN.values()}
    if not set(COLUMNS) <= set(columns) <= allowed or not rows:
        yield Problem(name, "-", f"has the columns {columns}", f"give {COLUMNS} and rows")
        return
    for row in rows:
        key = str(row["en"])
        if None in row or None in row.values() or not all(row[term] for term in TERMS):
            remedy = f"fill {len(columns)} columns"
            yield Problem(name, key, "a row of another length, or an empty term", remedy)
            continue
        for item in (item for column in FORBIDDEN.values() for item in _items(row, column)):
            if not FORM.fullmatch(item):
                yield Problem(name, key, f"cannot read {item!r}", "write wrong→right≠word、…")
