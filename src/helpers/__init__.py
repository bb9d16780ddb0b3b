"""What the notebooks of Transformer Triad import.

This package itself is light: no torch.
"""

from .classroom import kernel, session


def begin(lesson: str, lang: str) -> None:
    """Set the language of every message and the lesson whose claims and tasks are checked."""
    session.begin(lesson, lang)
    kernel.install()
