"""Claims, the page's and the course's own: what was measured here, and whether that holds.

A value outside its band is shown and the lesson goes on; exact bounds (bytes, FLOPs, zeros) always
raise.  Under TRIAD_STRICT=claims, and in CI, every miss raises.  A quantity that is read from the
results of an earlier, longer run (record = true) is shown as such: no cell can fail it.  One of
real weights (real = true) is not judged where TRIAD_REAL puts random stand-ins in their place.
"""

import functools
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ..display import show
from ..display.markup import Html
from ..language import say
from . import session
from .claim_tables import Quantity

STAND_IN = "TRIAD_REAL", "stand-in"  # of helpers.models.real
EDGES = {"true": "right", "nuance": "partly", "wrong": "wrong"}  # a verdict's, of show.EDGES


class ClaimError(AssertionError):
    """A measured value is outside its bound."""


@dataclass(frozen=True)
class Measured:
    """One measured quantity of a claim beside its bound."""

    claim: str
    quantity: str
    name: str
    value: float
    bound: str
    holds: bool
    exact: bool
    record: bool
    real: bool = False

    @property
    def judged(self) -> bool:
        """Is there something to judge?  A stand-in's random weights say nothing of real ones."""
        return not (self.real and os.environ.get(STAND_IN[0]) == STAND_IN[1])


def check(claim: str, measured: float | Mapping[str, float]) -> None:
    """Show what is claimed and what was measured here, and judge it by the claim's bound.

    measured: the value, or {quantity: value} where the claim names several quantities.
    KeyError if claim or quantity is not declared in claims.toml; ClaimError as the module says.
    """
    entry = declared(claim)
    values = _values(claim, entry, measured)
    rows = [judge(claim, q, entry["quantity"][q], v) for q, v in values.items()]
    _log(rows)
    _display(claim, entry, rows)
    missed = [r for r in rows if r.judged and not r.holds and (r.exact or is_strict())]
    if missed:
        raise ClaimError("\n".join(f"{r.claim} {r.name}: {r.value!r}, {r.bound}" for r in missed))


def declared(claim: str) -> dict:
    """Return the current lesson's entry of one claim."""
    entries = of_lesson(session.current().lesson)
    if claim not in entries:
        raise KeyError(say.text("claims", "unknown", claim=claim, known=", ".join(entries)))
    return entries[claim]


def ids(lesson: str) -> set[str]:
    """List the claims that a lesson declares; none where it has no claims.toml."""
    return set(of_lesson(lesson))


def is_ours(entry: Mapping) -> bool:
    """Is it a claim of the course's own, one that the page does not make?"""
    return "ours" in entry


def judge(claim: str, quantity: str, bound: Mapping, value: float) -> Measured:
    """Tell whether a value keeps to at_least, at_most or equals; NaN never does."""
    value, read = float(value), Quantity.from_table(bound)
    low, high = read.limits
    holds, exact = low <= value <= high, read.equals is not None
    kinds = holds, exact, read.record, read.real
    return Measured(claim, quantity, read.name, value, _bound(low, high), *kinds)


def is_strict() -> bool:
    """Does a value outside its bound raise?

    It does in CI and in `start.py run`, not in a student's kernel.
    """
    return bool(os.environ.get("CI")) or session.current().is_strict("claims")


@functools.cache
def of_lesson(lesson: str) -> dict[str, dict]:
    """Return {claim: its entry}; empty where the lesson has no claims.toml."""
    file = resources.files("helpers") / "data" / "claims" / f"{lesson}.json"
    entries = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return {name: entry for name, entry in entries.items() if name != "lesson"}


def _values(claim: str, entry: dict, measured: float | Mapping[str, float]) -> dict[str, float]:
    names = list(entry["quantity"])
    values = dict(measured) if isinstance(measured, Mapping) else {names[0]: measured}
    if sorted(values) != sorted(names):
        raise KeyError(say.text("claims", "quantities", claim=claim, got=list(values), want=names))
    return values


def _bound(low: float, high: float) -> str:
    least, most = _number(low, "g"), _number(high, "g")
    if low == high:
        return f"= {least}"
    if math.isinf(low):
        return f"≤ {most}"
    return f"≥ {least}" if math.isinf(high) else f"{least} – {most}"


def _number(value: float, form: str) -> str:
    """Write a number; a large count to the unit, so that two that agree look alike."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) >= 1e6 else f"{value:{form}}"


def _log(rows: list[Measured]) -> None:
    """Write one JSON line for each quantity to the file named by TRIAD_CLAIMS_LOG, if it is set."""
    if not (path := os.environ.get("TRIAD_CLAIMS_LOG")):
        return
    with Path(path).open("a", encoding="utf-8") as file:
        for row in rows:
            entry = {
                "lesson": session.current().lesson,
                "claim": row.claim,
                "quantity": row.quantity,
                "measured": row.value,
                "bound": row.bound,
                "holds": row.holds or not row.judged,
            }
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _display(claim: str, entry: dict, rows: list[Measured]) -> None:
    header = [say.text("claims", w) for w in ("quantity", "measured", "bound", "result")]
    body, plain = show.table(
        header, [[r.name, _number(r.value, ".4g"), r.bound, _word(r)] for r in rows]
    )
    ours = is_ours(entry)
    title = say.text("claims", "our_title" if ours else "title", claim=claim)
    whose = "ours" if ours else "page"
    lines = [
        (say.text("claims", whose), say.choose(entry[whose])),
        (say.text("claims", "found"), say.choose(entry["found"])),
        (say.text("claims", "source"), entry["source"]),
    ]
    line = Html("<p><b>{}</b>{}</p>").format
    parts = [line(what, show.linked(found)) for what, found in lines]
    word, edge = _judgement(entry, rows)
    text = "\n".join([title, word, *(k + v for k, v in lines), plain])
    whole = show.framed(title, word, Html("").join([*parts, body]), edge)
    show.fragment(whole, text)


def _judgement(entry: Mapping, rows: list[Measured]) -> tuple[str, str]:
    """Return (word, edge): the verdict on the page's claim, or whether all of our own holds."""
    if is_ours(entry):
        word = _overall(rows)
        return say.text("claims", word), {"holds": "right", "missed": "wrong"}.get(word, "partly")
    word = say.text("claims", "verdict") + say.text("claims", entry["verdict"])
    return word, EDGES[entry["verdict"]]


def _overall(rows: list[Measured]) -> str:
    """Return the message for all rows of a claim: missed, unjudged or holds."""
    if any(row.judged and not row.holds for row in rows):
        return "missed"
    return "holds" if all(row.judged for row in rows) else "unjudged"


def _word(row: Measured) -> str:
    if not row.judged:
        return say.text("claims", "unjudged")
    if row.record and row.holds:
        return say.text("claims", "record")
    return say.text("claims", "holds" if row.holds else "missed")
