"""The triad page as a reader gets it: light, dark, 400 pixels, by keyboard alone, without a script.

A site without lessons, built by Astro: needs npm and a browser.
"""

import contextlib
import os
import shutil

import pytest

from course_tools.checks import testing
from course_tools.checks.lab_driver import find_browser
from course_tools.site import audit
from course_tools.site.__main__ import main
from course_tools.site.served import served
from course_tools.site.triad import page as triad
from helpers.language.say import COMPLETE

ALL = bool(os.environ.get("TRIAD_ALL"))
pytestmark = pytest.mark.skipif(not ALL, reason="TRIAD_ALL=1 runs it")
VIEWS = [(1280, False), (1280, True), (400, False), (400, True)]
RESULTS = triad.STEPS[1:]
LOOK = ".guess-first .doors button:not(.main)"  # without a guess
FOCUSED = "document.activeElement.closest('[data-step]')?.dataset.step ?? ''"
TO_LOOK = f"document.activeElement.matches('{LOOK}')"


@contextlib.contextmanager
def opened(chromium, address, width=1280, dark=False):
    """A page, and what went wrong on it: other hosts, missing files, errors of scripts."""
    scheme = "dark" if dark else "light"
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    seen = audit.Seen()
    audit.listen(page, address, seen)
    page.wrong = seen.faults
    page.goto(address)
    yield page
    page.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A browser, and the address of a site without lessons."""
    if not shutil.which("npm") or not find_browser():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("npm or a browser is missing")
    out = tmp_path_factory.mktemp("triad")
    assert main([str(out), "--lesson", "none"]) == 0
    with served(out) as address, audit.chromium() as chromium:
        yield chromium, address.rstrip("/")


@pytest.fixture
def awake(site):
    """The page of a language, when its models are there: awake(lang, width, dark)"""
    open_now = []

    def visit(lang, *view):
        visited = opened(site[0], f"{site[1]}/{lang}/triad/", *view)
        open_now.append(visited)
        page = visited.__enter__()
        page.wait_for_function("document.documentElement.dataset.triad === 'awake'")
        return page

    yield visit
    for visited in open_now:
        visited.__exit__(None, None, None)


def step_of(page, name):
    return page.locator(f"[data-step='{name}']")


def look(page, *steps):
    for name in steps:
        step_of(page, name).locator(LOOK).click()


def axe(page):
    page.evaluate((testing.NODE / audit.AXE).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")["violations"]
    return {one["id"]: [node["html"][:200] for node in one["nodes"]] for one in found}


@pytest.mark.parametrize("lang", COMPLETE)
@pytest.mark.parametrize("width, dark", VIEWS)
def test_it_is_whole_and_legible_when_all_results_are_shown(awake, lang, width, dark):
    page = awake(lang, width, dark)
    look(page, *RESULTS)
    assert axe(page) == {} and page.evaluate(audit.WIDER) <= 0
    assert page.locator(".triad svg.grid").count() == 3 and page.wrong == []
    assert not page.locator(".triad-still").is_visible()


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_result_is_shown_only_after_a_guess_and_the_guess_is_judged(awake, lang):
    step = step_of(awake(lang), "blank")
    assert not step.locator(".columns").is_visible()
    assert step.locator("button.main").is_disabled()
    step.locator("input[value='encoder']").check()
    step.locator("button.main").click()
    hit = triad.text("guess_right", lang).format(right=triad.text("blank_encoder", lang))
    assert step.locator(".verdict").inner_text() == hit
    assert step.locator(".marked").count() == 1  # not among the decoder's five likeliest
    step.locator("select").select_option("verb")
    missed = triad.text("guess_wrong", lang).format(right=triad.text("blank_both", lang))
    assert step.locator(".verdict").inner_text() == missed


def test_every_step_is_reached_and_opened_by_keyboard_alone(awake):
    page, seen = awake("ja"), []
    for _ in range(200):
        page.keyboard.press("Tab")
        name = page.evaluate(FOCUSED)
        if name and name not in seen:
            seen.append(name)
        if page.evaluate(TO_LOOK):
            page.keyboard.press("Enter")
            if name == "temperature":
                break
    assert seen == [*triad.STEPS]
    assert all(step_of(page, name).locator(".result").is_visible() for name in RESULTS)


def test_the_block_is_walked_by_keyboard_and_keeps_the_focus(awake):
    page = awake("zh-tw")
    look(page, "block")
    step_of(page, "block").locator(".result button.main").focus()
    for _ in range(8):
        page.keyboard.press("Enter")
    assert "9 / 9" in step_of(page, "block").inner_text()
    assert page.evaluate("document.activeElement.matches('.doors button:enabled')")


@pytest.mark.parametrize("step, of", [("attention", ".columns"), ("change", ".controls")])
def test_a_list_that_is_drawn_anew_keeps_the_focus(awake, step, of):
    page = awake("ja")
    look(page, step)
    lists = step_of(page, step).locator(f"{of} select")
    before = lists.first.element_handle()
    lists.first.focus()
    page.keyboard.press("ArrowDown")
    assert not before.evaluate("node => node.isConnected"), "it is another one"
    assert lists.first.evaluate("node => node === document.activeElement")


def test_a_typed_sentence_reaches_every_step_and_unknown_characters_are_named(awake):
    page = awake("ja")
    look(page, *RESULTS)
    step_of(page, "sentence").locator("input").fill("花子は庭で茶を飲みました。猫")
    page.wait_for_function("document.body.innerText.includes('＿子は庭で茶を')")
    assert "猫" in step_of(page, "sentence").locator(".note").inner_text()
    assert "は庭で茶を" in step_of(page, "change").locator(".shown").first.inner_text()
    assert step_of(page, "temperature").locator(".shown").inner_text() == "花子"
    assert page.wrong == []


@pytest.mark.parametrize("lang", COMPLETE)
def test_zeros_are_those_left_of_the_word_and_go_with_the_mask(awake, lang):
    page = awake(lang)
    look(page, "change")
    step = step_of(page, "change")

    def still():
        return [row.locator("[data-level='0']").count() for row in step.locator(".tokens").all()]

    kept = still()
    assert kept[1] > 5 and kept[0] == kept[2] == kept[3] == 0
    step.locator("select").nth(2).select_option("one")
    assert still()[1] == kept[1] - 2
    step.locator("select").nth(2).select_option("all")
    assert still() == [0, 0, 0, 0]


def test_crosses_are_what_each_attention_must_not_see(awake):
    page = awake("ja")
    look(page, "attention")
    step, found = step_of(page, "attention"), {}
    for kind in ("cross", "t5_encoder", "t5_decoder"):
        step.locator("select").nth(2).select_option(kind)
        grids = step.locator("svg.grid").all()
        found[kind] = [(g.locator(".unseen").count(), g.locator(".weight").count()) for g in grids]
    n = 27  # 24 characters, two tokens before them, one behind
    triangle = [(0, n * n), (n * (n - 1) / 2, n * (n + 1) / 2)]
    assert {tuple(rows[:2]) for rows in found.values()} == {tuple(triangle)}
    assert found["cross"][2][0] == found["t5_encoder"][2][0] == 0
    crosses, weights = found["t5_decoder"][2]
    assert weights - crosses == 17 and crosses == 17 * 16 / 2  # 16 characters and </s>


def test_the_decoder_writes_to_the_end_and_begins_anew(awake):
    page = awake("ja")
    look(page, "temperature")
    step = step_of(page, "temperature")
    began = step.locator(".shown").inner_text()
    one, all_, anew = step.locator(".result button").all()
    one.click()
    assert step.locator(".shown").inner_text()[:-1] == began
    step.locator("input[type=range]").fill("0.1")
    all_.click()
    assert step.locator(".shown").inner_text().endswith("。</s>") and all_.is_disabled()
    anew.click()
    assert step.locator(".shown").inner_text() == began


@pytest.mark.parametrize("lang", COMPLETE)
def test_without_a_script_prose_and_the_still_table_are_there(site, lang):
    context = site[0].new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site[1]}/{lang}/triad/")
    assert page.locator(".triad-still table tr").count() == 4
    assert "0.0" in page.locator(".triad-still").inner_text()
    assert triad.text("blank_text", lang)[:30] in page.locator("main").inner_text()
    context.close()


def test_without_the_weights_the_still_table_stays(site):
    page = site[0].new_page()
    page.route("**/weights.bin", lambda route: route.abort())
    page.goto(f"{site[1]}/ja/triad/")
    page.wait_for_function("document.documentElement.dataset.triad === 'failed'")
    assert page.locator(".triad-still").is_visible()
    assert step_of(page, "sentence").inner_text() == triad.text("failed", "ja")
    page.close()
