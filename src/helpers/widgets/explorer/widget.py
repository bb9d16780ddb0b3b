"""An explorer: labelled controls, and a Python function that draws what they say.

def draw(d_k, scaled):
    return svg, sentence

explorer = Explorer("title", draw, Range("d_k", "d_k", [1, 2, 4]), Check("scaled", "÷ √d_k"))
explorer                # on screen: sliders, check boxes, and the drawing at their values
explorer(d_k=2)         # the same drawing as a value, without a control
"""

from ..base.view import View
from ..base.widget import Widget
from .html_view import as_html, as_text
from .ipywidgets_view import ExplorerIpywidgetsView
from .state import ExplorerState


class Explorer(ExplorerState, Widget):
    """A widget of controls and draw(**values) → (SVG or HTML, sentence).

    title: what is explored   controls: Range, Select, Check, Number, Text; their names are draw's
    draw may raise Refused(message) for values that do not go together: its message is shown and
    the picture stays.  Any other exception is told on screen and kept in errors.

    Display it; or call it with the values that differ from the first ones: explorer(d_k=64).
    """

    def anywidget_view(self) -> View:
        """Make the view of anywidget; raise ImportError where it is not installed."""
        from .anywidget_view import ExplorerAnywidgetView  # anywidget may be missing

        return ExplorerAnywidgetView(self)

    def ipywidgets_view(self, note: str = "") -> View:
        """Make the view of stock ipywidgets."""
        return ExplorerIpywidgetsView(self, note)

    def html(self) -> str:
        """Return the explorer to read, at its first values."""
        return as_html(self)

    def __repr__(self) -> str:
        return as_text(self)
