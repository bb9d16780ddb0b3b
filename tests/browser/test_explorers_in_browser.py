"""Explorers in a real JupyterLab: what is seen is what the call gives; haste, conversion, axe."""

import time
from pathlib import Path

import pytest
import turns
from keyboard import styled
from test_accessibility import BLIND, SIDEWAYS, THEMES, examine, narrow, sideways

from helpers.language import say
from helpers.widgets import BlockExplorer, SoftmaxExplorer

HERE = Path(__file__).parent
EXPLORERS = ".triad-explorer"
SLOW = """\
import time
from helpers.widgets import Explorer, Range
draws = []
def draw(n):
    draws.append(n)
    time.sleep(1.5 if n else 0)
    return f"<p>{n}</p>", f"n = {n}, draw {len(draws)}"
Explorer("slow", draw, Range("n", "n", range(0, 31)))"""
BROKEN = """\
from helpers.widgets import Explorer, Range
def draw(n):
    return f"<p>{n}</p>", f"n = {1 / (n - 2)}"
Explorer("broken", draw, Range("n", "n", [1, 2, 3]))"""
TYPED = """\
from helpers.widgets import Explorer, Number, Text, knows
def draw(text, x):
    return "<p>図</p>", f"{text} {x:g}"
text = Text("text", "文", "犬", knows("猫犬", list), "猫犬")
Explorer("typed", draw, text, Number("x", "x", 1))"""
SOFTMAX = "from helpers.widgets import SoftmaxExplorer\nSoftmaxExplorer()"
ATTENTION = """\
from helpers.widgets import AttentionExplorer
rows = [[1.0, 0.0, 0.0], [0.3, 0.7, 0.0], [0.1, 0.2, 0.7]]
AttentionExplorer.of([[rows, rows[::-1]], [rows, rows]], ["猫", "が", "眠る"])"""
SAMPLING = """\
from helpers.widgets import SamplingExplorer
SamplingExplorer.of([2.0, 1.0, 0.5, -1.0], ["猫", "犬", "[MASK]", "the"])"""
BLOCK = "from helpers.widgets import BlockExplorer\nBlockExplorer()"
LENS = """\
from helpers.widgets import LensExplorer
LensExplorer.of([[2.0, 1.0, 0.5], [0.0, 3.0, 1.0], [0.5, 0.0, 4.0]], ["猫", "E7", "the"])"""
# All at once: keys that Python sends one by one may come slower than Python draws.
HASTE = """(slider, last) => {
  for (slider.value = 0; slider.value < last; ) {
    slider.stepUp();
    slider.dispatchEvent(new Event("input", {bubbles: true}));
  }
}"""
ALL_KINDS = [SOFTMAX, ATTENTION, SAMPLING, TYPED, BROKEN, SLOW, BLOCK, LENS]


@pytest.fixture(scope="module", params=turns.languages(1))
def lab(request, start_lab):
    return start_lab(request.param)


@pytest.fixture(scope="module")
def page(lab, chromium, notebook_of):
    """A page of ALL_KINDS; page.lang"""
    page = lab.open(chromium, notebook_of(lab.lang, "explorers", *ALL_KINDS))
    lab.run_all(page)
    page.lang = lab.lang
    page.set_viewport_size({"width": 1200, "height": 5000})
    page.wait_for_function(
        "n => document.querySelectorAll('.triad-explorer').length === n", arg=len(ALL_KINDS)
    )
    return page


def explorer(page, source):
    return page.locator(EXPLORERS).nth(ALL_KINDS.index(source))


def says(root, text):
    root.locator(".sentence").filter(has_text=text).wait_for()


def changes(page, root, before):
    page.wait_for_function(
        "([root, before]) => root.querySelector('.sentence').textContent !== before",
        arg=[root.element_handle(), before],
    )


def words(page, module="explorer"):
    key = {"ja": "ja", "zh-tw": "zh_tw"}[page.lang]
    return {name: texts[key] for name, texts in say.catalogue(module).items()}


def test_the_keyboard_shows_what_the_call_gives(page):
    say.use(page.lang)
    called = SoftmaxExplorer()
    say.use("ja")
    root = explorer(page, SOFTMAX)
    says(root, called.drawing.sentence)
    root.locator("input[type=range]").focus()
    page.keyboard.press("End")
    say.use(page.lang)
    says(root, called(d_k=1024).sentence)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    says(root, called(d_k=1024, scaled=True).sentence)
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("１２")
    says(root, called(d_k=1024, scaled=True, seed=12).sentence)
    say.use("ja")
    assert root.get_attribute("lang") == say.LANGUAGES[page.lang]
    assert page.complaints == []


