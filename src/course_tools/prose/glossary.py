"""The glossary: its terms, what they mean and where that is explained, and their wrong forms.

explained holds  LESSON:KEY , the cell of the lesson that explains the term, or  assumed: REASON .
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
MEANS = {lang: f"means_{lang}" for lang in LANGUAGES}
FORBIDDEN = {lang: f"forbidden_{lang}" for lang in LANGUAGES}
# a draft may have columns of its own, too
COLUMNS = (*TERMS, *(MEANS[lang] for lang in COMPLETE), "explained",
           *(FORBIDDEN[lang] for lang in COMPLETE), "note")  # fmt: skip
ASSUMED = {  # why a term needs no explanation
    "everyday": "a word that everybody knows",
    "mathematics": "lesson 01 asks for it: first-year mathematics, and how a network is trained",
    "computers": "who programs in Python knows it",
    "same": "another name of a term with a row of its own",
    "unused": "it stands in no lesson; the row is there for its forms",
}
ASSUME = "assumed: "
BRACKETS = re.compile(r"[（(].*?[）)]")
SHORT = re.compile(r"\b(?=\w*[A-Z]\w*[A-Z])[A-Za-z]+\b")  # an abbreviation: MLM, RoPE
FORM = re.compile(r"(\??)([^→≠?]+)→([^→≠]+)((?:≠[^→≠]+)*)")


@dataclass(frozen=True)
class Term:
    """A row: {language: how it is written}, {language: what it means}, and where that is said.

    assumed: why it needs no explanation, one of ASSUMED, or ""; cell: what explains it, or ""
    """

    en: str
    written: dict[str, str]
    means: dict[str, str]
    explained: str

    @property
    def assumed(self) -> str:
        """Return the reason for which nothing explains it."""
        return self.explained.removeprefix(ASSUME) if self.explained.startswith(ASSUME) else ""

    @property
    def cell(self) -> str:
        """Return LESSON:KEY of the cell that explains it."""
        return "" if self.assumed else self.explained

    def forms(self, lang: str) -> list[str]:
        """Return how prose writes it: each form without brackets, and an abbreviation in them."""
        written = self.written[lang]
        plain = [part.strip() for part in re.split("[／、]", BRACKETS.sub("", written))]
        return [*filter(None, plain), *SHORT.findall(" ".join(BRACKETS.findall(written)))]


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
    return [form for row in _rows(path) for form in _forms(row)]


def terms(path: Path) -> list[Term]:
    """Return every term.  LessonError as for `read`."""
    return [_term(row) for row in _rows(path)]


def _term(row: dict[str, str]) -> Term:
    written = {lang: row[lang] for lang in LANGUAGES if lang in row}
    means = {lang: row[column] for lang, column in MEANS.items() if column in row}
    return Term(row["en"], written, means, row["explained"])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
        rows = list(table)
    stop_at(_faults(path.name, tuple(table.fieldnames or ()), rows))
    return rows


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
    allowed = {*COLUMNS, *LANGUAGES, *MEANS.values(), *FORBIDDEN.values()}
    if not set(COLUMNS) <= set(columns) <= allowed or not rows:
        yield Problem(name, "-", f"has the columns {columns}", f"give {COLUMNS} and rows")
        return
    for row in rows:
        key = str(row["en"])
        if None in row or None in row.values() or not all(row[term] for term in TERMS):
            remedy = f"fill {len(columns)} columns"
            yield Problem(name, key, "a row of another length, or an empty term", remedy)
            continue
        yield from _meaning_faults(name, row)
        for item in (item for column in FORBIDDEN.values() for item in _items(row, column)):
            if not FORM.fullmatch(item):
                yield Problem(name, key, f"cannot read {item!r}", "write wrong→right≠word、…")


def _meaning_faults(name: str, row: dict[str, str]) -> Iterator[Problem]:
    """A term that is explained has its sentence in every language; one that is assumed, none."""
    term = _term(row)
    said = [lang for lang in COMPLETE if term.means[lang]]
    if term.assumed not in ("", *ASSUMED) or not term.explained:
        remedy = f"name the cell, or write {ASSUME}{' or '.join(ASSUMED)}"
        yield Problem(name, term.en, f"explained is {term.explained!r}", remedy)
    elif len(said) != (0 if term.assumed else len(COMPLETE)):
        remedy = "say what it means in every language where a cell explains it, else in none"
        yield Problem(name, term.en, f"means something in {said}", remedy)
