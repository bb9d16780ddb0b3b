"""Boxes and arrows as SVG, with the same in words; for light pages and for dark ones.

Lines and text take the page's own ink, tints let its paper through.
Heights count upward from the bottom line of the drawing, as data flow in the papers' figures.
"""

from dataclasses import dataclass

from ..language import say
from .markup import Html
from .svg import words

LINE = 16  # pixels from one line of a text to the next
LARGER = 1.15  # a drawing's pixels on a wide page; a narrow page shrinks it
ROOM = 3  # pixels around the whole
TINT = 0.2  # opacity: text keeps its contrast on the tint
GONE = 0.62  # opacity of what is cut: the contrast of its text stays above 4.5
HEAD = 7  # pixels: of an arrow's head
DASHED = ' stroke-dasharray="5 4"'


@dataclass(frozen=True)
class Look:
    """How a box is drawn.

    tint: its colour   radius: of its corners   line: the width of its line, 0 for a text alone
    anchor: where its text begins: start, middle or end   is_bold: its text is
    """

    tint: str = ""
    radius: float = 3
    line: float = 1.5
    anchor: str = "middle"
    is_bold: bool = False


LOOKS = {
    "attention": Look("#2f7fe0"),
    "cross": Look("#8a63d2", line=3),
    "forward": Look("#b8860b"),
    "norm": Look("#767676", radius=13),
    "sum": Look(radius=10),
    "frame": Look(radius=8, line=1),
    "plain": Look(line=0),
    "left": Look(line=0, anchor="start"),
    "right": Look(line=0, anchor="end"),
    "name": Look(line=0, is_bold=True),
    "title": Look(line=0, anchor="start", is_bold=True),
}
LINES = {"stream": 3.0, "branch": 1.5, "cross": 3.0, "descent": 2.5}  # of arrows


@dataclass(frozen=True)
class Box:
    """A box, or a text without one; (x, up) is its lower left corner.

    lines: what is written in it   look: one of LOOKS   cut: dashed, pale, its text struck through
    """

    key: str
    lines: tuple[str, ...]
    look: str
    x: float
    up: float
    width: float
    height: float
    cut: bool = False

    @property
    def middle(self) -> float:
        """Return the height of its centre."""
        return self.up + self.height / 2

    @property
    def top(self) -> float:
        """Return the height of its upper edge."""
        return self.up + self.height

    @property
    def centre(self) -> float:
        """Return the x of its centre."""
        return self.x + self.width / 2

    @property
    def right(self) -> float:
        """Return the x of its right edge."""
        return self.x + self.width


@dataclass(frozen=True)
class Arrow:
    """An arrow from one box to another; points: (x, up), its corners."""

    start: str
    end: str
    points: tuple[tuple[float, float], ...]
    look: str = "branch"
    cut: bool = False


@dataclass(frozen=True)
class Panel:
    """One drawing: its boxes and arrows, and the sentences that say the same."""

    name: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    sentences: tuple[str, ...]

    @property
    def width(self) -> float:
        """Return the width in pixels."""
        ends = [box.right for box in self.boxes]
        return max(ends + [x for arrow in self.arrows for x, _ in arrow.points]) + 2 * ROOM

    @property
    def height(self) -> float:
        """Return the height in pixels."""
        return max(box.top for box in self.boxes) + 2 * ROOM

    def svg(self) -> Html:
        """Draw it; the sentences are the drawing's name for screen readers."""
        inner = "".join(map(_arrow, self.arrows)) + "".join(map(_box, self.boxes))
        turned = f'<g transform="translate({ROOM} {self.height - ROOM:.1f})">{inner}</g>'
        whole = Html(
            '<svg viewBox="0 0 {} {}" width="{}" role="img" aria-label="{}" '
            'style="max-width: 100%; height: auto">{}</svg>'
        )
        size = f"{self.width:.0f}", f"{self.height:.0f}", f"{LARGER * self.width:.0f}"
        return whole.format(*size, " ".join(self.sentences), Html(turned))


@dataclass(frozen=True)
class Diagram:
    """Panels side by side, one under the other on a narrow page, with their text to unfold."""

    panels: tuple[Panel, ...]

    def __str__(self) -> str:
        """Return the diagram in words."""
        return "\n\n".join("\n".join(panel.sentences) for panel in self.panels)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        drawn = Html("").join(panel.svg() for panel in self.panels)
        figure = Html(
            '<div lang="{}"><figure style="margin: 0">'
            '<div style="display: flex; flex-wrap: wrap; gap: 1.5em; align-items: flex-end">'
            "{}</div>"
            "<figcaption><details><summary>{}</summary>"
            '<p style="white-space: pre-line">{}</p></details></figcaption></figure></div>'
        )
        return figure.format(say.html_lang(), drawn, say.text("figures", "text_equivalent"), self)


def in_words(label: str) -> str:
    """Return a label as it stands in a sentence: the line breaks of a drawing are left out."""
    return label.replace("\n", "")


def lines(label: str) -> tuple[str, ...]:
    """Return the lines of a label in a drawing."""
    return tuple(part.strip() for part in label.split("\n"))


def _box(box: Box) -> str:
    look = LOOKS[box.look]
    if not look.line:
        return _pale(_text(box), box.cut)
    fill = look.tint if look.tint and not box.cut else "none"
    place = f'x="{box.x:.1f}" y="{-box.top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
    ink = f'fill="{fill}" fill-opacity="{TINT}" stroke="currentColor" stroke-width="{look.line}"'
    dashes = DASHED if box.cut else ""
    return _pale(f'<rect {place} rx="{look.radius}" {ink}{dashes}/>{_text(box)}', box.cut)


def _text(box: Box) -> str:
    """Write a box's lines around the middle of its height."""
    look = LOOKS[box.look]
    more = ' font-weight="bold"' if look.is_bold else ""
    # kanji that are struck through are hard to read: in a box, dashes and paleness say it
    more += ' text-decoration="line-through"' if box.cut and look.is_bold else ""
    first = -box.middle - LINE * (len(box.lines) - 1) / 2
    x = {"start": box.x, "middle": box.centre, "end": box.right}[look.anchor]
    return "".join(
        words(x, first + LINE * n, text, look.anchor, more=more) for n, text in enumerate(box.lines)
    )


def _arrow(arrow: Arrow) -> str:
    """Draw a line and its head; the line ends within the head."""
    (x, up), (end_x, end_up) = arrow.points[-2:]
    right, higher = _sign(end_x - x), _sign(end_up - up)
    half = HEAD * 0.62
    short = (end_x - right * HEAD * 0.8, end_up - higher * HEAD * 0.8)
    path = "L".join(f"{a:.1f} {-b:.1f}" for a, b in [*arrow.points[:-1], short])
    back = (end_x - right * HEAD, end_up - higher * HEAD)
    sides = [(back[0] + s * half * abs(higher), back[1] + s * half * abs(right)) for s in (1, -1)]
    head = "L".join(f"{a:.1f} {-b:.1f}" for a, b in [(end_x, end_up), *sides])
    dashes = DASHED if arrow.cut or arrow.look == "descent" else ""
    line = f'<path d="M{path}" fill="none" stroke="currentColor" stroke-width="{LINES[arrow.look]}"'
    return _pale(f'{line}{dashes}/><path d="M{head}Z" fill="currentColor"/>', arrow.cut)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _pale(drawn: str, is_pale: bool) -> str:
    return f'<g opacity="{GONE}">{drawn}</g>' if is_pale else drawn
