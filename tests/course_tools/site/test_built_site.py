"""A site that Astro has built, in a browser: audited, searched, printed, and its reader's record.

Two small lessons in every language.  Needs Astro, which comes with the first `start.py site`, and a
browser; the whole site is audited by `start.py site OUT --audit`, as the site's workflow does.
"""

import json
import re
import shutil
import subprocess

import pytest
import small_site
import turns

from course_tools.site import audit, pdf, project, words
from course_tools.site.served import served
from helpers.classroom import predict, records
from helpers.language.say import COMPLETE, LANGUAGES

pytestmark = turns.in_ci
LESSON = small_site.NAMES[0]
BASE = "/course/"
SET, MORE = "strict: false", "later words"  # formulas of the first build, prose of a second one
WORDS = {"ja": "次のページ", "zh-tw": "下一頁"}  # in place of Starlight's


@pytest.fixture(scope="module")
def out(tmp_path_factory, astro):
    return small_site.build(tmp_path_factory.mktemp("small"), astro, f"https://a.example{BASE}")


@pytest.fixture(scope="module")
def site(out):
    with served(out, BASE) as address:
        yield address


@pytest.fixture(scope="module")
def later(out, tmp_path_factory):
    """The same project built again: formulas set otherwise, and more words in the second lesson."""
    folder = tmp_path_factory.mktemp("later")
    sources = shutil.copytree(project.SOURCES, folder / "sources")
    config = sources / "astro.config.mjs"
    text = config.read_text(encoding="utf-8")
    assert text.count(SET) == 1
    config.write_text(text.replace(SET, f'{SET}, output: "html"'), encoding="utf-8")
    made = small_site.pages()
    for one in made:
        one.parts += [MORE] if one.name == small_site.NAMES[1] else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project, "SOURCES", sources)
        small_site.write(out.parent / "work", made, f"https://a.example{BASE}")
        project.build(out.parent / "work", folder / "site")
    return folder / "site"


@pytest.fixture
def page(chromium):
    context = chromium.new_context(accept_downloads=True)
    yield context.new_page()
    context.close()


def test_no_page_has_a_fault(out, site, chromium):
    pages = [file.relative_to(out).as_posix().removesuffix("index.html")
             for file in sorted(out.rglob("*.html"))]  # fmt: skip
    assert len(pages) >= 2 + len(COMPLETE) * (len(small_site.NAMES) + 2)
    assert list(audit.links.faults(out, BASE)) == []
    one_language = [one for one in pages if not one.startswith(f"{COMPLETE[1]}/terms")]
    assert list(audit.looked(chromium, out, site, one_language)) == []


@pytest.mark.parametrize("lang", COMPLETE)
def test_every_text_of_a_lesson_is_in_its_page_without_scripts(out, lang):
    text = (out / lang / LESSON / "index.html").read_text(encoding="utf-8")
    assert f'<html lang="{LANGUAGES[lang]}"' in text
    for prose in small_site.PROSE[lang]:
        for part in re.split(r"\$[^$]*\$", prose):
            assert part in text
    assert "Section titled" not in text and f">{WORDS[lang]}<" in text
    assert text.count('class="katex"') == 2 and "katex-error" not in text
    assert text.count('class="katex-display" tabindex="0"') == 1, "one formula is set apart"
    assert len(re.findall(r"<img[^>]* height=", text)) == 2  # for light and for dark


@pytest.mark.parametrize("lang", COMPLETE)
def test_no_page_that_astro_keeps_is_stale(out, later, lang):
    """It keeps each page whose words are unchanged, however they would be set now."""
    for name in small_site.NAMES:
        before, after = (
            (folder / lang / name / "index.html").read_text(encoding="utf-8")
            for folder in (out, later)
        )
        assert ("katex-mathml" in before, "katex-mathml" in after) == (True, False)
        assert (MORE in before, MORE in after) == (False, name == small_site.NAMES[1])


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (1280, "dark"), (400, "dark")])
def test_of_a_figures_files_one_is_loaded(site, chromium, width, scheme):
    seen = audit.look(chromium, f"{site}ja/{LESSON}/", width, scheme)
    assert len([path for path in seen.asked if "/figures/" in path]) == 1


