"""A quiz bank: its fields, and what would give an answer away.

The classes of helpers.widgets.quiz.kinds are the schema: a kind that they know, this file knows.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.classroom.session import Session
from helpers.language.say import COMPLETE
from helpers.language.typed_numbers import SCALE
from helpers.widgets.quiz import kinds

from ..data import Table
from ..inline_texts import ARGUMENTS
from ..problems import Problem

KEYS = [ARGUMENTS[lang] for lang in COMPLETE]
FEWEST_CHOICES = 3
LONGEST_MAY_BE_RIGHT = 0.4  # of the questions: else "take the longest" is a way to answer
ALWAYS_THE_SAME = 3  # as many single choice questions with one right letter are a pattern


@dataclass(frozen=True)
class BankEntry:
    """A question as helpers read it, beside its table, which has the texts of all languages."""

    file: str
    question: kinds.Question
    table: Mapping[str, Any]

    @property
    def choices(self) -> list[Mapping[str, Any]]:
        """The tables of its choices; none where the answer is typed."""
        return self.table["choice"] if self.question.options() else []

    @property
    def right(self) -> list[Mapping[str, Any]]:
        """The choices that are right."""
        return [choice for choice in self.choices if choice.get("right")]

    def problem(self, what: str, remedy: str) -> Problem:
        """Return a fault of this question."""
        return Problem(self.file, self.question.id, what, remedy)


def problems(bank: Table) -> Iterator[Problem]:
    """Yield all that is wrong with a bank; what is given away, if its fields are right."""
    tables = bank.table.get("question")
    if set(bank.table) != {"question"} or not isinstance(tables, list) or not tables:
        what = f"holds {', '.join(bank.table) or 'nothing'}, expected questions"
        yield Problem(bank.file, "-", what, "write each question below [[question]], nothing else")
        return
    read = [_read(bank.file, n, table) for n, table in enumerate(tables)]
    entries = [entry for entry in read if isinstance(entry, BankEntry)]
    faults = [fault for fault in read if isinstance(fault, Problem)]
    yield from faults
    for entry in entries:
        yield from _of_choices(entry)
        yield from _of_number(entry)
        yield from _of_hint(entry)
        yield from _of_formulas(entry)
    yield from _of_ids(bank.file, entries)
    if not faults:
        yield from _of_pattern(bank.file, entries)


def _read(file: str, n: int, table: Any) -> BankEntry | Problem:
    """Return a question, or what is wrong with its fields."""
    try:
        return BankEntry(file, kinds.from_table(table), table)
    except kinds.Malformed as fault:
        key = (isinstance(table, dict) and table.get("id")) or f"question[{n}]"
        remedy = "mend it as the class of this kind says, in helpers/widgets/quiz/kinds.py"
        return Problem(file, str(key), str(fault), remedy)


def _of_ids(file: str, entries: list[BankEntry]) -> Iterator[Problem]:
    """Each question has an id of its own."""
    for id, n in Counter(entry.question.id for entry in entries).items():
        if n > 1:
            yield Problem(file, id, f"the id is used {n} times", "give each question its own")


def _of_choices(entry: BankEntry) -> Iterator[Problem]:
    """There are at least three, each id once, and the right number of them is right."""
    ids, right = [choice["id"] for choice in entry.choices], len(entry.right)
    if ids and (len(set(ids)) < len(ids) or len(ids) < FEWEST_CHOICES):
        remedy = f"give at least {FEWEST_CHOICES} choices, each with its own id"
        yield entry.problem(f"has the choices {', '.join(ids)}", remedy)
    if isinstance(entry.question, kinds.Single) and right != 1:
        yield entry.problem(f"{right} choices are right", "write right = true in one of them")
    if isinstance(entry.question, kinds.Multiple) and not 0 < right < len(ids):
        remedy = "let neither all nor none be right"
        yield entry.problem(f"{right} of {len(ids)} choices are right", remedy)


def _of_number(entry: BankEntry) -> Iterator[Problem]:
    """An answer can be told from each mistake, and a number from its unit."""
    question = entry.question
    if not isinstance(question, kinds.Numeric):
        return
    for tolerance in (question.tolerance, *(mistake.tolerance for mistake in question.mistakes)):
        if tolerance < 0:
            yield entry.problem(f"the tolerance {tolerance} is below 0", "write 0 or more")
    for mistake in question.mistakes:
        gap = abs(mistake.value - question.answer)
        if gap <= question.tolerance + mistake.tolerance:
            what = f"the mistake {mistake.value} overlaps the answer {question.answer}"
            yield entry.problem(what, "make one of the tolerances smaller")
    for unit in question.unit.typed:
        if unit and (unit[0].isdigit() or unit[0] in SCALE):
            yield entry.problem(f"12{unit} could be read in two ways", "write another unit")


def _of_hint(entry: BankEntry) -> Iterator[Problem]:
    """The hint does not hold the answer, in any language."""
    for lang in COMPLETE:
        with Session(lang=lang):
            question = kinds.from_table(entry.table)
        if question.is_told_by(question.hint):
            what = f"the hint ({ARGUMENTS[lang]}) contains the answer"
            yield entry.problem(what, "write another hint")


def _of_formulas(entry: BankEntry) -> Iterator[Problem]:
    """No text holds TeX: a quiz shows its texts as they are, and a student would read $d_h$."""
    if "$" in repr(entry.table):
        yield entry.problem("holds TeX, which no quiz draws", "write √d_k, p⁴, N^(−0.3)")


def _of_pattern(file: str, entries: list[BankEntry]) -> Iterator[Problem]:
    """A right choice shows neither by its length nor by its letter."""
    asked = [entry for entry in entries if entry.choices]
    for key in KEYS:
        longest = [entry.question.id for entry in asked if _longest_is_right(entry, key)]
        if len(longest) > LONGEST_MAY_BE_RIGHT * len(asked):
            what = f"a right choice ({key}) is the longest in {', '.join(longest)}"
            remedy = f"at most {LONGEST_MAY_BE_RIGHT:.0%} of the questions: make a wrong one longer"
            yield Problem(file, "question", f"{what}: {len(longest)} of {len(asked)}", remedy)
    single = [entry for entry in asked if isinstance(entry.question, kinds.Single)]
    letters = {choice["id"] for entry in single for choice in entry.right}
    if len(single) >= ALWAYS_THE_SAME and len(letters) == 1:
        what = f"the right choice is always {letters.pop()}"
        yield Problem(file, "question", what, "give the choices of some questions other ids")


def _longest_is_right(entry: BankEntry, key: str) -> bool:
    length = max(len(choice["text"][key]) for choice in entry.choices)
    longest = [choice for choice in entry.choices if len(choice["text"][key]) == length]
    return all(choice.get("right") for choice in longest)
