"""Predictions: a guess beside the measurement, which stays hidden until there is a guess."""

import math
import os
from collections.abc import Mapping
from numbers import Real

from markupsafe import Markup

from ..display import show
from ..language import say
from ..language.typed_numbers import NotANumber, plain, read_number

SHOW_ME = "?"  # a guess that asks for the measured value
CLOSE = 0.05  # of the measured value: so near is right


def compare(guess: object, measured: float, unit: str = "") -> None:
    """Show guess, measurement and their ratio; without a guess only the question for one.

    guess: a number, its text (`12万`, `三十`), None (not yet) or "?" (show the measured value).
    unit stands right behind the number: it brings its own space.
    """
    guess, value = _given(guess), _number(measured, unit)
    if guess is None:
        return _say("open")
    if guess == SHOW_ME:
        return _say("measured", measured=value)
    number = _read(guess, unit)
    if number is None:
        return _say("no_number", got=repr(guess))
    if number < 0 <= measured:
        return _say("negative", guess=_number(number, unit))
    values = {"guess": _number(number, unit), "measured": value, "ratio": _ratio(number, measured)}
    right = math.isclose(number, measured, rel_tol=CLOSE)
    return _say("right" if right else "compared", **values)


def choose(guess: object, options: Mapping[str, str], measured: str) -> None:
    """Show the chosen option beside the one that the measurement picks.

    guess: a key of options, None (not yet) or "?" (show); measured: a key, else KeyError.
    """
    guess, answer = _given(guess), f"{measured}（{options[measured]}）"
    key = plain(guess).lower() if isinstance(guess, str) else guess
    if key is None:
        return _say("open_choice", keys=_keys(options))
    if key == SHOW_ME:
        return _say("measured", measured=answer)
    if not isinstance(key, str) or key not in options:
        return _say("no_choice", got=repr(guess), keys=_keys(options))
    name = "chose_right" if key == measured else "chose_other"
    return _say(name, guess=f"{key}（{options[key]}）", measured=answer)


def _given(guess: object) -> object:
    """Return the guess, or what a run without a student puts in its place."""
    guess = os.environ.get("TRIAD_GUESS") if guess is None else guess
    return plain(guess) if isinstance(guess, str) else guess


def _read(guess: object, unit: str) -> float | None:
    """Read a finite number; None for anything else."""
    if isinstance(guess, str):
        try:
            return float(read_number(guess, [plain(unit)] if unit.strip() else []))
        except NotANumber:
            return None
    number = isinstance(guess, Real) and not isinstance(guess, bool) and math.isfinite(guess)
    return float(guess) if number else None  # type: ignore[arg-type]


def _keys(options: Mapping[str, str]) -> str:
    return " / ".join(f'"{key}"' for key in options)


def _say(name: str, **values: str) -> None:
    message = say.text("predict", name, **values)
    show.fragment(Markup("<p>{}</p>").format(message), message)


def _number(value: float, unit: str) -> str:
    return (f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}") + unit


def _ratio(guess: float, measured: float) -> str:
    return f"{guess / measured:.2f}" if measured else "-"
