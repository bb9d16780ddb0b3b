"""Where a student stumbles: saving from a widget, a kernel that is gone, headings."""

import pytest
import turns

from helpers.language import say

KEY = {"ja": "ja", "zh-tw": "zh_tw"}
WIDGETS = {
    "explorer": "from helpers.widgets import SoftmaxExplorer\nSoftmaxExplorer()",
    "quiz": "from helpers.widgets import Quiz\nQuiz('01_attention')",
    "terminal": "from helpers.widgets import Terminal\nTerminal()",
}
ROOTS = {name: f".triad-{name}" for name in WIDGETS}
FIRST = {  # a control that keeps its keys
    "explorer": "input[type=range]", "quiz": "input", "terminal": "select",
}  # fmt: skip
USES = {
    "explorer": lambda root: root.locator("input[type=range]").press("End"),
    "quiz": lambda root: root.locator("[data-action=check]").first.click(),
    "terminal": lambda root: root.locator("[data-action=run]").click(),
}
CELLS = "lab.panel.content.model.cells.length"
# of a kernel that somebody else ended JupyterLab hears when it next asks, every ten seconds or so
ASK = "jupyterapp.serviceManager.sessions.refreshRunning()"


def words(module, name, lang):
    return say.catalogue(module)[name][KEY[lang]]


@pytest.fixture(scope="module", params=turns.languages(0))
def lab(request, start_lab):
    return start_lab(request.param)


@pytest.fixture(scope="module")
def page(lab, chromium, notebook_of):
    """A page on which all three have run."""
    page = lab.open(chromium, notebook_of(lab.lang, "widgets", *WIDGETS.values()))
    run_all(lab, page)
    return page


def run_all(lab, page):
    lab.run_all(page)
    page.set_viewport_size({"width": 1200, "height": 3000})
    for root in ROOTS.values():
        page.locator(root).wait_for()


def test_slider_and_sentence_are_seen_together_and_an_empty_terminal_is_small(page):
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


def test_nothing_chosen_is_not_said_any_more(lab, page):
    question = page.locator(".triad-quiz fieldset:has(input[type=radio])").first
    said = words("quiz", "nothing_chosen", lab.lang).split("{")[0]
    feedback = question.locator(".feedback")
    question.locator("[data-action=check]").click()
    feedback.filter(has_text=said).wait_for()
    question.locator("input").first.check()
    assert feedback.inner_text() == ""
    question.locator("[data-action=hint]").click()
    question.locator(".hint:not(:empty)").wait_for()
    assert feedback.inner_text() == ""


def test_control_and_s_saves_from_inside_a_widget_and_letters_do_nothing(lab, page):
    for name, root in ROOTS.items():
        page.locator(f"{root} {FIRST[name]}").first.focus()
        with lab.saved(page):
            page.keyboard.press("Control+s")
        before = page.evaluate(CELLS)
        for key in ("a", "b", "d", "d", "x"):  # JupyterLab's commands: insert, delete, cut
            page.keyboard.press(key)
            assert page.evaluate(CELLS) == before, (name, key)


@pytest.mark.parametrize("how", turns.by_turns(0, ["restarted", "ended"]))
def test_a_kernel_that_is_gone_is_told(lab, page, how):
    run_all(lab, page)  # what was there before may have lost its kernel
    [session] = lab.api("sessions")
    if how == "restarted":
        lab.api(f"kernels/{session['kernel']['id']}/restart", "POST")
        lab.wait_quiet(page)
    else:
        lab.api(f"sessions/{session['id']}", "DELETE")
        page.evaluate(ASK)
    for name, use in USES.items():
        use(page.locator(ROOTS[name]))
        # what it says moves those below: the next one is clicked when it has been said
        page.locator(ROOTS[name]).get_by_text(words(name, "lost", lab.lang)).first.wait_for()
