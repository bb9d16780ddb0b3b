"""A cell of code is short enough to be read at once: what only draws is folded."""

import json
from statistics import median

import pytest
from places import ROOT

LESSONS = sorted(ROOT.glob("notebooks/ja/*.ipynb"))
LONGEST = 25  # lines
TYPICAL = 9  # lines: the median over the open cells of all lessons
# The same in every lesson, and folded: it looks for helpers, so nothing of it can stand there.
SET_UP = "course"


def code_of(path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def lengths_of(code) -> dict[str, int]:
    """{key of a cell of code: its lines, as a student sees them}"""
    return {cell["id"]: len("".join(cell["source"]).splitlines()) for cell in code}


def is_open(cell: dict) -> bool:
    return not cell["metadata"].get("jupyter", {}).get("source_hidden", False)


def too_long(lengths: dict[str, int]) -> dict[str, int]:
    return {key: n for key, n in lengths.items() if n > LONGEST and key != SET_UP}


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_no_cell_of_a_lesson_is_long(path):
    assert too_long(lengths_of(code_of(path))) == {}


def test_most_cells_are_short():
    code = [cell for path in LESSONS for cell in code_of(path)]
    lengths = [len("".join(cell["source"]).splitlines()) for cell in code if is_open(cell)]
    assert len(LESSONS) == 10 and median(lengths) <= TYPICAL


def test_a_long_cell_is_found(tmp_path):
    """Comments and the title of a folded cell are lines, too."""
    code = ["# @title 図を描く\n", "# なぜ\n", *["x = 1\n"] * (LONGEST - 2), "x"]
    cells = [
        {"id": "long", "cell_type": "code", "source": code},
        {"id": "short", "cell_type": "code", "source": code[1:]},
        {"id": "text", "cell_type": "markdown", "source": code},
        {"id": SET_UP, "cell_type": "code", "source": code},
    ]
    notebook = tmp_path / "lesson.ipynb"
    notebook.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert too_long(lengths_of(code_of(notebook))) == {"long": LONGEST + 1}
