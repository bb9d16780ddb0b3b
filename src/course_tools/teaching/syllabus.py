"""Syllabi of 4, 8 and 15 weeks, lessons/syllabus.toml: what is taught when, what a mark is made of.

[[course]]
weeks = 4
lead = {…}
weights = {sheets = 40, essays = 20, quizzes = 10, exams = 30}    sum to 100
week = [{lessons = ["01"], sheets = ["01"], exam = ["00", "01"], note = {…}}, …]

Every lesson is taught once; a sheet is due, and asked about in an exam, after its lesson.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ..authoring.problems import Problem
from ..authoring.reading import read_file
from . import words
from .guide import EXAMPLES, TEXTS, Guide, Prepared
from .pages import heading, points, table
from .rules import texts_faults
from .words import KEYS

FILE = "lessons/syllabus.toml"
LENGTHS = (4, 8, 15)
WEIGHTS = ("sheets", "essays", "quizzes", "exams")
WHOLE = 100  # percent


def read(one: Prepared) -> Guide:
    """Return the file of all syllabi."""
    text, faults = read_file(one.course.root, FILE)
    return Guide(FILE, text, faults=tuple(faults)) if faults else Guide.of(FILE, text)


def problems(guide: Guide, lessons: Sequence[str], sheets: Sequence[str]) -> Iterator[Problem]:
    """Yield what is wrong; lessons: numbers of all lessons, sheets: of those with a sheet."""
    yield from guide.faults
    courses = guide.table.get("course", [])
    lengths = [course.get("weeks") for course in courses]
    if tuple(lengths) != LENGTHS and not guide.faults:
        remedy = f"write a [[course]] of each of {LENGTHS} weeks"
        yield Problem(FILE, "course", f"has courses of {lengths} weeks", remedy)
    for course in courses:
        for what, remedy in _faults(course, lessons, sheets):
            yield Problem(FILE, f"weeks {course.get('weeks')}", what, remedy)


def _faults(
    course: dict[str, Any], lessons: Sequence[str], sheets: Sequence[str]
) -> Iterator[tuple[str, str]]:
    weeks, weights = course.get("week", []), course.get("weights", {})
    if len(weeks) != course.get("weeks"):
        yield f"lists {len(weeks)} weeks", f"write {course.get('weeks')}"
    for what in texts_faults(course.get("lead")):
        yield f"lead {what}", f"write lead = {EXAMPLES[TEXTS]}"
    if sum(weights.values()) != WHOLE or weights.keys() != set(WEIGHTS):
        yield f"weights {weights}", f"give {', '.join(WEIGHTS)}, summing to {WHOLE}"
    yield from _each_once("lesson", [x for week in weeks for x in week.get("lessons", ())], lessons)
    yield from _each_once("sheet", [x for week in weeks for x in week.get("sheets", ())], sheets)
    taught: set[str] = set()
    for n, week in enumerate(weeks, 1):
        taught |= set(week.get("lessons", ()))
        for part in ("sheets", "exam"):
            if early := sorted(set(week.get(part, ())) - taught):
                yield f"week {n}: {part} {early} before the lesson", "move it to a later week"
        yield from _note(n, week)
    if not any(week.get("exam") for week in weeks) and weights.get("exams"):
        yield "exams count and there is none", "write exam = […] in a week"


def _each_once(kind: str, given: list[str], wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    if missing := sorted(set(wanted) - set(given)):
        yield f"{kind} {missing} is in no week", "put it into one"
    if strange := sorted(set(given) - set(wanted)):
        yield f"there is no {kind} {strange}", "remove it"
    if twice := sorted({x for x in given if given.count(x) > 1}):
        yield f"{kind} {twice} twice", "keep one"


def _note(n: int, week: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for what in texts_faults(week.get("note")):
        yield f"week {n}: note {what}", f"write note = {EXAMPLES[TEXTS]}, with equal numbers"


def page(guide: Guide, lessons: Sequence[Prepared], lang: str) -> str:
    """Return all syllabi of one language."""
    parts = [f"# {words.text('syllabi', lang)}"]
    for course in guide.table["course"]:
        parts += _course(course, {one.lesson.name[:2]: one for one in lessons}, lang)
    return "\n\n".join(parts) + "\n"


def _course(course: dict[str, Any], lessons: dict[str, Prepared], lang: str) -> list[str]:
    head = [words.text(name, lang) for name in ("week", "topic", "due")]
    rows = [
        [n, _topic(week, lessons, lang), _due(week, lang)]
        for n, week in enumerate(course["week"], 1)
    ]
    return [
        f"## {words.text('syllabus', lang, weeks=course['weeks'])}",
        course["lead"][KEYS[lang]],
        table(head, rows, [0]),
        f"### {words.text('weights', lang)}",
        _weights(course, lessons, lang),
    ]


def _topic(week: dict[str, Any], lessons: dict[str, Prepared], lang: str) -> str:
    """Return the lessons' titles, where a plan of them is there, and the note below."""
    titles = []
    for number in week.get("lessons", ()):
        one = lessons.get(number)
        first = next(iter(one.anchors.sections)) if one else ""
        name = f"{number} {heading(one, first, lang)}" if one else number
        titles.append(f"[{name}]({one.lesson.name}.md)" if one else name)
    return "\n".join([*titles, week["note"][KEYS[lang]]])


def _due(week: dict[str, Any], lang: str) -> str:
    due = [words.text("due_sheet", lang, number=number) for number in week.get("sheets", ())]
    if asked := week.get("exam"):
        numbers = words.text("comma", lang).join(asked)
        due.append(words.text("due_exam", lang, numbers=numbers))
    return "\n".join(due)


def _weights(course: dict[str, Any], lessons: dict[str, Prepared], lang: str) -> str:
    weeks = course["week"]
    due = [lessons[x] for week in weeks for x in week.get("sheets", ()) if x in lessons]
    taught = [lessons[x] for week in weeks for x in week.get("lessons", ()) if x in lessons]
    exams = sum(bool(week.get("exam")) for week in weeks)
    machine, hand = (sum(points(x.anchors, by_hand) for x in due) for by_hand in (False, True))
    questions = sum(len(x.anchors.questions) for x in taught)
    made = {
        "sheets": words.text("sheet_points", lang, count=len(due), points=machine),
        "essays": words.text("essay_points", lang, count=len(due), points=hand),
        "quizzes": words.text("quiz_questions", lang, count=len(taught), questions=questions),
        "exams": words.text("exam_questions", lang, count=exams),
    }
    head = [words.text(name, lang) for name in ("part", "weight", "made_of")]
    rows = [[words.text(f"weight_{x}", lang), course["weights"][x], made[x]] for x in WEIGHTS]
    return table(head, rows, [1])
