"""The course's widgets without a Jupyter kernel: the same Python, in a browser's worker.

show(source, lang, lesson) runs a cell and returns the state of the widget that it ends in;
hear(number, message) passes on what the reader did and returns the traits that changed.
It runs in Pyodide (tools/site/public/live/kernel.js), which has traitlets and no front end's
packages: their names are made here, with a transport in place of the kernel's messages.
"""

import ast
import contextlib
import importlib.machinery
import json
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import traitlets


class AnyWidget(traitlets.HasTraits):
    """A widget whose synced traits travel as JSON when they are asked for."""

    def __init__(self, **state: Any) -> None:
        self._told: list[Callable] = []
        self._heard: set[str] = set()
        super().__init__(**state)
        self.observe(lambda change: self._heard.add(change.name), traitlets.All)

    def on_msg(self, callback: Callable) -> None:
        """Call back with (widget, message, buffers) for every message."""
        self._told.append(callback)

    @contextlib.contextmanager
    def hold_sync(self) -> Iterator[None]:
        """Send nothing meanwhile: here nothing is sent before it is asked for."""
        yield

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict, dict]:
        return {}, {}

    def synced(self) -> dict[str, Any]:
        """Return every synced trait."""
        return {name: getattr(self, name) for name in self.traits(sync=True)}

    def receive(self, message: Any) -> dict[str, Any]:
        """Pass a message on, and return the synced traits that it changed."""
        self._heard.clear()
        for callback in self._told:
            callback(self, message, [])
        return {name: value for name, value in self.synced().items() if name in self._heard}


class Absent(types.ModuleType):
    """A module whose every name is a class that no page makes one of."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def stand_in(name: str, **names: Any) -> None:
    """Put a module of this name, with these names, where imports find it."""
    made = Absent(name)
    made.__dict__.update(names, __path__=[], __spec__=importlib.machinery.ModuleSpec(name, None))
    sys.modules[name] = made


def install() -> None:
    """Stand in for the packages of a front end."""

    def nowhere(*_: Any, **__: Any) -> None:
        """Show nothing: the page draws the widget."""

    stand_in("anywidget", AnyWidget=AnyWidget)
    stand_in("ipywidgets")
    stand_in("IPython", get_ipython=lambda: None)
    stand_in("IPython.display", display=nowhere, update_display=nowhere)


awake: list[Any] = []  # widgets, each with its view


def show(source: str, lang: str, lesson: str) -> str:
    """Run a cell, and return JSON: the number of the widget it ends in, its traits, its HTML."""
    from helpers.classroom import session

    session.begin(lesson, lang)
    tree = ast.parse(source)
    last = tree.body.pop()
    names: dict[str, Any] = {"LANG": lang, "__name__": "__main__"}
    exec(compile(tree, "cell", "exec"), names)
    if not isinstance(last, ast.Expr):
        raise ValueError("the cell does not end in a widget")
    widget = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    awake.append(widget)
    state = {"number": len(awake) - 1, "traits": widget.view.synced(), "html": str(widget.html())}
    return json.dumps(state, ensure_ascii=False)


def hear(number: int, message: str) -> str:
    """Pass a reader's message on to a widget, and return JSON: the traits that changed."""
    changed = awake[number].view.receive(json.loads(message))
    return json.dumps(changed, ensure_ascii=False)
