"""The terminal built from stock ipywidgets.

It has no button for copying: the browser's own way works, and terminal.wait().text in Python.
"""

from functools import partial
from typing import get_args

import ipywidgets

from ...display.markup import Html
from ..base.ipywidgets_view import WIDE, IpywidgetsView, spoken, trouble_html
from ..base.messages import TerminalAction, TerminalMessage
from .html_view import as_screen, heading, paragraph
from .state import TerminalState


class TerminalIpywidgetsView(IpywidgetsView):
    """The terminal's view of stock ipywidgets.

    note: one sentence below the title, such as why this view is shown
    """

    def __init__(self, terminal: TerminalState, note: str = "") -> None:
        self._terminal = terminal
        self.select = ipywidgets.Dropdown(
            options=[(text, place) for place, text in enumerate(terminal.options)],
            description=terminal.words["experiment"],
            layout=WIDE,
        )
        self.buttons = {action: self._button(action) for action in get_args(TerminalAction)}
        self.screen, self.status = ipywidgets.HTML(), ipywidgets.HTML()
        head = ipywidgets.HTML(self._in(heading() + paragraph(note)))
        row = ipywidgets.HBox(list(self.buttons.values()))
        self.box = ipywidgets.VBox([head, self.select, row, self.screen, self.status])
        self.refresh()

    def refresh(self) -> None:
        """Draw only what changed: a screen that is drawn anew scrolls back to its end."""
        terminal = self._terminal
        self.buttons["run"].disabled = terminal.is_running()
        self.buttons["stop"].disabled = not terminal.is_running()
        self.screen.value = self._in(as_screen(terminal.lines(), terminal.words["output"]))
        told = paragraph(terminal.sentence()) + trouble_html(terminal)
        self.status.value = spoken(terminal.lang, told)

    def _button(self, action: TerminalAction) -> ipywidgets.Button:
        button = ipywidgets.Button(description=self._terminal.words[action])
        button.on_click(partial(self._pressed, action))
        return button

    def _pressed(self, action: TerminalAction, _: ipywidgets.Button) -> None:
        place = self.select.value if action == "run" else None
        self._terminal.hear(TerminalMessage(action=action, place=place))

    def _in(self, inner: Html) -> Html:
        return Html('<div lang="{}">{}</div>').format(self._terminal.lang, inner)
