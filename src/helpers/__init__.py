"""What the notebooks of Transformer Triad import.  This package itself is light: no torch."""

from . import claims, say


def begin(lesson: str, lang: str) -> None:
    """Set the language of every message and the lesson whose claims are checked."""
    say.use(lang)
    claims.use(lesson)
