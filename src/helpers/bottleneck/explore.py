"""The picture of the lesson's explorer: who needs less of what, and where that changes."""

from collections.abc import Callable, Iterable

from .. import say
from . import costs
from .designs import Design
from .picture import Row, comparison

MOST_UPDATES = 64
UNITS = {"TFLOPs": 1e12, "GFLOPs": 1e9, "GiB": 2**30}


def explore(
    decoder: Design,
    pair: Design,
    document: int,
    summary: int,
    users: int,
    shared: int,
    updates: int,
) -> tuple[str, str]:
    """(SVG, sentence) for a document of which `shared` % is a prompt that has been read before."""
    designs, known = (decoder, pair), document * shared // 100

    def reading(x: Design, known: int) -> int:
        if x.is_encoder_decoder:
            return costs.read_flops(x, document)
        return costs.read_flops(x, document - known, known, skipping=True)

    def growing(x: Design, updates: int) -> int:
        return costs.growing_flops(x, document, updates, skipping=True)

    def caches(x: Design, known: int) -> int:
        return costs.batch_bytes(x, document, summary, users, known)

    rows = [
        _row("read", "TFLOPs", [costs.read_flops(x, document) for x in designs]),
        _row("read_shared", "TFLOPs", [reading(x, known) for x in designs]),
        _row("growing", "TFLOPs", [growing(x, updates) for x in designs]),
        _row("write", "GFLOPs", [costs.write_flops(x, document, summary) for x in designs]),
        _row("cache", "GiB", [costs.batch_bytes(x, document, summary, 1) for x in designs]),
        _row("caches", "GiB", [caches(x, known) for x in designs]),
    ]

    def percent(share: int) -> int:
        return document * share // 100

    crossings = [
        _crossing("updates", designs, range(1, MOST_UPDATES + 1), growing),
        _crossing("shared_read", designs, range(100), lambda x, p: reading(x, percent(p))),
        _crossing("shared_cache", designs, range(100), lambda x, p: caches(x, percent(p))),
    ]
    distinct = {_share(row): row.best for row in rows}
    won = sum(best == 1 for best in distinct.values())
    first = say.text("bottleneck", "who_wins", won=won, all=len(distinct))
    return comparison(rows, first), "".join([first, *crossings])


def _row(name: str, unit: str, values: list[int]) -> Row:
    first, second = (value / UNITS[unit] for value in values)
    label = say.text("bottleneck", f"quantity_{name}")
    return Row(label, (first, second), (f"{first:,.2f} {unit}", f"{second:,.2f} {unit}"))


def _share(row: Row) -> float:
    """The first design's part of both: quantities of the same share are one piece of evidence."""
    first, second = row.values
    return round(first / (first + second), 9)


def _crossing(
    name: str,
    designs: tuple[Design, Design],
    values: Iterable[int],
    needs: Callable[[Design, int], int],
) -> str:
    """One sentence on the first value at which the decoder-only design needs less."""
    first, second = designs
    at = next((v for v in values if needs(first, v) < needs(second, v)), None)
    if at is None:
        return say.text("bottleneck", f"crossing_{name}_never")
    return say.text("bottleneck", f"crossing_{name}", at=at)
