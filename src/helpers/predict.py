"""Predict first: a student's estimate beside the measurement."""

import html
from numbers import Real

from . import say, show


def compare(guess: object, measured: float, unit: str = "") -> None:
    """Show estimate, measurement and their ratio; None or no number is answered kindly."""
    values = {"measured": _number(measured, unit)}
    if guess is None:
        message = say.text("predict", "open", **values)
    elif isinstance(guess, bool) or not isinstance(guess, Real):
        message = say.text("predict", "no_number", got=repr(guess), **values)
    else:
        values |= {"guess": _number(float(guess), unit), "ratio": _ratio(float(guess), measured)}
        message = say.text("predict", "compared", **values)
    show.fragment(f"<p>{html.escape(message)}</p>", message)


def _number(value: float, unit: str) -> str:
    return f"{value:,.4g} {unit}".strip() if abs(value) < 10_000 else f"{value:,.0f} {unit}".strip()


def _ratio(guess: float, measured: float) -> str:
    return f"{guess / measured:.2f}" if measured else "-"
