"""The terminal as an anywidget: screen.js draws its traits.

Its messages: base.messages.
"""

from typing import Any

import traitlets

from ..base.anywidget_view import AnywidgetView, sources
from .html_view import SIZE, TITLE
from .state import TerminalState


class TerminalAnywidgetView(AnywidgetView):
    """The terminal's view.

    turn: so that the browser also hears of an action that changed nothing
    """

    _esm, _css = sources("terminal")
    screen_words = (
        "experiment", "run", "stop", "copy", "copied", "not_copied", "output", "waiting", "lost",
        "clock", "error_detail",
    )  # fmt: skip
    title: traitlets.List = traitlets.List().tag(sync=True)
    options: traitlets.List = traitlets.List().tag(sync=True)
    lines: traitlets.List = traitlets.List().tag(sync=True)
    place = traitlets.Int().tag(sync=True)
    running = traitlets.Bool().tag(sync=True)
    seconds = traitlets.Int().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    turn = traitlets.Int().tag(sync=True)

    def __init__(self, terminal: TerminalState) -> None:
        self._terminal = terminal
        super().__init__(terminal, title=[TITLE, SIZE], options=terminal.options)

    def now(self) -> dict[str, Any]:
        """Return the screen, the state and the running experiment's place."""
        terminal = self._terminal
        return {
            "turn": self.turn + 1,
            "lines": list(terminal.lines()),
            "place": terminal.place(),
            "running": terminal.is_running(),
            "seconds": terminal.seconds(),
            "sentence": terminal.sentence(),
        }
