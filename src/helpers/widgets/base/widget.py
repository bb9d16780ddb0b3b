"""A widget: the view that shows its state, and what happens when no front end answers."""

import os
from functools import partial

from IPython.display import display, update_display

from ...display.handshake import SilenceWatch, running_loop
from .state import State
from .view import Bundle, View


class Widget(State):
    """A state with three views: anywidget, stock ipywidgets, and HTML and text to read.

    A subclass joins them: anywidget_view(), ipywidgets_view(note), html(), __repr__().
    """

    _view: View | None = None
    _is_plain = False

    def anywidget_view(self) -> View:
        """Make the view of anywidget; raise ImportError where it is not installed."""
        raise NotImplementedError

    def ipywidgets_view(self, note: str = "") -> View:
        """Make the view of stock ipywidgets.

        note: one sentence on top, such as why this view is shown
        """
        raise NotImplementedError

    def html(self) -> str:
        """Return all there is to read without a kernel or a script."""
        raise NotImplementedError

    @property
    def view(self) -> View:
        """The view on screen.

        At first anywidget's; that of ipywidgets where it is asked for or anywidget is not
        installed.
        """
        if self._view is None and os.environ.get("TRIAD_WIDGETS") != "plain":
            try:
                self._view = self.anywidget_view()
            except ImportError:
                return self.show_plain()
        return self._view or self.show_plain()

    def show_plain(self, note: str = "") -> View:
        """Use the view of stock ipywidgets from now on."""
        self._view, self._is_plain = self.ipywidgets_view(note), True
        return self._view

    def changed(self) -> None:
        """Draw the view anew, if there is one."""
        if self._view is not None:
            self._view.refresh()

    # --- display ------------------------------------------------------------------------

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        data, metadata = self.view.mimebundle()
        return data | {"text/html": str(self.html()), "text/plain": repr(self)}, metadata

    def _ipython_display_(self) -> None:
        """Display, and exchange anywidget's view for ipywidgets' if no front end answers."""
        data, metadata = self._repr_mimebundle_()
        handle = display(data, metadata=metadata, raw=True, display_id=True)
        loop = running_loop()
        if handle and loop and not self._is_plain:
            SilenceWatch(lambda: self.alive, partial(self._fall_back, handle.display_id), loop)

    def _fall_back(self, display_id: str) -> None:
        if not self._is_plain:
            self.show_plain(self.words["plain_note"])
        data, metadata = self._repr_mimebundle_()
        update_display(data, metadata=metadata, raw=True, display_id=display_id)
