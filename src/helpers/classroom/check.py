"""Checks of an exercise sheet: shape first, then equality with an independent oracle.

    with check.task("merge"):
        check.close(merge(a, b), torch.logaddexp(a, b), hint="…")

An open task says "not yet", a wrong one shows its hint, and the notebook goes on.  Under
TRIAD_STRICT=tasks (solutions, grading) everything but success raises.
"""

import contextlib
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

from ..display import show
from ..language import say
from . import kernel, progress, session
from .session import Result


class WrongAnswer(AssertionError):
    """An answer did not pass a check.

    The message says what was got and expected; hint helps.
    """

    def __init__(self, message: str, hint: str = ""):
        super().__init__(message)
        self.hint = hint


@contextlib.contextmanager
def task(name: str) -> Iterator[None]:
    """Run the checks of one task, show how it stands, and keep it in the session's results.

    A task that once passed stays passed in the student's progress.
    """
    failure: Exception | None = None
    try:
        yield
        result = Result(name, "right")
    except NotImplementedError as error:
        failure, result = error, Result(name, "not_yet")
    except WrongAnswer as error:
        failure, result = error, Result(name, "wrong", str(error), error.hint)
    except Exception as error:
        failure, result = error, Result(name, "error", *_told(error))
    session.current().results[name] = result
    _display(result)
    if result.status == "right":
        progress.passed(name)
    if failure is not None and session.current().is_strict("tasks"):
        raise failure


def shape(got: Any, want: Sequence[int], dtype: Any = None) -> None:
    """Require a tensor of this shape (and dtype, if one is given); raise WrongAnswer if not."""
    if not hasattr(got, "shape"):
        raise WrongAnswer(say.text("check", "no_tensor", got=type(got).__name__))
    if tuple(got.shape) != tuple(want):
        raise WrongAnswer(say.text("check", "shape", got=tuple(got.shape), want=tuple(want)))
    if dtype is not None and got.dtype != dtype:
        raise WrongAnswer(say.text("check", "dtype", got=got.dtype, want=dtype))


def that(holds: Any, hint: str) -> None:
    """Require a property of the answer; raise WrongAnswer if it does not hold."""
    if not holds:
        raise WrongAnswer("", hint)


def close(got: Any, expected: Any, hint: str, atol: float = 1e-5, name: str = "") -> None:
    """Require the oracle's shape, and finite entries within atol of it; raise WrongAnswer if not.

    name: which of several returned values this is; the message begins with it
    """
    with _named(name):
        shape(got, expected.shape)
        if not bool(got.isfinite().all()):
            raise WrongAnswer(say.text("check", "not_finite"), hint)
        gaps = (got.double() - expected.double()).abs().flatten()
        if gaps.numel() and gaps.max() > atol:
            raise WrongAnswer(_off(gaps, expected.flatten(), atol), hint)


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except WrongAnswer as wrong:
        if not name:
            raise
        message = say.text("check", "of", name=name, what=str(wrong))
        raise WrongAnswer(message, wrong.hint) from None


def equal(got: Any, expected: Any, hint: str) -> None:
    """Require the oracle's shape, dtype and entries; raise WrongAnswer if one differs."""
    shape(got, expected.shape, expected.dtype)
    different = int((got != expected).sum())
    if different:
        count = say.text("check", "different", different=different, total=expected.numel())
        raise WrongAnswer(count, hint)


def unpack(got: Any, length: int) -> Sequence[Any]:
    """Return the answer's members if it is a tuple of so many; raise WrongAnswer if not."""
    if not isinstance(got, tuple | list) or len(got) != length:
        size = f"({len(got)})" if isinstance(got, tuple | list) else ""
        message = say.text("check", "members", got=type(got).__name__ + size, want=length)
        raise WrongAnswer(message)
    return got


def _off(gaps: Any, expected: Any, atol: float) -> str:
    """Say how large |got - expected| is at most; in % of |expected| too where that is not 0."""
    worst = gaps.argmax()
    gap, size = gaps[worst].item(), abs(expected[worst].item())
    numbers = {"gap": f"{gap:.3g}", "atol": f"{atol:g}"}
    if not size:
        return say.text("check", "gap", **numbers)
    return say.text("check", "off", percent=f"{100 * gap / size:.3g}", **numbers)


def _told(error: Exception) -> tuple[str, str]:
    """Return (what happened, what to do about it)."""
    forgotten = kernel.forgotten(error) if isinstance(error, NameError) else ""
    return _last_line(error), forgotten


def _last_line(error: Exception) -> str:
    """Return type, message and the student's own line, without the frames of the checks."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"({frame.name}, {frame.line})" if frame.line else ""
    return f"{type(error).__name__}: {error} {where}".strip()


def _display(result: Result) -> None:
    lines = [say.text("check", result.status, task=result.task)]
    if result.detail:
        lines.append(result.detail)
    if result.hint:
        lines.append(say.text("check", "hint", hint=result.hint))
    edge = {"right": "right", "not_yet": ""}.get(result.status, "wrong")
    show.fragment(show.card(lines, edge), "\n".join(lines))
