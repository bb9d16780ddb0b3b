"""The graphics cards of gpus.toml: one table for what fits a card and for how long it takes."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

TABLE = resources.files(__package__) / "gpus.toml"


@dataclass(frozen=True)
class Gpu:
    """A graphics card, as gpus.toml describes it.

    gb: as sold, a name only: the makers' GB are nearly GiB.  mib: what its driver reports, as
    `driver` shows; with ECC some is taken.
    tflops: of bfloat16 matrix products, dense.  gb_per_second: of the card's memory.  None: unknown
    date, driver_date, speed_date: when the source before it was read
    in_tasks: the tasks of lesson 08 are drawn with it, which takes its speed
    """

    name: str
    gb: int
    source: str
    date: str
    mib: int
    driver: str
    driver_date: str
    tflops: float | None = None
    gb_per_second: float | None = None
    speed_source: str = ""
    speed_date: str = ""
    in_tasks: bool = False

    def __post_init__(self) -> None:
        speeds = (self.tflops, self.gb_per_second, self.speed_source, self.speed_date)
        if any(speeds) != all(speeds) or (self.in_tasks and not all(speeds)):
            raise ValueError(
                f"gpus.toml, {self.name}: tflops, gb_per_second and speed_source belong together, "
                f"with their speed_date, and a card of the tasks needs them; got {speeds}"
            )

    @property
    def real_gib(self) -> float:
        """The memory in GiB that the driver reports."""
        return self.mib / 1024

    @property
    def flops_per_second(self) -> float:
        """The card's stated speed of computing.  ValueError where it is unknown."""
        return self._stated(self.tflops) * 1e12

    @property
    def bytes_per_second(self) -> float:
        """The stated bandwidth of the card's memory.  ValueError where it is unknown."""
        return self._stated(self.gb_per_second) * 1e9

    def _stated(self, speed: float | None) -> float:
        if speed is None:
            raise ValueError(f"gpus.toml has no speed of {self.name}: add it with its speed_source")
        return speed


@functools.cache
def gpus() -> Mapping[str, Gpu]:
    """Return every card of gpus.toml, in the table's order."""
    entries = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {key: Gpu(**entry) for key, entry in entries.items()}


def cards_of_tasks() -> tuple[str, ...]:
    """Return the cards that a task of lesson 08 may be drawn with."""
    return tuple(key for key, gpu in gpus().items() if gpu.in_tasks)
