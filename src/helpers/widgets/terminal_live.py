"""The terminal as an anywidget.  terminal.js draws the state below and sends {action, place}."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from .terminal_static import SIZE, TITLE

if TYPE_CHECKING:
    from .terminal import Terminal

HERE = Path(__file__).parent
SCREEN_WORDS = (
    "experiment", "run", "stop", "copy", "copied", "not_copied", "output", "waiting", "clock",
    "error_detail",
)  # fmt: skip


class LiveFace(anywidget.AnyWidget):
    """turn: so that the browser also hears of an action that changed nothing."""

    _esm = HERE / "terminal.js"
    _css = HERE / "terminal.css"
    lang = traitlets.Unicode().tag(sync=True)
    title: traitlets.List = traitlets.List().tag(sync=True)
    words: traitlets.Dict = traitlets.Dict().tag(sync=True)
    options: traitlets.List = traitlets.List().tag(sync=True)
    lines: traitlets.List = traitlets.List().tag(sync=True)
    place = traitlets.Int().tag(sync=True)
    running = traitlets.Bool().tag(sync=True)
    seconds = traitlets.Int().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    trouble: traitlets.List = traitlets.List().tag(sync=True)
    turn = traitlets.Int().tag(sync=True)

    def __init__(self, terminal: "Terminal") -> None:
        self._terminal = terminal
        super().__init__(
            lang=terminal.lang,
            title=[TITLE, SIZE],
            words={name: terminal.words[name] for name in SCREEN_WORDS},
            options=terminal.options,
            **self._now(),
        )
        self.on_msg(self._hear)

    def refresh(self) -> None:
        with self.hold_sync():
            for name, value in self._now().items():
                setattr(self, name, value)
            self.turn += 1

    def mimebundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        found = self._repr_mimebundle_()
        return found if isinstance(found, tuple) else (found or {}, {})

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        self._terminal.hear(message["action"], message.get("place"))

    def _now(self) -> dict[str, Any]:
        terminal = self._terminal
        return {
            "lines": list(terminal.lines()),
            "place": terminal.place(),
            "running": terminal.is_running(),
            "seconds": terminal.seconds(),
            "sentence": terminal.sentence(),
            "trouble": list(terminal.trouble() or ()),
        }
