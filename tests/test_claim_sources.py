"""Every lessons/*/claims.toml: complete, bounded, sourced, and used by its lesson."""

import re
import tomllib

import pytest
from places import ROOT

from helpers.classroom import claims

FILES = sorted(ROOT.glob("lessons/*/claims.toml"))
CLAIMS = [
    (path, id, entry)
    for path in FILES
    for id, entry in tomllib.loads(path.read_text(encoding="utf-8")).items()
]


def test_there_are_claims():
    assert len(CLAIMS) >= 4


@pytest.mark.parametrize(("path", "id", "entry"), CLAIMS)
def test_a_claim_is_complete(path, id, entry):
    assert re.fullmatch(r"C\d\d", id)
    assert set(entry) == {"verdict", "source", "page", "found", "quantity"}
    assert entry["verdict"] in claims.VERDICTS
    assert re.search(r"\b(19|20)\d\d\b", entry["source"])
    assert entry["quantity"]
    for quantity in entry["quantity"].values():
        bounds = set(quantity) - {"name", "record"}
        assert bounds in ({"equals"}, {"at_most"}, {"at_least"}, {"at_least", "at_most"})


@pytest.mark.parametrize("path", FILES)
def test_the_lesson_checks_each_of_its_claims(path):
    lesson = (path.parent / "lesson.py").read_text(encoding="utf-8")
    declared = {id for p, id, _ in CLAIMS if p == path}
    assert set(re.findall(r'claims\.check\(\s*"(C\d\d)"', lesson)) == declared
