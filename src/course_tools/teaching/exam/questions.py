"""The exam questions: texts in lessons/NN_name/exam.toml, numbers and answers in this package.

[ID]
points = 4
text = {…}        {names} stand for what is drawn
solution = {…}    may hold {answer}, too
"""

import importlib
import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..words import KEYS

Values = dict[str, Any]
Draw = Callable[[random.Random], Values]
FILE = "exam.toml"


@dataclass(frozen=True)
class ExamQuestion:
    """One question: what it says in each language, its points, and what draws its numbers."""

    name: str
    points: int
    text: dict[str, str]  # {language: with {names}}
    solution: dict[str, str]
    draw: Draw

    def drawn(self, seed: str) -> Values:
        """Return the numbers of one form, with "answer"."""
        return self.draw(random.Random(f"{seed}/{self.name}"))


def draws_of(lesson: str) -> dict[str, Draw]:
    """Return {name of a question: what draws it} of a lesson; {} where it has none."""
    name = f"lesson_{lesson[:2]}"
    if not Path(__file__).with_name(f"{name}.py").exists():
        return {}
    return dict(importlib.import_module(f"{__package__}.{name}").DRAWS)


def of_lesson(root: Path, lesson: str) -> list[ExamQuestion]:
    """Return a lesson's questions.  KeyError where texts and draws are not of the same names."""
    file = root / "lessons" / lesson / FILE
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    draws = draws_of(lesson)
    if table.keys() != draws.keys():
        raise KeyError(f"{file}: texts of {sorted(table)}, draws of {sorted(draws)}")
    return [_question(name, table[name], draws[name]) for name in draws]


def _question(name: str, entry: dict[str, Any], draw: Draw) -> ExamQuestion:
    text, solution = (
        {lang: entry[part][key] for lang, key in KEYS.items()} for part in ("text", "solution")
    )
    return ExamQuestion(name, entry["points"], text, solution, draw)
