"""What a teacher's guide is keyed to: the sections, guesses, questions, tasks, claims of a lesson.

Each has the lesson's own words, {language: text}; English stands in the guide, see guide.py.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from functools import cached_property

from helpers.classroom.session import Session
from helpers.language.say import COMPLETE, key
from helpers.widgets.quiz import kinds

from ..authoring import folding, sections
from ..authoring.course import Lesson
from ..authoring.percent import Cell
from ..authoring.source import Source, groups
from . import words

HEADING = re.compile(r"(?m)^##? (.+)$")
NUMBER = re.compile(r"\d+\. ")  # what a heading begins with
ROW = re.compile(r"(?m)^\| (.+?) \| (.+) \| (\d+) \|$")  # of the tasks in a sheet's title
NO_PARAGRAPH = re.compile(r"[#<|$>`-]")
ESSAY = "essay"
FIGURE = "figures.show("
Texts = dict[str, str]  # {language: text}


@dataclass(frozen=True)
class LessonSection:
    """A heading of a lesson and what stands below it in view."""

    heading: Texts
    guesses: dict[str, Texts]  # {key of the cell that takes the guess: what it asks}
    before: dict[str, Texts]  # {the same key: the paragraph before it, "" for none}
    figures: tuple[str, ...]  # keys of the cells that draw
    claims: tuple[str, ...]

    @property
    def number(self) -> str:
        """Return "1. ", which the heading begins with; "" where it has none."""
        found = NUMBER.match(self.heading[COMPLETE[0]])
        return found[0] if found else ""


@dataclass(frozen=True)
class Question:
    """A question of the quiz; choices: {label of an answer that the bank names: its text}."""

    text: Texts
    choices: dict[str, Texts]
    wrong: tuple[str, ...]
    right: tuple[str, ...]
    is_typed: bool


@dataclass(frozen=True)
class SheetTask:
    """A row of the table of tasks in a sheet; the essays of a sheet are one row."""

    text: Texts
    points: int


@dataclass(frozen=True)
class Claim:
    """A claim with its verdict: true, nuance, wrong; "" for the course's own claims."""

    verdict: str
    says: Texts
    found: Texts


@dataclass(frozen=True)
class Anchors:
    """All that one lesson offers, by its keys."""

    lesson: Lesson

    @cached_property
    def sections(self) -> dict[str, LessonSection]:
        """Return {key of the cell with the heading: section}, in order."""
        return dict(_sections(self.lesson.lesson))

    @cached_property
    def questions(self) -> dict[str, Question]:
        """Return the questions of the quiz."""
        return {table["id"]: _question(table) for table in self.lesson.quiz.table["question"]}

    @cached_property
    def tasks(self) -> dict[str, SheetTask]:
        """Return the rows of the sheet's table; {} without a sheet."""
        return _tasks(self.lesson.sheet) if self.lesson.sheet else {}

    @cached_property
    def claims(self) -> dict[str, Claim]:
        """Return the lesson's claims."""
        table = self.lesson.claims.table if self.lesson.claims else {}
        return {name: _claim(entry) for name, entry in table.items()}

    @property
    def sheet_minutes(self) -> int | None:
        """Return how long the sheet says that it takes."""
        if not self.lesson.sheet:
            return None
        title = next(groups(self.lesson.sheet.cells))[COMPLETE[0]].source
        found = words.pattern("sheet_takes", COMPLETE[0]).search(title)
        return int(found[1]) if found else None

    def hashes(self) -> dict[str, str]:
        """Return {KIND.KEY: hash of the words that the guide speaks about}."""
        kinds: dict[str, Mapping[str, LessonSection | Question | SheetTask | Claim]] = {
            "section": self.sections,
            "question": self.questions,
            "task": self.tasks,
            "claim": self.claims,
        }
        return {
            f"{kind}.{name}": hashlib.sha256(repr(_said(anchor)).encode()).hexdigest()[:12]
            for kind, found in kinds.items()
            for name, anchor in found.items()
        }