# where the words end in the header's first part, and where that part does
ENDS = """part => {
  const words = document.createRange();
  words.selectNodeContents(part.querySelector("span"));
  return [words, part].map((one) => one.getBoundingClientRect().right);
}"""


def test_on_a_phone_the_courses_name_is_whole_and_terms_are_paragraphs(site, chromium):
    page = chromium.new_page(viewport={"width": 400, "height": 900})
    page.goto(f"{site}ja/terms/")
    name, room = page.locator(".title-wrapper").evaluate(ENDS)
    assert name <= room
    box = page.locator(".terms .wide").evaluate("n => [n.scrollWidth, n.clientWidth]")
    assert box[0] <= box[1], "nothing of the glossary is out of sight"
    page.close()


# the words of a table that stand in two lines
BROKEN = """box => [...box.querySelectorAll("th, td")].filter((cell) => {
  const words = document.createRange();
  words.selectNodeContents(cell);
  return /^\\w+$/.test(cell.textContent) && words.getClientRects().length > 1;
}).map((cell) => cell.textContent)"""


def test_no_word_of_a_table_is_broken_where_its_column_has_room(site, page):
    page.goto(f"{site}ja/{LESSON}/")
    table = page.locator("#c-words ~ .out .wide").first
    assert "LlamaRMSNorm" in table.inner_text() and table.evaluate(BROKEN) == []


def test_a_font_comes_in_one_format(out):
    fonts = [file for file in out.rglob("KaTeX*") if file.is_file()]
    assert len(fonts) > 10 and {file.suffix for file in fonts} == {".woff2"}


KANA = re.compile("[\u3041-\u30ff]+")


def test_what_the_frame_says_is_in_the_language_of_its_page(site, page):
    page.goto(f"{site}zh-tw/{LESSON}/")
    for place in ("header", "footer", "starlight-toc"):
        said = page.locator(place).first.inner_text().replace("日本語", "")
        assert said and not KANA.search(said), said
    page.goto(f"{site}ja/{LESSON}/")
    assert KANA.search(page.locator("footer").first.inner_text())


@pytest.mark.parametrize("lang, asked", [("ja", "因果マスク"), ("zh-tw", "果遮")])
def test_a_search_finds_parts_of_words(site, page, lang, asked):
    page.goto(f"{site}{lang}/{small_site.NAMES[1]}/")
    page.locator("triad-search input").fill(asked)
    page.locator("triad-search li a").first.click()
    page.wait_for_url(f"**/{LESSON}/#c-why")
    assert asked in page.locator("main").inner_text()


@pytest.mark.parametrize("lang, other", [COMPLETE, COMPLETE[::-1]])
def test_the_other_language_is_a_link_that_works_without_scripts(site, chromium, lang, other):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}{lang}/{LESSON}/")
    page.locator(".other-language").first.click()
    assert page.url == f"{site}{other}/{LESSON}/"
    context.close()


THERE = """
const {{ there }} = await import({file});
console.log(JSON.stringify({asked}.map((one) => there(...one))));
"""
BASES = ("", "/course", "/ja", "/ja/triad", "/x/zh-tw/triad")


