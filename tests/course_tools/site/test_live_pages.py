"""What is alive on a built site, in a browser, by keyboard: a quiz, an explorer, the calculator.

Lesson 01 in every language with its quiz and its explorer alone; nothing is executed.
"""

import contextlib
import functools
import http.server
import os
import shutil
import threading
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from nbformat.v4 import new_output
from places import ROOT

from course_tools.checks import testing
from course_tools.checks.lab_driver import browser, find_browser
from course_tools.site import frame, pages, project
from course_tools.site.live import places, quizzes, widgets
from helpers.classroom.session import Session
from helpers.language.say import COMPLETE
from helpers.widgets import SoftmaxExplorer
from helpers.widgets.quiz.html_view import as_html

ALL = bool(os.environ.get("TRIAD_ALL"))
pytestmark = pytest.mark.skipif(not ALL, reason="TRIAD_ALL=1 runs it")
NODE = Path(os.environ.get("TRIAD_NODE", ROOT / ".venv" / "node"))
AXE = NODE / "node_modules/axe-core/axe.min.js"
PACKAGES = testing.SITE
LESSON = "01_attention"
VIEWS = [(1280, False), (1280, True), (400, False), (400, True)]
WIDER = "document.documentElement.scrollWidth - innerWidth"


def lesson(lang):
    """The lesson as if it had been executed: what its quiz and its explorer show."""
    notebook = nbformat.read(ROOT / "notebooks" / lang / f"{LESSON}.ipynb", as_version=4)
    with Session(lang=lang):
        explorer = {id: SoftmaxExplorer().html() for id in widgets.awake()[LESSON]}
        shown = explorer | {"quiz": as_html(quizzes.PageQuiz(LESSON))}
    for cell in notebook.cells:
        if cell.id in shown:
            data = {"text/html": str(shown[cell.id]), pages.WIDGET: {}}
            cell.outputs = [new_output("display_data", data=data)]
    return pages.page(notebook, lang, LESSON)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of a site of this lesson, served as it is."""
    there = (PACKAGES / "node_modules/astro").is_dir() and find_browser() and AXE.is_file()
    if not there or not shutil.which("node"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("a site's packages or a browser")
    made, out = [lesson(lang) for lang in COMPLETE], tmp_path_factory.mktemp("site")
    awake = {(page.lang, page.name): page.awake for page in made}
    widgets.check(PACKAGES, awake)
    live = places.files(PACKAGES, awake)
    with project.alone(PACKAGES):
        project.write(PACKAGES, made, frame.pages(ROOT, made), "", live)
        project.build(PACKAGES, out)
    handler = functools.partial(Silent, directory=str(out))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, browser(playwright) as chromium:
        yield chromium


@contextlib.contextmanager
def opened(chromium, address, width=1280, dark=False):
    """A page, with what it asked for, and what went wrong; at its end it is looked at."""
    scheme = "dark" if dark else "light"
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.asked, page.wrong, host = [], [], urlsplit(address).netloc
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("response", lambda r: r.status < 400 or page.wrong.append(f"{r.status} {r.url}"))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.goto(address)
    yield page
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")["violations"]
    assert {one["id"]: [node["html"][:200] for node in one["nodes"]] for one in found} == {}
    assert page.evaluate(WIDER) <= 0 and page.wrong == []
    assert {urlsplit(url).netloc for url in page.asked} <= {host, ""}
    page.close()


def reached(page, locator, presses=400):
    """Tab from the top of the page until this control has the focus."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        if locator.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"{locator} is not reached by Tab")


@pytest.mark.parametrize("lang", COMPLETE)
@pytest.mark.parametrize("width, dark", VIEWS)
def test_a_quiz_answers_on_its_page_and_asks_only_then(site, chromium, lang, width, dark):
    with opened(chromium, f"{site}{lang}/{LESSON}/", width, dark) as page:
        question = page.locator("triad-quiz [data-question=q3]")
        question.locator("input").nth(1).focus()
        assert not [url for url in page.asked if url.endswith(".txt")]
        assert page.locator("main .out.widget").count() == 1  # the explorer's, not the quiz's
        page.keyboard.press("Space")
        question.locator("[data-action=check]").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("triad-quiz [data-question=q3][data-verdict=true]")
        assert [url.rpartition("/")[2] for url in page.asked if ".txt" in url] == ["q3.txt"]