def _said(anchor: LessonSection | Question | SheetTask | Claim) -> object:
    """Return an anchor's words, without what a guide does not restate."""
    if isinstance(anchor, LessonSection):
        return anchor.heading, anchor.guesses
    return astuple(anchor)


def in_view(source: Source) -> list[Cell]:
    """Return the cells that no heading closes."""
    closed = sections.below(source.cells)
    return [cell for cell in source.cells if cell.key not in closed]


def _sections(source: Source) -> Iterator[tuple[str, LessonSection]]:
    at = ""
    held: dict[str, list[Cell]] = {}
    for cell in in_view(source):
        at = cell.key if not cell.is_code and HEADING.search(cell.source) else at
        held.setdefault(at, []).append(cell)
    above: Texts = {}
    for name, cells in held.items():
        guesses, before, figures, claims = {}, {}, [], []
        for cell in cells:
            if not cell.is_code:
                above = above | {str(cell.lang): cell.source}
                continue
            if folding.asks(cell.tree) and (asked := _asked(above)):
                guesses[cell.key] = {lang: text for lang, (_, text) in asked.items()}
                before[cell.key] = {lang: text for lang, (text, _) in asked.items()}
            figures += [cell.key] if FIGURE in cell.source else []
            claims += re.findall(r"claims\.check\(\s*\"(\w+)\"", cell.source)
        opened = {str(c.lang): c.source for c in cells if c.key == name and c.lang in COMPLETE}
        heading = {lang: _headings(text)[-1] for lang, text in opened.items()}
        yield name, LessonSection(heading, guesses, before, tuple(figures), tuple(claims))


def _headings(text: str) -> list[str]:
    return [found.strip() for found in HEADING.findall(text)]


def _asked(above: Texts) -> dict[str, tuple[str, str]]:
    """Return {language: (the paragraph before, what the prose above a cell asks, to its end)}.

    {} if a language asks nothing there.
    """
    found: dict[str, tuple[str, str]] = {}
    for lang in COMPLETE:
        starts = [m.start() for m in words.pattern("asks", lang).finditer(above[lang])]
        if starts:
            asked = words.pattern("asks", lang).sub("", above[lang][starts[-1] :].strip(), count=1)
            last = above[lang][: starts[-1]].strip().split("\n\n")[-1]
            found[lang] = ("" if NO_PARAGRAPH.match(last) else last, asked)
    return found if len(found) == len(COMPLETE) else {}


def _in_languages(table: dict) -> Texts:
    return {lang: table[key(lang)] for lang in COMPLETE}


def _question(table: dict) -> Question:
    read = {}
    for lang in COMPLETE:
        with Session(lang=lang):
            read[lang] = kinds.from_table(table)
    asked = read[COMPLETE[0]]
    texts = {lang: [one.text for one in question.foreseen()] for lang, question in read.items()}
    labels = [one.label for one in asked.foreseen()]
    choices = {x: {lang: texts[lang][n] for lang in COMPLETE} for n, x in enumerate(labels)}
    right = tuple(one.label for one in asked.foreseen() if one.right)
    wrong = tuple(asked.distractors())
    text = {lang: question.text for lang, question in read.items()}
    return Question(text, choices, wrong, right, asked.drawn()["control"] == "text")


def _tasks(sheet: Source) -> dict[str, SheetTask]:
    title = next(groups(sheet.cells))
    rows = {lang: ROW.findall(title[lang].source) for lang in COMPLETE}
    found = {}
    for together in zip(*rows.values(), strict=True):
        name, _, points = together[0]
        task = name.strip("`") if name.startswith("`") else ESSAY
        found[task] = SheetTask(
            dict(zip(rows, (row[1] for row in together), strict=True)), int(points)
        )
    return found


def _claim(entry: dict) -> Claim:
    says = entry["page"] if "page" in entry else entry["ours"]
    verdict = entry.get("verdict", "")
    return Claim(verdict, _in_languages(says), _in_languages(entry["found"]))
