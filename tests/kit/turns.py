"""What a person's run of the default tier leaves to CI and to `--all`.

Where a test would do the same once more in the other language, one language is in turn: a lesson
and what belongs to it have its number, others one that they choose so that both languages come up.
`--all` takes every language; CI, every notebook through nbval.

What is long and seldom changed is marked with `in_ci`: docs/TESTS.md lists it with the reasons.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from places import ROOT

from helpers.language.say import COMPLETE

in_ci = pytest.mark.in_ci


def languages(number: int) -> list[str]:
    """All with TRIAD_ALL=1, else one: Japanese for even numbers, Chinese for odd ones."""
    return list(COMPLETE) if os.environ.get("TRIAD_ALL") else [COMPLETE[number % len(COMPLETE)]]


def by_turns(number: int, values: Iterable = COMPLETE) -> list[ParameterSet]:
    """Parameters of a long test that takes the same way with each: one is in turn, CI takes all.

    Values are languages, themes of a page, signals, formats: what one of them shows of the code in
    between, the others would show once more.  What can differ between them is said in texts and
    tables, whose tests are short and take all of them everywhere.
    """
    every = list(values)
    turn = number % len(every)
    return [pytest.param(each, marks=() if n == turn else in_ci) for n, each in enumerate(every)]


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