@pytest.mark.parametrize("lang", COMPLETE)
def test_whoever_keeps_progress_is_told_of_every_answer(site, chromium, lang):
    with opened(chromium, f"{site}{lang}/{LESSON}/") as page:
        page.evaluate(
            """addEventListener("triad-quiz", ({ detail }) => { window.told = detail })"""
        )
        question = page.locator("triad-quiz [data-question=q3]")
        question.locator("input").nth(1).check()
        question.locator("[data-action=check]").click()
        page.wait_for_function("window.told?.action === 'check'")
        told = page.evaluate("window.told")
        bank = quizzes.read_bank(LESSON)["question"]
        [choices] = [one["choice"] for one in bank if one["id"] == "q3"]
        assert told["given"] == [choices[1]["id"]] and told["right"] is True
        assert (told["lesson"], told["question"]) == (LESSON, "q3")


@pytest.mark.parametrize("lang", COMPLETE)
@pytest.mark.parametrize("width, dark", [(1280, True), (400, False)])
def test_an_explorer_wakes_when_it_is_asked_to(site, chromium, lang, width, dark):
    with opened(chromium, f"{site}{lang}/{LESSON}/", width, dark) as page:
        button = page.locator("triad-live button")
        button.wait_for()
        assert " MB" in button.inner_text()
        assert not [url for url in page.asked if "pyodide" in url or "helpers.zip" in url]
        reached(page, button)
        page.keyboard.press("Enter")
        page.wait_for_selector("triad-live[data-awake] .drawing svg", timeout=300_000)
        before = page.locator("triad-live .drawing").inner_html()
        assert page.locator("main .out.widget").count() == 0
        page.keyboard.press("ArrowRight")  # the first control has the focus
        changed = "b => document.querySelector('triad-live .drawing').innerHTML !== b"
        page.wait_for_function(changed, arg=before)


@pytest.mark.parametrize("lang", COMPLETE)
@pytest.mark.parametrize("width, dark", VIEWS)
def test_the_calculator_answers_and_its_link_carries_its_state(site, chromium, lang, width, dark):
    with opened(chromium, f"{site}{lang}/kv/", width, dark) as page:
        page.locator("[data-control=length] input").fill("１２万")
        page.locator("[data-control=model] select").select_option("gemma-3-27b")
        told = page.locator("triad-kv .sentence").inner_text()
        assert "120,000" in told and "Gemma 3 27B" in told
        link = "a => new URL(a.href).search"
        assert "length=120000" in page.locator(".other-language").first.evaluate(link)
        with opened(chromium, page.url, width, dark) as other:
            assert other.locator("triad-kv .sentence").inner_text() == told
        page.locator("[data-control=batch] input").fill("x")
        assert page.locator("[data-control=batch] .refused").inner_text()
        assert page.locator("triad-kv .sentence").inner_text() == told


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_pasted_config_is_answered_and_what_it_lacks_is_named(site, chromium, lang):
    with opened(chromium, f"{site}{lang}/kv/") as page:
        assert not [url for url in page.asked if "families" in url]
        page.locator("[data-control=model] select").select_option("pasted")
        page.locator("textarea").fill('{"model_type": "llama", "num_hidden_layers": 16}')
        said = page.locator("triad-kv .sentence", has_text="num_key_value_heads = 32")
        said.wait_for()
        assert page.locator("triad-kv table").count() == 1  # layers; no weights, so no cards
        page.locator("[data-control=parameters] input").fill("1.5")
        assert page.locator("triad-kv table").count() == 3
        with opened(chromium, page.url) as other:
            other.locator("triad-kv .sentence", has_text="num_key_value_heads").wait_for()
        page.locator("textarea").fill('{"model_type": ')
        page.locator("triad-kv .sentence", has_text="JSON").wait_for()


def test_without_scripts_questions_and_the_models_bytes_are_there(site, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}ja/{LESSON}/")
    assert page.locator("triad-quiz li").count() > 8
    page.goto(f"{site}zh-tw/kv/")
    assert page.locator("main table tr").count() > 20
    context.close()
