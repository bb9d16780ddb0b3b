"""Which language the default tier takes where a test would do the same once more in the other.

Whoever is in turn has a number: a lesson and what belongs to it theirs, others one that they choose
so that both languages come up.  `--all` takes every language.
"""

import os

from helpers.language.say import COMPLETE


def languages(number: int) -> list[str]:
    """All with TRIAD_ALL=1, else one: Japanese for even numbers, Chinese for odd ones."""
    return list(COMPLETE) if os.environ.get("TRIAD_ALL") else [COMPLETE[number % len(COMPLETE)]]
