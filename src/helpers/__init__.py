"""What the notebooks of Transformer Triad import.  This package itself is light: no torch."""

from . import claims, kernel, progress, say


def begin(lesson: str, lang: str) -> None:
    """Set the language of every message and the lesson whose claims and tasks are checked."""
    say.use(lang)
    claims.use(lesson)
    progress.use(lesson)
    kernel.install()
