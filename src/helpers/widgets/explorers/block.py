"""An explorer of what trained blocks of each make: depth, norm, residual connections, positions.

The curves are those of results/variants.json; nothing is trained here.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ... import results
from ...display.svg import curve
from ...language import say
from ..explorer.controls import Check, Range, Refused, Select
from ..explorer.widget import Explorer

# {message: switch}, as in models/variants.py
NORMS = {"norm_pre": "pre", "norm_post": "post", "norm_none": "none"}
POSITIONS = {
    "at_learned": "learned",
    "at_none": "none",
    "at_sinusoidal": "sinusoidal",
    "at_bias": "bias",
    "at_rope": "rope",
}
SYMBOLS = 8  # guessing among them costs ln 8
TOP = 4.0  # of the drawing: what explodes leaves it

Run = dict[str, Any]


class BlockExplorer(Explorer):
    """An explorer of shipped training curves; the task is to tell the symbol on the left.

    runs: other runs than those of results/variants.json, in the same form
    """

    def __init__(self, runs: Sequence[Run] | None = None, title: str = "") -> None:
        runs = results.load("variants")["runs"] if runs is None else runs
        self._runs = [run for run in runs if run["experiment"] == "grid"]
        depths = sorted({run["switches"]["depth"] for run in self._runs})
        text = {name: say.text("block_explorer", name) for name in ("depth", "residual", "norm")}
        super().__init__(
            title or say.text("block_explorer", "title"),
            self._look,
            Range("depth", text["depth"], depths, depths[len(depths) // 2]),
            Check("residual", text["residual"], True),
            Select("norm", text["norm"], _named(NORMS)),
            Select("position", say.text("block_explorer", "position"), _named(POSITIONS)),
        )

    def _look(self, depth: float, residual: bool, norm: str, position: str) -> tuple[str, str]:
        wanted = {"depth": depth, "residual": residual, "norm": norm, "position": position}
        tried = [run for run in self._runs if made_of(run) == wanted and run["seed"] == 0]
        if not tried:
            raise Refused(say.text("block_explorer", "not_trained"))
        return block_view(max(tried, key=_merit), [run["rate"] for run in tried])


def made_of(run: Run) -> dict[str, Any]:
    """Return what the controls choose; switches that a run does not name are at their defaults."""
    plain = {"depth": 1, "residual": True, "norm": "pre", "position": "none"}
    return {name: run["switches"].get(name, value) for name, value in plain.items()}


def block_view(run: Run, rates: Sequence[float]) -> tuple[str, str]:
    """Draw (SVG, sentence) of a run: its losses, and what guessing costs.

    rates: the learning rates that were tried, of which the run has the best
    """
    losses, guessing = run["losses"], math.log(SYMBOLS)
    every = run["steps"] // len(losses)
    points = [
        (say.text("block_explorer", "step", n=every * n), loss) for n, loss in enumerate(losses, 1)
    ]
    last = losses[-1]
    shown = {
        "steps": run["steps"],
        "rate": f"{run['rate']:g}",
        "tried": len(rates),
        "accuracy": f"{run['accuracy']:.2f}",
        "chance": f"{1 / SYMBOLS:g}",
        "loss": "" if last is None else f"{last:.2f}",
        "guessing": f"{guessing:.2f}",
    }
    name, line = (say.text("block_explorer", which) for which in ("picture", "guessing"))
    picture, how = curve(points, name, TOP, guessing, line), "lost" if last is None else "sentence"
    return picture, say.text("block_explorer", how, **shown)


def _merit(run: Run) -> tuple[float, float]:
    last = run["losses"][-1]
    return run["accuracy"], -math.inf if last is None else -last


def _named(values: Mapping[str, str]) -> dict[str, str]:
    """Return {text: value} of a list's options."""
    return {say.text("block_explorer", message): value for message, value in values.items()}
