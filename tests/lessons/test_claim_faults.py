"""No claim check that cannot fail: a floor, a ceiling and a planted fault for every quantity."""

import tomllib

import claim_faults
import pytest
import turns
from places import ROOT

LESSONS = claim_faults.lessons()
EVERY = [(lesson, fault) for lesson, faults in LESSONS.items() for fault in faults]
FIRST = {(lesson, fault.claim): fault for lesson, fault in reversed(EVERY) if fault.runs()}
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


def case(lesson, fault):
    """The first fault of a claim shows that its check can fail; the others are CI's."""
    name = f"{lesson[:2]}-{fault.claim}-{fault.quantity}-{fault.what}"
    first = FIRST.get((lesson, fault.claim)) is fault
    return pytest.param(lesson, fault, id=name, marks=[] if first else [turns.in_ci])


@pytest.mark.parametrize(("lesson", "fault"), [case(*one) for one in EVERY])
def test_a_planted_fault_is_red(lesson, fault):
    if not fault.runs():
        pytest.skip("long: TRIAD_ALL=1 runs it")
    value = fault.measure()
    assert claim_faults.is_red(lesson, fault, value), value
