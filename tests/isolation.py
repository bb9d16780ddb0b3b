"""A warm process for tests; skipped with the reason where this machine cannot isolate."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from course_tools.grading import student


@contextmanager
def warm_or_skip(*arguments, **options) -> Iterator[student.Warm]:
    """CI's Linux must be able to: python start.py test makes it ready there."""
    try:
        made = student.Warm(*arguments, **options)
        made.fork().end()
    except student.NotIsolated as reason:
        words = ". ".join([f"no isolation on this machine: {reason}", *student.hindrances()])
        (pytest.fail if os.environ.get("CI") and not student.unable() else pytest.skip)(words)
    with made:
        yield made
