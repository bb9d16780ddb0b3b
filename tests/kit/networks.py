"""Tests that ask others over the network: only `start.py test --all` runs them."""

import os
from collections.abc import Callable
from typing import Any

import pytest

OPEN = bool(os.environ.get("TRIAD_ALL")) and os.environ.get("TRIAD_NETWORK") != "closed"


def network(test: Callable[..., Any]) -> Any:
    """Marked, and skipped unless start.py --all runs it with the network open."""
    skip = pytest.mark.skipif(not OPEN, reason="asks over the network: start.py test --all")
    return pytest.mark.network(skip(test))
