"""One door for weights that others trained: an installed package, a folder, the hub."""

import os
from types import ModuleType
from typing import Any

from . import e5, packages, smollm2, stand_ins
from .entries import entry

PACKAGED: dict[str, ModuleType] = {"smollm2": smollm2, "e5": e5}
ROLES = ("model", "tokenizer")
STAND_IN = "TRIAD_REAL"  # "stand-in": small random models in place of the real ones


def load(name: str, role: str = "model") -> Any:
    """Load a model of transformers in float32 and eval mode, or its tokenizer.

    name: of entries.toml    role: "model" or "tokenizer"
    Unavailable says in one sentence what is missing and what to do.
    """
    _refuse_another_role(role)
    if os.environ.get(STAND_IN) == "stand-in":
        return stand_in(name, role)
    found = entry(name)
    return getattr(PACKAGED[name], role)(packages.checked(found))


def available(name: str) -> bool:
    """Tell whether load(name) works here without a network."""
    return os.environ.get(STAND_IN) == "stand-in" or packages.path(entry(name)) is not None


def stand_in(name: str, role: str = "model", seed: int = 0) -> Any:
    """Make a small model of the same class with random weights, or a tokenizer of the same kind."""
    _refuse_another_role(role)
    entry(name)
    return stand_ins.make(name, role, seed)


def _refuse_another_role(role: str) -> None:
    if role not in ROLES:
        raise ValueError(f"role = {role!r}; expected one of {', '.join(map(repr, ROLES))}")
