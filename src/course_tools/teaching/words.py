"""The languages of the teacher's shelf, and what its pages say beside the lessons: words.toml."""

import re
from pathlib import Path

from helpers.language import say

ENGLISH = "en"
LANGUAGES = {ENGLISH: ENGLISH} | {lang: say.LANGUAGES[lang] for lang in say.COMPLETE}  # HTML's tag
KEYS = {lang: say.key(lang) for lang in LANGUAGES}  # as TOML writes them


def fonts(lang: str) -> str:
    """Return the font of a page as CSS names it; a system without it has one for the language."""
    face = say.DECLARED.get(lang, {}).get("face", "Noto Sans")
    return f'"{face}", sans-serif'


def catalogue() -> dict[str, dict[str, str]]:
    """Return every text: {name: {language: text}}."""
    return say.texts_of(Path(__file__).with_suffix(".toml"))


def text(name: str, lang: str, /, **values: object) -> str:
    """Return the text NAME with its {placeholders} filled.  KeyError without it."""
    return catalogue()[name][KEYS[lang]].format_map(values)


def pattern(name: str, lang: str) -> re.Pattern:
    """Return what the lessons write in this place, as a regular expression."""
    return re.compile(catalogue()[name][KEYS[lang]], re.MULTILINE)
