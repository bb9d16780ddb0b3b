"""The lines of a fit as a waterfall: each bar begins where the last one ended; cards are lines."""

from collections.abc import Sequence

from .. import say
from ..widgets.drawing import BAR, FONT, HIDDEN, cell, ems, svg, words
from .fitting import Fit, Gpu
from .size import GIB

LENGTH, STEP = 360, 28  # pixels: of the longest bar, of one row
APART = 24  # pixels between the numbers of two cards
ROOM = 1.08  # the picture ends a little behind the total or the card


def waterfall(fit: Fit, cards: Sequence[Gpu]) -> str:
    """SVG: one row for each line of the fit, and one dashed line for each card in reach."""
    labels = fit.labels()
    left = 12 + FONT * max(map(ems, labels))
    whole = ROOM * max(fit.total_bytes / GIB, fit.gpu.real_gib)
    shown = _apart([fit.gpu, *cards], whole)
    inner = [_card(card, left + LENGTH * card.real_gib / whole, len(labels)) for card in shown]
    begin = 0.0
    for n, (label, size) in enumerate(zip(labels, fit.lines.values(), strict=True)):
        inner.append(_row(n, label, begin / whole, size / GIB, left, whole))
        begin += size / GIB
    width, height = left + LENGTH + 90, 24 + STEP * len(labels) + 6
    return svg(width, height, fit.sentence(), "".join(inner))


def _apart(cards: Sequence[Gpu], whole: float) -> list[Gpu]:
    """Those whose lines are in the picture and whose numbers do not touch; the first is sure."""
    shown: list[Gpu] = []
    for card in cards:
        near = [LENGTH * abs(card.real_gib - other.real_gib) / whole for other in shown]
        if card.real_gib <= whole and min(near, default=LENGTH) >= APART:
            shown.append(card)
    return shown


def _card(card: Gpu, x: float, rows: int) -> str:
    bottom = 24 + STEP * rows
    label = words(x, 12, f"{card.gib}", "middle", more=HIDDEN)
    return f'{label}<path d="M{x:.1f} 20V{bottom}" stroke="currentColor" stroke-dasharray="4 4"/>'


def _row(n: int, label: str, begin: float, gib: float, left: float, whole: float) -> str:
    y, x, long = 24 + STEP * n, left + LENGTH * begin, max(1, LENGTH * gib / whole)
    bar = (
        f'<rect class="cell" x="{x:.1f}" y="{y + 3}" width="{long:.1f}" height="20" fill="{BAR}"/>'
    )
    number = words(left + LENGTH + 6, y + 13, f"{gib:,.2f} GiB", "start", more=HIDDEN)
    says = say.text("kv_cache", "bar", label=label, gib=f"{gib:,.2f}")
    head = f'<g role="rowheader">{words(left - 6, y + 13, label, "end")}</g>'
    return f'<g role="row">{head}{cell(f"{n},0", says, bar + number)}</g>'
