"""Planted faults for the claims of lesson 02: each makes its quantity red."""

from claim_faults import Fault

FAULTS: list[Fault] = []
