"""What a JUnit report, as pytest writes it, says of its tests."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree


class Counts(NamedTuple):
    """How many tests passed, failed (or were in error), and were skipped."""

    passed: int
    failed: int
    skipped: int


def cases(report: Path) -> list[ElementTree.Element]:
    """Return the test cases of a report; none where there is no report that can be read."""
    try:
        return list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return []


def count(cases: Iterable[ElementTree.Element]) -> Counts:
    """Count the cases; a test that failed after it was skipped, or in its tear-down, has failed."""
    kinds = [{child.tag for child in case} for case in cases]
    failed = sum(bool(kind & {"failure", "error"}) for kind in kinds)
    skipped = sum("skipped" in kind and not kind & {"failure", "error"} for kind in kinds)
    return Counts(len(kinds) - failed - skipped, failed, skipped)
