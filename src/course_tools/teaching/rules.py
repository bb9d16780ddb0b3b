"""What the teacher's shelf refuses: a missing, unknown or stale key, and a plan that cannot be."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from helpers.language.say import COMPLETE, TODO

from ..authoring.parity import differences
from ..authoring.problems import Problem
from . import lock
from .guide import (
    EXAMPLES,
    KEY,
    NUMBER,
    TEXTS,
    WORDS,
    Guide,
    Prepared,
    named,
    of_asked,
    unknown,
    wanted,
)
from .words import ENGLISH, KEYS

CLASS = 90  # minutes
POINTS = range(4, 10)  # of a hand-out
ASKED = 3  # questions that students ask, at least
EASIEST, HARDEST = 1, 5
UNEQUAL = "unequal"
HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff01-\uff60]")


def problems(lessons: list[Prepared]) -> Iterator[Problem]:
    """Yield all that is wrong with the guides of these lessons."""
    if lessons:
        for name in named(lessons[0].course.root):
            remedy = "remove it from UNWRITTEN in course_tools/teaching/guide.py"
            yield Problem(f"lessons/{name}", "-", "is named as unwritten, wrongly", remedy)
    for one in lessons:
        yield from one.guide.faults or of_guide(one)


def of_guide(one: Prepared) -> Iterator[Problem]:
    """Yield what is wrong with one guide that could be read."""
    found = [*_keys(one), *_values(one.guide, _all(one))]
    yield from found
    if not found:  # else each of these would say the same once more
        for rule in (_order, _minutes, _home, _predicted, _points, _asked, _sheet):
            yield from rule(one)
        yield from lock.problems(one)


def _all(one: Prepared) -> dict[tuple[str, ...], tuple[str, bool]]:
    return wanted(one.anchors) | of_asked(one.guide)


def _keys(one: Prepared) -> Iterator[Problem]:
    allowed, guide = _all(one), one.guide
    for path, (kind, must) in allowed.items():
        if must and path not in guide.values:
            yield guide.problem(path, "is missing", f"write {path[-1]} = {EXAMPLES[kind]}")
    for path in guide.values.keys() - allowed.keys():
        yield unknown(guide, path, allowed)


def _values(guide: Guide, allowed: dict) -> Iterator[Problem]:
    checks: dict[str, Callable[[Any], Iterator[str]]] = {
        TEXTS: texts_faults, WORDS: _english, NUMBER: _number, KEY: _english,
    }  # fmt: skip
    for path, value in guide.values.items():
        kind = allowed[path][0] if path in allowed else ""
        for what in checks[kind](value) if kind else ():
            remedy = "make them equal" if what.startswith(UNEQUAL) else f"write {EXAMPLES[kind]}"
            yield guide.problem(path, what, remedy)


def texts_faults(value: Any) -> Iterator[str]:
    """Yield why a text is not fit: every language, without formulas, the same facts in each."""
    if not isinstance(value, dict) or value.keys() != set(KEYS.values()):
        yield f"is {sorted(value) if isinstance(value, dict) else value!r}, not a text in each"
        return
    if empty := [key for key, text in value.items() if not f"{text}".strip() or text == TODO]:
        yield f"is not written in {', '.join(empty)}"
        return
    if any("$" in text for text in value.values()):
        yield "holds a formula between $: write √, ², ᵀ or a code span"
    yield from _english(value[ENGLISH])
    first = KEYS[COMPLETE[0]]
    for key in sorted(value.keys() - {first}):
        for kind, here, there in differences(value[first], value[key]):
            if kind == "code" or _facts(here) != _facts(there):
                yield f"{UNEQUAL} {kind}: {first} alone has {here}; {key} alone has {there}"


def _facts(listed: str) -> list[str]:
    """Return the numbers that state something: each language counts 1, 2, 3 in its own way."""
    return [number for number in listed.split(", ") if len(number) > 1 and number != "nothing"]


def _english(value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip() or value == TODO:
        yield f"is {value!r}, not written"
    elif found := HAN.search(value):
        yield f"holds {found[0]} in English"


def _number(value: Any) -> Iterator[str]:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        yield f"is {value!r}"


def _order(one: Prepared) -> Iterator[Problem]:
    """Sections stand in the lesson's order, as the class meets them."""
    given, there = list(one.guide.table["section"]), list(one.anchors.sections)
    for mine, lessons in zip(given, there, strict=True):
        if mine != lessons:
            what = f"stands where the lesson has section.{lessons}"
            yield one.guide.problem(("section", mine), what, "follow the lesson's order")
            return


