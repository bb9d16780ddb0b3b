"""No check that students see holds an answer: what can be told without running it.

What a function does when it is put in the answer's place, course_tools.checks.in_sight tries.
"""

import ast
import re
from collections.abc import Iterable, Iterator

from ..grading import trees
from .problems import Problem
from .source import Cell

HIDDEN = re.compile(r"(?ms)^[ \t]*### BEGIN HIDDEN TESTS$.*?^[ \t]*### END HIDDEN TESTS$")


def in_sight(cells: Iterable[Cell]) -> Iterator[Problem]:
    """Functions of a visible check that take what a task takes, or hold its model answer."""
    cells = [cell for cell in cells if cell.is_code and "wrong" not in cell.options]
    tasks = [ast.parse(cell.source) for cell in cells if "task" in cell.options]
    answers = [of for tree in tasks for of in tree.body if isinstance(of, ast.FunctionDef)]
    for cell in cells:
        if "points" in cell.options:
            shown = ast.parse(HIDDEN.sub("    pass", cell.source))
            for function in trees.functions_of(shown):
                yield from _faults(cell, function, answers)


def _faults(
    cell: Cell, function: ast.FunctionDef, answers: list[ast.FunctionDef]
) -> Iterator[Problem]:
    called = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    for answer in answers:
        same = _takes(function) == _takes(answer) != [] and answer.name not in called
        if same or trees.copies(function, answer, {}):
            what = "takes what the task takes" if same else "holds the model answer"
            yield cell.problem(
                f"{function.name} {what} ({answer.name}): in its place, it may pass the check",
                "store the expected values, and move it to the hidden tests",
            )


def _takes(function: ast.FunctionDef) -> list[str]:
    return [arg.arg for arg in function.args.args]
