"""A forgotten cell is told, and guesses that are no Python are read as text, in a real kernel."""

import json
import os
from pathlib import Path

import nbformat
import pytest
from places import ROOT

from helpers.classroom import kernel
from helpers.language import say

LANGUAGES = {"ja": "上のセルから順に", "zh-tw": "請從上面的儲存格開始"}
UNSET = ("LC_ALL", "LC_MESSAGES", "LANG", "JPY_SESSION_NAME")
EXTENSION = {"IPKernelApp": {"extensions": ["helpers.classroom.kernel"]}}


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("guess = １２\n", "guess = '１２'\n"),
        ("guess = 12万", "guess = '12万'"),
        ("guess = 三十  # 倍", "guess = '三十'  # 倍"),
        ("guess = 30 倍", "guess = '30 倍'"),
        ("guess = 30%", "guess = '30%'"),
        ("guess = ?", "guess = '?'"),
        ("guess ＝ 30", "guess = 30"),
        ("first_guess = 12,000", "first_guess = '12,000'"),
        ("guess = b", "guess = 'b'"),
    ],
)
def test_a_guess_that_is_no_python_becomes_a_text(line, read):
    assert kernel.read_guesses([line], known=lambda name: False) == [read]


@pytest.mark.parametrize(
    "line",
    ["guess = None", "guess = 30", "guess = -5", "guess = 2**10", "guess = 1 / 3", 'guess = "?"',
     "guess = [", "guess = f(", "guess = x", "guess == １２", "    guess = １２", "x = １２",
     "print(guess = １２)", "guess = 1, 2"],
)  # fmt: skip
def test_python_and_other_lines_stay_as_they_are(line):
    assert kernel.read_guesses([line + "\n"], known="x".__eq__) == [line + "\n"]


def run(folder: Path, lang: str, *cells: str, named: bool = True, config: bool = True):
    """The outputs of CELLS, in a kernel that has imported nothing, in a notebook of LANG."""
    nbclient = pytest.importorskip("nbclient")
    made = [nbformat.v4.new_code_cell(source) for source in cells]
    notebook = nbformat.v4.new_notebook(cells=made)
    path = folder / lang / "a.ipynb"
    path.parent.mkdir()
    nbformat.write(notebook, path)
    (folder / "profile_default").mkdir()
    file = folder / "profile_default" / "ipython_kernel_config.json"
    file.write_text(json.dumps(EXTENSION if config else {}), encoding="utf-8")
    client = nbclient.NotebookClient(notebook, timeout=60, allow_errors=True)
    env = {k: v for k, v in os.environ.items() if k not in UNSET}
    env |= {"IPYTHONDIR": str(folder), "PYTHONPATH": str(ROOT / "src")}
    env |= {"JPY_SESSION_NAME": str(path)} if named else {"LANG": lang.replace("-", "_")}
    client.execute(env=env)
    return [cell.outputs for cell in notebook.cells]


def texts(outputs) -> str:
    return "\n".join(o.get("data", {}).get("text/plain", o.get("text", "")) for o in outputs)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_forgotten_cells_are_told_where_nothing_was_imported(tmp_path, lang):
    cells = ["if False:\n    q = 1", "print(q)", "print(qq)", "guess = １２", "print(repr(guess))",
             "guess ＝ 三十", "print(repr(guess))"]  # fmt: skip
    _, known, unknown, _, number, _, word = run(tmp_path, lang, *cells)
    assert known[0].output_type == "error" and known[0].ename == "NameError"
    assert LANGUAGES[lang] in texts(known) and "`q`" in texts(known)
    assert [o.output_type for o in unknown] == ["error"], "a slip of the pen is no forgotten cell"
    assert texts(number).strip() == "'１２'" and texts(word).strip() == "'三十'"


def test_without_the_notebook_the_sentence_leaves_it_open(tmp_path):
    [outputs] = run(tmp_path, "zh-tw", "print(q)", named=False)
    say.use("zh-tw")
    assert texts(outputs).strip() == say.text("kernel", "perhaps_forgotten", name="q")
    say.use("ja")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_check_before_its_answer_says_what_to_run(tmp_path, lang):
    begin = f"import helpers\nhelpers.begin('01_attention', {lang!r})\n"
    begin += "from helpers.classroom import check"
    task = "with check.task('merge'):\n    merge(1)"
    cells = [begin, "if False:\n    def merge(): ...", task, "print(merge)"]
    _, _, checked, plain = run(tmp_path, lang, *cells, config=False)
    assert "NameError" in texts(checked) and LANGUAGES[lang] in texts(checked)
    assert LANGUAGES[lang] in texts(plain), "helpers.begin installs it, too"
