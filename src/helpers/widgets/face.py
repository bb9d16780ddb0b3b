"""What every widget of ours shares: which face it has, who answers, and how a failure is told."""

import logging
import os
import traceback
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from IPython.display import display, update_display

from ..display.handshake import Watch, running_loop

log = logging.getLogger(__name__)
Bundle = tuple[dict[str, Any], dict[str, Any]]


class Face(Protocol):
    """Something that draws a widget's state and passes the student's actions on to it."""

    def refresh(self) -> None: ...
    def mimebundle(self) -> Bundle: ...


class Faced:
    """A state with faces: live (anywidget), its plain twin (ipywidgets), HTML and text to read.

    A subclass gives words (with "plain_note"), html(), __repr__(), live_face() and plain_face().
    errors: exceptions of callbacks, which no cell could raise.
    """

    words: Mapping[str, str]

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self._failed: Exception | None = None
        self._face: Face | None = None
        self._is_plain = self._alive = False

    def html(self) -> str:
        """All there is to read without a kernel or a script."""
        raise NotImplementedError

    def live_face(self) -> Face:
        """ImportError where anywidget is not installed."""
        raise NotImplementedError

    def plain_face(self, note: str = "") -> Face:
        """note: one sentence on top, such as why this face is shown."""
        raise NotImplementedError

    # --- display ------------------------------------------------------------------------

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        return self._bundle(self._face or self._choose())

    def _choose(self) -> Face:
        """The live face; the plain twin where that is asked for or anywidget is not installed."""
        if os.environ.get("TRIAD_WIDGETS") == "plain":
            return self._use_plain()
        try:
            self._face = self.live_face()
        except ImportError:
            return self._use_plain()
        return self._face

    def _use_plain(self, note: str = "") -> Face:
        self._face, self._is_plain = self.plain_face(note), True
        return self._face

    def _ipython_display_(self) -> None:
        """Display, and exchange the live face for the plain twin if no front end answers."""
        data, metadata = self._repr_mimebundle_()
        handle = display(data, metadata=metadata, raw=True, display_id=True)
        loop = running_loop()
        if handle and loop and not self._is_plain:
            Watch(lambda: self._alive, partial(self._fall_back, handle.display_id), loop)

    def _fall_back(self, display_id: str) -> None:
        plain = self._face if self._is_plain and self._face else None
        data, metadata = self._bundle(plain or self._use_plain(self.words["plain_note"]))
        update_display(data, metadata=metadata, raw=True, display_id=display_id)

    def _bundle(self, face: Face) -> Bundle:
        data, metadata = face.mimebundle()
        return data | {"text/html": self.html(), "text/plain": repr(self)}, metadata

    def _refresh(self) -> None:
        if self._face is not None:
            self._face.refresh()

    # --- failures -----------------------------------------------------------------------

    def _fail(self, error: Exception, doing: str) -> None:
        """Keep a callback's failure: to be shown, in errors, and logged with its traceback."""
        self._failed = error
        self.errors.append(error)
        log.error("%s failed", doing, exc_info=error)

    def _technical(self) -> str:
        """The last failure in one line."""
        assert self._failed is not None
        place = traceback.extract_tb(self._failed.__traceback__)[-1]
        where = f"{os.path.basename(place.filename)}, line {place.lineno}"
        return f"{type(self._failed).__name__}: {self._failed} ({where})"