@pytest.mark.parametrize("own, other", [COMPLETE, COMPLETE[::-1]])
def test_a_base_that_holds_a_language_s_code_is_no_language(node, own, other):
    pages = (f"{own}/", f"{own}/{LESSON}/", f"{own}/{other}/", f"{own}/{own}/")
    asked = [[f"{base}/{page}", base, own, other] for base in BASES for page in pages]
    wanted = [f"{base}/{other}/{page[len(own) + 1 :]}" for base in BASES for page in pages]
    asked += [[f"{base}/404/", base, None, other] for base in BASES]
    wanted += [f"{base}/{other}/" for base in BASES]
    file = json.dumps((project.SOURCES / "src/components/there.ts").as_uri())
    script = THERE.format(file=file, asked=json.dumps(asked))
    command = [node, "--experimental-strip-types", "--no-warnings", "--input-type=module", "-e"]
    done = subprocess.run([*command, script], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == wanted


@pytest.mark.parametrize("lang, other", [COMPLETE, COMPLETE[::-1]])
@pytest.mark.parametrize("path, place", [(LESSON, "c-rest"), ("triad", "c-attention")])
def test_the_other_language_shows_the_same_paragraph(site, chromium, path, place, lang, other):
    page = chromium.new_page(viewport={"width": 1280, "height": 500})
    page.goto(f"{site}{lang}/{path}/")
    if path == "triad":
        page.wait_for_function("document.documentElement.dataset.triad === 'awake'")
    link = page.locator(".other-language").first
    assert link.get_attribute("href").endswith(f"/{other}/{path}/"), "nothing is passed"
    page.evaluate("id => document.getElementById(id).scrollIntoView()", place)
    page.wait_for_function(
        "id => document.querySelector('.other-language').hash === `#${id}`", arg=place
    )
    link.click()
    page.wait_for_url(f"**/{other}/{path}/#{place}")
    page.close()


@pytest.mark.parametrize("lang, other", [COMPLETE, COMPLETE[::-1]])
def test_the_place_that_a_page_begins_at_is_kept_without_scrolling(site, chromium, lang, other):
    page = chromium.new_page(viewport={"width": 1280, "height": 500})
    page.add_init_script("addEventListener('scroll', (e) => e.stopImmediatePropagation(), true)")
    page.goto(f"{site}{lang}/{LESSON}/")
    first = "document.querySelector('main [id^=c-]').getBoundingClientRect().top"
    tall = 4 * (int(page.evaluate(first)) + 1)
    page.set_viewport_size({"width": 1280, "height": tall})
    page.reload()
    page.wait_for_function("document.querySelector('.other-language').hash.startsWith('#c-')")
    page.close()


SCRIPTED = (".guess > label", "triad-search", "#progress", "triad-progress")


@pytest.mark.parametrize("lang", COMPLETE)
def test_without_scripts_nothing_is_shown_that_only_a_script_makes_work(site, chromium, lang):
    for scripted in (True, False):
        context = chromium.new_context(java_script_enabled=scripted)
        page = context.new_page()
        seen = set()
        for path in (f"{lang}/{LESSON}/", f"{lang}/"):
            page.goto(site + path)
            seen |= {one for one in SCRIPTED if page.locator(one).first.is_visible()}
        assert seen == (set(SCRIPTED) if scripted else set())
        context.close()


# --- search -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_search_says_that_it_waits_that_it_failed_and_tries_again(site, page, lang):
    waiting, asked = [], []

    def answer(route):
        asked.append(route)
        if len(asked) == 1:
            route.abort()
        elif len(asked) == 2:
            route.fulfill(status=500, body="[]")
        else:
            waiting.append(route)

    page.route("**/search-*.json", answer)
    page.goto(f"{site}{lang}/")
    field, said = page.locator("triad-search input"), page.locator("triad-search [role=status]")
    node = said.element_handle()
    for typed in ("a", "ab"):
        field.fill(typed)
        failed = words.text("search_failed", lang)
        page.locator("triad-search [role=status]", has_text=failed).wait_for()
    field.fill("abc")
    assert said.inner_text() == words.text("search_waiting", lang)
    many = [{"page": LESSON, "anchor": "c-why", "heading": "abc", "text": ""}] * 62
    waiting[0].fulfill(json=many)
    shown = words.text("found_first", lang).format(n=62, most=30)
    page.locator("triad-search [role=status]", has_text=shown).wait_for()
    assert page.locator("triad-search li").count() == 30
    assert node.evaluate("node => node.isConnected"), "one node is announced"


@pytest.mark.parametrize("lang", COMPLETE)
@pytest.mark.parametrize("leave", ["link", "Escape", "Tab", "elsewhere"])
def test_results_go_when_the_reader_does(site, chromium, lang, leave):
    page = chromium.new_page(viewport={"width": 400, "height": 900})
    page.goto(f"{site}{lang}/{LESSON}/")
    results = page.locator("triad-search .results")
    page.locator("triad-search input").fill("a")
    page.locator("triad-search input").fill(PROSE_WORD[lang])
    page.locator("triad-search li a").first.wait_for()
    if leave == "link":
        page.locator(f"triad-search a[href*='{LESSON}']").first.click()
    elif leave == "elsewhere":
        page.locator("main").click(position={"x": 5, "y": 850})
    elif leave == "Escape":
        page.locator("triad-search li a").first.focus()
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.type") == "search"
    for _ in range(page.locator("triad-search li a").count() + 2 if leave == "Tab" else 0):
        page.keyboard.press("Tab")
    results.wait_for(state="hidden")
    page.close()


PROSE_WORD = {"ja": "因果", "zh-tw": "因果"}


# --- print ------------------------------------------------------------------------------------


def test_on_paper_predictions_are_open_and_drawing_code_is_folded(site, page):
    page.goto(f"{site}ja/{LESSON}/")
    page.emulate_media(media="print")

    def seen(selector):
        return page.locator(selector).first.evaluate(
            "n => n.checkVisibility({contentVisibilityAuto: true}) && n.getClientRects().length > 0"
        )

    assert seen(".guess details p") and not seen(".guess label")
    assert not seen("details.folded pre") and seen("details.folded summary")
    assert not seen("figcaption details p")
    assert not seen("header") and not seen("triad-search") and not seen("nav.sidebar")


def test_a_lesson_is_printed_with_its_picture_and_words(site, chromium, tmp_path):
    target = tmp_path / "lesson.pdf"
    pdf.printed(chromium, f"{site}ja/{LESSON}/", target)
    content = target.read_bytes()
    assert content.startswith(b"%PDF") and b"/StructTreeRoot" in content
    assert re.search(rb"/Subtype\s*/Image", content)


# --- the reader's record ----------------------------------------------------------------------


def exported(page, site, lang="ja"):
    page.goto(f"{site}{lang}/")
    with page.expect_download() as download:
        page.locator("triad-progress button").nth(0).click()
    return download.value.path().read_text(encoding="utf-8")


def cells(page):
    return page.locator("triad-progress tbody tr").first.locator("td").all_inner_texts()


def quiz(page, **detail):
    page.evaluate(
        """detail => document.querySelector("main").dispatchEvent(
             new CustomEvent("triad-quiz", { bubbles: true, detail }))""",
        {"lesson": LESSON, "question": "q1", "action": "check", "given": [], "right": None}
        | detail,
    )


def test_what_a_reader_answers_is_a_record_that_the_notebooks_read(site, page):
    page.goto(f"{site}ja/{LESSON}/")
    page.locator(".guess input").fill(" 12万 ")
    assert records.loads(exported(page, site).encode()) == {}, "nothing was opened"
    page.goto(f"{site}ja/{LESSON}/")
    page.locator(".guess input").fill(" 12万 ")
    page.locator(".guess summary").click()
    for answer in (
        {"given": ["b"], "right": False},
        {"action": "hint"},
        {"given": ["a"], "right": True},
    ):
        quiz(page, **answer)
    work = records.loads(exported(page, site).encode())[LESSON]
    assert work.guesses["guess"].given == "12万"
    answer = work.quiz["q1"]
    assert (answer.given, answer.first, answer.tries) == (("a",), ("b",), 2)
    assert (answer.solved, answer.at_once, answer.hinted) == (True, False, True)
    assert answer.since < answer.when <= records.now()
    page.goto(f"{site}zh-tw/{LESSON}/")
    assert page.locator(".guess input").input_value() == "12万", "in either language"
    page.goto(f"{site}zh-tw/")
    assert cells(page)[1:] == ["1/1", "1/0", "0"]


@pytest.mark.parametrize("lang", COMPLETE)
@pytest.mark.parametrize("guess, said", [("7", "progress_locked"), ("", "progress_looked")])
def test_a_prediction_is_what_stood_there_when_the_value_was_opened(site, page, lang, guess, said):
    page.goto(f"{site}{lang}/{LESSON}/")
    field, door = page.locator(".guess input"), page.locator(".guess summary")
    field.fill("another, not yet opened")
    field.fill(guess)
    door.click()
    page.locator(".guess .locked", has_text=words.text(said, lang)).wait_for()
    assert not field.is_editable()
    field.evaluate("node => { node.value = 9; node.dispatchEvent(new Event('change')) }")
    door.click()
    door.click()
    page.reload()
    assert field.input_value() == guess and not field.is_editable()
    door.click()
    work = records.loads(exported(page, site, lang).encode())[LESSON]
    assert work.guesses["guess"].given == (guess or predict.SHOW_ME)
    assert cells(page)[1] == ("1/1" if guess else "0/1")


@pytest.mark.parametrize("lang", COMPLETE)
@pytest.mark.parametrize("refused", ["getItem", "setItem", "all"])
def test_a_browser_that_keeps_nothing_says_so_and_goes_on(site, page, lang, refused):
    deny = "() => { throw new DOMException('denied', 'SecurityError') }"
    name = f"Storage.prototype.{refused} = {deny}"
    page.add_init_script(
        f"Object.defineProperty(window, 'localStorage', {{ get: {deny} }})"
        if refused == "all" else name
    )  # fmt: skip
    said = words.text("progress_not_kept", lang)
    page.goto(f"{site}{lang}/")
    assert page.locator("triad-progress .not-kept").inner_text() == said
    assert cells(page)[1] == "0/1"
    page.goto(f"{site}{lang}/{LESSON}/")
    page.locator(".guess input").fill("7")
    page.locator(".guess summary").click()
    page.locator(".not-kept", has_text=said).wait_for()
    quiz(page, right=True)
    assert page.locator(".not-kept").count() == 1
    assert page.locator(".guess .locked").inner_text() == words.text("progress_locked", lang)


def test_a_browser_that_keeps_what_is_written_says_nothing(site, page):
    page.goto(f"{site}ja/")
    assert cells(page)[1] == "0/1" and not page.locator(".not-kept").is_visible()


def test_a_notebooks_record_comes_in_and_goes_out_as_it_was(site, page, tmp_path):
    kept = records.Answer(
        ("a",),
        3,
        True,
        False,
        True,
        "2026-01-02T00:00:00.000001Z",
        ("b",),
        "2026-01-01T00:00:00.000001Z",
    )
    work = {
        LESSON: records.LessonWork(
            {"q1": kept}, {"t1": "2026-01-03"}, {"guess": records.Guess("7", "2026-01-04")}
        )
    }
    file = tmp_path / "triad-progress.json"
    file.write_text(records.dumps(work, "0" * 32), encoding="utf-8")
    page.goto(f"{site}ja/")
    for _ in range(2):
        page.locator("triad-progress input").set_input_files(file)
        page.locator("triad-progress [role=status]:not(:empty)").wait_for()
    assert cells(page)[1:] == ["1/1", "1/0", "1"]
    text = exported(page, site)
    assert records.loads(text.encode()) == work
    assert re.fullmatch("[0-9a-f]{32}", json.loads(text)["student"])


def test_another_file_changes_nothing_and_says_why(site, page, tmp_path):
    file = tmp_path / "x.json"
    for text, said in (
        (b"{}", "壊れて"),
        (b'{"course": "transformer-triad", "format": 99}', "新しい版"),
    ):
        file.write_bytes(text)
        page.goto(f"{site}ja/")
        page.locator("triad-progress input").set_input_files(file)
        page.locator("triad-progress [role=status]", has_text=said).wait_for()
        assert cells(page)[1:] == ["0/1", "0/0", "0"]


def test_a_reader_can_have_the_record_forgotten(site, page):
    page.goto(f"{site}ja/{LESSON}/")
    field = page.locator(".guess input")
    field.fill("3")
    page.locator(".guess summary").click()
    page.locator(".guess .locked", has_text=words.text("progress_locked", "ja")).wait_for()
    other = page.context.new_page()
    other.on("dialog", lambda dialog: dialog.accept())
    other.goto(f"{site}ja/")
    other.locator("triad-progress button").nth(2).click()
    assert cells(other)[1] == "0/1"
    page.wait_for_function("!document.querySelector('.guess input').readOnly")
    assert field.input_value() == "" and not page.locator(".guess .locked").inner_text()
    page.goto(f"{site}ja/")
    assert records.loads(exported(page, site).encode()) == {}
