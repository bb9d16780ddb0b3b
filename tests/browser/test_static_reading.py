"""Reading without a kernel: nbconvert's HTML of the built lessons, and of the executed ones.

The executed ones are as JupyterLab saves them: outputs, the pieces of a stream joined, and no
state of widgets.  nbconvert's own scripts (require.js, MathJax, jQuery) come from other hosts; they
are replaced by empty ones.
"""

import json
import os
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from course_tools.checks.lab_driver import ROOT
from helpers.widgets.base.ipywidgets_view import VIEW

KEY = {"ja": "ja", "zh-tw": "zh_tw"}
FIRST = ("00", "01")  # the others with TRIAD_ALL=1: each is executed once more
LESSONS = [
    path.relative_to(ROOT / "notebooks")
    for path in sorted(ROOT.glob("notebooks/*/*.ipynb"))
    if path.name[:2] in FIRST or os.environ.get("TRIAD_ALL")
]
EMPTY = "data:text/javascript,"
SCRIPTS = ("require_js_url", "mathjax_url", "jquery_url", "mermaid_js_url")
NO_ALT = ("", "No description has been provided for this image")  # nbconvert's
WORDS = re.compile("[\u3041-\u30ff\u3400-\u9fff]{2,}")  # kana and ideographs


def execute(notebook, folder="."):
    options = {"timeout": 120, "store_widget_state": False, "coalesce_streams": True}
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, **options).execute()


def as_html(notebook):
    return HTMLExporter(**dict.fromkeys(SCRIPTS, EMPTY)).from_notebook_node(notebook)[0]


def flat(text):
    return re.sub(r"\s+", "", text)


def missing(html, texts):
    """Those of TEXTS that the page does not show."""
    shown = flat(BeautifulSoup(html, "html.parser").body.get_text())
    return [text for text in texts if flat(text.replace("`", "")) not in shown]


def prose(notebook):
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return [
        word for source in cells for word in WORDS.findall(re.sub(r"(?<=\])\(.*?\)", "", source))
    ]


def results(notebook):
    """The data of each output that is more than a stream of text."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [output.data for cell in cells for output in cell.outputs if "data" in output]


def blank(notebook, html):
    """Outputs that show nothing to read where no widget lives."""
    page = BeautifulSoup(html, "html.parser")
    areas = page.select(".jp-OutputArea-output")
    faults = [
        f"{VIEW} without HTML" for d in results(notebook) if VIEW in d and "text/html" not in d
    ]
    faults += [f"no text: {area}"[:200] for area in areas if not area.get_text().strip()]
    bare = [image for image in page.select("img") if image.get("alt", "").strip() in NO_ALT]
    return faults + [f"no alt: {image}"[:200] for image in bare]


def loaded(chromium, folder, html):
    """(addresses that the page asks other hosts for, outputs of no height); the network is shut."""
    file, outside = folder / "page.html", []
    file.write_text(html, encoding="utf-8")
    page = chromium.new_page(viewport={"width": 1000, "height": 800})
    page.on("request", lambda r: r.url.startswith(("file:", "data:")) or outside.append(r.url))
    page.route(re.compile("^https?:"), lambda route: route.abort())
    page.goto(file.as_uri())
    flat = page.evaluate(
        """[...document.querySelectorAll(".jp-OutputArea-output")]
             .filter((n) => n.getBoundingClientRect().height < 10).map((n) => n.outerHTML)"""
    )
    page.close()
    return outside, flat


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.with_suffix("").as_posix())
def lesson(request):
    """(lang, built, executed, bank)"""
    lang, name = request.param.parent.name, request.param.stem
    path = ROOT / "notebooks" / request.param
    built, executed = (nbformat.read(path, as_version=4) for _ in range(2))
    execute(executed, path.parent)
    quiz = ROOT / "src" / "helpers" / "data" / "quiz" / f"{name}.json"
    return lang, built, executed, json.loads(quiz.read_text(encoding="utf-8"))


def test_both_languages_are_read():
    assert {path.parent.name for path in LESSONS} == set(KEY)


def test_built_lesson_shows_all_prose(lesson, chromium, tmp_path):
    _, built, *_ = lesson
    html = as_html(built)
    assert len(prose(built)) > 100 and missing(html, prose(built)) == []
    assert loaded(chromium, tmp_path, html) == ([], [])


def test_executed_lesson_shows_prose_quiz_and_outputs(lesson):
    lang, _, executed, bank = lesson
    html = as_html(executed)
    assert missing(html, prose(executed)) == []
    quiz = [part["text"] for q in bank["question"] for part in (q, *q.get("choice", ()))]
    assert len(quiz) > 10 and missing(html, [text[KEY[lang]] for text in quiz]) == []
    assert any(VIEW in data for data in results(executed))  # there is a widget that is not shown
    assert blank(executed, html) == []


def test_executed_lesson_asks_no_other_host(lesson, chromium, tmp_path):
    *_, executed, _ = lesson
    assert loaded(chromium, tmp_path, as_html(executed)) == ([], [])


# --- planted faults -----------------------------------------------------------------------


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
    execute(notebook)
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
