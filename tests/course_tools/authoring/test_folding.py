"""Which cells the builder folds, and what folds them."""

import nbformat
import pytest
import whole_course
from nbgrader.preprocessors import ComputeChecksums
from places import ROOT

from course_tools.authoring import folding
from course_tools.authoring.percent import Cell


def cell(key: str, source: str, **options) -> Cell:
    return Cell("x/lesson.py", key, None, True, source, options)


FIGURE = "fig, ax = plt.subplots()\nax.plot(x)\nax.plot(y)\nax.legend()\nfigures.show(fig, 'two')"
CLAIM = "a = 1\nb = 2\nc = 3\nd = 4\nclaims.check('C01', a + b + c + d)"
TABLE = """rows = []
for n in range(3):
    text = str(n)
    rows.append(text)
show.fragment(*show.table(['n'], rows))"""


@pytest.mark.parametrize(
    ("cells", "folds"),
    [
        ([cell("f", FIGURE)], {"f": "figure"}),
        ([cell("f", CLAIM)], {"f": "claim"}),
        ([cell("f", TABLE)], {"f": "table"}),
        ([cell("f", "def draw(n):\n    '''SVG'''\n\n\nExplorer('t', draw)")], {"f": "explorer"}),
        ([cell("f", "x = 1\nprint(x)\n\n\nprint(2 * x)")], {}),
        ([cell("f", "guess = None\n" + FIGURE)], {}),
        ([cell("f", "def softmax(x):\n    '''eˣ'''\n" + CLAIM)], {}),
        ([cell("f", "figures.show(fig, 'short')")], {}),
        # what an open cell below uses stays in view; a folded one's needs do not count
        ([cell("f", "shares = 1\n" + FIGURE), cell("g", "print(shares)")], {}),
        ([cell("f", "shares = 1\n" + FIGURE), cell("g", "shares = 2\nprint(shares)")],
         {"f": "figure"}),
        ([cell("f", "shares = 1\n" + FIGURE), cell("g", "def f(shares):\n    return shares")],
         {"f": "figure"}),
        ([cell("f", "shares = 1\n" + FIGURE), cell("g", CLAIM + "\nprint(shares)")],
         {"f": "figure", "g": "claim"}),
        # the header has the last word
        ([cell("f", FIGURE, show=True)], {}),
        ([cell("f", "shares = 1\n" + FIGURE, hide=True), cell("g", "print(shares)")],
         {"f": "figure"}),
        ([cell("f", "print(1)", hide=True)], {"f": "code"}),
        # in a sheet
        ([cell("f", "check.task('f')", points=2), cell("g", "def g(): ...", task=True)],
         {"f": "check"}),
    ],
)  # fmt: skip
def test_rule(cells, folds):
    assert folding.folded(cells) == folds


def built(pattern: str) -> list[nbformat.NotebookNode]:
    return [nbformat.read(path, 4) for path in sorted(ROOT.glob(pattern))]


def is_folded(cell) -> bool:
    folds = cell.metadata.get("jupyter", {}).get("source_hidden", False)
    assert folds == (cell.metadata.get("cellView") == "form") == cell.source.startswith("# @title ")
    return folds


@pytest.mark.parametrize("folder", ["exercises", "solutions"])
def test_every_check_of_a_sheet_is_folded_and_no_answer_is(folder):
    sheets = built(f"{folder}/*/*/*.ipynb")
    assert len(sheets) >= 2
    for sheet in sheets:
        for c in (c for c in sheet.cells if "nbgrader" in c.metadata and c.cell_type == "code"):
            assert is_folded(c) == (not c.metadata.nbgrader.solution), c.id


def test_no_long_cell_that_only_shows_is_open_in_a_lesson():
    """Open cells of more than 15 lines: they compute, ask or explain."""
    for lesson in whole_course.course().lessons:
        cells = lesson.lesson.code
        folds = folding.folded(cells)
        for c in cells:
            if c.source.count("\n") > 15 and "figures.show" in c.source and c.key not in folds:
                assert "guess = None" in c.source, f"{lesson.name}:{c.key}"


def test_nbgrader_does_not_mind():
    """Its checksum of a locked cell, by which autograding restores it, is of the source only."""
    [sheet] = built("solutions/ja/01_attention/exercise_01_attention.ipynb")
    first, _ = ComputeChecksums().preprocess(nbformat.from_dict(sheet), {})
    for c in sheet.cells:
        c.metadata.pop("jupyter", None), c.metadata.pop("cellView", None)
    second, _ = ComputeChecksums().preprocess(nbformat.from_dict(sheet), {})
    sums = [[c.metadata.nbgrader.get("checksum") for c in made.cells if "nbgrader" in c.metadata]
            for made in (first, second)]  # fmt: skip
    assert sums[0] == sums[1] and any(sums[0])
