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
from urllib.parse import urlencode, urlsplit

import nbformat
import pytest
from nbformat.v4 import new_output
from places import ROOT

from course_tools.checks import testing
from course_tools.checks.lab_driver import browser, find_browser
from course_tools.site import frame, pages, project, words
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
        link = "a => new URL(a.href).hash"
        assert "length=120000" in page.locator(".other-language").first.evaluate(link)
        page.wait_for_url("**/kv/#*model=gemma-3-27b*")
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
        page.wait_for_url("**/kv/#*parameters=1.5*")
        with opened(chromium, page.url) as other:
            other.locator("triad-kv .sentence", has_text="num_key_value_heads").wait_for()
        page.locator("textarea").fill('{"model_type": ')
        page.locator("triad-kv .sentence", has_text="JSON").wait_for()


# --- what goes wrong on the way, and is told ----------------------------------------------------


def once(page, pattern):
    """Let the first request for this fail, as on a bad line; return how often it was asked for."""
    asked = []

    def answer(route):
        asked.append(route.request.url)
        route.abort() if len(asked) == 1 else route.continue_()

    page.route(pattern, answer)
    return asked


@pytest.fixture
def visit(chromium, site):
    """A page of a context of its own: visit("ja/kv/")"""
    contexts = []

    def open_page(path, before=lambda page: None, **options):
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        page.said_wrong = []
        page.on("pageerror", lambda error: page.said_wrong.append(str(error)))
        before(page)
        page.goto(f"{site}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()


LOADED = ("helpers.zip", "pyodide.asm.wasm", "kernel.js", "screens/explorer.js")


@pytest.mark.parametrize("lang, lost", [(COMPLETE[n % 2], name) for n, name in enumerate(LOADED)])
def test_an_explorer_whose_download_failed_wakes_at_the_second_press(visit, lang, lost):
    is_bad = [True]

    def answer(route):
        route.abort() if is_bad else route.continue_()

    page = visit(f"{lang}/{LESSON}/", lambda page: page.route(f"**/live/**{lost}*", answer))
    button = page.locator("triad-live button")
    note = page.locator("triad-live .live-note")
    button.wait_for()
    assert note.count() == 1 and not note.is_visible(), "it says to go elsewhere"
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("triad-live button[aria-disabled=false]", timeout=60_000)
    assert button.evaluate("node => node === document.activeElement")
    failed = words.text("live_failed", lang)
    assert page.locator("triad-live [role=status]").inner_text().startswith(failed)
    is_bad.clear()
    button.click()
    page.wait_for_function(COUNTS_MB, timeout=60_000)
    page.wait_for_selector("triad-live[data-awake] .drawing svg", timeout=60_000)


COUNTS_MB = """() => /^[1-9].* MB$/.test(
  document.querySelector("triad-live > [role=status] + p")?.textContent ?? "")"""


@pytest.mark.parametrize("lang", COMPLETE)
def test_answers_and_score_are_there_again_after_a_reload(visit, lang):
    page = visit(f"{lang}/{LESSON}/")
    question = page.locator("triad-quiz [data-question=q3]")
    question.locator("input").nth(1).check()
    question.locator("[data-action=check]").click()
    page.wait_for_selector("[data-question=q3][data-verdict=true]")
    page.locator("[data-question=q1] [data-action=hint]").click()
    page.wait_for_selector("[data-question=q1] .hint b")
    told, score = question.inner_text(), page.locator("triad-quiz .score").inner_text()
    page.reload()
    page.wait_for_selector("[data-question=q3][data-verdict=true]")
    page.wait_for_selector("[data-question=q1] .hint b")
    assert question.inner_text() == told and question.locator("input").nth(1).is_checked()
    assert page.locator("triad-quiz .score").inner_text() == score
    other = page.context.new_page()  # changes there are seen here
    other.goto(page.url)
    other.locator("[data-question=q3][data-verdict=true] [data-action=retry]").click()
    page.wait_for_selector("[data-question=q3]:not([data-verdict=true])")
    assert not question.locator("input").nth(1).is_checked() and page.said_wrong == []


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_hint_that_does_not_come_is_not_kept_as_given(visit, lang):
    page = visit(f"{lang}/{LESSON}/", lambda page: once(page, "**/q1.txt"))
    hint = page.locator("[data-question=q1] [data-action=hint]")
    hint.click()
    page.locator("triad-quiz .trouble p").wait_for()
    kept = "localStorage.getItem('triad-progress')"
    assert page.evaluate(kept) is None
    hint.click()
    page.wait_for_selector("[data-question=q1] .hint b")
    assert '"hinted":true' in page.evaluate(kept)


@pytest.mark.parametrize("lang", COMPLETE)
def test_what_another_page_forgets_is_gone_from_an_open_one(visit, lang):
    page = visit(f"{lang}/{LESSON}/")
    question = page.locator("triad-quiz [data-question=q3]")
    score = page.locator("triad-quiz .score").inner_text()
    question.locator("input").nth(1).check()
    question.locator("[data-action=check]").click()
    page.wait_for_selector("[data-question=q3][data-verdict=true]")
    other = page.context.new_page()
    other.on("dialog", lambda dialog: dialog.accept())
    other.goto(page.url.replace(f"{LESSON}/", ""))
    other.locator("triad-progress button").nth(2).click()
    page.wait_for_selector("[data-question=q3]:not([data-verdict=true])")
    assert not question.locator("input").nth(1).is_checked()
    assert page.locator("triad-quiz .score").inner_text() == score


LOST = ("table.json", "words-", "kv.js", "numbers.js")


@pytest.mark.parametrize("lang, lost", [(COMPLETE[n % 2], name) for n, name in enumerate(LOST)])
def test_a_calculator_without_one_of_its_files_says_so(visit, lang, lost):
    page = visit(f"{lang}/kv/", lambda page: page.route(f"**/{lost}*", lambda one: one.abort()))
    said = page.locator("triad-kv .failed")
    said.wait_for()
    assert said.inner_text() == words.text("kv_not_loaded", lang)
    assert page.locator("triad-kv").bounding_box()["height"] < 200


@pytest.mark.parametrize("lang", COMPLETE)
def test_what_is_known_of_families_is_asked_for_once_and_again_when_it_failed(visit, lang):
    asked = []
    page = visit(f"{lang}/kv/", lambda page: asked.append(once(page, "**/families.json")))
    page.locator("[data-control=model] select").select_option("pasted")
    field, sentence = page.locator("textarea"), page.locator("triad-kv .sentence")
    field.fill(CONFIG)
    page.locator("triad-kv .sentence", has_text=words.text("kv_not_loaded", lang)).wait_for()
    field.fill("")
    field.press_sequentially(CONFIG)
    page.locator("triad-kv .sentence", has_text="num_key_value_heads = 32").wait_for()
    assert len(asked[0]) == 2 and sentence.count() == 1


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_link_with_a_config_keeps_it_when_families_do_not_come(visit, lang):
    link = f"#{urlencode({'model': 'pasted', 'config': CONFIG})}"
    page = visit(f"{lang}/kv/{link}", lambda page: once(page, "**/families.json"))
    page.locator("triad-kv .sentence", has_text=words.text("kv_not_loaded", lang)).wait_for()
    assert page.url.endswith(link)
    assert page.locator(".other-language").first.evaluate("a => a.hash") == link
    page.reload()
    page.locator("triad-kv .sentence", has_text="num_key_value_heads = 32").wait_for()


def test_families_that_do_not_come_leave_the_answer_of_another_model(visit):
    held = []
    link = f"#{urlencode({'model': 'pasted', 'config': CONFIG})}"
    page = visit(
        f"ja/kv/{link}", lambda page: page.route("**/families.json", lambda one: held.append(one))
    )
    page.locator("[data-control=model] select").select_option("gemma-3-27b")
    sentence = page.locator("triad-kv .sentence", has_text="Gemma 3 27B")
    sentence.wait_for()
    with page.expect_event("requestfailed"):
        held[0].abort()
    page.evaluate("() => new Promise((done) => setTimeout(done))")
    assert sentence.count() == 1


CONFIG = '{"model_type": "llama", "num_hidden_layers": 16, "_name_or_path": "/home/me/secret"}'


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_link_tells_no_host_and_holds_only_what_is_read(visit, lang, site):
    asked = []
    page = visit(f"{lang}/kv/?length=4096&model=pasted")  # as links were before
    page.wait_for_url("**/kv/#model=pasted&length=4096")
    page.on("request", lambda request: asked.append(request.url))
    page.locator("textarea").fill(CONFIG)
    page.locator("[data-control=parameters] input").fill("1.5")
    page.wait_for_url("**#*parameters=1.5*")
    assert "num_hidden_layers" in page.url and "secret" not in page.url
    assert page.locator("[data-control=parameters] .refused").inner_text() == ""
    page.locator("[data-control=parameters] input").fill("-1")
    said = page.locator("[data-control=parameters] .refused").inner_text()
    assert said == words.text("kv_not_positive", lang)
    told = page.locator("triad-kv .sentence").inner_text()
    page.reload()
    page.locator("triad-kv .sentence", has_text=told).wait_for()
    assert not [url for url in asked if "llama" in url]
    page.evaluate("location.hash = '#length=777'")  # pasted into the address of an open page
    page.locator("triad-kv .sentence", has_text="777").wait_for()


@pytest.mark.parametrize("lang", COMPLETE)
def test_what_a_link_says_and_nobody_can_read_is_named(visit, lang):
    page = visit(f"{lang}/kv/#model=gpt-99&parameters=-5&length=4096")
    page.locator("triad-kv .sentence", has_text="4,096").wait_for()
    values = "model=gpt-99、parameters=-5"
    said = words.text("kv_not_used", lang).format(values=values)
    note = page.locator("triad-kv > .refused[role=status]")
    assert note.inner_text() == said
    before = note.element_handle()
    page.wait_for_url("**/kv/#length=4096")
    page.locator("[data-control=length] input").fill("512")
    assert note.inner_text() == ""
    page.evaluate("location.hash = '#length=x'")
    page.locator("triad-kv > .refused", has_text="length=x").wait_for()
    assert before.evaluate("node => node.isConnected"), "it is the one that is announced"


def test_layers_stay_open_and_the_address_changes_once_for_many_keys(visit):
    page = visit("ja/kv/")
    page.evaluate("""() => {
      const before = history.replaceState.bind(history);
      window.changed = 0;
      history.replaceState = (...all) => { window.changed += 1; before(...all); };
    }""")
    page.locator("triad-kv summary").click()
    page.locator("[data-control=length] input").fill("")
    page.locator("[data-control=length] input").press_sequentially("123456")
    page.wait_for_url("**/kv/#length=123456")
    assert page.locator("triad-kv details table").is_visible()
    assert page.evaluate("window.changed") < 6


def test_without_scripts_questions_and_the_models_bytes_are_there(site, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}ja/{LESSON}/")
    assert page.locator("triad-quiz li").count() > 8
    page.goto(f"{site}zh-tw/kv/")
    assert page.locator("main table tr").count() > 20
    context.close()
