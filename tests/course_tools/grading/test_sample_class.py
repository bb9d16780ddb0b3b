"""The pretend class as files: each has its row, each row its file, and a slip is named."""

import pytest
import sample_class
from places import ROOT
from sample_class import FULL, SUBMISSIONS, Bait, everything, expected, text, written

from helpers.language.say import COMPLETE as LANGUAGES

NOWHERE = Bait(9, ROOT, [])
ROWS = expected()


def files() -> set[str]:
    every = (path for path in SUBMISSIONS.glob("*/*") if path.parent.name != "parts")
    return {path.relative_to(SUBMISSIONS).as_posix() for path in every}


def test_each_file_has_a_row_and_each_row_a_file():
    named = [row["file"] for row in ROWS]
    assert len(named) == len(set(named)) >= 80
    assert set(named) == files()
    assert len(everything("ja", NOWHERE)) >= len(named) + 12  # the wrong answers of lessons/


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_row_says_why_and_what(row):
    assert row["why"] and row["human"] in ("yes", "no") and row["quick"] in ("yes", "")
    assert row["status"] in ("graded", "not graded")
    assert set(row["lost"].split()) <= set(FULL)
    assert {task.partition("=")[0] for task in row["tasks"].split()} <= {*FULL, "essay"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_submission_is_made_in_every_language(lang):
    """And nothing in it still stands for something else."""
    for name, case in everything(lang, NOWHERE).items():
        assert case.data or name == "nothing in the file"
        assert not any(mark in case.data for mark in (b"BAIT_P", b"BAIT_S", b"# <", b"HALF_A"))


@pytest.fixture
def hand_in(monkeypatch, tmp_path):
    """A file of one's own beside the class; the cells of the notebook that it makes."""
    monkeypatch.setattr(sample_class, "SUBMISSIONS", tmp_path)
    made = {}
    monkeypatch.setitem(sample_class.SAVED, "", lambda notebook: made.update(notebook) or b"")

    def make(source: str) -> list[dict]:
        (tmp_path / "one.py").write_text(source, encoding="utf-8")
        written({"file": "one.py", "saved": ""}, "ja", NOWHERE)
        return made["cells"]

    return make


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("# %% merge\n# <marge>", "<marge>: there is no such text; there are merge, "),
        ("# %% marge\nx = 1", "# %% marge: not "),
        ("# %% beside merge\nx = 1", "# %% beside merge: not "),
    ],
)
def test_a_slip_is_named(source, said, hand_in):
    with pytest.raises(ValueError, match=said):
        hand_in(source)


def test_a_submission_is_written_as_the_readme_says(hand_in):
    cells = hand_in(
        "# %% above merge\nx = 1  # 3 times\n\n# %% again below merge\n# <merge as mix>\n\n"
        "# %% without essay\n\n# %% [markdown] merge-check points=7\nseen\n"
    )
    keys = [cell["id"] for cell in cells]
    at = keys.index("own")
    assert keys[at : at + 4] == ["own", "merge", "twin", "merge-check"] and "essay" not in keys
    assert text(cells[at]) == "x = 1\nx = 1\nx = 1"
    assert text(cells[at + 2]).startswith("def mix(out_a")
    assert cells[at + 2]["metadata"]["nbgrader"]["grade_id"] == "merge"
    check = cells[at + 3]
    assert (check["cell_type"], check["metadata"]["nbgrader"]["points"]) == ("markdown", 7)
    assert all(
        f"`# {mark}" in (ROOT / "tests/fixtures/submissions/README.md").read_text("utf-8")
        for mark in ("%% above merge", "%% again below merge", "%% without", "<merge as mix>")
    )
