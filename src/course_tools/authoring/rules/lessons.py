"""What a course and each of its lessons must have."""

from collections.abc import Iterator

from ..contents import titles
from ..course import Course, Lesson
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
