"""The predictions of the lessons are the student's: no answer on the screen before the cell ran."""

import json
import re
from itertools import pairwise

import pytest
from places import ROOT

NOTEBOOKS = sorted(ROOT.glob("notebooks/*/*.ipynb"))
ASKS = re.compile(r"^ *predict\.(compare|choose)\(", re.MULTILINE)
FOLD = re.compile(r"<details>\s*<summary>[^<]+</summary>\n\n.*?\n\n</details>(\n|$)", re.DOTALL)


def name_of(path) -> str:
    return f"{path.parent.name}/{path.stem}"


def cells_of(path) -> list[tuple[str, str, str]]:
    """(key, type, source) of every cell."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(cell["id"], cell["cell_type"], "".join(cell["source"])) for cell in cells]


def told_too_early(cells) -> list[str]:
    """Keys of the texts right below a prediction that begin with neither a fold nor a section."""
    below = [after for cell, after in pairwise(cells) if cell[1] == "code" and ASKS.search(cell[2])]
    texts = [(key, source) for key, kind, source in below if kind == "markdown"]
    return [key for key, text in texts if not (FOLD.match(text) or text.startswith("## "))]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_text_below_a_prediction_is_folded(path):
    assert told_too_early(cells_of(path)) == []


def test_a_text_in_sight_is_found():
    asks = ("a", "code", "guess = None\npredict.compare(guess, 4)")
    fold = "<details>\n<summary>開く</summary>\n\n4倍です。\n\n</details>"
    assert told_too_early([asks, ("b", "markdown", "4倍です。")]) == ["b"]
    assert told_too_early([asks, ("b", "markdown", fold)]) == []
    assert told_too_early([asks, ("b", "markdown", fold + "\n\n次は、長さを変えます。")]) == []
    assert told_too_early([asks, ("b", "markdown", "4倍です。\n\n" + fold)]) == ["b"]
    assert told_too_early([asks, ("b", "markdown", "## 2. 次の節")]) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_every_guess_is_still_open_and_is_asked_for(path):
    code = [source for _, kind, source in cells_of(path) if kind == "code"]
    made = [g for source in code for g in re.findall(r"^(guess\w*) = (.*)$", source, re.MULTILINE)]
    used = [len(ASKS.findall(source)) for source in code]
    assert {value for _, value in made} <= {"None"}
    assert 0 < len(made) <= sum(used)
