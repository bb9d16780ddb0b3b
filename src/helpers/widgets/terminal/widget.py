"""The terminal panel of a lesson, on screen, in plain HTML and as function calls."""

from ..base.view import View
from ..base.widget import Widget
from .html_view import as_html, as_text
from .ipywidgets_view import TerminalIpywidgetsView
from .state import TerminalState


class Terminal(TerminalState, Widget):
    """The terminal panel: it runs the named experiments (or all) in this Python, one at a time.

    Display it, or call run, start, stop, wait: one state.  Nothing that is typed reaches a command
    line: a name is looked up in helpers.experiments.EXPERIMENTS.
    """

    def anywidget_view(self) -> View:
        """Make the view of anywidget; raise ImportError where it is not installed."""
        from .anywidget_view import TerminalAnywidgetView  # anywidget may be missing

        return TerminalAnywidgetView(self)

    def ipywidgets_view(self, note: str = "") -> View:
        """Make the view of stock ipywidgets."""
        return TerminalIpywidgetsView(self, note)

    def html(self) -> str:
        """Return the list of experiments to read."""
        return as_html(self)

    def __repr__(self) -> str:
        return as_text(self)
