"""SVG for explorers: cells and bars whose numbers can be read, and their table.

Every cell is [data-cell="row,column"] with a title; explorer/screen.js makes it
a place for the keyboard.  Widths are in units of one pixel; a narrower window shrinks the whole,
on a page of 400 pixels to SMALL.
"""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ..language import say

Rows = Sequence[Sequence[float]]
FONT = 13
WIDEST, NARROW = 640, 380
SMALL, LEGIBLE = 368, 9  # pixels: a picture on a page of 400; the smallest text there
NARROW_PAGE = 480  # pixels: up to here a page is narrow, as a phone's
# there, cells go without numbers that nobody could read
HIDE = ".triad-fine [aria-hidden] { display: none }"
FINE = f"<style>@media (max-width: {NARROW_PAGE}px) {{ {HIDE} }}</style>"
# ColorBrewer's Blues, from white; the square root of a weight is its place among them
BLUES = ((255, 255, 255), (198, 219, 239), (107, 174, 214), (33, 113, 181), (8, 48, 107))
# Bars: 3 : 1 against white and against JupyterLab's dark background
BAR, REMOVED = "#2f7fe0", "#767676"
DIGIT = 0.62  # width of a digit in ems
NO_LOOK = "×"
HIDDEN = ' aria-hidden="true"'  # the cell's title says it


def ems(text: str) -> float:
    """Return a text's width in ems: 1 for kanji and kana, 0.6 for Latin letters and digits."""
    return sum(1 if unicodedata.east_asian_width(c) in "WFA" else 0.6 for c in text)


# --- heat map ---------------------------------------------------------------------------


def heat_map(weights: Rows, rows: Sequence[str], columns: Sequence[str], name: str) -> str:
    """Draw weights between 0 and 1 as cells: darker = larger, exact zeros white with a cross.

    A table for screen readers is part of it.
    rows: labels of the queries   columns: labels of the keys   name: what the picture is
    The number is left out where it would be too small to read; the cell's own label has it.
    """
    side = cell_side(max(len(columns), len(rows)))
    font = label_size(side * len(columns), max(map(ems, rows)) + 1)
    slant = max(map(ems, columns)) * font > side - 2
    left = 8 + font * max(map(ems, rows))
    top = 8 + font * (0.75 * max(map(ems, columns)) + 0.8 if slant else 1)
    right = 0.7 * font * ems(columns[-1]) if slant else 0
    head = [
        _column_label(left + side * (c + 0.5), top, t, slant, font) for c, t in enumerate(columns)
    ]
    body = "".join(
        _heat_row(r, row, rows[r], columns, (left, top + side * r), side, font)
        for r, row in enumerate(weights)
    )
    width, height = left + side * len(columns) + right + 2, top + side * len(rows) + 2
    if number_size(side) * SMALL < LEGIBLE * width:
        body = f'{FINE}<g class="triad-fine">{body}</g>'
    inner = f'<g role="row">{"".join(head)}</g>{body}'
    return svg(width, height, name, inner) + _folded_table(weights, rows, columns)


def label_size(cells: float, longest: float) -> float:
    """Return the size of labels that are legible on a narrow page, too.

    cells: the width of a row of cells   longest: what labels take of the width beside them, in ems
    """
    return max(FONT, LEGIBLE * (cells + 10) / (SMALL - LEGIBLE * min(longest, 10)))


def number_size(side: float) -> float:
    """Return the size at which a number fits a cell."""
    return min(FONT, (side - 4) / (3 * DIGIT))


def cell_side(n: int) -> float:
    """Return a cell's side in pixels: larger where there are fewer cells, at least 14."""
    return min(44, max(14, (WIDEST - 80) / n))


def _heat_row(
    r: int, row: Sequence[float], label: str, columns, corner, side: float, font: float
) -> str:
    x, y = corner
    text = words(x - 6, y + side / 2, label, "end", font)
    cells = [
        _heat_cell(
            f"{r},{c}", weight, (x + side * c, y), side, _cell_says(label, columns[c], weight)
        )
        for c, weight in enumerate(row)
    ]
    return f'<g role="row"><g role="rowheader">{text}</g>{"".join(cells)}</g>'


def _heat_cell(place: str, weight: float, corner, side: float, says: str) -> str:
    x, y = corner
    edge = "#bfbfbf" if weight < 0.05 else shade(weight)
    size = f'width="{side - 2:.1f}" height="{side - 2:.1f}"'
    square = f'<rect class="cell" x="{x + 1:.1f}" y="{y + 1:.1f}" {size} rx="2" '
    square += f'fill="{shade(weight)}" stroke="{edge}"/>'
    number, font = short(weight), number_size(side)
    ink = ink_on(weight) if weight else "#595959"
    written = (
        words(x + side / 2, y + side / 2, number, "middle", font, ink, more=HIDDEN)
        if font >= 7
        else ""
    )
    return cell(place, says, square + written)


