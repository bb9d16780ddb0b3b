"""This tree's course, read once for all tests of a process: to read it takes a second."""

from functools import cache

from places import ROOT

from course_tools.authoring.course import Course


@cache
def course() -> Course:
    """Everything that files are made from, as it lies here; no test changes it."""
    return Course.read(ROOT)
