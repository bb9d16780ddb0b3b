"""The explorer built from stock ipywidgets.

A Range is a drop-down list here: the slider of ipywidgets has no name for a screen reader.
"""

from typing import Any

import ipywidgets

from ...display.markup import Html
from ..base.html_view import rich
from ..base.ipywidgets_view import DESCRIBED, WIDE, IpywidgetsView, heading, spoken, trouble_html
from ..base.messages import ExplorerMessage
from .controls import Check, Control, Range, Select
from .state import ExplorerState


class ExplorerIpywidgetsView(IpywidgetsView):
    """The explorer's view of stock ipywidgets.

    note: one sentence above the controls, such as why this view is shown
    """

    def __init__(self, explorer: ExplorerState, note: str = "") -> None:
        self._explorer = explorer
        self.rows = {name: _control(c) for name, c in explorer.controls.items()}
        self.notes, self.picture, self.trouble = (ipywidgets.HTML() for _ in range(3))
        head = heading(explorer.lang, explorer.title, note)
        rows = self.rows.values()
        self.box = ipywidgets.VBox([head, *rows, self.notes, self.trouble, self.picture])
        self.refresh()
        for row in rows:
            row.observe(self._changed, "index" if _is_list(row) else "value")

    def given(self) -> dict[str, Any]:
        """Return the raw values on screen."""
        return {name: r.index if _is_list(r) else r.value for name, r in self.rows.items()}

    def refresh(self) -> None:
        """Show the last drawing, refusals and trouble."""
        explorer, lang = self._explorer, self._explorer.lang
        self.notes.value = spoken(lang, Html("<br>").join(map(rich, explorer.notes.values())))
        self.trouble.value = spoken(lang, trouble_html(explorer))
        drawn = explorer.drawing
        inner = Html("{}<p>{}</p>").format(drawn.html(), rich(drawn.sentence))
        self.picture.value = "" if explorer.trouble() else spoken(lang, inner)

    def _changed(self, _: object) -> None:
        self._explorer.hear(ExplorerMessage(action="set", request="", values=self.given()))


def _is_list(row: ipywidgets.Widget) -> bool:
    return isinstance(row, ipywidgets.Dropdown)


def _control(control: Control) -> ipywidgets.Widget:
    shared = {
        "description": control.label,
        "style": DESCRIBED,
        "layout": ipywidgets.Layout(**WIDE),
    }
    if isinstance(control, (Range, Select)):
        options = [(text, n) for n, text in enumerate(control.drawn()["texts"])]
        return ipywidgets.Dropdown(options=options, index=control.start(), **shared)
    if isinstance(control, Check):
        return ipywidgets.Checkbox(value=control.value, indent=False, **shared)
    return ipywidgets.Text(value=str(control.start()), continuous_update=False, **shared)
