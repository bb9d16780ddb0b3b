"""What the notebooks of Transformer Triad import.  This package itself is light: no torch."""

from .classroom import claims, kernel, progress
from .language import say


def begin(lesson: str, lang: str) -> None:
    """Set the language of every message and the lesson whose claims and tasks are checked."""
    say.use(lang)
    claims.use(lesson)
    progress.use(lesson)
    kernel.install()
