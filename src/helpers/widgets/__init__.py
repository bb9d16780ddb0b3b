"""Things to click on in a lesson.  Each is also plain HTML and a function call.

A widget is loaded when it is first asked for: who needs the controls starts no terminal.
"""

from importlib import import_module
from typing import Any

HOMES = {
    "quiz.widget": ["Quiz"],
    "terminal.widget": ["Terminal"],
    "explorer.widget": ["Explorer"],
    "explorer.controls": ["Check", "Number", "Range", "Refused", "Select", "Text", "knows"],
    "explorers.attention": ["AttentionExplorer", "attention_view"],
    "explorers.sampling": ["SamplingExplorer"],
    "explorers.softmax": ["SoftmaxExplorer"],
}
MODULES = {name: module for module, names in HOMES.items() for name in names}
__all__ = sorted(MODULES)


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{MODULES[name]}", __name__), name)
