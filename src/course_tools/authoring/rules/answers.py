"""Model answers stand between their markers, and no check that students see holds one.

That is what can be told without running a check; course_tools.in_sight tries every visible
function in an answer's place.
"""

import ast
import re
from collections.abc import Iterable, Iterator

from helpers.language.say import TODO

from .. import syntax_trees
from ..notebooks import BEGIN, END, is_essay, with_stub
from ..percent import Cell
from ..problems import Problem
from ..source import Source

HIDDEN = re.compile(r"(BEGIN|END) HIDDEN TESTS")
Answer = tuple[ast.FunctionDef, list[ast.stmt]]  # a model answer, and its body as `plain` has it


def problems(source: Source) -> Iterator[Problem]:
    """Yield every model answer that students could see."""
    for cell in source.cells:
        yield from _marker_faults(cell)
        yield from _hidden_faults(cell)
    yield from _in_sight(source.code)


def _in_sight(cells: Iterable[Cell]) -> Iterator[Problem]:
    """Yield functions of a visible check that take what a task takes, or hold its model answer."""
    cells = [cell for cell in cells if "wrong" not in cell.options]
    tasks = [cell.tree for cell in cells if "task" in cell.options]
    functions = [of for tree in tasks for of in tree.body if isinstance(of, ast.FunctionDef)]
    answers = [(of, syntax_trees.plain(of.body)) for of in functions]
    for cell in cells:
        if "points" in cell.options:
            shown = ast.parse(with_stub(cell.source, "HIDDEN TESTS", ["pass"]))
            for function in syntax_trees.functions_of(shown):
                yield from _faults(cell, function, answers)


def _faults(cell: Cell, function: ast.FunctionDef, answers: Iterable[Answer]) -> Iterator[Problem]:
    called = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    code = syntax_trees.plain([function])
    for answer, body in answers:
        same = _takes(function) == _takes(answer) != [] and answer.name not in called
        if same or syntax_trees.copies(code, body, {}):
            what = "takes what the task takes" if same else "holds the model answer"
            yield cell.problem(
                f"{function.name} {what} ({answer.name}): in its place, it may pass the check",
                "store the expected values, and move it to the hidden tests",
            )


def _takes(function: ast.FunctionDef) -> list[str]:
    return [arg.arg for arg in function.args.args]


def _marker_faults(cell: Cell) -> Iterator[Problem]:
    """Model answers stand between their markers, and nowhere else."""
    if "wrong" in cell.options or cell.source.strip() == TODO:
        return
    marked = cell.source.count(BEGIN), cell.source.count(END)
    wanted = (1, 1) if "task" in cell.options or is_essay(cell) else (0, 0)
    if marked != wanted:
        yield cell.problem(
            f"{marked[0]} × {BEGIN} and {marked[1]} × {END}; expected {wanted[0]} of each",
            "put the model answer of a task or essay, and only that, between the two markers",
        )
    elif cell.is_code and wanted == (1, 1):
        yield from _outside_faults(cell)


def _outside_faults(cell: Cell) -> Iterator[Problem]:
    """In a task's cell only imports, signatures and docstrings may stand outside the markers."""
    before, rest = cell.source.split(BEGIN)
    stub = before + "raise NotImplementedError\n" + rest.split(END)[1]
    for node in ast.walk(ast.parse(stub)):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        extra = [n for n in body if not _is_scaffold(n)]
        if extra:
            yield cell.problem(
                f"line {extra[0].lineno} is a solution outside its markers",
                f"move it between {BEGIN} and {END}",
            )
            return


def _is_scaffold(node: ast.stmt) -> bool:
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.Call)
    stub = isinstance(node, ast.Raise)
    return docstring or stub or isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom)


def _hidden_faults(cell: Cell) -> Iterator[Problem]:
    """Hidden tests stand in checks, and end where they say."""
    marks = HIDDEN.findall(cell.source)
    if marks != ["BEGIN", "END"] * (len(marks) // 2):
        remedy = "write ### BEGIN HIDDEN TESTS, the tests, ### END HIDDEN TESTS"
        yield cell.problem(f"the markers of hidden tests are {marks}", remedy)
    elif marks and "points" not in cell.options:
        remedy = "give it points, or take the markers away"
        yield cell.problem("hidden tests in a cell that is no check", remedy)
