"""The common parts of the lessons' figures: named axes, lines, their spread, masks side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from . import figures


def frame(
    ax: Axes,
    x: str = "",
    y: str = "",
    log: str = "",
    ticks: Sequence[float] | Mapping[float, str] | None = None,
    **settings: Any,
) -> None:
    """Name the axes, and make those in `log` ("x", "y", "xy") logarithmic.

    ticks: the values of x that are labelled, and no others: as 1,024 or 0.5, or as {value: label}
    settings: anything else that ax.set takes
    """
    scales = {f"{axis}scale": "log" for axis in log}
    ax.set(xlabel=x, ylabel=y, **scales, **settings)
    if ticks is not None:
        labels = ticks.values() if isinstance(ticks, Mapping) else map(_label, ticks)
        ax.set_xticks(list(ticks), list(labels))
    if ticks is not None and "x" in log:
        ax.minorticks_off()


def _label(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def lines(ax: Axes, x: ArrayLike, series: Mapping[str, ArrayLike], **style: Any) -> None:
    """Draw one line for each series, in the styles of the course.

    x: (N,)   series: {name: (N,)}   style: as ax.plot takes it, for all of them
    """
    for name, y in series.items():
        ax.plot(x, y, label=name, **style)


def spread(runs: ArrayLike) -> tuple[NDArray, NDArray]:
    """Return the mean of several runs, (N,), and how far their lowest and highest are off, (2, N).

    runs: (runs, N)
    """
    values = np.asarray(runs)
    mean = values.mean(0)
    return mean, np.stack([mean - values.min(0), values.max(0) - mean])


def levels(ax: Axes, values: Sequence[float], name: str = "", **style: Any) -> None:
    """Draw a short horizontal line across each group of figures.bars.

    values: (G,), one for each group   style: as ax.hlines takes it
    """
    left, right = np.arange(len(values)) - 0.46, np.arange(len(values)) + 0.46
    ax.hlines(values, left, right, **{"color": "black", "label": name} | style)


def dots(
    ax: Axes, groups: Sequence[Sequence[float]], name: str, marker: str, offset: float = 0
) -> None:
    """Draw an open mark for each value, side by side in its group; equal ones stay apart.

    groups: the values of each group, which stand at 0, 1, … + offset, 0.06 from one to the next
    """
    at = [n + offset + 0.06 * k for n, values in enumerate(groups) for k in range(len(values))]
    values = [value for group in groups for value in group]
    style: dict[str, Any] = {
        "markersize": 9,
        "markevery": 1,
        "fillstyle": "none",
        "markeredgewidth": 2,
    }
    ax.plot(at, values, marker, label=name, **style)


def listed(rows: Mapping[Any, Any], form: str = ".2f", marks: str = " 、。") -> str:
    """List the values that a figure shows, for its description: from the data that are drawn.

    rows: {name: value, or several}   form: of each value, as format takes it
    marks: what stands behind a name, between values, and between rows
    """
    behind, within, between = list(marks)

    def values(of: Any) -> str:
        return within.join(format(float(value), form) for value in np.ravel(of))

    return between.join(f"{name}{behind}{values(of)}" for name, of in rows.items())


def masks(
    found: Mapping[str, ArrayLike],
    x: str,
    y: str,
    size: tuple[float, float],
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    legend: bool = False,
) -> Figure:
    """Draw a figure of masks side by side, with the same names of the axes.

    found: {title: (R, C), bool}   size: width and height in inches   rows, columns: R and C labels,
    by default the numbers from 1   legend: below each of them, what ● and × say
    """
    fig, axes = plt.subplots(1, len(found), figsize=size, squeeze=False)
    for ax, (title, allowed) in zip(axes.flat, found.items(), strict=True):
        height, width = np.shape(allowed)
        named_rows = range(1, height + 1) if rows is None else rows
        named_columns = range(1, width + 1) if columns is None else columns
        figures.mask(ax, allowed, list(map(str, named_rows)), list(map(str, named_columns)), legend)
        ax.set(title=title, xlabel=x, ylabel=y)
    return fig
