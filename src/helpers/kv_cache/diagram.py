"""A waterfall chart of a fit: each bar begins where the last one ended; cards are vertical lines.

Each part has its own tone; what lies behind the chosen card's line has another one, and stripes.
"""

from collections.abc import Sequence

from ..display.svg import FONT, HIDDEN, cell, ems, svg, words
from ..hardware.cards import Gpu
from ..language import say
from .fitting import Fit
from .size import GIB

LENGTH, STEP = 240, 28  # pixels: of the longest bar, of one row
LARGER = 1.25  # where the page is wide
EDGE = 12  # pixels left of the labels
APART = 24  # pixels between the numbers of two cards
TOP = 46  # pixels above the rows: the chosen card's name, the sizes of the cards
ROOM = 1.08  # the picture ends a little behind the total or the card
# 3 : 1 against white, against JupyterLab's dark background, and one from the other by more than hue
TONES = ("#2f7fe0", "#8a63d2", "#2e8b57", "#767676", "#b8860b", "#c2559b")
OVER = "#d9534f"
STRIPES = (
    '<defs><pattern id="triad-over" width="6" height="6" patternUnits="userSpaceOnUse" '
    f'patternTransform="rotate(45)"><rect width="6" height="6" fill="{OVER}"/>'
    '<rect width="2" height="6" fill="#ffffff" fill-opacity="0.55"/></pattern></defs>'
)


def waterfall(fit: Fit, cards: Sequence[Gpu], one_shot: Fit | None = None) -> str:
    """Draw SVG: one row for each line of the fit, and one line for each card in reach.

    one_shot: the same with the whole prompt read at once; its total is one more row, from 0
    """
    labels = fit.labels()
    if one_shot:
        labels.append(say.text("kv_cache", "one_shot"))
    left = EDGE + FONT * max(map(ems, labels))
    other = one_shot.total_bytes / GIB if one_shot else 0.0
    whole = ROOM * max(fit.total_bytes / GIB, other, fit.gpu.real_gib)
    shown = _apart([fit.gpu, *cards], whole)
    inner = [STRIPES]
    begin, card = 0.0, fit.gpu.real_gib / whole
    for n, (label, size) in enumerate(zip(labels, fit.lines.values(), strict=False)):
        inner.append(_row(n, label, begin / whole, size / GIB, left, whole, card))
        begin += size / GIB
    if one_shot:
        inner.append(_row(len(fit.lines), labels[-1], 0.0, other, left, whole, card))
    places = {gpu: left + LENGTH * gpu.real_gib / whole for gpu in shown}
    inner += [_card(gpu, x, len(labels), gpu == fit.gpu) for gpu, x in places.items()]
    height = TOP + STEP * len(labels) + 6
    inner.append(_legend(height, max(begin, other) > fit.gpu.real_gib))
    return svg(left + LENGTH + 90, height + 26, fit.sentence(), "".join(inner), LARGER)


def _apart(cards: Sequence[Gpu], whole: float) -> list[Gpu]:
    """Return the cards whose lines are in the picture and whose numbers do not touch.

    The first card is always among them.
    """
    shown: list[Gpu] = []
    for card in cards:
        near = [LENGTH * abs(card.real_gib - other.real_gib) / whole for other in shown]
        if card.real_gib <= whole and min(near, default=LENGTH) >= APART:
            shown.append(card)
    return shown


def _card(card: Gpu, x: float, rows: int, is_chosen: bool) -> str:
    """Draw a card's line; the chosen card's is thick and has its name."""
    bottom = TOP + STEP * rows
    how = 'stroke-width="3"' if is_chosen else 'stroke-dasharray="4 4"'
    line = f'<path d="M{x:.1f} {TOP - 6}V{bottom}" stroke="currentColor" {how}/>'
    name = words(x, 12, card.name, "middle", more=HIDDEN) if is_chosen else ""
    return name + words(x, 30, f"{card.gb}", "middle", more=HIDDEN) + line


def _row(
    n: int, label: str, begin: float, gib: float, left: float, whole: float, card: float
) -> str:
    """Draw one row of the waterfall.

    begin, card: shares of the picture's width
    """
    y, x, long = TOP + STEP * n, left + LENGTH * begin, max(1, LENGTH * gib / whole)
    over = min(long, max(0.0, x + long - (left + LENGTH * card)))
    place = f'y="{y + 3}" height="20"'
    tone = TONES[n % len(TONES)]
    bar = f'<rect class="cell" x="{x:.1f}" {place} width="{long:.1f}" fill="{tone}"/>'
    if over > 0.5:
        start = x + long - over
        bar += f'<rect x="{start:.1f}" {place} width="{over:.1f}" fill="url(#triad-over)"/>'
    number = words(left + LENGTH + 6, y + 13, f"{gib:,.2f} GiB", "start", more=HIDDEN)
    says = say.text("kv_cache", "bar", label=label, gib=f"{gib:,.2f}")
    head = f'<g role="rowheader">{words(left - 6, y + 13, label, "end")}</g>'
    return f'<g role="row">{head}{cell(f"{n},0", says, bar + number)}</g>'


def _legend(y: float, is_over: bool) -> str:
    """Say what a bar's length means, with its unit, and what stripes mean, if there are any.

    It begins at the picture's edge: beside the bars there is no room for both.
    """
    axis = words(EDGE, y + 8, say.text("kv_cache", "axis"), "start", more=HIDDEN)
    if not is_over:
        return axis
    x = EDGE + FONT * (ems(say.text("kv_cache", "axis")) + 1.5)
    box = f'<rect x="{x:.1f}" y="{y + 1:.1f}" width="14" height="14" fill="url(#triad-over)"/>'
    return axis + box + words(x + 20, y + 8, say.text("kv_cache", "over"), "start", more=HIDDEN)
