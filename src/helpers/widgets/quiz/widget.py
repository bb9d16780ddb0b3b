"""The quiz of a lesson, on screen, in plain HTML and as function calls."""

from ..base.view import View
from ..base.widget import Widget
from .html_view import as_html, as_text
from .ipywidgets_view import QuizIpywidgetsView
from .state import QuizState


class Quiz(QuizState, Widget):
    """The quiz of a lesson, in the language of `say` at this moment.

    Display it, or call answer, hint, retry, score: one state.
    """

    def anywidget_view(self) -> View:
        """Make the view of anywidget; raise ImportError where it is not installed."""
        from .anywidget_view import QuizAnywidgetView  # anywidget may be missing

        return QuizAnywidgetView(self)

    def ipywidgets_view(self, note: str = "") -> View:
        """Make the view of stock ipywidgets."""
        return QuizIpywidgetsView(self, note)

    def html(self) -> str:
        """Return the questions to read, without answers."""
        return as_html(self)

    def __repr__(self) -> str:
        return as_text(self)
