"""Predict first: a student's estimate beside the measurement."""

import html
from numbers import Real

from . import say, show


def compare(guess: object, measured: float, unit: str = "") -> None:
    """Show estimate, measurement and their ratio.

    Without an estimate (None, or no number) the measurement is folded away, so that a student can
    still predict.  unit stands right behind the number: it brings its own space.
    """
    value = _number(measured, unit)
    if guess is None:
        _ask(say.text("predict", "open"), value)
    elif isinstance(guess, bool) or not isinstance(guess, Real):
        _ask(say.text("predict", "no_number", got=repr(guess)), value)
    else:
        estimate, ratio = float(guess), _ratio(float(guess), measured)
        values = {"guess": _number(estimate, unit), "measured": value, "ratio": ratio}
        message = say.text("predict", "compared", **values)
        show.fragment(f"<p>{html.escape(message)}</p>", message)


def _ask(request: str, value: str) -> None:
    """Ask for an estimate; the measured value opens on demand."""
    peek = say.text("predict", "peek")
    answer = say.text("predict", "measured", measured=value)
    folded = f"<details><summary>{html.escape(peek)}</summary>{html.escape(answer)}</details>"
    show.fragment(f"<p>{html.escape(request)}</p>{folded}", f"{request}\n{answer}")


def _number(value: float, unit: str) -> str:
    return (f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}") + unit


def _ratio(guess: float, measured: float) -> str:
    return f"{guess / measured:.2f}" if measured else "-"
