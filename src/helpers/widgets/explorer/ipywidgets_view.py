"""The explorer built from stock ipywidgets (7.7 and 8), for front ends that lack anywidget's code.

A Range is a drop-down list here: the slider of ipywidgets has no name for a screen reader.
"""

from typing import TYPE_CHECKING, Any

import ipywidgets

from .controls import Check, Control, Range, Select
from .plain import WIDE, bundle, spoken, trouble_html
from .static import rich

if TYPE_CHECKING:
    from .explorer import Explorer


class PlainFace:
    """note: one sentence above the controls, such as why this face is shown."""

    def __init__(self, explorer: "Explorer", note: str = "") -> None:
        self._explorer = explorer
        title = f"<h3>{rich(explorer.title)}</h3>" + (f"<p>{rich(note)}</p>" if note else "")
        self.rows = {name: _control(c) for name, c in explorer.controls.items()}
        self.notes, self.picture, self.trouble = (ipywidgets.HTML() for _ in range(3))
        head = ipywidgets.HTML(spoken(explorer.lang, title))
        rows = self.rows.values()
        self.box = ipywidgets.VBox([head, *rows, self.notes, self.trouble, self.picture])
        self.refresh()
        for row in rows:
            row.observe(self._changed, "index" if _listed(row) else "value")

    def given(self) -> dict[str, Any]:
        """The raw values on screen."""
        return {name: r.index if _listed(r) else r.value for name, r in self.rows.items()}

    def refresh(self) -> None:
        explorer, lang = self._explorer, self._explorer.lang
        trouble = explorer.trouble()
        self.notes.value = spoken(lang, "<br>".join(map(rich, explorer.notes.values())))
        self.trouble.value = spoken(lang, trouble_html(trouble, explorer.words["error_detail"]))
        seen = f"{explorer.seen.picture}<p>{rich(explorer.seen.sentence)}</p>"
        self.picture.value = "" if trouble else spoken(lang, seen)

    def mimebundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return bundle(self.box)

    def _changed(self, _: object) -> None:
        self._explorer.hear({"action": "set", "values": self.given()})


def _listed(row: ipywidgets.Widget) -> bool:
    return isinstance(row, ipywidgets.Dropdown)


def _control(control: Control) -> ipywidgets.Widget:
    shared = {
        "description": control.label,
        "style": {"description_width": "initial"},
        "layout": ipywidgets.Layout(**WIDE),
    }
    if isinstance(control, (Range, Select)):
        options = [(text, n) for n, text in enumerate(control.drawn()["texts"])]
        return ipywidgets.Dropdown(options=options, index=control.start(), **shared)
    if isinstance(control, Check):
        return ipywidgets.Checkbox(value=control.value, indent=False, **shared)
    return ipywidgets.Text(value=str(control.start()), continuous_update=False, **shared)
