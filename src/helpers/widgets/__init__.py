"""Things to click on in a lesson.  Each is also plain HTML and a function call."""

from .quiz import Quiz
from .terminal import Terminal

__all__ = ["Quiz", "Terminal"]
