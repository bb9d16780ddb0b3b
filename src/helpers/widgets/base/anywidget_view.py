"""The common part of every view made with anywidget: script and style, and who hears."""

from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from .state import State
from .view import Bundle

HERE = Path(__file__).parent


def sources(widget: str) -> tuple[str, str]:
    """Return a widget's script and style: the common part, then its own screen.js, screen.css."""
    script, style = (
        "\n".join(
            (HERE.parent / name).read_text(encoding="utf-8")
            for name in (f"base/common.{kind}", f"{widget}/screen.{kind}")
        )
        for kind in ("js", "css")
    )
    return script, style


class AnywidgetView(anywidget.AnyWidget):
    """A view made with anywidget.

    Whatever is synced can be read in the browser: only what the student may know by now.
    A subclass says now(): its traits that change.  screen_words: the names of the words it shows
    """

    screen_words: ClassVar[tuple[str, ...]] = ()
    lang = traitlets.Unicode().tag(sync=True)
    words: traitlets.Dict = traitlets.Dict().tag(sync=True)
    trouble: traitlets.List = traitlets.List().tag(sync=True)

    def __init__(self, state: State, **fixed: Any) -> None:
        """Make the view; fixed: traits that stay as they are."""
        words = {name: state.words[name] for name in self.screen_words}
        self._state = state
        super().__init__(lang=state.lang, words=words, **fixed, **self._now())
        self.on_msg(lambda _, message, __: state.hear(message))

    def now(self) -> dict[str, Any]:
        """Return the traits that change, at their present values."""
        raise NotImplementedError

    def _now(self) -> dict[str, Any]:
        return self.now() | {"trouble": list(self._state.trouble() or ())}

    def refresh(self) -> None:
        """Set what has changed; the browser hears of all at once."""
        with self.hold_sync():
            for name, value in self._now().items():
                setattr(self, name, value)

    def mimebundle(self) -> Bundle:
        """Return data and metadata for IPython's display."""
        found = self._repr_mimebundle_()
        return found if isinstance(found, tuple) else (found or {}, {})
