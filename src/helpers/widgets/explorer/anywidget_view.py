"""The explorer as an anywidget: screen.js draws its traits.

Its messages: base.messages.
"""

from typing import Any

import traitlets

from ..base.anywidget_view import AnywidgetView, sources
from ..base.messages import ControlShown, ExplorerShown
from .controls import Control
from .state import ExplorerState


class ExplorerAnywidgetView(AnywidgetView):
    """The explorer's view: its controls stay as they are.

    view: the drawing, and what is refused
    """

    _esm, _css = sources("explorer")
    screen_words = ("waiting", "lost", "error_detail", "known", "read_cells")
    title = traitlets.Unicode().tag(sync=True)
    controls: traitlets.List = traitlets.List().tag(sync=True)
    view: traitlets.Dict = traitlets.Dict().tag(sync=True)

    def __init__(self, explorer: ExplorerState) -> None:
        self._explorer = explorer
        shown = [control_shown(control) for control in explorer.controls.values()]
        super().__init__(explorer, title=explorer.title, controls=shown)

    def now(self) -> dict[str, Any]:
        """Return the drawing, and what is refused."""
        return {"view": explorer_shown(self._explorer)}


def control_shown(control: Control) -> ControlShown:
    """Return a control as the browser gets it."""
    return {"name": control.name, "label": control.label, **control.drawn()}


def explorer_shown(explorer: ExplorerState) -> ExplorerShown:
    """Return the drawing as the browser gets it, with what is refused."""
    return {
        "request": explorer.request,
        "raw": explorer.raw,
        "notes": explorer.notes,
        "picture": explorer.drawing.picture,
        "sentence": explorer.drawing.sentence,
    }
