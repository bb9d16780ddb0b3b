"""The values of an explorer's controls, and the drawing at these values; it knows no screen."""

from collections.abc import Callable, Mapping
from typing import Any

from ..base.messages import ExplorerMessage
from ..base.state import State
from .controls import Control, Refused
from .drawing import Drawing

Draw = Callable[..., tuple[str, str]]


class ExplorerState(State):
    """The state of an explorer.

    raw: {control: what a browser holds}   drawing: the last one that could be drawn
    notes: {control: what is refused}; "" = of all together   request: the one answered last
    """

    def __init__(self, title: str, draw: Draw, *controls: Control) -> None:
        super().__init__("explorer")
        self.title, self._draw = title, draw
        self.controls: dict[str, Control] = {control.name: control for control in controls}
        if not controls or len(self.controls) < len(controls):
            raise ValueError("an explorer needs controls, each with a name of its own")
        self.raw: dict[str, Any] = {name: c.start() for name, c in self.controls.items()}
        self.notes: dict[str, str] = {}
        self.request = ""
        self.first = {name: c.read(self.raw[name]) for name, c in self.controls.items()}
        self.drawing = self.opening = self()  # a fault of the first picture is the cell's

    def __call__(self, **values: Any) -> Drawing:
        """Return what draw gives at `values`; other controls stand at their first values.

        Refused (a ValueError) says which values there are.  The screen does not change.
        """
        for name in values:
            if name not in self.controls:
                known = "、".join(self.controls)
                raise Refused(self.words["unknown_control"].format(got=name, known=known))
        given = {name: self.controls[name].accept(value) for name, value in values.items()}
        return self._drawn(self.first | given)

    def act(self, message: ExplorerMessage) -> None:
        """Draw at the values, or note what is refused."""
        self.notes, self.request = {}, message["request"]
        self.raw = {name: message["values"][name] for name in self.controls}
        values = self._read()
        if not self.notes:
            try:
                self.drawing = self._drawn(values)
            except Refused as refusal:
                self.notes[""] = str(refusal)
        self.changed()

    def _read(self) -> dict[str, Any]:
        """Return {control: value}; refused values go to notes instead."""
        values = {}
        for name, control in self.controls.items():
            try:
                values[name] = control.read(self.raw[name])
            except Refused as refusal:
                self.notes[name] = str(refusal)
        return values

    def _drawn(self, values: Mapping[str, Any]) -> Drawing:
        return Drawing(*self._draw(**values), self.lang)
