"""The kinds of questions: a class declares its fields and reads, accepts, judges and describes.

A new kind is one class, one entry of KINDS and one message (its instruction).  Where it needs a
control that no kind has yet, the two views that have controls must learn to draw that one.
"""

import hashlib
import itertools
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, Self

from ...language import say, tables
from ...language.tables import Exact, Flag, Identifier, Malformed, Translated
from ...language.typed_numbers import NotANumber, plain, read_number
from ..base.messages import QuestionControl

Words = Mapping[str, str]  # messages/quiz.toml in one language
Given = tuple[str, ...] | str  # ids of choices, or what was typed
LONGEST = 100  # characters of a typed number that are read
NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")  # in a text


@dataclass(frozen=True, repr=False)
class Judgement:
    """The judgement of an answer.

    right: None = not judged (no choice, no number).  details: (heading or "", explanation).
    """

    right: bool | None
    headline: str
    details: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The judgement as plain text."""
        return "\n".join([self.headline, *(line for pair in self.details for line in pair if line)])

    def __repr__(self) -> str:
        return self.text


class ExampleAnswer(NamedTuple):
    """An answer as a call gives it, the judgement that it must get, and what must be said to it."""

    given: object
    right: bool
    why: tuple[str, ...] = ()


class Foreseen(NamedTuple):
    """An answer that a bank names: its label in reports, its text, whether it is right."""

    label: str
    text: str
    right: bool


@dataclass(frozen=True)
class Choice:
    """A choice of a question; right or wrong, it has an explanation of its own."""

    id: Identifier
    text: Translated
    why: Translated
    right: Flag = False


@dataclass(frozen=True)
class Mistake:
    """A typical wrong number, and what it comes from."""

    value: Exact
    tolerance: Exact
    why: Translated


@dataclass(frozen=True)
class Unit:
    """A unit of a number.

    shown: in the current language   typed: in every language; a student may type any
    """

    shown: str = ""
    typed: tuple[str, ...] = ()


def read_unit(value: Any, where: str) -> Unit:
    """Read a unit in all languages."""
    found = tables.texts(value, where)
    return Unit(say.choose(found), tuple(plain(text) for text in found.values()))


@dataclass(frozen=True)
class Question(ABC):
    """One question in one language; a subclass's fields are those of its table in a bank."""

    id: Identifier
    text: Translated
    hint: Translated

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read a question from its table.

        Malformed(field, what) if a field is unknown, missing or of another type.
        """
        return tables.read(cls, {name: value for name, value in table.items() if name != "kind"})

    @abstractmethod
    def accept(self, value: object, words: Words) -> Given:
        """Return an answer that a call gives, in the form that is kept.

        ValueError says what may be.
        """

    @abstractmethod
    def judge(self, given: Given, words: Words) -> Judgement:
        """Judge an answer that accept() gave."""

    @abstractmethod
    def instruction(self, words: Words) -> str:
        """Say in one sentence how to answer."""

    @abstractmethod
    def drawn(self) -> QuestionControl:
        """Return the question's control, as the screen draws it."""

    @abstractmethod
    def examples(self) -> Iterator[ExampleAnswer]:
        """Yield right and wrong answers, by the fields alone, until all is said that may be said.

        A test judges them; where a hint holds a right one, it tells the answer.
        """

    def foreseen(self) -> Iterator[Foreseen]:
        """Yield the answers that the bank names: of a kind without typical wrong ones the right."""
        for one in self.examples():
            if one.right:
                yield Foreseen(f"{one.given}", f"{one.given}", True)

    def distractors(self) -> list[str]:
        """Return the labels of the wrong answers that the bank names."""
        return [one.label for one in self.foreseen() if not one.right]

    def held(self, given: Given) -> set[str]:
        """Return the labels of the foreseen answers that an answer is, or holds."""
        parts = {given} if isinstance(given, str) else set(given)
        return parts & {one.label for one in self.foreseen()}

    def is_told_by(self, hint: str) -> bool:
        """Does a hint hold the answer?"""
        right = (squeezed(f"{one.given}") for one in self.examples() if one.right)
        return any(answer in squeezed(hint) for answer in right)

    def options(self) -> tuple[Choice, ...]:
        """Return the choices; () where the answer is typed."""
        return ()

    def shuffled(self, student: str, lesson: str) -> tuple[Choice, ...]:
        """Return the options in this student's order.

        By sha256(student, lesson, question, choice).
        """

        def place(choice: Choice) -> bytes:
            seed = "\n".join((student, lesson, self.id, choice.id))
            return hashlib.sha256(seed.encode()).digest()

        return tuple(sorted(self.options(), key=place))

    def fits(self, given: Given, words: Words) -> bool:
        """Can a kept answer still be one?

        The question may have been edited.
        """
        try:
            return self.accept(given, words) == given
        except ValueError:
            return False


