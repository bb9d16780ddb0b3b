"""A lesson's claims: their fields and bounds, and that the lesson checks each of them.

The classes of helpers.classroom.claim_tables are the schema.
"""

import re
from collections.abc import Iterator
from typing import Any

from helpers.classroom.claim_tables import Claim
from helpers.language.tables import Malformed

from ..course import Lesson
from ..problems import Problem

PAGES, OURS = re.compile(r"C\d\d"), re.compile(r"E\d\d")  # names of the page's claims, of ours
YEAR = re.compile(r"\b(19|20)\d\d\b")
CHECKED = re.compile(r'claims\.check\(\s*"([^"]*)"')


def problems(lesson: Lesson) -> Iterator[Problem]:
    """Yield everything that is wrong with the claims of a lesson that can be read."""
    file = lesson.claims.file if lesson.claims else f"lessons/{lesson.name}/claims.toml"
    tables = lesson.claims.table if lesson.claims else {}
    for name, table in tables.items():
        yield from _of_claim(file, name, table)
    checked = {name for cell in lesson.lesson.code for name in CHECKED.findall(cell.source)}
    for name in sorted(tables.keys() - checked):
        yield Problem(file, name, "the lesson never checks it", f'call claims.check("{name}", …)')
    for name in sorted(checked - tables.keys()):
        yield Problem(file, name, "the lesson checks it, and it is not declared", "declare it here")


def _of_claim(file: str, name: str, table: Any) -> Iterator[Problem]:
    try:
        claim = Claim.from_table(table)
    except Malformed as fault:
        remedy = "mend it as helpers/classroom/claim_tables.py says"
        yield Problem(file, name, str(fault), remedy)
        return
    if not (OURS if claim.ours else PAGES).fullmatch(name):
        remedy = "number the claims of the page C01, C02, …, the course's own E01, E02, …"
        yield Problem(file, name, "is no name of such a claim", remedy)
    if not YEAR.search(claim.source):
        yield Problem(file, name, f"no year in the source {claim.source!r}", "say when it appeared")
