"""The protocol of a widget's view."""

from typing import Any, Protocol

Bundle = tuple[dict[str, Any], dict[str, Any]]  # data by MIME type, metadata


class View(Protocol):
    """Something that draws a state and passes the student's actions on to it."""

    def refresh(self) -> None:
        """Draw the state anew."""
        ...

    def mimebundle(self) -> Bundle:
        """Return data and metadata for IPython's display."""
        ...
