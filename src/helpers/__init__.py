"""What the notebooks of Transformer Triad import.

This package itself is light: no torch.

    helpers.review()   # a quiz of the finished lessons, those missed first
"""

from . import lazy
from .classroom import kernel, session

__getattr__, _widgets = lazy.names(__name__, {"widgets.quiz.review_widget": ["review"]})
__all__ = ["begin", *_widgets]


def begin(lesson: str, lang: str) -> None:
    """Set the language of every message and the lesson whose claims and tasks are checked."""
    session.begin(lesson, lang)
    kernel.install()
