"""A chart of two bars for each quantity, as parts of the longer one; the shorter is better."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..display.svg import BAR, FONT, HIDDEN, cell, ems, svg, words
from ..language import say

LENGTH, STEP, HIGH = 150, 58, 19  # pixels: of the longest bar, of one quantity, of one bar
LARGER = 1.3  # where the page is wide
BEST = "◎"


@dataclass(frozen=True)
class Row:
    """A quantity of both designs, and how their numbers are written."""

    label: str
    values: tuple[float, float]
    texts: tuple[str, str]

    @property
    def best(self) -> int | None:
        """The design that needs less; None where both need the same."""
        first, second = self.values
        return None if first == second else int(second < first)


def comparison(rows: Sequence[Row], name: str) -> str:
    """Draw the rows as SVG; name: what the chart shows."""
    designs = [say.text("bottleneck", key) for key in ("decoder", "encoder_decoder")]
    left = 12 + FONT * max(map(ems, designs))
    inner = "".join(_row(n, row, designs, left) for n, row in enumerate(rows))
    room = FONT * max(ems(text) for row in rows for text in row.texts) + 3 * FONT
    return svg(left + LENGTH + room, STEP * len(rows) + 6, name, inner, LARGER)


def _row(n: int, row: Row, designs: Sequence[str], left: float) -> str:
    top = STEP * n + 4
    head = f'<g role="rowheader">{words(6, top + 6, row.label, "start")}</g>'
    bars = [_bar(n, k, row, designs[k], left, top + 16 + HIGH * k) for k in (0, 1)]
    return f'<g role="row">{head}{"".join(bars)}</g>'


def _bar(n: int, k: int, row: Row, design: str, left: float, y: float) -> str:
    long = max(1, LENGTH * row.values[k] / (max(row.values) or 1))
    fill, mark = (BAR if k == 0 else "none"), (f" {BEST}" if row.best == k else "")
    bar = (
        f'<rect class="cell" x="{left:.1f}" y="{y + 2:.1f}" width="{long:.1f}" height="{HIGH - 5}" '
        f'fill="{fill}" stroke="{BAR}" stroke-width="1.5"/>'
    )
    number = words(left + long + 6, y + HIGH / 2 - 0.5, row.texts[k] + mark, "start", more=HIDDEN)
    label = words(left - 6, y + HIGH / 2 - 0.5, design, "end", 0.95 * FONT, more=HIDDEN)
    says = say.text("bottleneck", "bar", label=row.label, design=design, value=row.texts[k] + mark)
    return cell(f"{n},{k}", says, label + bar + number)
