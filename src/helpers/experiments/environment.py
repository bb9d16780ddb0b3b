"""The check of lesson 00 as text: each line is printed as soon as it is known."""

from ..classroom import environment
from ..display.monospace import left
from . import tell

WHAT, RESULT = 22, 22  # columns


def report() -> None:
    """Print a line for each requirement; exit with status 1 if one fails."""
    failed = 0
    for line in environment.lines():
        failed += line.holds is False
        print(left(line.what, WHAT), left(environment.word(line.holds), RESULT), line.detail)
    if failed:
        tell("environment_fails", n=failed)
        raise SystemExit(1)
    tell("environment_holds")
