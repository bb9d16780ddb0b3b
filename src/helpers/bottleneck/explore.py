"""The drawing of lesson 08's explorer: which design needs less, and where that changes."""

from collections.abc import Callable, Iterable, Sequence

from ..language import say
from . import costs
from .designs import Design
from .scenario import seconds_of_reading, seconds_of_token
from .two_bars import Row, comparison

MOST_UPDATES, MOST_SUMMARY = 64, 4096
CARD = "h100"
UNITS = {"TFLOPs": 1e12, "GFLOPs": 1e9, "GiB": 2**30, "s": 1.0}


def explore(
    decoder: Design,
    pair: Design,
    document: int,
    summary: int,
    users: int,
    shared: int,
    updates: int,
) -> tuple[str, str]:
    """Draw (SVG, sentence) for a document of which `shared` % is a prompt that was read before."""
    designs, known = (decoder, pair), document * shared // 100

    def percent(share: int) -> int:
        return document * share // 100

    def reading(x: Design, known: int) -> int:
        return costs.read_flops(x, document - known, known, skipping=True)

    def growing(x: Design, updates: int) -> int:
        return costs.growing_flops(x, document, updates, skipping=True, known=known)

    def caches(x: Design, known: int) -> int:
        return costs.batch_bytes(x, document, summary, users, known)

    def first(x: Design) -> float:
        new = (document - known) // updates
        return seconds_of_reading(x, new, document - new, CARD)

    def update(x: Design, summary: int) -> float:
        return first(x) + summary * seconds_of_token(x, document, 1, CARD)

    rows = [
        _row("read", "TFLOPs", [costs.read_flops(x, document) for x in designs]),
        _row("read_shared", "TFLOPs", [reading(x, known) for x in designs]),
        _row("growing", "TFLOPs", [growing(x, updates) for x in designs]),
        _row("write", "GFLOPs", [costs.write_flops(x, document, summary) for x in designs]),
        _row("cache", "GiB", [costs.batch_bytes(x, document, summary, 1) for x in designs]),
        _row("caches", "GiB", [caches(x, known) for x in designs]),
        _row("first_h100", "s", [first(x) for x in designs]),
        _row("update_h100", "s", [update(x, summary) for x in designs]),
    ]
    lengths = range(1, MOST_SUMMARY + 1)
    crossings = [
        say.text("bottleneck", "reads_widths", widths=f"{document / decoder.d_model:.1f}"),
        _crossing("updates", designs, range(1, MOST_UPDATES + 1), growing),
        _crossing("shared_read", designs, range(100), lambda x, p: reading(x, percent(p))),
        _crossing("shared_cache", designs, range(100), lambda x, p: caches(x, percent(p))),
        _crossing("summary", designs[::-1], lengths, update),
    ]
    distinct = {_share(row): row.best for row in rows}
    won = sum(best == 1 for best in distinct.values())
    wins = say.text("bottleneck", "who_wins", won=won, all=len(distinct))
    return comparison(rows, wins), "".join([wins, *crossings])


def _row(name: str, unit: str, values: Sequence[float]) -> Row:
    first, second = (value / UNITS[unit] for value in values)
    label = say.text("bottleneck", f"quantity_{name}")
    return Row(label, (first, second), (f"{first:,.2f} {unit}", f"{second:,.2f} {unit}"))


def _share(row: Row) -> float:
    """Return the first design's part of both.

    Quantities of the same share are one piece of evidence.
    """
    first, second = row.values
    return round(first / (first + second), 9)


def _crossing(
    name: str,
    designs: tuple[Design, Design],
    values: Iterable[int],
    needs: Callable[[Design, int], float],
) -> str:
    """Say in one sentence from which value on the first of both designs needs less."""
    first, second = designs
    values = list(values)
    at = next((v for v in values if needs(first, v) < needs(second, v)), None)
    if at is None:
        return say.text("bottleneck", f"crossing_{name}_never")
    always = "_always" if at == values[0] else ""
    return say.text("bottleneck", f"crossing_{name}{always}", at=at)
