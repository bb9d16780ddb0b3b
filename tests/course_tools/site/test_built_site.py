"""A built site as a reader gets it: pages in light, dark and at 400 pixels, links, anchors, axe.

Lessons 00 and 01 in both languages, executed, and built by Astro: needs npm and a browser.
"""

import contextlib
import functools
import http.server
import os
import shutil
import threading
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from places import ROOT

from course_tools.checks.lab_driver import browser, find_browser
from course_tools.site.__main__ import main
from helpers.language.say import COMPLETE, LANGUAGES

ALL = bool(os.environ.get("TRIAD_ALL"))
pytestmark = pytest.mark.skipif(not ALL, reason="TRIAD_ALL=1 runs it")
AXE = (
    Path(os.environ.get("TRIAD_NODE", ROOT / ".venv" / "node")) / "node_modules/axe-core/axe.min.js"
)
LESSONS = ("00_start", "01_attention")
PAGES = [
    f"{lang}/{name}"
    for lang in COMPLETE
    for name in ("", "terms/", "triad/", *(f"{x}/" for x in LESSONS))
]
VIEWS = [(1280, False), (1280, True), (400, False), (400, True)]
OTHERS = {one.stem for one in ROOT.glob("notebooks/ja/*.ipynb")} - set(LESSONS)
LINKS = "[...document.querySelectorAll('a[href]')].map(a => a.href)"
WIDER = "document.documentElement.scrollWidth - innerWidth"
OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true })"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The address of the built site, served as it is."""
    if not shutil.which("npm") or not find_browser():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("npm or a browser is missing")
    out = tmp_path_factory.mktemp("site")
    assert main([str(out), "--lesson", *(name[:2] for name in LESSONS)]) == 0
    handler = functools.partial(Silent, directory=str(out))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, browser(playwright) as chromium:
        yield chromium


@contextlib.contextmanager
def opened(chromium, address, width=1280, dark=False):
    """A page, and what went wrong on it: other hosts, missing files, errors of scripts."""
    scheme = "dark" if dark else "light"
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.wrong = []
    host = urlsplit(address).netloc
    page.on("request", lambda r: urlsplit(r.url).netloc in (host, "") or page.wrong.append(r.url))
    page.on("response", lambda r: r.status < 400 or page.wrong.append(f"{r.status} {r.url}"))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.goto(address)
    yield page
    page.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width, dark", VIEWS)
def test_a_page_is_whole_legible_and_asks_nobody_else(site, chromium, name, width, dark):
    with opened(chromium, site + name, width, dark) as page:
        assert page.evaluate(WIDER) <= 0
        page.evaluate(OPEN)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document)")["violations"]
        assert {one["id"]: [node["html"][:200] for node in one["nodes"]] for one in found} == {}
        assert page.wrong == []


def test_every_link_and_anchor_leads_somewhere(site, chromium):
    links, anchors = set(), {}
    for name in PAGES:
        with opened(chromium, site + name) as page:
            anchors[site + name] = set(
                page.evaluate("[...document.querySelectorAll('[id]')].map(n => n.id)")
            )
            links |= {urljoin(site + name, link) for link in page.evaluate(LINKS)}
    ours = {link for link in links if link.startswith(site)}
    assert len(ours) > 60
    for link in ours:
        page_, _, anchor = link.partition("#")
        page_ = page_.rstrip("/") + "/"
        other = page_.rstrip("/").rpartition("/")[2] in OTHERS  # built without them here
        assert page_ in anchors or page_ == site or (other and not anchor), link
        if page_ not in anchors:
            continue
        assert not anchor or unquote(anchor) in anchors[page_], link


def test_both_languages_have_the_same_anchors_and_name_each_other(site, chromium):
    for lesson in LESSONS:
        seen = []
        for lang in COMPLETE:
            with opened(chromium, f"{site}{lang}/{lesson}/") as page:
                own = "[...document.querySelectorAll('main [id^=c-]')].map(n => n.id)"
                others = "[...document.querySelectorAll('link[hreflang]')].map(n => n.hreflang)"
                seen.append((page.evaluate(own), set(page.evaluate(others))))
                assert page.locator("html").get_attribute("lang") == LANGUAGES[lang]
        assert seen[0] == seen[1]
        assert {LANGUAGES[lang] for lang in COMPLETE} <= seen[0][1]


@pytest.mark.parametrize("lang, asked", [("ja", "因果マスク"), ("zh-tw", "因果遮罩")])
def test_a_search_finds_parts_of_words_and_no_answer_of_a_quiz(site, chromium, lang, asked):
    with opened(chromium, f"{site}{lang}/00_start/") as page:
        page.locator("triad-search input").fill(asked)
        page.locator("triad-search li a").first.click()
        page.wait_for_url("**/01_attention/*")
        assert asked in page.locator("main").inner_text()
        index = page.request.get(f"{site}search-{lang}.json").text()
        assert "why_right" not in index and asked in index


def test_without_scripts_text_formulas_figures_and_outputs_are_there(site, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}ja/01_attention/")
    assert page.locator(".katex").count() > 30 and page.locator(".katex-error").count() == 0
    assert page.locator("main img").count() >= 3 and page.locator("pre.out").count() > 5
    page.locator(".other-language").first.click()
    assert "/zh-tw/01_attention/" in page.url
    context.close()
