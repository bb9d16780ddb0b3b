"""What a course and each of its lessons must have."""

from collections.abc import Iterable, Iterator, Mapping

from .. import data, folding
from ..contents import titles
from ..course import Course, Lesson
from ..percent import Cell
from ..problems import Problem

MEASURED = {"seconds": (int, float), "mib": (int, float)}


def of_course(course: Course) -> Iterator[Problem]:
    """There are lessons, and pyproject.toml says what they need."""
    yield from course.project.faults
    if not course.lessons:
        remedy = "expected lessons/NN_name/lesson.py"
        yield Problem("lessons", "-", "no lesson found", remedy)
    given = course.project.table.get("project", {})
    for name in ("requires-python", "dependencies"):
        if not course.project.faults and name not in given:
            yield Problem("pyproject.toml", f"project.{name}", "is not there", "write it")
    label = data.texts(course.stubs.table.get("guess", {})) or {}
    for lesson in course.lessons:
        yield from _without_label(lesson.lesson.cells, label) if not lesson.lesson.faults else ()


def _without_label(cells: Iterable[Cell], label: Mapping[str, str]) -> Iterator[Problem]:
    """Yield cells for a guess that no prose since the last one announces: {language: label}."""
    said = dict.fromkeys(label, "")
    for cell in cells:
        if not cell.is_code:
            said[cell.lang or ""] = said.get(cell.lang or "", "") + cell.source
        elif _guesses(cell):
            for lang in (lang for lang in label if label[lang] not in said[lang]):
                remedy = f"write {label[lang]} before the question in the prose above it"
                yield cell.problem(f"no {label[lang]} in {lang} announces this guess", remedy)
            said = dict.fromkeys(label, "")


def _guesses(cell: Cell) -> bool:
    return folding.asks(cell.tree) and any(n.startswith("guess") for n in cell.names.made)


def problems(lesson: Lesson) -> Iterator[Problem]:
    """A lesson opens with its title, and says how long it takes and what memory it needs."""
    source, measured = lesson.lesson, lesson.measured
    if not source.faults and not titles(source):
        remedy = "open the lesson with its title in every language: # # …"
        yield source.cells[0].problem("no title", remedy)
    yield from measured.faults
    for name, kinds in MEASURED.items():
        value = measured.table.get(name)
        if not measured.faults and (isinstance(value, bool) or not isinstance(value, kinds)):
            remedy = f"write {name} = NUMBER; python start.py run NN --record lessons measures it"
            yield Problem(measured.file, name, f"is {value!r}, no number", remedy)
