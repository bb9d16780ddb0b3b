"""Lesson 07's own explorer in a real JupyterLab: by keyboard, for axe, on a narrow window."""

import pytest
import turns
from lesson_cells import code_of
from test_accessibility import THEMES, examine, narrow, sideways
from test_explorers_in_browser import EXPLORERS, beyond, says

from helpers import kv_cache
from helpers.language import say

NAME = "07_kv_cache"
# In the order of Tab: which key, and which argument of kv_cache.fits then has which value
STEPS = [
    ("ArrowDown", {"key": "llama-2-7b"}),
    ("End", {"seq_len": 131_072}),
    ("ArrowRight", {"batch_size": 2}),
    ("ArrowRight", {"chunk": 1024}),
    ("End", {"gpu": "h200"}),
    ("End", {"weight_bits": 4}),
    ("ArrowDown", {"cache_bits": 32}),
]
BEGIN = {"key": "llama-3-8b", "gpu": "rtx-4060", "seq_len": 8192}


@pytest.fixture(scope="module", params=turns.languages(int(NAME[:2])))
def lab(request, start_lab):
    return start_lab(request.param)


@pytest.fixture(scope="module")
def page(lab, chromium, notebook_of):
    """The lesson's cell; page.lang"""
    sources = ("from helpers import kv_cache", code_of(NAME, lab.lang)["explore-code"])
    page = lab.open(chromium, notebook_of(lab.lang, "kv", *sources))
    lab.run_all(page)
    page.lang = lab.lang
    page.set_viewport_size({"width": 1200, "height": 2000})
    return page


def sentence(lang, chosen):
    say.use(lang)
    told = kv_cache.fits(**chosen).sentence()
    say.use("ja")
    return told


def test_every_control_shows_by_keyboard_what_the_call_gives(page):
    root = page.locator(EXPLORERS)
    assert root.get_attribute("lang") == say.LANGUAGES[page.lang]
    chosen = dict(BEGIN)
    says(root, sentence(page.lang, chosen))
    root.locator("select").first.focus()
    for n, (key, change) in enumerate(STEPS):
        if n:
            page.keyboard.press("Tab")
        before = sentence(page.lang, chosen)
        chosen |= change
        assert sentence(page.lang, chosen) != before
        page.keyboard.press(key)
        says(root, sentence(page.lang, chosen))
    assert page.complaints == []


def test_each_bar_is_read_by_keyboard(page):
    root = page.locator(EXPLORERS)
    assert root.locator("[role=grid] [role=row] [role=gridcell]").count() == 5
    root.locator("[data-cell='0,0']").focus()
    for row in range(5):
        cell = root.locator(f"[data-cell='{row},0']")
        assert cell.evaluate("node => node === document.activeElement")
        label = cell.locator("title").text_content()
        assert root.locator(".readout").text_content() == label and "GiB" in label
        page.keyboard.press("ArrowDown")


@pytest.mark.parametrize("theme", turns.by_turns(0, THEMES))
def test_axe_finds_no_violation(lab, page, axe, theme):
    lab.use_theme(page, dark=THEMES[theme])
    faults, undecided, passed = examine(page, axe, EXPLORERS)
    assert (faults, beyond(undecided, "<text")) == ({}, [])
    assert {"color-contrast", "label", "select-name"} <= set(passed)


def test_nothing_scrolls_sideways_at_400_pixels(page):
    narrow(page)
    assert sideways(page, EXPLORERS) == []
