"""What helpers know of the course as a whole: versions it needs, lessons, what can be answered."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from .course import Course, Lesson
from .inline_texts import ARGUMENTS
from .source import Source, groups

REQUIREMENT = re.compile(r"([\w.-]+)\s*(.*)")


def contents(course: Course) -> str:
    """Return the JSON of helpers/data/course.json."""
    lessons = [_lesson(lesson) for lesson in course.lessons]
    table = {"requires": _requires(course.project.table["project"]), "lesson": lessons}
    return json.dumps(table, ensure_ascii=False, indent=1) + "\n"


def titles(source: Source) -> dict[str, str]:
    """Return {language: the heading that opens a lesson}; {} where a language has none."""
    cells = source.cells
    first = next(groups(cells), {}) if not cells[0].is_code else {}
    lines = {lang: cell.source.splitlines()[0] for lang, cell in first.items()}
    if not all(line.startswith("# ") for line in lines.values()):
        return {}
    return {ARGUMENTS[lang]: line[2:].strip() for lang, line in lines.items()}


def _requires(project: dict[str, Any]) -> dict[str, str]:
    """Return {"python" or a distribution: its range in pyproject.toml}."""
    found = (REQUIREMENT.fullmatch(line) for line in project["dependencies"])
    ranges = {match[1]: match[2] for match in found if match}
    return {"python": project["requires-python"]} | ranges


def _lesson(lesson: Lesson) -> dict[str, Any]:
    """Return what helpers know of a lesson; quiz: ids; tasks: {task of the sheet: its points}."""
    return {
        "name": lesson.name,
        "title": titles(lesson.lesson),
        "seconds": lesson.measured.table["seconds"],
        "mib": lesson.measured.table["mib"],
        "quiz": [question["id"] for question in lesson.quiz.table["question"]],
        "tasks": dict(_tasks(lesson.sheet)) if lesson.sheet else {},
    }


def _tasks(sheet: Source) -> Iterator[tuple[str, int]]:
    for cell in sheet.code:
        if "points" in cell.options:
            names = [name for node in cell.nodes for name in _checked(node)]
            yield from ((name, cell.options["points"]) for name in names)


def _checked(node: ast.AST) -> Iterator[str]:
    """Yield the name in check.task("name")."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "check.task":
        yield ast.literal_eval(node.args[0])
