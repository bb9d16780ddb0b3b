"""Run student code in processes that can harm neither this machine nor the verdict.

ForkServer starts processes with torch imported, Limits says what one may take, and why_not says why
this machine cannot isolate; SECURITY.md has the threat model: what is covered, what is not.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fork_server import ForkServer
    from .isolation import why_not
    from .jail import Limits

__all__ = ["ForkServer", "Limits", "why_not"]
_HOMES = {"ForkServer": "fork_server", "Limits": "jail", "why_not": "isolation"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for: the fork server's own program needs none."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
