"""What a page says beside its lesson, in its reader's language: words.toml."""

from pathlib import Path

from helpers.language import say

FRAME = Path(__file__).with_suffix(".toml")


def catalogue(file: Path = FRAME) -> dict[str, dict[str, str]]:
    """Return every text: {name: {language: text}}."""
    return say.texts_of(file)


def text(name: str, lang: str, file: Path = FRAME) -> str:
    """Return the text NAME; its {placeholders} are the page's to fill.  KeyError without it."""
    return catalogue(file)[name][say.key(lang)]
