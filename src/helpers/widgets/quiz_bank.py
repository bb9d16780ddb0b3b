"""Questions of one lesson, and the judgement of one answer.  Knows nothing of screens."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Any

from ..language import say
from ..language.typed_numbers import NotANumber, plain, read_number

Texts = Mapping[str, str]  # the words of messages/quiz.toml in one language


@dataclass(frozen=True)
class Choice:
    id: str
    right: bool
    text: str
    why: str


@dataclass(frozen=True)
class Mistake:
    value: Decimal
    tolerance: Decimal
    why: str


@dataclass(frozen=True)
class Question:
    """One question in one language.  kind: "single", "multiple" or "numeric"."""

    id: str
    kind: str
    text: str
    hint: str
    choices: tuple[Choice, ...] = ()
    answer: Decimal = Decimal(0)
    tolerance: Decimal = Decimal(0)
    unit: str = ""
    units: tuple[str, ...] = ()  # in every language: a student may type any
    why_right: str = ""
    why_wrong: str = ""
    mistakes: tuple[Mistake, ...] = ()

    def shuffled(self, student: str, lesson: str) -> tuple[Choice, ...]:
        """The choices in this student's order: by sha256(student, lesson, question, choice)."""

        def place(choice: Choice) -> bytes:
            seed = "\n".join((student, lesson, self.id, choice.id))
            return hashlib.sha256(seed.encode()).digest()

        return tuple(sorted(self.choices, key=place))


@dataclass(frozen=True, repr=False)
class Result:
    """right: None = not judged (no choice, no number).  details: (heading or "", explanation)."""

    right: bool | None
    headline: str
    details: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return "\n".join([self.headline, *(line for pair in self.details for line in pair if line)])

    def __repr__(self) -> str:
        return self.text


# --- reading ----------------------------------------------------------------------------


def read_bank(lesson: str) -> dict[str, Any]:
    """helpers/data/quiz/LESSON.json.  FileNotFoundError names the lessons that have one."""
    folder = resources.files("helpers") / "data" / "quiz"
    file = folder / f"{lesson}.json"
    if not file.is_file():
        names = sorted(f.name for f in folder.iterdir()) if folder.is_dir() else []
        known = listed(name.removesuffix(".json") for name in names if name.endswith(".json"))
        raise FileNotFoundError(say.text("quiz", "no_bank", got=lesson, known=known))
    return json.loads(file.read_text(encoding="utf-8"))


def listed(names: Iterable[str]) -> str:
    return "、".join(names) or "—"


def questions(bank: Mapping[str, Any]) -> dict[str, Question]:
    """The bank's questions in the current language, by id."""
    return {entry["id"]: _question(entry) for entry in bank["question"]}


def _question(entry: Mapping[str, Any]) -> Question:
    shared = {key: entry[key] for key in ("id", "kind")}
    shared |= {key: say.choose(entry[key]) for key in ("text", "hint")}
    if entry["kind"] != "numeric":
        return Question(**shared, choices=tuple(_choice(c) for c in entry["choice"]))
    unit = entry.get("unit", {})
    return Question(
        **shared,
        answer=_decimal(entry["answer"]),
        tolerance=_decimal(entry["tolerance"]),
        unit=say.choose(unit) if unit else "",
        units=tuple(plain(text) for text in unit.values()),
        why_right=say.choose(entry["why_right"]),
        why_wrong=say.choose(entry["why_wrong"]),
        mistakes=tuple(_mistake(m) for m in entry.get("mistake", ())),
    )


def _choice(entry: Mapping[str, Any]) -> Choice:
    right = entry.get("right", False)
    return Choice(entry["id"], right, say.choose(entry["text"]), say.choose(entry["why"]))


def _mistake(entry: Mapping[str, Any]) -> Mistake:
    value, tolerance = _decimal(entry["value"]), _decimal(entry["tolerance"])
    return Mistake(value, tolerance, say.choose(entry["why"]))


def _decimal(number: float) -> Decimal:
    """Decimal, not float: 12.3 must lie within 0.1 of 12.2, and in binary it does not."""
    return Decimal(str(number))


# --- judging ----------------------------------------------------------------------------


def fits(question: Question, given: tuple[str, ...] | str) -> bool:
    """Can this be an answer to the question?  Its kind or its choices may have been edited."""
    if question.kind == "numeric" or isinstance(given, str):
        return question.kind == "numeric" and isinstance(given, str)
    known = {choice.id for choice in question.choices}
    return known.issuperset(given) and (question.kind == "multiple" or len(given) == 1)


def judge(question: Question, answer: object, words: Texts) -> Result:
    """answer: ids of choices (an iterable of str); for a numeric question a number or its text."""
    if question.kind == "numeric":
        return _judge_number(question, f"{answer}", words)
    return _judge_choices(question, set(answer), words)  # type: ignore[call-overload]


def _judge_choices(question: Question, ids: set[str], words: Texts) -> Result:
    chosen = [choice for choice in question.choices if choice.id in ids]
    if not chosen:
        return Result(None, words["nothing_chosen"].format(check=words["check"]))
    right = ids == {choice.id for choice in question.choices if choice.right}
    if question.kind == "single":
        return Result(right, words["right" if right else "wrong"], (("", chosen[0].why),))
    only_missing = not right and all(choice.right for choice in chosen)
    headline = words["right" if right else "incomplete" if only_missing else "wrong"]
    return Result(right, headline, tuple(_explained(choice, words) for choice in chosen))


def _explained(choice: Choice, words: Texts) -> tuple[str, str]:
    heading = words["chosen_right" if choice.right else "chosen_wrong"]
    return heading.format(choice=choice.text), choice.why


def _judge_number(question: Question, text: str, words: Texts) -> Result:
    if not text.strip():
        return Result(None, words["no_number"].format(check=words["check"]))
    try:
        number = read_number(text, question.units)
    except NotANumber as problem:
        name = "not_a_number" if not problem.rest else "other_unit" if question.unit else "no_unit"
        shown = {"text": text.strip()[:40], "rest": problem.rest[:40], "unit": question.unit}
        return Result(None, words[name].format(**shown))
    if abs(number - question.answer) <= question.tolerance:
        return Result(True, words["right"], (("", question.why_right),))
    near = (m.why for m in question.mistakes if abs(number - m.value) <= m.tolerance)
    return Result(False, words["wrong"], (("", next(near, question.why_wrong)),))
