"""What `build` refuses.  A rule takes a file as it was read and yields a Problem for each fault."""

from collections.abc import Iterator

from ..course import Course, Lesson
from ..problems import Problem
from ..sections import problems as problems_of_sections
from ..source import Source
from . import answers, claims, languages, lessons, quiz


def problems(course: Course) -> Iterator[Problem]:
    """Yield all that is wrong with a course; what cannot be read is not looked into further."""
    yield from course.faults()
    yield from of_source(course.set_up)
    yield from lessons.of_course(course)
    for lesson in course.lessons:
        yield from of_lesson(lesson)


def of_lesson(lesson: Lesson) -> Iterator[Problem]:
    """Yield what is wrong with one lesson, apart from files that cannot be read."""
    for source in (lesson.lesson, lesson.sheet):
        yield from of_source(source) if source else ()
    yield from lessons.problems(lesson)
    if not lesson.quiz.faults:
        yield from quiz.problems(lesson.quiz)
    if not (lesson.lesson.faults or (lesson.claims and lesson.claims.faults)):
        yield from claims.problems(lesson)


def of_source(source: Source) -> Iterator[Problem]:
    """Yield what is wrong with cells that can be read."""
    if not source.faults:
        yield from languages.problems(source)
        yield from answers.problems(source)
        yield from problems_of_sections(source.cells)