def _cell_says(query: str, key: str, weight: float) -> str:
    name = "cell" if weight else "cell_zero"
    return say.text("svg", name, query=query, key=key, weight=f"{weight:.3f}")


def short(weight: float) -> str:
    """Write a weight as .53; an exact zero as a cross, and as 0 what only rounds to it."""
    if weight == 0:
        return NO_LOOK
    text = f"{weight:.2f}"
    return "1" if text == "1.00" else "0" if text == "0.00" else text.removeprefix("0")


def _column_label(x: float, bottom: float, text: str, slant: bool, font: float) -> str:
    turn = f' transform="rotate(-45 {x:.1f} {bottom - 6:.1f})"' if slant else ""
    anchor = "start" if slant else "middle"
    label = words(x, bottom - 6, text, anchor, font, base="auto", more=turn)
    return f'<g role="columnheader">{label}</g>'


def _folded_table(weights: Rows, rows: Sequence[str], columns: Sequence[str]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(text)}</th>'
        + "".join(f"<td>{weight:.3f}</td>" for weight in row)
        + "</tr>"
        for text, row in zip(rows, weights, strict=True)
    )
    summary = escape(say.text("svg", "table"))
    corner = escape(say.text("svg", "corner"))
    table = f"<thead><tr><th>{corner}</th>{head}</tr></thead><tbody>{body}</tbody>"
    return f"<details><summary>{summary}</summary><table>{table}</table></details>"


def shade(weight: float) -> str:
    """Return the colour of a weight, from white for 0 to dark blue for 1.

    The square root tells small weights apart.
    """
    return "#" + "".join(f"{round(v):02x}" for v in _rgb(weight))


def _rgb(weight: float) -> list[float]:
    place = math.sqrt(min(1.0, max(0.0, weight))) * (len(BLUES) - 1)
    n = min(int(place), len(BLUES) - 2)
    return [a + (b - a) * (place - n) for a, b in zip(BLUES[n], BLUES[n + 1], strict=True)]


def ink_on(weight: float) -> str:
    """Return black or white, whichever contrasts more: 4.5 at least (WCAG 2.2)."""
    linear = [
        (v / 255 / 12.92) if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in _rgb(weight)
    ]
    luminance = sum(a * b for a, b in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))
    return "#000" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "#fff"


