"""Packages whose public names are loaded when they are first asked for."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def names(package: str, homes: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], Any], list]:
    """Make a package's __getattr__ and __all__ from {module of the package: the names in it}.

    No public name may be a module's own: once loaded, the module would stand in its place.
    """
    modules = {name: module for module, found in homes.items() for name in found}

    def load(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f".{modules[name]}", package), name)

    return load, sorted(modules)
