"""Cells of one source → a notebook of one language: lesson, sheet or solution.

A notebook is nbformat 4.5's JSON as a dict.  It is written as nbformat writes it, and a sheet is
cleared as nbgrader clears it: both are slow to import, so the tests compare instead.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.display.show import is_numeric
from helpers.language.say import FIRST

from . import folding, inline_texts, sections
from .percent import Cell
from .source import groups

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
NEW_CODE: dict[str, Any] = {"cell_type": "code", "execution_count": None, "outputs": []}
FORMAT = {"nbformat": 4, "nbformat_minor": 5}
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
GRADED = ("task", "points")  # the options of a source cell that become nbgrader's metadata
TABLE = re.compile(r"(?m)^\|.+\|\n\|[-:|]+\|\n(?:\|.+\|(?:\n|$))+")
OWN_OPTIONS = (*GRADED, *folding.OPTIONS, sections.FURTHER)
CLOSED = {"jp-MarkdownHeadingCollapsed": True}  # the heading alone is seen until it is opened
TITLES = "folded_"  # of stubs.toml: the first line of a folded cell, all that is seen of it
Notebook = dict[str, Any]


def notebook(
    cells: Sequence[Cell],
    kinds: Mapping[str, str],
    lang: str,
    fill: Mapping[str, str],
    shared: Mapping[str, str],
) -> Notebook:
    """Return one language's notebook: no outputs, cell id = key, {{name}} filled from `fill`.

    kinds: which cells are folded, as folding.folded tells
    shared: the words of stubs.toml, the first lines of folded cells among them
    A prose cell that a draft lacks is there in the first language.
    """
    made = []
    prose = {cell.key: lang if lang in there else FIRST
             for there in groups(cells) for cell in there.values()}  # fmt: skip
    for cell in cells:
        if cell.lang in (None, prose.get(cell.key)) and "wrong" not in cell.options:
            made.append(_cell(cell, lang, fill))
            if cell.key in kinds:
                _fold(made[-1], shared[TITLES + kinds[cell.key]])
    return {"cells": made, "metadata": METADATA | {"lang": lang}, **FORMAT}


def sheet(solution: Notebook, shared: Mapping[str, str]) -> Notebook:
    """Return the student's copy: a stub for each model answer, no hidden tests."""
    return solution | {"cells": [_cleared(cell, shared) for cell in solution["cells"]]}


def _cleared(cell: dict[str, Any], shared: Mapping[str, str]) -> dict[str, Any]:
    stub = shared["code" if cell["cell_type"] == "code" else "text"].split("\n")
    answered = with_stub(cell["source"], "SOLUTION", stub)
    return cell | {"source": with_stub(answered, "HIDDEN TESTS")}


def with_stub(source: str, region: str, stub: Sequence[str] = ()) -> str:
    """Return a cell with other lines in place of those from BEGIN region to END region."""
    kept: list[str] = []
    inside = False
    for line in source.split("\n"):
        if f"BEGIN {region}" in line:
            inside, indent = True, line[: len(line) - len(line.lstrip())]
            kept += [indent + instead for instead in stub]
        elif f"END {region}" in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def text_of(made: Notebook) -> str:
    """Return the file of a notebook."""
    cells = [cell | {"source": cell["source"].splitlines(True)} for cell in made["cells"]]
    table = made | {"cells": cells}
    separators = (",", ": ")
    text = json.dumps(table, ensure_ascii=False, indent=1, sort_keys=True, separators=separators)
    return text + "\n"


def is_essay(cell: Cell) -> bool:
    """Tell whether the cell is a question that a student answers in prose."""
    return not cell.is_code and "points" in cell.options


def _cell(cell: Cell, lang: str, fill: Mapping[str, str]) -> dict[str, Any]:
    source = inline_texts.code_in(cell, lang) if cell.is_code else cell.source
    for name, value in fill.items():
        source = source.replace("{{" + name + "}}", value)
    metadata = {k: v for k, v in cell.options.items() if k not in OWN_OPTIONS}
    if any(option in cell.options for option in GRADED):
        metadata["nbgrader"] = _grading(cell)
    if cell.options.get(sections.FURTHER):
        metadata |= CLOSED
    made = {"id": cell.key, "metadata": metadata}
    if cell.is_code:
        return made | NEW_CODE | {"source": source}
    return made | {"cell_type": "markdown", "source": aligned(source)}


def aligned(prose: str) -> str:
    """Align the columns of numbers in the tables of a Markdown text to the right, as show.table."""
    return TABLE.sub(_aligned_table, prose)


def _aligned_table(found: re.Match) -> str:
    _, rule, *rows = [line.strip("|").split("|") for line in found[0].splitlines()]
    if any(len(row) != len(rule) for row in rows):  # a | inside a formula
        return found[0]
    columns = list(map(is_numeric, zip(*rows, strict=True)))
    marks = "|".join("---:" if numeric else "---" for numeric in columns)
    lines = found[0].split("\n")
    return "\n".join([lines[0], f"|{marks}|", *lines[2:]])


def _fold(cell: dict[str, Any], title: str) -> None:
    """Fold the cell in JupyterLab, which shows its first line, and in Colab, which shows @title."""
    cell["source"] = f"# @title {title}\n{cell['source']}"
    cell["metadata"] |= {"cellView": "form", "jupyter": {"source_hidden": True}}


def _grading(cell: Cell) -> dict[str, Any]:
    """Make nbgrader's metadata, schema 3: a task is answered, a test or an essay carries points."""
    answered = "task" in cell.options or is_essay(cell)
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
