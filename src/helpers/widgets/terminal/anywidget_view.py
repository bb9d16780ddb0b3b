"""The terminal as an anywidget.  terminal.js draws the state below and sends {action, place}."""

from typing import TYPE_CHECKING, Any

import traitlets

from .live import Live, source
from .terminal_static import SIZE, TITLE

if TYPE_CHECKING:
    from .terminal import Terminal

SCREEN_WORDS = (
    "experiment", "run", "stop", "copy", "copied", "not_copied", "output", "waiting", "lost",
    "clock", "error_detail",
)  # fmt: skip


class LiveFace(Live):
    """turn: so that the browser also hears of an action that changed nothing."""

    _esm = source("common.js", "terminal.js")
    _css = source("common.css", "terminal.css")
    title: traitlets.List = traitlets.List().tag(sync=True)
    options: traitlets.List = traitlets.List().tag(sync=True)
    lines: traitlets.List = traitlets.List().tag(sync=True)
    place = traitlets.Int().tag(sync=True)
    running = traitlets.Bool().tag(sync=True)
    seconds = traitlets.Int().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
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
        self.assign(self._now() | {"turn": self.turn + 1})

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
