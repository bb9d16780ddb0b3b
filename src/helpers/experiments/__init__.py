"""The course's experiments that run on their own: python -m helpers.experiments NAME.

A new one is a function that prints, a line in EXPERIMENTS and words in messages/experiments.toml,
[title_NAME] among them.  Terminal, `start.py run` and their lists then know it.
"""

import importlib
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .. import stopping as stopping  # early: until a command is loaded, Ctrl-C just ends it
from ..display.monospace import right
from ..language import say


@dataclass(frozen=True)
class Experiment:
    """An experiment of the course.

    function: "module:name" in this package, imported when it runs, for it may need torch.
    seconds: about what it takes on a laptop, the imports included.
    """

    name: str
    function: str
    seconds: int

    @property
    def title(self) -> str:
        """The title in the student's language."""
        return say.text("experiments", f"title_{self.name}")

    @property
    def about_seconds(self) -> str:
        """About how long it takes, in the student's language."""
        return say.text("experiments", "about_seconds", n=self.seconds)

    def run(self) -> None:
        """Import the function, and call it."""
        module, name = self.function.split(":")
        getattr(importlib.import_module(f".{module}", __name__), name)()


EXPERIMENTS = {
    one.name: one
    for one in (
        Experiment("environment", "environment:report", 1),
        Experiment("attention", "attention:by_hand", 3),
        Experiment("scaling-by-d_k", "attention:scaling", 3),
        Experiment("n-squared", "attention:squared", 4),
        Experiment("online-softmax", "attention:online", 5),
    )
}


def run(name: str) -> int:
    """Print the title, then what the experiment prints; 1 if it raises, with the traceback."""
    print(f"# {EXPERIMENTS[name].title}", flush=True)  # what follows may import for seconds
    try:
        EXPERIMENTS[name].run()
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def rows(some: Iterable[Experiment]) -> list[list[str]]:
    """Return name, title and seconds of each experiment, for a list."""
    return [[one.name, one.title, one.about_seconds] for one in some]


def all_of(names: Sequence[str] = ()) -> list[Experiment]:
    """Return the named experiments, or all; raise ValueError for an unknown name."""
    for name in names:
        if name not in EXPERIMENTS:
            raise ValueError(unknown(name))
    return [EXPERIMENTS[name] for name in names or EXPERIMENTS]


def unknown(name: str) -> str:
    """Say that there is no experiment of this name, and which there are."""
    return say.text("experiments", "unknown", got=name, known=", ".join(EXPERIMENTS))


# --- for the experiments ----------------------------------------------------------------------


def tell(name: str, /, **values: object) -> None:
    """Print a message of messages/experiments.toml."""
    print(say.text("experiments", name, **values))


def table_row(cells: Sequence[str], widths: Sequence[int]) -> None:
    """Print one line of a table: a long experiment shows each line as soon as it is known."""
    print("  ".join(map(right, cells, widths)))
