"""A fork server for tests; skipped with the reason where this machine cannot isolate."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from course_tools.grading.sandbox import ForkServer, why_not
from course_tools.grading.sandbox.isolation import NotIsolated, hindrances


@contextmanager
def server_or_skip(*arguments, **options) -> Iterator[ForkServer]:
    """CI's Linux must be able to: python start.py test makes it ready there."""
    try:
        made = ForkServer(*arguments, **options)
        made.fork().end()
    except NotIsolated as reason:
        words = ". ".join([f"no isolation on this machine: {reason}", *hindrances()])
        (pytest.fail if os.environ.get("CI") and not why_not() else pytest.skip)(words)
    with made:
        yield made
