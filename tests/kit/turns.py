"""Which language the default tier takes where a test would do the same once more in the other.

Whoever is in turn has a number: a lesson and what belongs to it theirs, others one that they choose
so that both languages come up.  `--all` takes every language; CI, every notebook through nbval.
"""

import os
from pathlib import Path

import pytest
from places import ROOT

from helpers.language.say import COMPLETE


def languages(number: int) -> list[str]:
    """All with TRIAD_ALL=1, else one: Japanese for even numbers, Chinese for odd ones."""
    return list(COMPLETE) if os.environ.get("TRIAD_ALL") else [COMPLETE[number % len(COMPLETE)]]


def waits(notebook: Path, config: pytest.Config) -> bool:
    """Does nbval leave a notebook to CI?  None whose path was named, and in CI none at all."""
    if os.environ.get("CI") or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return False
    number = int(notebook.stem.removeprefix("exercise_")[:2])
    return notebook.relative_to(ROOT).parts[1] not in languages(number)