# --- bars -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart, between 0 and 1.

    before: an outline of another value, if there is one   kept: False = removed, said by a cross
    """

    label: str
    value: float
    before: float | None = None
    kept: bool = True


def bars(rows: Sequence[Bar], name: str, line: float | None = None, line_name: str = "") -> str:
    """Draw bars with their numbers, from 0 to 1; outlines for earlier values; a dashed line.

    name: what the picture is   line, line_name: a value to compare with, and what it is
    """
    left = 12 + FONT * max(ems(row.label) for row in rows)
    numbers = 112 if any(row.before is not None for row in rows) else 52
    step, length = 26, max(160, NARROW - left - numbers)
    top = 6 + (FONT + 6 if line is not None else 0)
    width, height = left + length + numbers, top + step * len(rows) + 6
    inner = [
        _bar_row(n, row, left, top + step * n, length, line or 0) for n, row in enumerate(rows)
    ]
    if line is not None:
        x = left + length * line
        inner.append(words(x, top - 8, line_name, "start", base="auto", more=HIDDEN))
        inner.append(
            f'<path d="M{x:.1f} {top - 4}V{height - 4:.1f}" stroke="currentColor" '
            'stroke-dasharray="4 4" aria-hidden="true"/>'
        )
    return svg(width, height, name, "".join(inner))


def _bar_row(n: int, row: Bar, left: float, y: float, length: float, line: float) -> str:
    middle, fill = y + 13, BAR if row.kept else "none"
    shapes = [
        f'<rect class="cell" x="{left:.1f}" y="{y + 3}" width="{max(1, length * row.value):.1f}" '
        f'height="20" rx="2" fill="{fill}"/>'
    ]
    if row.before is not None:
        shapes.append(
            f'<rect x="{left:.1f}" y="{y + 3}" width="{max(1, length * row.before):.1f}" '
            f'height="20" rx="2" fill="none" stroke="{REMOVED}" stroke-width="2"'
            f"{'' if row.kept else ' stroke-dasharray=' + chr(34) + '3 3' + chr(34)}/>"
        )
    end = left + length * max(row.value, row.before or 0, line) + 8
    shapes.append(words(end, middle, _bar_number(row), "start", more=HIDDEN))
    label = f'<g role="rowheader">{words(left - 6, middle, row.label, "end")}</g>'
    return f'<g role="row">{label}{cell(f"{n},0", _bar_says(row), "".join(shapes))}</g>'


def _bar_number(row: Bar) -> str:
    if row.before is None:
        return f"{row.value:.3f}"
    return f"{row.before:.3f} → {f'{row.value:.3f}' if row.kept else NO_LOOK}"


def _bar_says(row: Bar) -> str:
    if row.before is None:
        return say.text("svg", "bar", label=row.label, value=f"{row.value:.3f}")
    shown = {"label": row.label, "before": f"{row.before:.3f}"}
    if not row.kept:
        return say.text("svg", "bar_removed", **shown)
    return say.text("svg", "bar_kept", value=f"{row.value:.3f}", **shown)


# --- curve ------------------------------------------------------------------------------


def curve(
    points: Sequence[tuple[str, float | None]], name: str, top: float, line: float, line_name: str
) -> str:
    """Draw values one after the other as a line, from 0 to `top`, and a dashed line.

    points: (label, value); None where there is no number, which breaks the line; what is above the
    top is drawn there   name: what the picture is   line, line_name: a value to compare with
    """
    left, right, width, height, head = 34, 12, 520, 220, FONT + 8
    step = (width - left - right) / max(1, len(points) - 1)

    def y(value: float) -> float:
        return head + height * (1 - min(value, top) / top)

    marks, runs = [], [list[str]()]
    for n, (label, value) in enumerate(points):
        x, at = left + step * n, top if value is None else value
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{x:.1f} {y(value):.1f}")
        ink = f'fill="{BAR}"' if value is not None else f'fill="none" stroke="{REMOVED}"'
        dot = f'<circle class="cell" cx="{x:.1f}" cy="{y(at):.1f}" r="3.5" {ink}/>'
        marks.append(cell(f"0,{n}", _point_says(label, value), dot))
    drawn = "".join(_path("L".join(run), BAR) for run in runs if run)
    drawn += _path(f"{left} {y(line):.1f}H{width - right}", "currentColor", dashes="4 4")
    drawn += words(width - right, y(line) - 6, line_name, "end", base="auto")
    drawn += _path(f"{left} {head}V{head + height}H{width - right}", REMOVED)
    for value in range(int(top) + 1):
        drawn += words(left - 6, y(value), f"{value}", "end")
    for n in (0, len(points) - 1):
        x, anchor = left + step * n, "start" if n == 0 else "end"
        drawn += words(x, head + height + FONT, points[n][0], anchor)
    row = f'<g role="row">{"".join(marks)}</g>'
    return svg(width, head + height + 2 * FONT, name, f"<g{HIDDEN}>{drawn}</g>{row}")


def _path(way: str, ink: str, dashes: str = "none") -> str:
    return f'<path d="M{way}" fill="none" stroke="{ink}" stroke-dasharray="{dashes}"/>'


def _point_says(label: str, value: float | None) -> str:
    if value is None:
        return say.text("svg", "point_none", label=label)
    return say.text("svg", "bar", label=label, value=f"{value:.3f}")


# --- SVG --------------------------------------------------------------------------------


def svg(width: float, height: float, name: str, inner: str, larger: float = 1) -> str:
    """Return the whole SVG, with its table for screen readers.

    larger: pixels of a unit where the page is wide enough
    """
    shown = f'width="{larger * width:.0f}" height="{larger * height:.0f}"'
    box = f'viewBox="0 0 {width:.0f} {height:.0f}" {shown}'
    style = "max-width: 100%; height: auto; font-variant-numeric: tabular-nums"
    return f'<svg {box} style="{style}" role="table" aria-label="{escape(name)}">{inner}</svg>'


def cell(place: str, says: str, inner: str) -> str:
    """Draw one cell; its title is its name, and what is written in it is a part of that."""
    return f'<g role="cell" data-cell="{place}"><title>{escape(says)}</title>{inner}</g>'


def words(
    x: float, y: float, text: str, anchor: str, size: float = FONT, ink: str = "currentColor",
    base: str = "central", more: str = "",
) -> str:  # fmt: skip
    """Write text at (x, y).

    anchor: start, middle or end   base: SVG's dominant-baseline
    """
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" dominant-baseline="{base}" '
        f'font-size="{size:.1f}" fill="{ink}"{more}>{escape(text)}</text>'
    )
