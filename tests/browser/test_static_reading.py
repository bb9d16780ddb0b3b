"""Reading without a kernel: what would be seen on a page of HTML that lacks something.

The lessons themselves are read so in test_every_notebook.py, where they are executed.
"""

import nbformat
import pytest
from nbclient import NotebookClient
from reading import VIEW, as_html, blank, loaded, missing


def page_with(*outputs, source=""):
    cells = [nbformat.v4.new_markdown_cell(source), nbformat.v4.new_code_cell(outputs=[*outputs])]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.mark.parametrize(
    "data",
    [
        {VIEW: {"model_id": "1"}},
        {VIEW: {"model_id": "1"}, "text/plain": "IntSlider(value=3)"},
        {"text/html": "<div></div>"},
        {"text/html": "<p>図：<img src='data:image/png;base64,AAAA'></p>"},
    ],
    ids=["view only", "view and repr", "empty", "no alt"],
)
@pytest.mark.filterwarnings("ignore:.*not able to be represented")
def test_a_blank_box_would_be_seen(data):
    notebook = page_with(nbformat.v4.new_output("display_data", data))
    assert blank(notebook, as_html(notebook))


def test_a_fallback_is_enough():
    data = {VIEW: {"model_id": "1"}, "text/html": "<p>問1</p>", "text/plain": "問1"}
    notebook = page_with(nbformat.v4.new_output("display_data", data))
    assert blank(notebook, as_html(notebook)) == []


def test_a_line_sent_in_two_pieces_is_no_blank_box():
    notebook = page_with()
    notebook.cells[1].source = "print('1', end='', flush=True)\nprint()"
    NotebookClient(notebook, timeout=120, coalesce_streams=True).execute()
    assert blank(notebook, as_html(notebook)) == []


def test_lost_words_would_be_seen():
    html = as_html(page_with(source="注意機構 `x` を計算する"))
    assert missing(html, ["注意機構", "`x`を計算", "行列"]) == ["行列"]


@pytest.mark.parametrize("tag", ["<img src='{}'>", "![x]({})", "<iframe src='{}'></iframe>"])
def test_a_picture_from_another_host_would_be_seen(chromium, tmp_path, tag):
    address = "https://pictures.invalid/x.png"
    html = as_html(page_with(source=f"図 {tag.format(address)}"))
    assert loaded(chromium, tmp_path, html)[0] == [address]


def test_a_box_of_no_height_would_be_seen(chromium, tmp_path):
    data = {"text/html": "<p style='display: none'>見えない</p>"}
    html = as_html(page_with(nbformat.v4.new_output("display_data", data)))
    assert len(loaded(chromium, tmp_path, html)[1]) == 1
