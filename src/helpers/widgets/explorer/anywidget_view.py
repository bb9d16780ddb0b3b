"""The explorer as an anywidget: screen.js draws the traits below.  Its messages: base.messages."""

from typing import Any

import traitlets

from ..base.anywidget_view import AnywidgetView, sources
from ..base.messages import ControlShown, ExplorerShown
from .controls import Control
from .state import ExplorerState


class ExplorerAnywidgetView(AnywidgetView):
    """The controls stay as they are; view is the drawing, and what is refused."""

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
        return {"view": explorer_shown(self._explorer)}


def control_shown(control: Control) -> ControlShown:
    return {"name": control.name, "label": control.label, **control.drawn()}


def explorer_shown(explorer: ExplorerState) -> ExplorerShown:
    return {
        "request": explorer.request,
        "raw": explorer.raw,
        "notes": explorer.notes,
        "picture": explorer.drawing.picture,
        "sentence": explorer.drawing.sentence,
    }
