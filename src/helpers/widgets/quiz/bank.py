"""The questions of one lesson, as its quiz.toml was built into a bank."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from ...language import say
from .kinds import Question, from_table, listed


def read_bank(lesson: str) -> dict[str, Any]:
    """Read helpers/data/quiz/LESSON.json; FileNotFoundError names the lessons that have one."""
    folder = resources.files("helpers") / "data" / "quiz"
    file = folder / f"{lesson}.json"
    if not file.is_file():
        names = sorted(f.name for f in folder.iterdir()) if folder.is_dir() else []
        known = listed(name.removesuffix(".json") for name in names if name.endswith(".json"))
        raise FileNotFoundError(say.text("quiz", "no_bank", got=lesson, known=known))
    return json.loads(file.read_text(encoding="utf-8"))


def questions(bank: Mapping[str, Any]) -> dict[str, Question]:
    """Return the bank's questions in the current language, by id."""
    found = [from_table(table) for table in bank["question"]]
    return {question.id: question for question in found}