def test_a_block_is_put_together_by_keyboard(page):
    say.use(page.lang)
    called = BlockExplorer()
    say.use("ja")
    root = explorer(page, BLOCK)
    says(root, called.drawing.sentence)
    root.locator("input[type=range]").focus()
    chosen = {}
    for name, value, key in (
        ("depth", 16, "End"), ("residual", False, "Space"), ("norm", "post", "ArrowDown"),
    ):  # fmt: skip
        before = root.locator(".sentence").text_content()
        page.keyboard.press(key)
        changes(page, root, before)
        chosen[name] = value
        say.use(page.lang)
        says(root, called(**chosen).sentence)
        say.use("ja")
        page.keyboard.press("Tab")
    assert root.locator("svg").count() == 1 and page.complaints == []


def test_layers_are_passed_by_keyboard(page):
    say.use(page.lang)
    scope = {}
    exec(LENS.replace("LensExplorer.of", "called = LensExplorer.of"), scope)
    root, called = explorer(page, LENS), scope["called"]
    says(root, called.drawing.sentence)
    root.locator("input[type=range]").focus()
    for key, layer in (("End", 2), ("Home", 0)):
        page.keyboard.press(key)
        says(root, called(layer=layer).sentence)
    say.use("ja")
    assert root.locator("svg").count() == 1 and page.complaints == []


def test_a_slider_is_drawn_while_it_is_dragged(page):
    root = explorer(page, SOFTMAX)
    box = root.locator("input[type=range]").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 8, y)
    page.mouse.down()
    try:
        for share in (0.8, 0.6, 0.4, 0.2):
            before = root.locator(".sentence").text_content()
            page.mouse.move(box["x"] + share * box["width"], y)
            changes(page, root, before)
    finally:
        page.mouse.up()


def test_the_newest_value_wins_and_waiting_is_said(page):
    root = explorer(page, SLOW)
    root.locator("input[type=range]").evaluate(HASTE, 20)
    root.locator(".working").filter(has_text=words(page)["waiting"]).wait_for()
    assert root.get_attribute("aria-busy") == "true"
    says(root, "n = 20")
    draws = int(root.locator(".sentence").text_content().split()[-1])
    assert draws <= 4  # the first, one that was on its way, the newest: not one for each value
    root.locator(".working:empty").wait_for(state="attached")
    assert root.get_attribute("aria-busy") is None


def test_cells_are_read_by_keyboard_and_by_mouse(page):
    root = explorer(page, ATTENTION)
    assert root.locator("[data-cell][tabindex='0']").count() == 1
    root.locator("[data-cell='0,0']").focus()
    for key, place in (
        ("ArrowDown", "1,0"), ("ArrowRight", "1,1"), ("End", "1,2"), ("ArrowRight", "1,2"),
        ("ArrowUp", "0,2"), ("Home", "0,0"), ("ArrowUp", "0,0"),
    ):  # fmt: skip
        page.keyboard.press(key)
        cell = root.locator(f"[data-cell='{place}']")
        assert cell.evaluate("node => node === document.activeElement"), (key, place)
        assert root.locator(".readout").text_content() == cell.locator("title").text_content()
    root.locator("[data-cell='2,2']").hover()
    said = words(page, "svg")["cell"].format(query="眠る", key="眠る", weight="0.700")
    assert root.locator(".readout").text_content() == said
    assert root.locator("[role=grid] [role=row] [role=gridcell]").count() == 9


def test_a_table_stays_open_when_the_picture_changes(page):
    root = explorer(page, ATTENTION)
    root.locator("details summary").click()
    before = root.locator(".sentence").text_content()
    root.locator("select").select_option(index=1)
    changes(page, root, before)
    assert root.locator("details[open] table td").count() == 9


