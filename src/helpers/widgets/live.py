"""What every live face shares: the part of the script and of the style that is the same."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

HERE = Path(__file__).parent


def source(*names: str) -> str:
    """The files NAMES of this folder, one after the other; a widget's script is one text."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


class Live(anywidget.AnyWidget):
    """Whatever is synced can be read in the browser: only what the student may know by now."""

    lang = traitlets.Unicode().tag(sync=True)
    words: traitlets.Dict = traitlets.Dict().tag(sync=True)
    trouble: traitlets.List = traitlets.List().tag(sync=True)

    def mimebundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        found = self._repr_mimebundle_()
        return found if isinstance(found, tuple) else (found or {}, {})

    def assign(self, state: dict[str, Any]) -> None:
        """Set several traits; the browser hears of all at once."""
        with self.hold_sync():
            for name, value in state.items():
                setattr(self, name, value)
