"""The table of planted faults: claim, quantity, a broken implementation, and what it measures.

Each lesson has a module faults_NN.py (NN its number) with a list FAULTS.  test_claim_faults.py
holds every row against claims.toml: it must be red, and every quantity needs one.
"""

import os
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from places import ROOT

from helpers.classroom import claims, session


class Fault(NamedTuple):
    """A broken implementation (what) and what the lesson would measure with it."""

    claim: str
    quantity: str
    what: str
    measure: Callable[[], float]
    long: bool = False  # only with TRIAD_ALL=1

    def runs(self) -> bool:
        return not self.long or bool(os.environ.get("TRIAD_ALL"))


def lessons() -> dict[str, list[Fault]]:
    """{lesson: its faults}, for every lesson with claims."""
    folders = sorted(path.parent.name for path in ROOT.glob("lessons/*/claims.toml"))
    return {name: import_module(f"faults_{name[:2]}").FAULTS for name in folders}


def is_red(lesson: str, fault: Fault, value: float) -> bool:
    """Is a value outside the bound of the fault's quantity?"""
    session.current().lesson = lesson
    bound = claims.declared(fault.claim)["quantity"][fault.quantity]
    return not claims.judge(fault.claim, fault.quantity, bound, value).holds
