"""The decision table of decisions.toml: which architecture for which task, and a model for it."""

import functools
import tomllib
from importlib import resources
from typing import Any

from ..display import show
from ..language import say

BYTES = 2  # of a weight in 16 bits


@functools.cache
def decisions() -> list[dict[str, Any]]:
    """Return the tasks of decisions.toml, each with its models."""
    source = resources.files(__package__) / "decisions.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))["task"]


def show_decisions() -> None:
    """Display two tables: what each task asks for, and a model of each language for it."""
    tasks = list(enumerate(decisions(), 1))
    show.tabulate(say.text("decisions", "columns"), [_task(i, x) for i, x in tasks])
    models = [_model(i, model) for i, task in tasks for model in task["model"]]
    show.tabulate(say.text("decisions", "model_columns"), models)


def _task(i: int, task: dict[str, Any]) -> list[str]:
    """Return a row: name, architecture, reason, cost."""
    key = task["key"]
    return [
        f"{i}. {say.text('decisions', f'name_{key}')}",
        say.text("decisions", task["architecture"]),
        say.text("decisions", f"reason_{key}"),
        say.text("decisions", f"cost_{key}"),
    ]


def _model(i: int, model: dict[str, Any]) -> list[str]:
    """Return a row: task and languages, name with its link, licence, sizes, date."""
    spoken = [say.text("decisions", f"in_{say.key(lang)}") for lang in model["languages"]]
    size = model["parameters"]
    return [
        f"{i}. {'、'.join(spoken)}",
        show.Link.to(model["source"], model["name"]),
        model["licence"],
        f"{size / 1e9:.2g}B",
        f"{size * BYTES / 2**30:.2f} GiB",
        model["date"],
    ]
