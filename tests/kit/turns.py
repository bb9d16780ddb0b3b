"""What a person's run of the default tier leaves to CI and to `--all`.

Where a test would do the same once more in the other language, one language is in turn: a lesson
and what belongs to it have its number, others one that they choose so that both languages come up.
`--all` takes every language; CI, every notebook through nbval.

What is long and seldom changed is marked with `in_ci`: docs/TESTS.md lists it with the reasons.
"""

import os
from pathlib import Path

import pytest
from places import ROOT

from helpers.language.say import COMPLETE

in_ci = pytest.mark.in_ci


def languages(number: int) -> list[str]:
    """All with TRIAD_ALL=1, else one: Japanese for even numbers, Chinese for odd ones."""
    return list(COMPLETE) if os.environ.get("TRIAD_ALL") else [COMPLETE[number % len(COMPLETE)]]


def leaves(config: pytest.Config) -> bool:
    """Does this run leave anything to CI?  Not in CI, not with --all, not where a path is named."""
    everything = os.environ.get("CI") or os.environ.get("TRIAD_ALL")
    return not everything and config.args_source is pytest.Config.ArgsSource.TESTPATHS


def waits(notebook: Path, config: pytest.Config) -> bool:
    """Does nbval leave a notebook to CI?"""
    if not leaves(config):
        return False
    number = int(notebook.stem.removeprefix("exercise_")[:2])
    return notebook.relative_to(ROOT).parts[1] not in languages(number)
