"""Figures that every student can read: all glyphs, more than colour, and a text equivalent."""

import base64
import colorsys
import contextlib
import functools
import hashlib
import io
import itertools
import logging.handlers
import os
import re
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import Colormap, ListedColormap, to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from ..language import say
from .markup import Html
from .show import fragment
from .svg import NARROW_PAGE
from .typefaces import FONTS, typefaces

TYPEFACES = typefaces()
PIXEL_RATIO = 2  # pixels of the PNG per pixel of the page: sharp on today's screens
NARROW = 5.5  # inches: so wide, text of 10 points has 9 pixels on a page of 400
DARK, GREY = "#08519c", "#595959"
# Okabe & Ito's colours that keep a contrast of 3 against white; the shape says it once more.
LINES = (
    cycler(color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"])
    + cycler(linestyle=["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))])
    + cycler(marker=["o", "s", "^", "D", "X"])
    + cycler(markevery=[0.06] * 5)  # of the diagonal: a line of 1,000 points stays a line
    # thinner from one to the next: of lines in the same place each is seen
    + cycler(linewidth=[3.2, 2.4, 1.8, 1.4, 1.0])
    + cycler(markersize=[8.5, 7, 5.5, 4.5, 3.5])
)
# Pages with dark background: JupyterLab's, VS Code's, Colab's; and the lightness of that background
DARK_PAGES = ('body[data-jp-theme-light="false"]', "body.vscode-dark", 'html[theme="dark"]')
NIGHT = 0x11 / 0xFF
LEGIBLE = 3  # contrast of a line or a shape that says something (WCAG 2.2, 1.4.11)
STYLE: dict[str, Any] = {
    "axes.unicode_minus": True,  # our fonts hold U+2212
    "axes.prop_cycle": LINES,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#d9d9d9",
    "figure.figsize": (6.4, 4.0),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "mathtext.fontset": "dejavusans",
}
HATCHES = ("", "///", "...")  # of bars side by side
SMALLEST_TEXT, LARGEST_TEXT = 5.0, 10.0  # points, in a cell


def _luminance(colors: ArrayLike) -> NDArray:
    """Compute the relative luminance, 0 to 1, of sRGB colours (…, RGB or RGBA) (WCAG 2.2)."""
    rgb = np.asarray(colors)[..., :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def _even_blues() -> Colormap:
    """Return ColorBrewer's Blues with equal steps of CIE L*: equal differences look equal."""
    blues = matplotlib.colormaps["Blues"](np.linspace(0, 1, 1024))
    darkness = -np.cbrt(_luminance(blues))  # L* = 116 ∛Y − 16
    even = np.linspace(darkness[0], darkness[-1], 256)
    colors = [np.interp(even, darkness, channel) for channel in blues.T]
    return ListedColormap(np.transpose(colors), name="even_blues").with_extremes(bad="white")


COLORMAP = _even_blues()


class FigureError(ValueError):
    """A figure that some student could not read, or a helper called with the wrong shapes."""


class MissingGlyph(FigureError):
    """A text of the figure has a character that none of its fonts can draw."""


def use(lang: str | None = None) -> None:
    """Set matplotlib's fonts and style for a language; without lang, for say.language().

    ValueError if the language is not one of the course's.
    """
    lang = say.language() if lang is None else lang
    if lang not in TYPEFACES:
        known = ", ".join(map(repr, TYPEFACES))
        raise ValueError(say.text("figures", "language", got=repr(lang), want=known))
    face = TYPEFACES[lang]
    path = str(FONTS / face.file)
    if path not in {entry.fname for entry in font_manager.fontManager.ttflist}:
        font_manager.fontManager.addfont(path)
    settings: Any = STYLE | {"font.family": [face.family, "DejaVu Sans"]}
    matplotlib.rcParams.update(settings)


def show(fig: Figure, description: str) -> None:
    """Draw, display with the description as alternative and as unfolding text, and close.

    description: sentences that say what there is to see, in the student's language
    FigureError: no description, or matplotlib warned.  MissingGlyph: a character would be a box.
    """
    try:
        if not isinstance(description, str) or not description.strip():
            raise FigureError(say.text("figures", "no_description", got=repr(description)))
        day = _draw_both(fig)
        darken(fig)
        night = _draw_both(fig)
    finally:
        plt.close(fig)  # also after an error: the notebook would show the faulty figure
    fragment(figure_html(day, night, description.strip()), description.strip())


def darken(fig: Figure) -> None:
    """Draw the figure on a dark background, all but heat maps and masks, whose colours are data."""
    kept: set[Artist] = set()
    for ax in (ax for ax in fig.axes if ax.images):
        kept |= {*ax.texts, *ax.collections, *ax.lines, *ax.patches}
        legend = ax.get_legend()
        kept |= set(legend.findobj(Line2D)) if legend else set()
    for artist in dict.fromkeys(fig.findobj()):
        if artist not in kept:
            _darken(artist)


def _darken(artist: Artist) -> None:
    if isinstance(artist, Text):
        artist.set_color(at_night(artist.get_color()))
    elif isinstance(artist, Line2D):
        inks = artist.get_color(), artist.get_markerfacecolor(), artist.get_markeredgecolor()
        line, face, edge = map(at_night, inks)
        artist.set(color=line, markerfacecolor=face, markeredgecolor=edge)
    elif isinstance(artist, Patch):
        face, edge = at_night(artist.get_facecolor()), at_night(artist.get_edgecolor())
        artist.set(facecolor=face, edgecolor=edge)
    elif isinstance(artist, Collection) and artist.get_array() is None:
        face, edge = artist.get_facecolor(), artist.get_edgecolor()
        artist.set(facecolor=list(map(at_night, face)), edgecolor=list(map(at_night, edge)))


def at_night(color: Any) -> Any:
    """Return a colour for a dark background: the same hue, the lightness reversed."""
    if isinstance(color, str) and color == "none":
        return color
    red, green, blue, alpha = to_rgba(color)
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    turned = colorsys.hls_to_rgb(hue, NIGHT + (1 - NIGHT) * (1 - lightness), saturation)
    if _contrast((red, green, blue), (1, 1, 1)) >= LEGIBLE > _contrast(turned, (NIGHT,) * 3):
        turned = red, green, blue  # of a middle lightness: it is legible on both papers as it is
    return (*turned, alpha)


def _contrast(one: ArrayLike, other: ArrayLike) -> float:
    """Compute the contrast of two luminances, from 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((float(_luminance(one)), float(_luminance(other))))
    return (light + 0.05) / (dark + 0.05)


def matrix(
    ax: Axes,
    values: ArrayLike,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    fmt: str | None = "{:.2f}",
    vmin: float | None = None,
    vmax: float | None = None,
) -> AxesImage:
    """Draw a heat map with the number in each cell; cells of −∞ and nan are white.

    values: (R, C), numbers or a tensor   rows: R labels   columns: C labels
    vmin, vmax: the values of the lightest and the darkest cell, by default those of the data
    A colour bar takes the place of the numbers with fmt=None and where they would be below 5 pt.
    """
    grid = _grid(values).astype(float)
    image = ax.imshow(np.ma.masked_invalid(grid), cmap=COLORMAP, vmin=vmin, vmax=vmax)
    _rule(ax, grid.shape, rows, columns)
    numbers = [] if fmt is None else [_number(value, fmt) for value in grid.flat]
    size = _text_size(ax, grid.shape, numbers)
    if size < SMALLEST_TEXT:
        ax.figure.colorbar(image, ax=ax)
    else:
        _write(ax, image, numbers, size)
    return image


def mask(
    ax: Axes,
    allowed: ArrayLike,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    legend: bool = True,
) -> None:
    """Draw a mask: a dark cell with ● where it is True (may look), a white one with × where False.

    allowed: (R, C), bool   rows: R labels   columns: C labels
    """
    grid = _grid(allowed)
    if grid.dtype != bool:
        raise FigureError(say.text("figures", "not_a_mask", got=grid.dtype))
    ax.imshow(grid, cmap=ListedColormap(["white", DARK]), vmin=0, vmax=1)
    _rule(ax, grid.shape, rows, columns)
    area = (0.45 * _cell(ax, grid.shape)) ** 2  # points²
    for shown, marker, color in ((grid, "o", "white"), (~grid, "x", GREY)):
        row, column = np.nonzero(shown)
        ax.scatter(column, row, s=area, marker=marker, color=color)
    if legend:
        _mask_legend(ax)


def bars(
    ax: Axes,
    groups: Sequence[str],
    series: Mapping[str, Sequence[float]],
    intervals: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    levels: Sequence[float] | None = None,
    level_name: str = "",
) -> None:
    """Draw grouped bars, told apart by hatching, with error bars and a short line to compare with.

    groups: G labels   series: {name: G values}, three at most   intervals: {name: G (low, high)}
    levels: G values, drawn across each group; level_name: what they are
    """
    _require_lengths(groups, series, intervals or {}, levels)
    width = 0.8 / len(series)
    for n, ((name, values), hatch) in enumerate(zip(series.items(), HATCHES, strict=False)):
        at = np.arange(len(groups)) + (n - (len(series) - 1) / 2) * width
        color = LINES.by_key()["color"][n]
        fill = "white" if hatch else "#9ecae1"
        ax.bar(at, values, width, label=name, color=fill, edgecolor=color, hatch=hatch)
        if intervals:
            away = np.abs(np.transpose(intervals[name]) - np.asarray(values))  # (2, G)
            ax.errorbar(at, values, yerr=away, fmt="none", color="black", capsize=3)
    if levels is not None:
        left, right = np.arange(len(groups)) - 0.46, np.arange(len(groups)) + 0.46
        ax.hlines(levels, left, right, color="black", linewidth=2.5, label=level_name)
    ax.set_xticks(range(len(groups)), list(groups))
    ax.grid(visible=False, axis="x")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=4, frameon=False)


def _require_lengths(groups: Sequence[str], *values: Any) -> None:
    """Raise FigureError if a series, its intervals or the levels are not one value a group."""
    lengths = [len(row) for value in values for row in _rows(value)]
    if wrong := [length for length in lengths if length != len(groups)]:
        raise FigureError(say.text("figures", "groups", got=wrong[0], want=len(groups)))
    if not values[0] or len(values[0]) > len(HATCHES):
        raise FigureError(say.text("figures", "series", got=len(values[0]), want=len(HATCHES)))


def _rows(value: Any) -> list[Sequence]:
    if value is None:
        return []
    return list(value.values()) if isinstance(value, Mapping) else [value]


def _draw_both(fig: Figure) -> tuple[bytes, bytes]:
    """Return the figure as PNG, for a page and for a narrow one.

    They are the same where it is narrow or cannot be made so, and where no phone will see it: only
    the site, which says so with TRIAD_NARROW, takes the time for two (a heat map: over a second).
    """
    wide = draw_png(fig)
    if fig.get_figwidth() <= NARROW or not os.environ.get("TRIAD_NARROW"):
        return wide, wide
    try:
        with narrowed(fig):
            return wide, draw_png(fig)
    except FigureError:  # there is no room for all of it
        return wide, wide


@contextlib.contextmanager
def narrowed(fig: Figure) -> Iterator[None]:
    """Put a row's panels one below the other, none wider than NARROW; afterwards all is as it was.

    A phone shrinks a picture to its page: of one that is twice as wide, nobody reads the labels.
    """
    panels = {ax: spec for ax in fig.axes if (spec := ax.get_subplotspec())}
    order = sorted({spec.num1 for spec in panels.values()})
    rows, columns = max((spec.get_geometry()[:2] for spec in panels.values()), default=(1, 1))
    width, height = fig.get_size_inches()
    squeezed = min(NARROW, width / columns)
    # cells stay square, curves keep their height
    lower = squeezed / (width / columns) if any(ax.images for ax in panels) else 1
    with contextlib.ExitStack() as undo:
        undo.callback(fig.set_size_inches, width, height)
        fig.set_size_inches(squeezed, lower * height / rows * max(1, len(order)))
        grid = GridSpec(max(1, len(order)), 1, figure=fig)
        for ax, spec in panels.items():
            undo.callback(ax.set_subplotspec, spec)
            ax.set_subplotspec(grid[order.index(spec.num1)])
            _stand_alone(ax, fig.axes[0], undo)
        with warnings.catch_warnings(action="ignore"):  # draw_png hears them
            fig.draw_without_rendering()  # where the labels are now
        for ax in panels:
            _fit_numbers(ax, undo)
            _slant_crowded(ax, undo)
        yield


def _stand_alone(ax: Axes, first: Axes, undo: contextlib.ExitStack) -> None:
    """Give a panel the labels of y that it shared with the first one on its left."""
    if not ax.yaxis.get_tick_params().get("labelleft", True):
        undo.callback(ax.tick_params, axis="y", labelleft=False)
        ax.tick_params(axis="y", labelleft=True)
        undo.callback(ax.set_ylabel, ax.get_ylabel())
        ax.set_ylabel(ax.get_ylabel() or first.get_ylabel())


def _fit_numbers(ax: Axes, undo: contextlib.ExitStack) -> None:
    """Write a heat map's numbers as small as its cells have become."""
    rows, columns = np.asarray(ax.images[0].get_array()).shape[:2] if ax.images else (0, 0)
    if not 0 < rows * columns <= len(ax.texts):  # texts of another kind are no cell's
        return
    fits = _text_size(ax, (rows, columns), [text.get_text() for text in ax.texts])
    for text in ax.texts:
        undo.callback(text.set_fontsize, text.get_fontsize())
        text.set_fontsize(min(text.get_fontsize(), fits))


def _slant_crowded(ax: Axes, undo: contextlib.ExitStack) -> None:
    """Slant the labels of x where they would touch; of several lines, they stand upright."""
    labels = [label for label in ax.get_xticklabels() if label.get_text()]
    ends = [label.get_window_extent() for label in labels]
    apart = all(one.x1 < other.x0 for one, other in itertools.pairwise(ends))
    if apart or any(label.get_rotation() for label in labels):
        return
    side = "left" if ax.xaxis.get_ticks_position() == "top" else "right"
    turned: dict[str, Any] = {"rotation": 30, "ha": side, "rotation_mode": "anchor"}
    if any("\n" in label.get_text() for label in labels):  # slanted, lines meet their neighbour's
        turned = {"rotation": 90}
    for label in labels:
        undo.callback(
            label.set, rotation=0, ha=label.get_horizontalalignment(), rotation_mode="default"
        )
        label.set(**turned)


def draw_png(fig: Figure) -> bytes:
    """Return the figure as PNG; MissingGlyph, FigureError as in show."""
    png = io.BytesIO()
    with _heard_warnings() as heard:
        fig.savefig(png, format="png", dpi=PIXEL_RATIO * fig.dpi, bbox_inches="tight")
    _require_glyphs(fig)  # after drawing: the tick labels exist only now
    if heard:
        raise FigureError(say.text("figures", "warning", warning="; ".join(dict.fromkeys(heard))))
    return png.getvalue()


@contextlib.contextmanager
def _heard_warnings() -> Iterator[list[str]]:
    """Collect in a list what matplotlib warns of, in `warnings` and in its log.

    Deprecations are left out: they speak to matplotlib's developers, not to students.
    """
    heard: list[str] = []
    logger = logging.getLogger("matplotlib")
    log = logging.handlers.BufferingHandler(capacity=10_000)
    log.setLevel(logging.WARNING)
    logger.addHandler(log)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", category)
            yield heard
        heard += [str(warning.message) for warning in caught]
        heard += [record.getMessage() for record in log.buffer]
    finally:
        logger.removeHandler(log)


def _require_glyphs(fig: Figure) -> None:
    """Raise MissingGlyph if a visible text has a character that its fonts lack."""
    texts = [text for text in fig.findobj(Text) if text.get_visible()]
    missing = {character: text for text in texts for character in _missing(text)}
    if missing:
        named = " ".join(f"{character}（U+{ord(character):04X}）" for character in sorted(missing))
        fonts = sorted({family for text in missing.values() for family in text.get_fontfamily()})
        message = say.text("figures", "missing_glyph", characters=named, fonts=", ".join(fonts))
        raise MissingGlyph(message)


def _missing(text: Text) -> set[str]:
    """Return the characters, outside $formulas$, for which no font of the text has a glyph."""
    prose = re.sub(r"(?<!\\)\$.*?(?<!\\)\$", "", text.get_text(), flags=re.DOTALL)
    drawn = set().union(*map(_drawable, text.get_fontfamily()))
    return {character for character in prose if not character.isspace()} - drawn


def _drawable(family: str) -> frozenset[str]:
    """Return the characters of the font that matplotlib takes for a family; none without a font."""
    try:
        return _glyphs(str(font_manager.findfont(family, fallback_to_default=False)))
    except ValueError:
        return frozenset()


@functools.cache
def _glyphs(font_file: str) -> frozenset[str]:
    return frozenset(map(chr, font_manager.get_font(font_file).get_charmap()))


def figure_html(day: tuple[bytes, bytes], night: tuple[bytes, bytes], description: str) -> str:
    """Return <figure> with the PNG, and the description as its alternative and unfolding text.

    day, night: for a page and for a narrow one.  Those that are not the first take its place there;
    where styles are taken away, it stays.
    """
    first, small = day
    width = int.from_bytes(first[16:20], "big") // PIXEL_RATIO  # PNG §11.2.2: IHDR is at byte 16
    name = f"triad-{hashlib.sha256(first).hexdigest()[:12]}"
    pages = ", ".join(f"{page} img.{name}" for page in DARK_PAGES)
    paper = f"background: {to_hex((NIGHT,) * 3)} !important"
    summary = say.text("figures", "text_equivalent")
    rules = f"{pages} {{ {_picture(night[0])}; {paper} }}"
    if small != first:
        narrow = f"img.{name} {{ {_picture(small)} }} {pages} {{ {_picture(night[1])} }}"
        rules += f" @media (max-width: {NARROW_PAGE}px) {{ {narrow} }}"
    style = f"<style>{rules}</style>"
    figure = Html(
        '<figure lang="{lang}" style="margin: 0">'
        '<img class="{name}" src="{day}" alt="{text}" '
        'width="{width}" style="max-width: 100%; height: auto; background: white">'
        "<figcaption><details><summary>{summary}</summary>"
        '<p style="white-space: pre-line">{text}</p></details></figcaption></figure>'
    )
    values = {"lang": say.html_lang(), "name": name, "day": _address(first), "width": width}
    return style + str(figure.format(text=description, summary=summary, **values))


def _picture(png: bytes) -> str:
    return f'content: url("{_address(png)}")'


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _grid(values: Any) -> NDArray:
    """Return a 2-d array of numbers or of a tensor; raise FigureError if it is empty or not 2-d."""
    if hasattr(values, "detach"):  # a torch tensor, on any device, with or without a gradient
        values = values.detach().cpu()
        values = values.double() if values.is_floating_point() else values  # numpy has no bfloat16
    grid = np.asarray(values)
    if grid.ndim != 2 or grid.size == 0:
        raise FigureError(say.text("figures", "not_a_grid", got=grid.shape))
    return grid


def _rule(
    ax: Axes,
    shape: tuple[int, int],
    rows: Sequence[str] | None,
    columns: Sequence[str] | None,
) -> None:
    """Put labels on the left and on top, as in a written matrix, and lines between the cells."""
    slant = columns is not None and max(map(_ems, columns)) * LARGEST_TEXT > _cell(ax, shape)
    turn = {"rotation": 45, "ha": "left", "rotation_mode": "anchor"} if slant else {}
    _label(ax.yaxis, rows, shape[0], "row_labels")
    _label(ax.xaxis, columns, shape[1], "column_labels", **turn)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.set(xlim=(-0.5, shape[1] - 0.5), ylim=(shape[0] - 0.5, -0.5))
    ax.set_xticks(np.arange(shape[1] + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(shape[0] + 1) - 0.5, minor=True)
    ax.grid(visible=False)
    ax.grid(which="minor", color="#bfbfbf", linewidth=min(0.8, _cell(ax, shape) / 40))
    ax.tick_params(which="both", length=0, labelsize=LARGEST_TEXT)
    ax.spines[:].set_visible(False)


def _label(axis, labels: Sequence[str] | None, count: int, message: str, **style) -> None:
    """Write one label per cell, whole numbers from 0 for None; FigureError for another count."""
    if labels is None:
        axis.set_major_locator(MaxNLocator(integer=True))
    elif len(labels) != count:
        raise FigureError(say.text("figures", message, got=len(labels), want=count))
    else:
        axis.set_ticks(range(count), labels=list(labels), **style)


def _cell(ax: Axes, shape: tuple[int, int]) -> float:
    """Return the side of a square cell in points, before the labels take their part."""
    figure: Any = ax.figure
    width, height = figure.get_size_inches() * ax.get_position().size
    return 72 * min(width / shape[1], height / shape[0])


def _ems(text: str) -> float:
    """Return a text's width in ems: 1 for kanji and kana, 0.6 for Latin letters and digits."""
    return sum(1 if unicodedata.east_asian_width(c) in "WFA" else 0.6 for c in str(text))


def _text_size(ax: Axes, shape: tuple[int, int], texts: Sequence[str]) -> float:
    """Return the size in points at which the longest text fits a cell; 0 without texts."""
    longest = max(map(_ems, texts), default=np.inf)
    return min(LARGEST_TEXT, 0.9 * _cell(ax, shape) / longest)


def _number(value: float, fmt: str) -> str:
    return fmt.format(value).replace("-", "−").replace("inf", "∞")


def _write(ax: Axes, image: AxesImage, numbers: Sequence[str], size: float) -> None:
    """Write one number per cell, in the ink that its colour asks for."""
    colors = image.to_rgba(np.asarray(image.get_array()))  # (R, C, 4)
    for (row, column), number in zip(np.ndindex(colors.shape[:2]), numbers, strict=True):
        ink = _ink(colors[row, column])
        ax.text(column, row, number, ha="center", va="center", size=size, color=ink)


def _ink(color: ArrayLike) -> str:
    """Return black or white, whichever contrasts more.

    4.58 at least, and 4.5 is asked (WCAG 2.2).
    """
    luminance = _luminance(color)
    return "black" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "white"


def _mask_legend(ax: Axes) -> None:
    """Draw the two kinds of cells, with their meaning, under the axes."""

    def square(fill: str, edge: str, marker: str, color: str) -> tuple[Line2D, Line2D]:
        box = Line2D([], [], linestyle="", marker="s", markersize=12, color=fill, mec=edge)
        return box, Line2D([], [], linestyle="", marker=marker, markersize=6, color=color)

    squares = [square(DARK, DARK, "o", "white"), square("white", GREY, "x", GREY)]
    meanings = [say.text("figures", name) for name in ("may_look", "may_not_look")]
    place: dict[str, Any] = {
        "loc": "upper center",
        "bbox_to_anchor": (0.5, 0),
        "ncols": 2,
        "frameon": False,
    }
    ax.legend(squares, meanings, handlelength=1, handletextpad=0.5, columnspacing=1.2, **place)
