"""Tables, cards and links: whole numbers, one alignment with Markdown's, nothing empty."""

import re

import nbformat
import pytest
from matplotlib.colors import to_rgb
from places import ROOT

from course_tools.authoring.notebooks import aligned
from helpers.display import figures, show

NOTEBOOKS = [*ROOT.glob("notebooks/*/*.ipynb"), *ROOT.glob("exercises/*/*/*.ipynb")]


@pytest.mark.parametrize(
    "number",
    ["12", "1,024", "171,798,691,840", "−0.5", "37.5%", "1.5 ± 0.1", "≤ 1e-06", "0.7 – 0.9",
     "0 – 3e-06", "16.00 GiB", "3倍", "-", "2.5×", "12.3 GB/s"],
)  # fmt: skip
def test_a_number_is_never_broken(number):
    table, _ = show.table(["a"], [[number]])
    [cell] = re.findall(r"<td [^>]*>", table)
    assert "nowrap" in cell
    assert show.is_numeric([number, "7"])


@pytest.mark.parametrize(
    "text", ["arXiv:1706.03762", "GPT-2", "3つの型", "2017-06", "§3", "編碼器", "1 と 2 の間に入る"]
)
def test_words_are_no_numbers(text):
    assert not show.is_numeric([text, "12"])


def test_columns_of_numbers_stand_to_the_right_and_others_to_the_left():
    table, plain = show.table(["", "n"], [["a", "1,024"], ["b", "12"]])
    assert re.findall(r"<(t[hd]) style=\"text-align: (\w+)", table) == [
        ("td", "center"), ("th", "right"),
        ("td", "left"), ("td", "right"), ("td", "left"), ("td", "right"),
    ]  # fmt: skip
    assert plain == " | n\na | 1,024\nb | 12"
    assert "anywhere" not in table


def test_short_words_stay_whole_and_long_ones_wrap():
    table, _ = show.table(
        ["判定"], [["需要補充"], ["これは長い説明なので、折り返してもよい文です"]]
    )
    assert [("nowrap" in cell) for cell in re.findall(r"<td [^>]*>", table)] == [True, False]


@pytest.mark.parametrize(
    "text", ["7問中0問", "○ 範囲内", "0 題（共 7 題）", "01 softmax(QKᵀ/√d_k)Vを手で計算する"]
)
def test_words_break_inside_only_where_the_window_is_narrow(text):
    """The least width is that of the text, or of its longest word, and less in a narrow window."""
    table, _ = show.table(["x"], [[text]])
    [cell] = re.findall(r"<td [^>]*>", table)
    [ems] = re.findall(r"min-width: min\((\d+\.\d)em, [\d.]+vw\); overflow-wrap: anywhere", cell)
    assert float(ems) >= (len(text) * 0.6 if len(text) < 12 else len("softmax(QK") * 0.6)


def test_an_address_is_a_link_with_a_short_text():
    url = "https://huggingface.co/meta-llama/Llama-2-7b-hf/blob/main/config.json"
    shown = show.linked(f"{url}（2026年）<b>")
    assert f'<a href="{url}">huggingface.co/…/config.json</a>（2026年）&lt;b&gt;' == shown
    assert show.table(["出典"], [[url]])[1].endswith(url), "plain text keeps it whole"


def test_a_card_says_with_its_edge_what_the_words_say():
    assert show.EDGES["right"] in show.card(["答對了", "<x>"], "right")
    assert "<b>答對了</b><br>&lt;x&gt;" in show.card(["答對了", "<x>"], "right")


@pytest.mark.parametrize("edge", show.EDGES)
def test_an_edge_is_seen_on_white_and_on_dark_pages(edge):
    for page in ((1, 1, 1), (figures.NIGHT,) * 3):
        assert figures._contrast(to_rgb(show.EDGES[edge]), page) >= figures.LEGIBLE


def test_markdown_tables_get_the_same_alignment():
    prose = "a\n\n| 名前 | 数 |\n|---|---|\n| x | 1,024 |\n| y | 12 |\n\nb"
    assert "|---|---:|" in aligned(prose)
    formula = "| $|x|$ | 数 |\n|---|---|\n| x | 1 |"
    assert aligned(formula).count("---:") == 1
    assert aligned(words := "| a | b |\n|---|---|\n| x | y |") == words


def headings(notebook):
    """(level, cell) of each heading; 3 for the cell of a widget, which brings its own."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if re.search(r"\b(Quiz|\w*Explorer|Terminal)\(", cell.source):
                yield 3, cell.id
            continue
        prose = re.sub(r"(?ms)^```.*?^```", "", cell.source)
        yield from ((len(marks), cell.id) for marks in re.findall(r"(?m)^(#+) ", prose))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: "/".join(path.parts[-3:]))
def test_no_level_of_heading_is_skipped_and_no_column_is_without_a_head(path):
    notebook = nbformat.read(path, 4)
    above = 0
    for level, key in headings(notebook):
        assert level <= above + 1 and (level == 1) == (above == 0), key
        above = level
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert not re.search(r"(?m)^\|(.*\|)? *\|.*\n\|[-:|]+\|$", prose)