def test_a_failure_is_told_and_goes_away(page):
    root = explorer(page, BROKEN)
    root.locator("input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    trouble = root.locator(".trouble[role=alert]")
    trouble.filter(has_text=words(page)["error"]).wait_for()
    assert "ZeroDivisionError" in trouble.locator("details:not([open]) code").text_content()
    assert not root.locator("figure").is_visible()
    page.keyboard.press("ArrowRight")
    says(root, "n = 1.0")
    assert trouble.text_content() == "" and root.locator("figure").is_visible()


def test_an_unknown_word_is_said_beside_its_field(page):
    root = explorer(page, TYPED)
    field = root.locator(".text input")
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("猫龍")
    note = root.locator(".text .refused").filter(has_text="「龍」")
    note.wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    assert field.get_attribute("aria-describedby") == note.get_attribute("id")
    page.keyboard.press("Backspace")
    says(root, "猫 1")
    assert field.get_attribute("aria-invalid") == "false"
    field = root.locator(".number input")
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("12万")
    says(root, "猫 120000")


# --- input methods ------------------------------------------------------------------------


@pytest.mark.parametrize("blind", [True, False], ids=["planted", "as it is"])
def test_what_is_being_converted_is_not_drawn(page, blind):
    """blind: explorer.js cannot see that an input method is at work, and asks Python at once."""
    root = explorer(page, TYPED)
    field = root.locator(".text input")
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("犬")
    says(root, "犬 ")
    before = root.get_attribute("data-answered")
    protocol = page.context.new_cdp_session(page)
    page.keyboard.press("Control+a")
    compose = {"text": "ねこ", "selectionStart": 2, "selectionEnd": 2}
    protocol.send("Input.imeSetComposition", compose)
    if blind:
        field.evaluate("node => node.dispatchEvent(new CompositionEvent('compositionend'))")
    enter = {"type": "rawKeyDown", "key": "Enter", "code": "Enter"}
    page.evaluate(BLIND, blind)
    protocol.send("Input.dispatchKeyEvent", enter | {"windowsVirtualKeyCode": 13})
    page.evaluate(BLIND, False)
    if blind:
        page.wait_for_function(
            "([root, before]) => root.dataset.answered !== before",
            arg=[root.element_handle(), before],
        )
    else:
        time.sleep(1)
        assert root.get_attribute("data-answered") == before
    protocol.send("Input.insertText", {"text": "猫"})
    says(root, "猫 ")
    assert field.input_value() == "猫"


# --- for all eyes -------------------------------------------------------------------------


def beyond(undecided, *known):
    """Nodes of which axe cannot say anything, but for SVG's texts: it does not read SVG's colours.

    Their ink is the page's own on its paper, or black or white on a cell (test_explorer.py).
    """
    nodes = [node for nodes in undecided.values() for node in nodes]
    return [node for node in nodes if not node.startswith(known)]


@pytest.mark.parametrize("theme", turns.by_turns(1, THEMES))
def test_axe_finds_no_violation(lab, page, axe, theme):
    lab.use_theme(page, dark=THEMES[theme])
    for details in page.locator(f"{EXPLORERS} details").all():
        details.evaluate("node => { node.open = true }")
    faults, undecided, passed = examine(page, axe, EXPLORERS)
    assert (faults, beyond(undecided, "<text")) == ({}, [])
    assert {"color-contrast", "label", "select-name", "aria-required-children"} <= set(passed)
    assert len(passed["color-contrast"]) > 60


@turns.in_ci
def test_axe_finds_a_planted_fault(page, axe):
    page.evaluate("document.querySelector('.triad-explorer input').closest('label').replaceWith("
                  "document.querySelector('.triad-explorer input'))")  # fmt: skip
    assert "label" in examine(page, axe, EXPLORERS)[0]


@pytest.mark.parametrize("theme", turns.by_turns(1, THEMES))
def test_texts_and_edges_have_contrast(lab, page, theme):
    lab.use_theme(page, dark=THEMES[theme])
    script = (HERE / "contrasts.js").read_text(encoding="utf-8")
    page.evaluate("document.querySelectorAll('.triad-explorer svg').forEach(n => n.remove())")
    seen = page.evaluate(script.replace(".triad-quiz", EXPLORERS).replace("fieldset", "select"))
    assert seen["opaque"] and seen["texts"] > 10
    assert seen["text"] >= 4.5 and seen["edge"] >= 3


def test_nothing_scrolls_sideways_at_400_pixels(page):
    narrow(page)
    assert sideways(page, EXPLORERS) == []
    with styled(page, ".triad-explorer h3 { min-width: 500px }"):
        assert any("H3" in fault for fault in page.evaluate(SIDEWAYS, EXPLORERS))


# --- the plain twin -----------------------------------------------------------------------


@turns.in_ci
def test_plain_twin_by_keyboard(start_lab, chromium, notebook_of, axe):
    plain = "import os\nos.environ['TRIAD_WIDGETS'] = 'plain'"
    page = start_lab("ja").open(chromium, notebook_of("ja", "twin", plain, SOFTMAX, TYPED))
    start_lab("ja").run_all(page)
    twin = ".jp-OutputArea-output .widget-vbox"
    called = SoftmaxExplorer()
    page.get_by_label("√d_kで割る").focus()
    page.keyboard.press("Space")
    page.get_by_text(called(scaled=True).sentence).wait_for()
    page.get_by_label("文", exact=True).fill("龍")
    page.keyboard.press("Enter")
    page.get_by_text("「龍」").wait_for()
    faults, undecided, _ = examine(page, axe, twin)
    assert (faults, beyond(undecided, "<text", "<select id")) == ({}, [])  # ipywidgets' own arrow
    assert page.locator(".triad").count() == 0
