"""No claim check that cannot fail: a floor, a ceiling and a planted fault for every quantity."""

import tomllib

import claim_faults
import pytest
from places import ROOT

LESSONS = claim_faults.lessons()
EVERY = [(lesson, fault) for lesson, faults in LESSONS.items() for fault in faults]
QUANTITIES = [
    (lesson, claim, name, bound)
    for lesson in LESSONS
    for claim, entry in tomllib.loads(
        (ROOT / f"lessons/{lesson}/claims.toml").read_text(encoding="utf-8")
    ).items()
    for name, bound in entry["quantity"].items()
]


@pytest.mark.parametrize(
    ("lesson", "claim", "name", "bound"), QUANTITIES, ids=lambda value: str(value)[:30]
)
def test_a_quantity_has_a_floor_a_ceiling_and_a_fault(lesson, claim, name, bound):
    assert "equals" in bound or {"at_least", "at_most"} <= bound.keys()
    named = [fault for fault in LESSONS[lesson] if (fault.claim, fault.quantity) == (claim, name)]
    assert named or bound.get("record")


@pytest.mark.parametrize(
    ("lesson", "fault"), EVERY, ids=[f"{a[:2]}-{f.claim}-{f.quantity}-{f.what}" for a, f in EVERY]
)
def test_a_planted_fault_is_red(lesson, fault):
    if not fault.runs():
        pytest.skip("long: TRIAD_ALL=1 runs it")
    value = fault.measure()
    assert claim_faults.is_red(lesson, fault, value), value
