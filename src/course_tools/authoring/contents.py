"""What helpers know of the course as a whole: versions it needs, lessons, what can be answered."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from .data import read_toml
from .problems import Problem, stop_at
from .source import ARGUMENTS, Cell, groups, read_cells

REQUIREMENT = re.compile(r"([\w.-]+)\s*(.*)")


def contents(root: Path, folders: list[Path]) -> str:
    """The JSON of helpers/data/course.json.  LessonError if a lesson has no title."""
    table = {"requires": _requires(root), "lesson": [_lesson(folder) for folder in folders]}
    return json.dumps(table, ensure_ascii=False, indent=1) + "\n"


def _requires(root: Path) -> dict[str, str]:
    """{"python" or a distribution: its range in pyproject.toml}."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = (REQUIREMENT.fullmatch(line) for line in project["dependencies"])
    ranges = {match[1]: match[2] for match in found if match}
    return {"python": project["requires-python"]} | ranges


def _lesson(folder: Path) -> dict:
    """quiz: ids of the questions.  tasks: {task that is checked in the sheet: its points}."""
    measured = read_toml(folder / "measured.toml")
    sheet, quiz = folder / "exercise.py", read_toml(folder / "quiz.toml")
    return {
        "name": folder.name,
        "title": _titles(folder / "lesson.py"),
        "seconds": measured["seconds"],
        "mib": measured["mib"],
        "quiz": [question["id"] for question in quiz["question"]],
        "tasks": dict(_tasks(read_cells(sheet))) if sheet.is_file() else {},
    }


def _titles(path: Path) -> dict[str, str]:
    """{"ja": …} and so on: the heading that opens the lesson."""
    cells = read_cells(path)
    first = next(groups(cells), {}) if not cells[0].is_code else {}
    lines = {lang: cell.source.splitlines()[0] for lang, cell in first.items()}
    if not lines or not all(line.startswith("# ") for line in lines.values()):
        key, want = cells[0].key, "open the lesson with its title in every language: # # …"
        stop_at([Problem(f"{path.parent.name}/{path.name}", key, "no title", want)])
    return {ARGUMENTS[lang]: line[2:].strip() for lang, line in lines.items()}


def _tasks(cells: list[Cell]) -> Iterator[tuple[str, int]]:
    for cell in cells:
        if cell.is_code and "points" in cell.options:
            names = [name for node in ast.walk(ast.parse(cell.source)) for name in _checked(node)]
            yield from ((name, cell.options["points"]) for name in names)


def _checked(node: ast.AST) -> Iterator[str]:
    """The name in check.task("name")."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "check.task":
        yield ast.literal_eval(node.args[0])