@dataclass(frozen=True)
class ChoiceQuestion(Question):
    """The common part of single and multiple choice: choices, and the reading of their ids."""

    choices: Annotated[tuple[Choice, ...], tables.each(Choice)] = field(
        metadata={"table": "choice"}
    )

    def options(self) -> tuple[Choice, ...]:
        """Return the choices."""
        return self.choices

    def accept(self, value: object, words: Words) -> tuple[str, ...]:
        """Return the ids of the choices that a call gives; raise ValueError for unknown ids.

        value: the id of a choice, or several ids
        """
        several = isinstance(value, Iterable) and not isinstance(value, str)
        ids: tuple[Any, ...] = tuple(value) if several else (value,)  # type: ignore[arg-type]
        known = [choice.id for choice in self.choices]
        for id in ids:
            if id not in known:
                shown = {"question": self.id, "got": id, "known": listed(known)}
                raise ValueError(words["unknown_choice"].format(**shown))
        return ids

    def judge(self, given: Given, words: Words) -> Judgement:
        """Judge the chosen ids; without any, nothing is judged."""
        chosen = [choice for choice in self.choices if choice.id in given]
        if not chosen:
            return Judgement(None, words["nothing_chosen"].format(check=words["check"]))
        right = set(given) == {choice.id for choice in self.choices if choice.right}
        return self.explain(chosen, right, words)

    def examples(self) -> Iterator[ExampleAnswer]:
        """Yield every set of choices; those that are declared right are right together."""
        declared = {choice.id for choice in self.choices if choice.right}
        for size in self.sizes():
            for some in itertools.combinations(self.choices, size):
                ids = [choice.id for choice in some]
                yield ExampleAnswer(ids, set(ids) == declared, tuple(choice.why for choice in some))

    def foreseen(self) -> Iterator[Foreseen]:
        """Yield the choices, by their ids."""
        return (Foreseen(choice.id, choice.text, choice.right) for choice in self.choices)

    def sizes(self) -> Iterable[int]:
        """Return how many choices an answer may have."""
        return range(1, len(self.choices) + 1)

    def is_told_by(self, hint: str) -> bool:
        """Does a hint hold the text of a right choice?"""
        right = (squeezed(choice.text) for choice in self.choices if choice.right)
        return any(text in squeezed(hint) for text in right)

    @abstractmethod
    def explain(self, chosen: list[Choice], right: bool, words: Words) -> Judgement:
        """Put the judgement of at least one choice into words."""


@dataclass(frozen=True)
class Single(ChoiceQuestion):
    """A question with one right choice."""

    def accept(self, value: object, words: Words) -> tuple[str, ...]:
        """Return the id of the choice that a call gives; raise ValueError for several ids."""
        ids = super().accept(value, words)
        if len(ids) > 1:
            raise ValueError(words["only_one"].format(question=self.id))
        return ids

    def sizes(self) -> Iterable[int]:
        """Return 1: several choices are no answer."""
        return (1,)

    def explain(self, chosen: list[Choice], right: bool, words: Words) -> Judgement:
        """Give the explanation of the one choice."""
        return Judgement(right, words["right" if right else "wrong"], (("", chosen[0].why),))

    def instruction(self, words: Words) -> str:
        """Say in one sentence how to answer."""
        return words["do_single"]

    def drawn(self) -> QuestionControl:
        """Return the control: radio buttons."""
        return {"control": "radio"}


@dataclass(frozen=True)
class Multiple(ChoiceQuestion):
    """A question whose answer is all right choices together."""

    def explain(self, chosen: list[Choice], right: bool, words: Words) -> Judgement:
        """Give the explanation of every choice made; say if only some right ones are missing."""
        only_missing = not right and all(choice.right for choice in chosen)
        headline = words["right" if right else "incomplete" if only_missing else "wrong"]
        return Judgement(right, headline, tuple(self._reason(choice, words) for choice in chosen))

    def _reason(self, choice: Choice, words: Words) -> tuple[str, str]:
        heading = words["chosen_right" if choice.right else "chosen_wrong"]
        return heading.format(choice=choice.text), choice.why

    def instruction(self, words: Words) -> str:
        """Say in one sentence how to answer."""
        return words["do_multiple"]

    def drawn(self) -> QuestionControl:
        """Return the control: check boxes."""
        return {"control": "checkbox"}


