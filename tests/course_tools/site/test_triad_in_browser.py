"""The triad page as a reader gets it: light, dark, 400 pixels, by keyboard alone, without a script.

A site without lessons, built by Astro: needs npm and a browser.
"""

import functools
import http.server
import os
import re
import shutil
import threading

import pytest
from test_built_site import AXE, VIEWS, WIDER, Silent, chromium, opened  # noqa: F401: a fixture

from course_tools.checks.lab_driver import find_browser
from course_tools.site.__main__ import main
from course_tools.site.triad import page as triad
from helpers.language.say import COMPLETE

ALL = bool(os.environ.get("TRIAD_ALL"))
pytestmark = pytest.mark.skipif(not ALL, reason="TRIAD_ALL=1 runs it")
AWAKE = "document.documentElement.dataset.triad === 'awake'"
STEP = "[data-step='{}']"
FOCUSED = "document.activeElement.closest('[data-step]')?.dataset.step ?? ''"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the site is served."""
    if not shutil.which("npm") or not find_browser():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("npm or a browser is missing")
    out = tmp_path_factory.mktemp("triad")
    assert main([str(out), "--lesson", "none"]) == 0
    handler = functools.partial(Silent, directory=str(out))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def look(page, *steps):
    """Open the results of the steps without a guess."""
    for step in steps:
        page.locator(STEP.format(step)).locator(".guess-first .doors button:not(.main)").first.click()


def axe(page):
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")["violations"]
    return {one["id"]: [node["html"][:200] for node in one["nodes"]] for one in found}


@pytest.mark.parametrize("lang", COMPLETE)
@pytest.mark.parametrize("width, dark", VIEWS)
def test_it_is_whole_and_legible_before_and_after_all_results(address, chromium, lang, width, dark):  # noqa: F811
    with opened(chromium, f"{address}{lang}/triad/", width, dark) as page:
        page.wait_for_function(AWAKE)
        assert axe(page) == {} and page.evaluate(WIDER) <= 0
        look(page, *triad.STEPS[1:])
        assert axe(page) == {} and page.evaluate(WIDER) <= 0
        assert page.locator(".triad svg.grid").count() == 3 and page.wrong == []
        assert not page.locator(".triad-still").is_visible()


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_result_is_shown_only_after_a_guess_and_the_guess_is_judged(address, chromium, lang):  # noqa: F811
    with opened(chromium, f"{address}{lang}/triad/") as page:
        page.wait_for_function(AWAKE)
        step = page.locator(STEP.format("blank"))
        assert not step.locator(".columns").is_visible()
        assert step.locator("button.main").is_disabled()
        step.locator("input[value='encoder']").check()
        step.locator("button.main").click()
        hit = triad.text("guess_right", lang).format(right=triad.text("blank_encoder", lang))
        assert step.locator(".verdict").inner_text() == hit
        assert step.locator(".marked").count() == 1  # the decoder's five likeliest do not have it
        step.locator("select").select_option("verb")
        missed = triad.text("guess_wrong", lang).format(right=triad.text("blank_both", lang))
        assert step.locator(".verdict").inner_text() == missed


def test_every_step_is_reached_and_used_by_keyboard_alone(address, chromium):  # noqa: F811
    with opened(chromium, f"{address}ja/triad/") as page:
        page.wait_for_function(AWAKE)
        seen = []
        for _ in range(200):
            page.keyboard.press("Tab")
            step = page.evaluate(FOCUSED)
            if step and step not in seen:
                seen.append(step)
            if page.evaluate("document.activeElement.matches('.guess-first .doors button:not(.main)')"):
                page.keyboard.press("Enter")
            if len(seen) == len(triad.STEPS) and page.locator("[data-step='temperature'] .bars").count():
                break
        assert seen == [*triad.STEPS]
        assert all(
            page.locator(STEP.format(step)).locator(".result").is_visible()
            for step in triad.STEPS[1:]
        )
        page.locator(STEP.format("block")).locator(".result button.main").focus()
        for _ in range(8):
            page.keyboard.press("Enter")
        assert "9 / 9" in page.locator(STEP.format("block")).inner_text()
        assert page.evaluate("document.activeElement.matches('.doors button:enabled')")


def test_another_sentence_typed_or_chosen_reaches_every_step(address, chromium):  # noqa: F811
    with opened(chromium, f"{address}ja/triad/") as page:
        page.wait_for_function(AWAKE)
        look(page, *triad.STEPS[1:])
        field = page.locator(STEP.format("sentence")).locator("input")
        field.fill("花子は庭で茶を飲みました。猫")
        page.wait_for_function("document.body.innerText.includes('花子は庭で＿') || document.body.innerText.includes('＿子は庭で')")
        assert "猫" in page.locator(STEP.format("sentence")).locator(".note").inner_text()
        for step in ("blank", "change"):
            assert "庭で茶を" in page.locator(STEP.format(step)).locator(".shown").first.inner_text()
        assert page.locator(STEP.format("change")).locator(".tokens li").count() > 60
        assert page.wrong == []


@pytest.mark.parametrize("lang", COMPLETE)
def test_zeros_are_those_left_of_the_word_and_go_with_the_mask(address, chromium, lang):  # noqa: F811
    with opened(chromium, f"{address}{lang}/triad/") as page:
        page.wait_for_function(AWAKE)
        look(page, "change")
        step = page.locator(STEP.format("change"))

        def still():
            rows = step.locator(".tokens").all()
            return [row.locator("[data-level='0']").count() for row in rows]

        kept = still()
        assert kept[1] > 5 and kept[0] == kept[2] == kept[3] == 0
        step.locator("select").nth(2).select_option("one")
        assert still()[1] == kept[1] - 2
        step.locator("select").nth(2).select_option("all")
        assert still() == [0, 0, 0, 0]


@pytest.mark.parametrize("lang", COMPLETE)
def test_without_a_script_prose_and_the_still_table_are_there(address, chromium, lang):  # noqa: F811
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}{lang}/triad/")
    assert page.locator(".triad-still table tr").count() == 4
    assert re.search(r"0\.0", page.locator(".triad-still").inner_text())
    assert triad.text("blank_text", lang)[:30] in page.locator("main").inner_text()
    context.close()


def test_without_the_weights_the_still_table_stays(address, chromium):  # noqa: F811
    page = chromium.new_page()
    page.route("**/weights.bin", lambda route: route.abort())
    page.goto(f"{address}ja/triad/")
    page.wait_for_function("document.documentElement.dataset.triad === 'failed'")
    assert page.locator(".triad-still").is_visible()
    page.close()
