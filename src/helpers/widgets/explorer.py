"""An explorer: labelled controls, and a Python function that draws what they say.

def draw(d_k, scaled):
    return svg, sentence

explorer = Explorer("title", draw, Range("d_k", "d_k", [1, 2, 4]), Check("scaled", "÷ √d_k"))
explorer                # on screen: sliders, check boxes, and the drawing at their values
explorer(d_k=2)         # the same drawing as a value, without a control
"""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..language import say
from .controls import Control, Refused
from .explorer_plain import PlainFace
from .face import Face, Faced
from .static import rich

Draw = Callable[..., tuple[str, str]]


@dataclass(frozen=True, repr=False)
class Seen:
    """What there is to see at some values: SVG or HTML, and a sentence that says the same."""

    picture: str
    sentence: str
    lang: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        body = f'{self.picture}<p class="sentence">{rich(self.sentence)}</p>'
        return {"text/html": f'<div lang="{self.lang}">{body}</div>', "text/plain": self.sentence}

    def __repr__(self) -> str:
        return self.sentence


class Explorer(Faced):
    """Controls, and draw(**values) -> (SVG or HTML, sentence) at the values of all controls.

    title: what is explored   controls: Range, Select, Check, Number, Text; their names are draw's
    draw may raise Refused(message) for values that do not go together: its message is shown and
    the picture stays.  Any other exception is told on screen and kept in errors.

    Display it; or call it with the values that differ from the first ones: explorer(d_k=64).
    """

    def __init__(self, title: str, draw: Draw, *controls: Control) -> None:
        super().__init__()
        self.title, self.lang = title, say.html_lang()
        self.words = {name: say.choose(both) for name, both in say.catalogue("explorer").items()}
        self.controls: dict[str, Control] = {control.name: control for control in controls}
        if not controls or len(self.controls) < len(controls):
            raise ValueError("an explorer needs controls, each with a name of its own")
        self._draw = draw
        self.raw: dict[str, Any] = {name: c.start() for name, c in self.controls.items()}
        self.notes: dict[str, str] = {}
        self.request = ""
        self._first = {name: c.read(self.raw[name]) for name, c in self.controls.items()}
        self.seen = self._opening = self()  # a fault of the first picture is the cell's

    # --- as a function call -------------------------------------------------------------

    def __call__(self, **values: Any) -> Seen:
        """What draw gives at `values`; the other controls at their first values.

        Refused (a ValueError) says which values there are.  The screen does not change.
        """
        for name in values:
            if name not in self.controls:
                known = "、".join(self.controls)
                raise Refused(self.words["unknown_control"].format(got=name, known=known))
        given = {name: self.controls[name].accept(value) for name, value in values.items()}
        picture, sentence = self._draw(**self._first | given)
        return Seen(picture, sentence, self.lang)

    # --- to read ------------------------------------------------------------------------

    def html(self) -> str:
        """Title, values and picture at the first values, without a kernel or a script."""
        values = "".join(f"<li>{rich(line)}</li>" for line in self._lines())
        inner = f"<h3>{html.escape(self.title)}</h3><ul>{values}</ul>{self._opening.picture}"
        sentence, note = rich(self._opening.sentence), rich(self.words["live_note"])
        return f'<section lang="{self.lang}">{inner}<p>{sentence}</p><p>{note}</p></section>'

    def __repr__(self) -> str:
        name = next(iter(self.controls))
        note = self.words["call_note"].format(example=f"{name}={self._first[name]!r}")
        return "\n".join([self.title, *self._lines(), self._opening.sentence, note])

    def _lines(self) -> list[str]:
        shown = self.controls.values()
        pairs = [(c.label, c.said(self._first[c.name])) for c in shown]
        return [self.words["line"].format(label=label, value=value) for label, value in pairs]

    # --- for the faces ------------------------------------------------------------------

    def live_face(self) -> Face:
        from .explorer_live import LiveFace

        return LiveFace(self)

    def plain_face(self, note: str = "") -> Face:
        return PlainFace(self, note)

    def hear(self, message: Mapping[str, Any]) -> None:
        """{"action": "alive"}, or "set" with the raw "values" of all controls and a "request".

        Never raises: what is refused, or fails, is told in the student's language."""
        if message.get("action") == "alive":
            self._alive = True
            return
        self._failed, self.notes = None, {}
        self.request = message.get("request", "")
        try:
            self._set(message["values"])
        except Exception as error:
            self._fail(error, f"explorer {self.title!r} at {self.raw}")
        self._refresh()

    def _set(self, raw: Mapping[str, Any]) -> None:
        self.raw = {name: raw[name] for name in self.controls}
        values = {}
        for name, control in self.controls.items():
            try:
                values[name] = control.read(self.raw[name])
            except Refused as refusal:
                self.notes[name] = str(refusal)
        if self.notes:
            return
        try:
            self.seen = Seen(*self._draw(**values), self.lang)
        except Refused as refusal:
            self.notes[""] = str(refusal)

    def trouble(self) -> tuple[str, str] | None:
        """If the last drawing failed: a sentence for the student and a technical line."""
        return (self.words["error"], self._technical()) if self._failed else None