@dataclass(frozen=True)
class Numeric(Question):
    """A number within `tolerance` of `answer`; typical mistakes have their own explanation."""

    answer: Exact
    tolerance: Exact
    why_right: Translated
    why_wrong: Translated
    unit: Annotated[Unit, read_unit] = Unit()
    mistakes: Annotated[tuple[Mistake, ...], tables.each(Mistake)] = field(
        default=(), metadata={"table": "mistake"}
    )

    def accept(self, value: object, words: Words) -> str:
        """Return the number as text; value: a number, or what was typed."""
        return f"{value}"

    def judge(self, given: Given, words: Words) -> Judgement:
        """Judge what was typed; what is no number is not judged."""
        typed = f"{given}".strip()
        if not typed:
            return Judgement(None, words["no_number"].format(check=words["check"]))
        try:
            number = read_number(typed, self.unit.typed)
        except NotANumber as problem:
            return self._unread(typed, problem.rest, words)
        if abs(number - self.answer) <= self.tolerance:
            return Judgement(True, words["right"], (("", self.why_right),))
        near = (m.why for m in self.mistakes if abs(number - m.value) <= m.tolerance)
        return Judgement(False, words["wrong"], (("", next(near, self.why_wrong)),))

    def examples(self) -> Iterator[ExampleAnswer]:
        """Yield the answer, what is just within and just outside the tolerance, and mistakes."""
        edge, beyond = (Decimal(x) for x in ("0.99", "1.01"))
        step = Decimal("1e-9") * max(Decimal(1), abs(self.answer))
        yield ExampleAnswer(self.answer, True, (self.why_right,))
        for sign in (-1, 1):
            yield ExampleAnswer(self.answer + sign * edge * self.tolerance, True, (self.why_right,))
            yield ExampleAnswer(self.answer + sign * (beyond * self.tolerance + step), False)
        yield ExampleAnswer(10 * abs(self.answer) + 1000, False, (self.why_wrong,))
        yield from (ExampleAnswer(m.value, False, (m.why,)) for m in self.mistakes)

    def foreseen(self) -> Iterator[Foreseen]:
        """Yield the typical mistakes and the answer, as numbers."""
        values = [(mistake.value, False) for mistake in self.mistakes] + [(self.answer, True)]
        for value, right in values:
            yield Foreseen(label(value), f"{label(value)} {self.unit.shown}".strip(), right)

    def held(self, given: Given) -> set[str]:
        """Return the mistakes within whose tolerance a number lies; set() where it is none."""
        try:
            number = read_number(f"{given}".strip()[:LONGEST], self.unit.typed)
        except (NotANumber, ArithmeticError):  # a record is a file that a student may have written
            return set()
        near = (m.value for m in self.mistakes if abs(number - m.value) <= m.tolerance)
        return {label(value) for value in near}

    def is_told_by(self, hint: str) -> bool:
        """Does a hint hold a number that is right?"""
        found = NUMBER.findall(squeezed(hint))
        numbers = (Decimal(number.replace(",", "")) for number in found)
        return any(abs(number - self.answer) <= self.tolerance for number in numbers)

    def _unread(self, typed: str, rest: str, words: Words) -> Judgement:
        """Say that the text is no number, or has a foreign unit; that is not judged."""
        name = "not_a_number" if not rest else "other_unit" if self.unit.shown else "no_unit"
        shown = {"text": typed[:40], "rest": rest[:40], "unit": self.unit.shown}
        return Judgement(None, words[name].format(**shown))

    def instruction(self, words: Words) -> str:
        """Say in one sentence how to answer, and in which unit."""
        name = "do_numeric_unit" if self.unit.shown else "do_numeric"
        return words[name].format(unit=self.unit.shown)

    def drawn(self) -> QuestionControl:
        """Return the control: a text with a keyboard for decimals."""
        return {"control": "text", "keyboard": "decimal", "unit": self.unit.shown}


KINDS: dict[str, type[Question]] = {
    "single": Single,
    "multiple": Multiple,
    "numeric": Numeric,
}


def from_table(table: Mapping[str, Any]) -> Question:
    """Read a question from a bank's table, in the class that its "kind" names.

    Malformed(field, what) if a field, "kind" among them, is unknown, missing or of another type.
    """
    kind = table.get("kind") if isinstance(table, Mapping) else None
    if kind not in KINDS:
        raise Malformed("kind", f"is {kind!r}, expected one of {', '.join(KINDS)}")
    return KINDS[kind].from_table(table)


def squeezed(text: str) -> str:
    """Return a text without spaces, capitals, full-width forms and marks of code."""
    return re.sub(r"[\s`。]", "", unicodedata.normalize("NFKC", text)).lower()


def label(number: Decimal) -> str:
    """Write a number without zeros that say nothing."""
    return f"{number.normalize():f}"


def listed(names: Iterable[str]) -> str:
    """Join names to a list; "—" for none."""
    return "、".join(names) or "—"
