"""What the grader says: in English to instructors, and in the students' languages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.language import say

ENGLISH = "en"
Note = tuple[str, dict[str, Any]]  # a message's name, and what fills its placeholders


def catalogue() -> dict[str, dict[str, str]]:
    """Return every message: {name: {language: text}}."""
    return say.texts_of(Path(__file__).with_suffix(".toml"))


def text(name: str, lang: str, values: Mapping[str, object] | None = None) -> str:
    """Return the message NAME, its {placeholders} filled.  KeyError if there is none."""
    return catalogue()[name][say.key(lang)].format_map(dict(values or {}))
