"""Cells of one source → a notebook of one language: lesson, sheet or solution."""

import ast
import re
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
from traitlets.config import Config

from helpers.display.show import is_numeric
from helpers.language.say import FIRST, TODO

from . import folding, words
from .problems import Problem
from .source import Cell, groups

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
GRADED = ("task", "points")  # the options of a source cell that become nbgrader's metadata
TABLE = re.compile(r"(?m)^\|.+\|\n\|[-:|]+\|\n(?:\|.+\|(?:\n|$))+")
OWN_OPTIONS = (*GRADED, *folding.OPTIONS)
TITLES = "folded_"  # of stubs.toml: the first line of a folded cell, all that is seen of it


def notebook(
    cells: list[Cell], lang: str, fill: dict[str, str], shared: dict[str, str]
) -> NotebookNode:
    """One language's notebook: no outputs, cell id = key, {{name}} filled from `fill`.

    shared: the words of stubs.toml, the first lines of folded cells among them
    A prose cell that a draft lacks is there in the first language.
    """
    kinds = folding.folded(cells)
    made = nbformat.v4.new_notebook(metadata=METADATA | {"lang": lang})
    prose = {cell.key: lang if lang in there else FIRST
             for there in groups(cells) for cell in there.values()}  # fmt: skip
    for cell in cells:
        if cell.lang in (None, prose.get(cell.key)) and "wrong" not in cell.options:
            made.cells.append(_cell(cell, lang, fill))
            if cell.key in kinds:
                _fold(made.cells[-1], shared[TITLES + kinds[cell.key]])
    return made


def sheet(solution: NotebookNode, shared: dict[str, str]) -> NotebookNode:
    """The student's copy: model answers cleared, hidden tests removed, by nbgrader's own code."""
    config = Config()
    config.ClearSolutions.code_stub = {"python": shared["code"]}
    config.ClearSolutions.text_stub = shared["text"]
    copy = nbformat.from_dict(solution)
    for step in (ClearSolutions(config=config), ClearHiddenTests(config=config)):
        copy, _ = step.preprocess(copy, {})
    return copy


def solution_faults(cell: Cell) -> Iterator[Problem]:
    """Model answers stand between their markers, and nowhere else."""
    if "wrong" in cell.options or cell.source.strip() == TODO:
        return
    marked = cell.source.count(BEGIN), cell.source.count(END)
    wanted = (1, 1) if "task" in cell.options or _is_essay(cell) else (0, 0)
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


def _is_essay(cell: Cell) -> bool:
    return not cell.is_code and "points" in cell.options


def _cell(cell: Cell, lang: str, fill: dict[str, str]) -> NotebookNode:
    new = nbformat.v4.new_code_cell if cell.is_code else nbformat.v4.new_markdown_cell
    source = words.code_in(cell, lang) if cell.is_code else cell.source
    for name, value in fill.items():
        source = source.replace("{{" + name + "}}", value)
    made = new(source if cell.is_code else aligned(source))
    made.id = cell.key
    made.metadata = nbformat.from_dict(
        {k: v for k, v in cell.options.items() if k not in OWN_OPTIONS}
    )
    if any(option in cell.options for option in GRADED):
        made.metadata["nbgrader"] = _grading(cell)
    return made


def aligned(prose: str) -> str:
    """The tables of a Markdown text with their columns of numbers to the right, as show.table."""
    return TABLE.sub(_aligned_table, prose)


def _aligned_table(found: re.Match) -> str:
    _, rule, *rows = [line.strip("|").split("|") for line in found[0].splitlines()]
    if any(len(row) != len(rule) for row in rows):  # a | inside a formula
        return found[0]
    columns = list(map(is_numeric, zip(*rows, strict=True)))
    marks = "|".join("---:" if numeric else "---" for numeric in columns)
    lines = found[0].split("\n")
    return "\n".join([lines[0], f"|{marks}|", *lines[2:]])


def _fold(cell: NotebookNode, title: str) -> None:
    """Folded in JupyterLab, which shows the first line, and in Colab, which shows the @title."""
    cell.source = f"# @title {title}\n{cell.source}"
    cell.metadata |= {"cellView": "form", "jupyter": {"source_hidden": True}}


def _grading(cell: Cell) -> dict:
    """nbgrader's metadata, schema 3: a task is answered, a test or an essay carries points."""
    answered = "task" in cell.options or _is_essay(cell)
    graded = "points" in cell.options
    grading = {
        "grade": graded,
        "grade_id": cell.key,
        "locked": graded and not answered,
        "schema_version": 3,
        "solution": answered,
        "task": False,
    }
    return grading | ({"points": cell.options["points"]} if graded else {})
