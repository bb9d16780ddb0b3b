"""Planted faults for the claims of lesson 07: each makes its quantity red."""

from claim_faults import Fault

FAULTS: list[Fault] = []
