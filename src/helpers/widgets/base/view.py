"""What a view is to its widget."""

from typing import Any, Protocol

Bundle = tuple[dict[str, Any], dict[str, Any]]  # data by MIME type, metadata


class View(Protocol):
    """Something that draws a state and passes the student's actions on to it."""

    def refresh(self) -> None: ...
    def mimebundle(self) -> Bundle: ...
