"""What a page says beside its lesson, in its reader's language: words.toml."""

import functools
import tomllib
from pathlib import Path

from helpers.language import say


@functools.cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return every text: {name: {language: text}}."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def text(name: str, lang: str) -> str:
    """Return the text NAME; its {placeholders} are the page's to fill.  KeyError without it."""
    return catalogue()[name][say.key(lang)]
