"""The explorer as an anywidget.  explorer.js draws the state below and sends what was set."""

from typing import TYPE_CHECKING, Any

import traitlets

from .live import Live, source

if TYPE_CHECKING:
    from .explorer import Explorer

SCREEN_WORDS = ("waiting", "lost", "error_detail", "known", "read_cells")


class LiveFace(Live):
    _esm = source("common.js", "explorer.js")
    _css = source("common.css", "explorer.css")
    title = traitlets.Unicode().tag(sync=True)
    controls: traitlets.List = traitlets.List().tag(sync=True)
    view: traitlets.Dict = traitlets.Dict().tag(sync=True)

    def __init__(self, explorer: "Explorer") -> None:
        self._explorer = explorer
        shared = {name: explorer.words[name] for name in SCREEN_WORDS}
        shown = [{"name": c.name, "label": c.label} | c.drawn() for c in explorer.controls.values()]
        super().__init__(
            lang=explorer.lang, words=shared, title=explorer.title, controls=shown, **self._now()
        )
        self.on_msg(self._hear)

    def refresh(self) -> None:
        self.assign(self._now())

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        self._explorer.hear(message)

    def _now(self) -> dict[str, Any]:
        """request: the browser knows by it that its question is answered."""
        explorer = self._explorer
        view = {
            "request": explorer.request,
            "raw": explorer.raw,
            "notes": explorer.notes,
            "picture": explorer.seen.picture,
            "sentence": explorer.seen.sentence,
        }
        return {"view": view, "trouble": list(explorer.trouble() or ())}
