"""Every lessons/*/claims.toml: complete, bounded, sourced, and used by its lesson."""

import re
import tomllib
from dataclasses import replace

import pytest
import whole_course
from places import ROOT

from course_tools.authoring.build import build
from course_tools.authoring.data import Table
from course_tools.authoring.problems import LessonError
from helpers.classroom import claims
from helpers.classroom.claim_tables import VERDICTS

FILES = sorted(ROOT.glob("lessons/*/claims.toml"))
CLAIMS = [
    (path, id, entry)
    for path in FILES
    for id, entry in tomllib.loads(path.read_text(encoding="utf-8")).items()
]
LESSON = "01_attention"
FILE = f"lessons/{LESSON}/claims.toml"


def test_there_are_claims():
    assert len(CLAIMS) >= 4


@pytest.mark.parametrize(("path", "id", "entry"), CLAIMS)
def test_a_claim_is_complete(path, id, entry):
    if "ours" in entry:
        assert re.fullmatch(r"E\d\d", id)
        assert set(entry) == {"ours", "source", "found", "quantity"}
    else:
        assert re.fullmatch(r"C\d\d", id)
        assert set(entry) == {"verdict", "source", "page", "found", "quantity"}
        assert entry["verdict"] in VERDICTS
    assert re.search(r"\b(19|20)\d\d\b", entry["source"])
    assert entry["quantity"]
    for quantity in entry["quantity"].values():
        bounds = set(quantity) - {"name", "record", "real"}
        assert bounds in ({"equals"}, {"at_most"}, {"at_least"}, {"at_least", "at_most"})


@pytest.mark.parametrize("path", FILES)
def test_the_lesson_checks_each_of_its_claims(path):
    lesson = (path.parent / "lesson.py").read_text(encoding="utf-8")
    declared = {id for p, id, _ in CLAIMS if p == path}
    assert set(re.findall(r'claims\.check\(\s*"([CE]\d\d)"', lesson)) == declared


# --- what `build` refuses -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course():
    """One lesson, of which a test replaces the claims."""
    read = whole_course.course()
    return replace(read, lessons=tuple(x for x in read.lessons if x.name == LESSON))


def refused(course, text) -> list[str]:
    table = Table.of(FILE, text) if text else None
    lessons = [replace(lesson, claims=table) for lesson in course.lessons]
    try:
        assert build(replace(course, lessons=tuple(lessons)))
    except LessonError as error:
        return [str(problem) for problem in error.problems]
    return []


BOUND = "at_least = 0\nat_most = 3e-6"  # of C05's torch_gap
BROKEN = {
    "a misspelt field": ("verdict =", "verdikt =", "C05: verdikt: unknown; known: source, found"),
    "a missing field": ('source = "', '# "', "C05: source: missing"),
    "a claim of the page without a verdict": (
        'verdict = "nuance"\n', "", "C05: ours: has page, expected page and verdict, or else ours"),
    "a verdict on a claim of ours": (
        "page = {", "ours = {", "C05: ours: has verdict and ours, expected page and verdict"),
    "an unknown verdict": ('"nuance"', '"maybe"', "C05: verdict: is 'maybe', expected one of true"),
    "a text that is none": ('source = "', 'source = 3 # "', "C05: source: is 3, expected a text"),
    "no year": ("2017", "", "C05: no year in the source"),
    "a misspelt bound": (BOUND, "at_lest = 0", "C05: quantity.torch_gap.at_lest: unknown"),
    "no bound": (BOUND, "", "C05: quantity.torch_gap: expected at_least, at_most or both"),
    "two kinds of bounds": (BOUND, f"{BOUND}\nequals = 0", "C05: quantity.torch_gap: expected at"),
    "bounds that no value meets": (
        BOUND, "at_least = 1\nat_most = 0", "C05: quantity.torch_gap: at_least 1 is above"),
    "a bound that is a word": (
        BOUND, 'at_most = "small"', "C05: quantity.torch_gap.at_most: is 'small', expected"),
    "a bound that is no number": (
        BOUND, "at_most = nan", "C05: quantity.torch_gap.at_most: is nan, expected"),
    "record that is a word": (
        BOUND, f'{BOUND}\nrecord = "yes"', "C05: quantity.torch_gap.record: is 'yes'"),
    "another name": ("[C05", "[c5", "c5: is no name of such a claim"),
    "a claim that the lesson never checks": ("[C05", "[C99", "C99: the lesson never checks it"),
    "a claim that is not declared": ("[C05", "[C99", "C05: the lesson checks it"),
    "an id that is used twice": ("[C05]", "[C05]\n[C05]", "-: no TOML: "),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_build_refuses_a_planted_fault(course, fault):
    old, new, what = BROKEN[fault]
    text = (ROOT / FILE).read_text(encoding="utf-8")
    first = text.index("[C05]")
    assert old in text[first:]
    changes = -1 if old == "[C05" else 1
    found = refused(course, text[:first] + text[first:].replace(old, new, changes))
    [told] = [problem for problem in found if problem.startswith(f"{FILE}:{what}")]
    assert told.split("→")[1].strip()


@pytest.mark.parametrize(("name", "taken"), [("E05", True), ("C05", False)])
def test_a_claim_of_the_courses_own_has_a_name_of_its_own(course, name, taken):
    """[C05] without the page's verdict and with `ours`, under another name, which the cell uses."""
    text = (ROOT / FILE).read_text(encoding="utf-8")
    first, second = text.index("[C05]"), text.index("[C01]")
    ours = text[first:second].replace('verdict = "nuance"\n', "").replace("page = {", "ours = {")
    found = refused(course, text[:first] + ours.replace("[C05", f"[{name}") + text[second:])
    assert any("is no name of such a claim" in problem for problem in found) is not taken


def test_build_takes_the_claims_as_they_are(course):
    assert refused(course, (ROOT / FILE).read_text(encoding="utf-8")) == []


def test_a_lesson_without_claims_checks_none(course):
    assert any("the lesson checks it, and it is not" in found for found in refused(course, ""))


def test_a_quantity_without_a_bound_is_never_judged():
    name = {"ja": "量", "zh_tw": "量"}
    with pytest.raises(ValueError, match="expected at_least, at_most or both, or else equals"):
        claims.judge("C01", "gap", {"name": name}, 1.0)
