"""Where a student stumbles: folded cells, saving from a widget, a kernel that is gone, headings."""

import pytest

from course_tools.checks.lab_driver import KERNEL_READY
from helpers.language import say

LANGUAGES = ["ja", "zh-tw"]
KEY = {"ja": "ja", "zh-tw": "zh_tw"}
ABOVE = {"ja": "上のセルから順に", "zh-tw": "請從上面的儲存格開始"}
WIDGETS = {
    "explorer": "from helpers.widgets import SoftmaxExplorer\nSoftmaxExplorer()",
    "quiz": "from helpers.widgets import Quiz\nQuiz('01_attention')",
    "terminal": "from helpers.widgets import Terminal\nTerminal()",
}
ROOTS = {name: f".triad-{name}" for name in WIDGETS}
FIRST = {  # a control that keeps its keys
    "explorer": "input[type=range]", "quiz": "input", "terminal": "select",
}  # fmt: skip


def words(module, name, lang):
    return say.catalogue(module)[name][KEY[lang]]


@pytest.fixture(params=LANGUAGES)
def lab(request, start_lab):
    return start_lab(request.param)


def run_from_the_top(page, count):
    """Shift+Enter, COUNT times, and nothing else."""
    page.locator(".jp-Notebook .jp-Cell").first.click(position={"x": 5, "y": 5})
    page.keyboard.press("Escape")
    for _ in range(count):
        page.keyboard.press("Shift+Enter")


def test_the_set_up_and_folded_cells_run_with_shift_and_enter_alone(lab, chromium, course):
    page = lab.open(chromium, f"notebooks/{lab.lang}/01_attention.ipynb")
    run_from_the_top(page, 5)
    page.wait_for_timeout(3000)
    cells = {cell["id"]: cell for cell in lab.save(page)}
    assert cells["course"]["execution_count"] and cells["set-up"]["execution_count"]
    assert not cells["course"]["outputs"] and not cells["set-up"]["outputs"]
    assert cells["course"]["metadata"]["jupyter"]["source_hidden"], "it stays folded"
    seen = page.locator(".jp-Notebook .jp-InputPlaceholder").first.inner_text()
    assert "Shift+Enter" in seen
    assert "rm -rf" not in page.locator(".jp-Notebook").inner_text()
    page.close()


def test_a_cell_without_those_above_says_what_to_run(lab, chromium):
    """Nothing at all was imported: the kernel's extension speaks."""
    page = lab.open(chromium, f"notebooks/{lab.lang}/01_attention.ipynb")
    page.locator(".jp-Notebook .jp-CodeCell", has_text="figures.use(LANG)").first.click()
    page.keyboard.press("Control+Enter")
    said = page.locator(".jp-OutputArea-output [role=status]", has_text=ABOVE[lab.lang])
    said.first.wait_for(timeout=60_000)
    assert "LANG" in said.first.inner_text()
    page.close()


@pytest.fixture(scope="module")
def widgets(start_lab, chromium, notebook_of):
    """widgets(lang): a page on which all three have run."""

    def open_page(lang, name):
        lab = start_lab(lang)
        page = lab.open(chromium, notebook_of(lang, name, *WIDGETS.values()))
        lab.run_all(page)
        page.set_viewport_size({"width": 1200, "height": 3000})
        for root in ROOTS.values():
            page.locator(root).wait_for()
        return page

    return open_page


def test_control_and_s_saves_from_inside_a_widget_and_letters_do_nothing(lab, widgets):
    page = widgets(lab.lang, "save")
    for name, root in ROOTS.items():
        page.wait_for_timeout(2000)  # a save that is not yet over swallows the next
        page.locator(f"{root} {FIRST[name]}").first.focus()
        saved = f"/api/contents/{page.notebook}"
        with page.expect_response(
            lambda r, saved=saved: r.request.method == "PUT" and saved in r.url
        ):
            page.keyboard.press("Control+s")
        before = page.locator(".jp-Notebook .jp-Cell").count()
        for key in ("a", "b", "d", "d", "x"):  # JupyterLab's commands: insert, delete, cut
            page.keyboard.press(key)
        page.wait_for_timeout(500)
        assert page.locator(".jp-Notebook .jp-Cell").count() == before, name
    page.close()


@pytest.mark.parametrize("how", ["restarted", "ended"])
def test_a_kernel_that_is_gone_is_told(lab, widgets, how):
    page = widgets(lab.lang, how)
    [session] = lab.api("sessions")
    if how == "restarted":
        lab.api(f"kernels/{session['kernel']['id']}/restart", "POST")
        page.locator(".jp-StatusBar-TextItem", has_text=KERNEL_READY).first.wait_for()
    else:
        lab.api(f"sessions/{session['id']}", "DELETE")
    page.locator(".triad-explorer input[type=range]").focus()
    page.keyboard.press("End")
    page.locator(".triad-quiz [data-action=check]").first.click()
    page.locator(".triad-terminal [data-action=run]").click()
    for name, root in ROOTS.items():
        # of a kernel that somebody else ended JupyterLab hears when it next asks
        said = page.locator(root).get_by_text(words(name, "lost", lab.lang)).first
        said.wait_for(timeout=60_000)
    page.close()


def test_nothing_chosen_is_not_said_any_more(lab, chromium, notebook_of):
    page = lab.open(chromium, notebook_of(lab.lang, "nothing", WIDGETS["quiz"]))
    lab.run_all(page)
    question = page.locator(".triad-quiz fieldset").first
    said = words("quiz", "nothing_chosen", lab.lang).split("{")[0]
    feedback = question.locator(".feedback")
    question.locator("[data-action=check]").click()
    feedback.filter(has_text=said).wait_for()
    question.locator("input").first.check()
    assert feedback.inner_text() == ""
    question.locator("[data-action=hint]").click()
    question.locator(".hint:not(:empty)").wait_for()
    assert feedback.inner_text() == ""
    page.close()


def test_slider_and_sentence_are_seen_together_and_an_empty_terminal_is_small(lab, widgets):
    page = widgets(lab.lang, "sizes")
    box = {
        name: page.locator(f".triad {name}").first.bounding_box()
        for name in ("input[type=range]", ".sentence", ".screen")
    }
    seen = box[".sentence"]["y"] + box[".sentence"]["height"] - box["input[type=range]"]["y"]
    assert seen < 400, "on a page area of 625 pixels"
    assert box[".screen"]["height"] < 150
    found = page.evaluate(
        "[...document.querySelectorAll('.triad h1, .triad h2, .triad h3, .triad h4')]"
        ".map(n => n.tagName)"
    )
    assert found == ["H3"] * len(WIDGETS), "one level below a section"
    page.close()
