"""One door for weights that others trained: an installed package, a folder, the hub."""

import os
from pathlib import Path
from types import ModuleType
from typing import Any

from . import e5, folders, hub, packages, smollm2, stand_ins
from .entries import Entry, entries, entry
from .filling import give_back

PACKAGED: dict[str, ModuleType] = {"smollm2": smollm2, "e5": e5}
ROLES = ("model", "tokenizer")
STAND_IN = "TRIAD_REAL"  # "stand-in": small random models in place of the packages' real ones


def load(name: str | Path, role: str = "model", at_most_mb: float = hub.AT_MOST_MB) -> Any:
    """Load a model of transformers in float32 and eval mode, or its tokenizer.

    name: of entries.toml, a folder with a config.json, or OWNER/NAME of the hub
    role: "model" or "tokenizer"    at_most_mb: what may be fetched, in MB
    Unavailable says in one sentence what is missing and what to do.
    """
    _refuse_another_role(role)
    name = str(name)
    if name in PACKAGED:
        return _packaged(entry(name), role)
    known = entries().get(name)
    folder = _folder(name, known, role, at_most_mb)
    if role == "tokenizer":
        return folders.tokenizer(folder, name)
    return folders.model(folder, name, known.architecture if known else "")


def _packaged(found: Entry, role: str) -> Any:
    if is_stand_in():
        return stand_in(found.name, role)
    give_back()  # the room of what was loaded before
    return getattr(PACKAGED[found.name], role)(packages.checked(found))


def _folder(name: str, known: Entry | None, role: str, at_most_mb: float) -> Path:
    """Return the folder with the files: the named one, or what is fetched from the hub."""
    if known:
        return hub.fetched(known.repository, known.revision, role, at_most_mb)
    if Path(name).is_dir():
        return Path(name)
    if "/" not in name:
        entry(name)  # Unavailable, with the names that there are
    return hub.fetched(name, "main", role, at_most_mb)


def available(name: str | Path, role: str = "model") -> bool:
    """Tell whether load(name, role) works here without a network."""
    name, known = str(name), entries().get(str(name))
    if name in PACKAGED:
        return is_stand_in() or packages.path(entry(name)) is not None
    if Path(name).is_dir():
        return True
    repository, revision = (known.repository, known.revision) if known else (name, "main")
    return hub.kept(repository, revision, role) is not None


def stand_in(name: str, role: str = "model", seed: int = 0) -> Any:
    """Make a small model of the same class with random weights, or a tokenizer of the same kind.

    name: "smollm2" or "e5"
    """
    _refuse_another_role(role)
    return stand_ins.make(entry(name).name, role, seed)


def is_stand_in() -> bool:
    """Tell whether load gives stand-ins here."""
    return os.environ.get(STAND_IN) == "stand-in"


def _refuse_another_role(role: str) -> None:
    if role not in ROLES:
        raise ValueError(f"role = {role!r}; expected one of {', '.join(map(repr, ROLES))}")