def _minutes(one: Prepared) -> Iterator[Problem]:
    given = {name: entry["minutes"] for name, entry in one.guide.table["section"].items()}
    if sum(given.values()) != CLASS:
        what = f"the minutes of the sections sum to {sum(given.values())}"
        yield one.guide.problem(("section",), what, f"make them sum to {CLASS}")


def _home(one: Prepared) -> Iterator[Problem]:
    """What is done in class is said; where there are no minutes, why it is left to home."""
    for name, entry in one.guide.table["section"].items():
        needed = "do" if entry["minutes"] else "cut"
        if needed not in entry:
            what = f"has {entry['minutes']} minutes and no {needed}"
            yield one.guide.problem(("section", name, needed), what, f"write {EXAMPLES[TEXTS]}")
    if not any("cut" in entry for entry in one.guide.table["section"].values()):
        yield one.guide.problem(("section",), "nothing can be cut", "write cut in one section")


def _predicted(one: Prepared) -> Iterator[Problem]:
    """A class predicts something whenever the lesson asks for a guess in view."""
    together = [path for path in one.guide.values if "predict" in path]
    if not together and any(section.guesses for section in one.anchors.sections.values()):
        remedy = 'name a cell: predict.CELL = "what it asks"'
        yield one.guide.problem(("section",), "nothing is predicted together", remedy)
    for _, name, _, cell in together:
        if not one.guide.table["section"][name]["minutes"]:
            path = ("section", name, "predict", cell)
            yield one.guide.problem(path, "is predicted in 0 minutes", "give the section minutes")


def _points(one: Prepared) -> Iterator[Problem]:
    found = sum("point" in entry for entry in one.guide.table["section"].values())
    if found not in POINTS:
        remedy = f"write point in {POINTS.start} to {POINTS.stop - 1} sections"
        yield one.guide.problem(("section",), f"{found} sections have a point", remedy)


def _asked(one: Prepared) -> Iterator[Problem]:
    if len(one.guide.asked()) < ASKED:
        what = f"{len(one.guide.asked())} questions that students ask"
        yield one.guide.problem(("asked",), what, f"write at least {ASKED} [[asked]]")
    for n, entry in enumerate(one.guide.asked(), 1):
        if entry["section"] not in one.anchors.sections:
            remedy = f"name one of {', '.join(one.anchors.sections)}"
            path = ("asked", f"{n}", "section")
            yield one.guide.problem(path, f"no section {entry['section']}", remedy)


def _sheet(one: Prepared) -> Iterator[Problem]:
    tasks = one.guide.table.get("task", {})
    for name, entry in tasks.items():
        if not EASIEST <= entry["difficulty"] <= HARDEST:
            path = ("task", name, "difficulty")
            remedy = f"write {EASIEST} to {HARDEST}"
            yield one.guide.problem(path, f"is {entry['difficulty']}", remedy)
    minutes = sum(entry["minutes"] for entry in tasks.values())
    if tasks and minutes != one.anchors.sheet_minutes:
        what = f"the minutes of the tasks sum to {minutes}"
        remedy = f"the sheet says {one.anchors.sheet_minutes}: make them equal"
        yield one.guide.problem(("task",), what, remedy)
