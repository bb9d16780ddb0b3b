"""The schema of a lesson's claims.toml: one class for each of its tables."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Self

from ..language import tables
from ..language.tables import Flag, Identifier, Malformed, Translated

VERDICTS = ("true", "nuance", "wrong")  # on the page's own words; each a message
Bound = Annotated[Decimal | None, tables.exact]


@dataclass(frozen=True)
class Quantity:
    """A quantity measured for a claim, with its bound: at_least, at_most or both, or equals."""

    name: Translated
    at_least: Bound = None
    at_most: Bound = None
    equals: Bound = None  # bytes, FLOPs, zeros: a miss always raises
    record: Flag = False  # read from the results of an earlier, longer run
    real: Flag = False  # of weights that others trained: not judged where a stand-in runs

    @classmethod
    def from_table(cls, table: Mapping[str, Any], where: str = "") -> Self:
        """Read a quantity from its table.

        Malformed(field, what) names the field that is wrong, or says that no bound fits.
        """
        read = tables.read(cls, table, where)
        if (read.equals is None) == (read.at_least is None and read.at_most is None):
            what = "expected at_least, at_most or both, or else equals"
            raise Malformed(where or "bound", what)
        low, high = read.limits
        if low > high:
            raise Malformed(where or "bound", f"at_least {low:g} is above at_most {high:g}")
        return read

    @property
    def limits(self) -> tuple[float, float]:
        """The (lowest, highest) value that holds; both are the same for equals."""
        if self.equals is not None:
            return float(self.equals), float(self.equals)
        return _or(self.at_least, -math.inf), _or(self.at_most, math.inf)


def _or(bound: Decimal | None, without: float) -> float:
    return without if bound is None else float(bound)


@dataclass(frozen=True)
class Claim:
    """A claim in the current language: what it says, and what was found here.

    One of the lesson page has its words (page) and a verdict on them; one of the course's own has
    neither, and says in `ours` what it claims.
    """

    source: Identifier
    found: Translated
    quantity: Annotated[Mapping[str, Quantity], tables.named(Quantity.from_table)]
    verdict: Annotated[str | None, tables.one_of(*VERDICTS)] = None
    page: Annotated[str | None, tables.translated] = None
    ours: Annotated[str | None, tables.translated] = None

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read a claim from its table.

        Malformed(field, what) if a field is unknown, missing or of another type, or if it cannot
        be told whose claim it is.
        """
        read = tables.read(cls, table)
        said = [name for name in ("page", "verdict", "ours") if getattr(read, name) is not None]
        if said not in (["page", "verdict"], ["ours"]):
            got = " and ".join(said) or "none of them"
            raise Malformed("ours", f"has {got}, expected page and verdict, or else ours")
        return read
