"""The triad page as a reader gets it: light, dark, 400 pixels, by keyboard alone, without a script.

A site without lessons, built by Astro: needs npm and a browser.
"""

import contextlib
import itertools
import os
import re
import shutil

import pytest

from course_tools.checks import testing
from course_tools.checks.lab_driver import find_browser
from course_tools.site import audit
from course_tools.site.__main__ import main
from course_tools.site.served import served
from course_tools.site.triad import page as triad
from course_tools.site.triad import sentences
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


GUESSES = {"blank": "encoder", "change": "decoder", "attention": "no", "block": "ffn"}
GUESSES |= {"temperature": "down"}
CHANGES = {  # what makes a question another -> the steps that ask it
    ("sentence", 0, "2"): RESULTS,
    ("blank", 0, "verb"): ["blank"],
    ("change", 0, "0"): ["change"],
    ("change", 1, None): ["change"],
}
ANEW = "const anew = () => {"
JUDGED = f"{ANEW} if (verdict.textContent) return open(guessed());"


def guess(page, name, value):
    step_of(page, name).locator(f"input[value='{value}']").check()
    step_of(page, name).locator(".guess-first button.main").click()


def verdict(page, name):
    return step_of(page, name).locator(".verdict").inner_text()


def said(lang, of, got, verdict):
    """What is said of a guess (of) when another or the same is right (got)."""
    texts = {"guess": triad.text(of, lang), "right": triad.text(got, lang)}
    return triad.text(verdict, lang).format(**texts)


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_result_is_shown_only_after_a_guess_and_the_guess_is_judged(awake, lang):
    page = awake(lang)
    step = step_of(page, "blank")
    assert not step.locator(".columns").is_visible()
    assert step.locator("button.main").is_disabled()
    guess(page, "blank", "encoder")
    right = said(lang, "blank_encoder", "blank_encoder", "guess_right")
    assert verdict(page, "blank") == right
    step.locator("select").select_option("verb")
    guess(page, "blank", "encoder")
    missed = said(lang, "blank_encoder", "blank_both", "guess_wrong")
    assert verdict(page, "blank") == missed


def still_open(page, change):
    """The steps whose old guess or result is still there after a change, and what is said."""
    for name, value in GUESSES.items():
        guess(page, name, value)
    (name, n, value), steps = change
    select = step_of(page, name).locator("select").nth(n)
    select.select_option(value) if value else select.select_option(index=1)
    page.evaluate("() => new Promise((done) => setTimeout(done))")  # a task a step, then this one
    return [one for one in steps if not is_closed(step_of(page, one))]


def is_closed(step):
    inputs = step.locator(".guess-first input").all()
    free = all(one.is_enabled() and not one.is_checked() for one in inputs)
    return free and not step.locator(".result").is_visible()


@pytest.mark.parametrize("lang", COMPLETE)
@pytest.mark.parametrize("change", CHANGES.items())
def test_a_changed_question_is_closed_and_asked_again(awake, lang, change):
    page = awake(lang)
    assert still_open(page, change) == []
    for name in RESULTS:
        anew = verdict(page, name) == triad.text("guess_anew", lang)
        assert anew == (name in change[1])


def test_an_old_guess_that_is_judged_by_a_new_question_is_found(site):
    page = site[0].new_page()

    def judged(route):
        source = route.fetch().text()
        assert source.count(ANEW) == 1
        route.fulfill(body=source.replace(ANEW, JUDGED), content_type="text/javascript")

    page.route("**/dom.js", judged)
    page.goto(f"{site[1]}/ja/triad/")
    page.wait_for_function("document.documentElement.dataset.triad === 'awake'")
    assert still_open(page, next(iter(CHANGES.items()))) == [*RESULTS]
    page.close()


@pytest.mark.parametrize("lang", COMPLETE)
def test_the_list_of_blanks_hides_what_the_blank_hides_and_the_result_ranks_it(awake, lang):
    page, first = awake(lang), sentences.offered(lang)[0]
    step = step_of(page, "blank")
    hidden = [first["text"][blank["at"]] for blank in first["blanks"].values()]
    names = step.locator("option").all_inner_texts()
    assert len(names) == len(hidden) > 2
    assert not [one for one, name in zip(hidden, names, strict=True) if one in name]
    look(page, "blank")
    rows = [column.locator("li").all_inner_texts() for column in step.locator(".bars").all()]
    assert [len(one) for one in rows] == [5, 6]  # the decoder's first five are others
    shares = [float(one.split()[-1]) for one in rows[1]]
    assert shares == sorted(shares, reverse=True) and step.locator(".marked").count() == 2
    rank = re.search(r"\d+", rows[1][5].replace(str(shares[5]), ""))
    assert int(rank[0]) > 5


def test_none_goes_with_no_other_guess(awake):
    step = step_of(awake("zh-tw"), "change")
    for value in ("decoder", "none"):
        step.locator(f"input[value='{value}']").check()
    assert step.locator("input:checked").count() == 1
    step.locator("input[value='encoder']").check()
    assert not step.locator("input[value='none']").is_checked()


def test_a_decision_leads_to_its_verdict_and_titles_stand_in_their_boxes(awake):
    page = awake("zh-tw", 400)
    for name, value in GUESSES.items():
        guess(page, name, value)
        assert page.evaluate(f"({FOCUSED}) + document.activeElement.className") == name + "verdict"
    tops = "[...document.querySelectorAll('legend')].map((one) =>"
    tops += " one.getBoundingClientRect().top - one.parentNode.getBoundingClientRect().top)"
    assert len(page.evaluate(tops)) == len(RESULTS) and min(page.evaluate(tops)) > 0


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
    for _ in range(10):  # two more than there are steps
        page.keyboard.press("Enter")
    assert "9 / 9" in step_of(page, "block").inner_text()
    assert page.evaluate("document.activeElement.matches('.main[aria-disabled=true]')")


def test_scores_stand_on_either_side_of_their_zero(awake):
    page = awake("ja")
    look(page, "block")
    step = step_of(page, "block")
    for _ in range(3):
        step.locator(".result button.main").click()
    sides = {row.locator(".number").inner_text()[0] == "-": row for row in step.locator("li").all()}
    assert len(sides) == 2
    for negative, row in sides.items():
        bar, zero = row.locator("i").bounding_box(), row.locator("u").bounding_box()
        begins, ends = bar["x"] - zero["x"], bar["x"] + bar["width"] - zero["x"]
        assert (ends <= 1.5 and begins < -1) if negative else (begins >= -0.5 and ends > 0.5)


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
    step_of(page, "sentence").locator("input").fill("花子は庭で茶を飲みました。猫")
    page.wait_for_function("document.body.innerText.includes('花子は庭で茶＿飲みました')")
    look(page, *RESULTS)
    chosen = "document.querySelector('[data-step=sentence] select').selectedOptions[0].text"
    assert page.evaluate(chosen) == triad.text("own", "ja")
    assert "猫" in step_of(page, "sentence").locator(".note").inner_text()
    places = step_of(page, "blank").locator("option").all_inner_texts()
    assert len(places) == 13  # not the cat's
    assert "は庭で茶を" in step_of(page, "change").locator(".shown").first.inner_text()
    assert step_of(page, "temperature").locator(".shown").inner_text() == "花子"
    assert page.wrong == []


@pytest.mark.parametrize("lang", COMPLETE)
def test_zeros_are_those_left_of_the_word_and_go_with_the_mask(awake, lang):
    page = awake(lang)
    step = step_of(page, "change")

    def still(mask):
        step.locator("select").nth(2).select_option(mask)
        look(page, "change")
        return [row.locator("[data-level='0']").count() for row in step.locator(".tokens").all()]

    kept = still("causal")
    assert kept[1] > 5 and kept[0] == kept[2] == kept[3] == 0
    word = sentences.shown(lang)[1]["word"]
    left = triad.text("zeros_left", lang).format(still=kept[1], character=word[0])
    assert step.inner_text().count(left) == 1
    assert still("one")[1] == kept[1] - 2
    assert triad.text("seen_one", lang).format(reach=2, layers=2) in step.inner_text()
    assert still("all") == [0, 0, 0, 0]
    assert triad.text("seen_all", lang).format(reach=kept[1]) in step.inner_text()


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_mask_that_is_wrong_on_purpose_asks_for_no_guess(awake, lang):
    page = awake(lang)
    guess(page, "change", "decoder")
    step = step_of(page, "change")
    step.locator("select").nth(2).select_option("all")
    assert step.locator("legend").inner_text() == triad.text("guess_nothing", lang)
    assert not step.locator(".guess-first input").first.is_visible()
    look(page, "change")
    none = triad.text("change_none", lang)
    assert verdict(page, "change") == triad.text("guess_none", lang).format(right=none)


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_cell_is_lit_by_the_number_that_it_shows(awake, lang):
    page, levels = awake(lang), set()
    for n in range(4):
        step_of(page, "change").locator("select").first.select_option(str(n))
        look(page, "change")
        for cell in step_of(page, "change").locator(".tokens li").all():
            shown, level = cell.locator("span").inner_text(), int(cell.get_attribute("data-level"))
            number = float(shown.removeprefix("<"))  # of what is below 0.001
            assert level == (shown != "0.0") + (number >= 1) + (number >= 5) and "e" not in shown
            levels.add(level)
        assert "→" in step_of(page, "change").locator(".tokens .marked b").first.inner_text()
    assert levels == {0, 1, 2, 3}


SHOWN = {0: ("0.0", 0), 1e-9: ("<0.001", 1), 0.009: ("0.009", 1), 0.94: ("0.94", 1)}
SHOWN |= {0.96: ("1.0", 2), 4.94: ("4.9", 2), 4.96: ("5.0", 3), 18.4: ("18.4", 3)}
IMPORTED = """([file, changes]) => import(file).then(({ number, level }) =>
  changes.map((one) => [number(one), level(one)]))"""


def test_a_change_that_is_rounded_up_has_the_colour_of_what_it_is_rounded_to(awake, site):
    asked = [f"{site[1]}/triad/change.js", [*SHOWN]]
    assert [*map(tuple, awake("ja").evaluate(IMPORTED, asked))] == [*SHOWN.values()]


BRIGHTNESS = """() => [0, 1, 2, 3].map((n) => {
  const brush = new OffscreenCanvas(1, 1).getContext("2d");
  let shown = document.querySelector(`.legend [data-level="${n}"]`);
  for (; ; shown = shown.parentElement) {
    brush.fillStyle = getComputedStyle(shown).backgroundColor;
    brush.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
    if (a < 255 && shown.parentElement) continue;
    const [x, y, z] = [r, g, b].map((one) => one / 255)
      .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z + 0.05;
  }
})"""


@pytest.mark.parametrize("dark", [False, True])
def test_what_has_not_moved_is_told_from_what_moved_a_little(awake, dark):
    page = awake("ja", 400, dark)
    look(page, "change")
    found = sorted(page.evaluate(BRIGHTNESS), reverse=not dark)
    assert found == page.evaluate(BRIGHTNESS)  # one after the other
    ratios = [max(a, b) / min(a, b) for a, b in itertools.pairwise(found)]
    assert ratios[0] >= 1.6 and min(ratios) >= 1.4


DRAWN = """() => [...document.querySelectorAll("svg.grid text")].map((text) =>
  text.getAttribute("font-size") * text.ownerSVGElement.getScreenCTM().a)"""


@pytest.mark.parametrize("lang, width", [("ja", 1280), ("zh-tw", 400)])
def test_labels_of_the_maps_are_large_enough_to_read(awake, lang, width):
    page = awake(lang, width)
    look(page, "attention")
    assert min(page.evaluate(DRAWN)) >= 9 and page.evaluate(audit.WIDER) <= 0
    page.locator("[data-step=sentence] input").fill("健太" * 28)  # the longest
    page.wait_for_function("document.body.innerText.includes('太健太健太')")
    look(page, "attention")
    assert min(page.evaluate(DRAWN)) >= 9 and page.evaluate(audit.WIDER) <= 0


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
    began, place = step.locator(".shown").inner_text(), step.locator(".result > div")
    one, all_, _ = step.locator(".result button").all()
    one.click()
    assert step.locator(".shown").inner_text()[:-1] == began
    step.locator("input[type=range]").fill("0.1")
    height = place.bounding_box()["height"]
    all_.press("Enter")
    written = step.locator(".shown").inner_text()
    assert written.endswith("。</s>") and all_.is_disabled()
    assert place.bounding_box()["height"] == pytest.approx(height, abs=1)
    told = triad.text("written_at", "ja").format(temperature="0.1", text=written)
    assert step.locator(".past li").all_inner_texts() == [told]
    page.keyboard.press("Enter")  # the focus is where the next thing is to do
    assert step.locator(".shown").inner_text() == began
    all_.click()
    assert step.locator(".past li").count() == 2


@pytest.mark.parametrize("lang", COMPLETE)
def test_two_temperatures_stand_side_by_side(awake, lang):
    page = awake(lang)
    look(page, "temperature")
    step = step_of(page, "temperature")
    told = step.locator(".result > p").first.inner_text()
    shares = []
    for value in ("1", "2"):
        step.locator("input[type=range]").fill(value)
        shares.append(step.locator(".number").first.inner_text())
    assert re.findall(r"\d\.\d\d", told) == shares and shares[0] > shares[1]


# --- languages --------------------------------------------------------------------------------

# every text below the page's steps, with the language that it is marked with; what a list says of
# a token or a word ("猫（3文字目）") is of the page, whose words are most of it
TEXTS = """() => [...document.querySelectorAll(".triad, .triad *")]
  .flatMap((one) => [...one.childNodes].filter((node) => node.nodeType === 3)
    .map((node) => [node.textContent, one.closest("[lang]").getAttribute("lang"), one.tagName]))"""
KANA = re.compile("[\u3041-\u30ff]")
OWN = {"ja": "ja", "zh-tw": "zh-Hant-TW"}


def unmarked(page, of):
    """Texts with kana that are not marked as Japanese; of a list that names places: none."""
    named = {one.inner_text() for one in of}
    found = [one for one in page.evaluate(TEXTS) if KANA.search(one[0]) and one[1] != "ja"]
    return [(text, lang) for text, lang, tag in found if tag != "OPTION" or text not in named]


@pytest.mark.parametrize("n", [0, -1])  # a sentence of the page's language, and the Japanese one
def test_what_is_japanese_on_the_chinese_page_says_so(awake, n):
    page = awake("zh-tw")
    sentence = step_of(page, "sentence")
    if n:
        sentence.locator("select").select_option(index=len(sentences.offered("zh-tw")) - 1)
        page.wait_for_function("/[ぁ-ん]/.test(document.querySelector('.triad .shown').innerText)")
        assert sentence.locator("input").get_attribute("lang") == "ja"
    look(page, *RESULTS)
    step_of(page, "temperature").locator(".doors button").nth(3).click()
    of = [one for name in ("change", "attention", "block")
          for one in step_of(page, name).locator("option:not([lang])").all()]  # fmt: skip
    assert len([text for text, *_ in page.evaluate(TEXTS) if KANA.search(text)]) > (20 if n else 2)
    assert unmarked(page, of) == []


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_translation_is_marked_as_the_other_language_wherever_it_stands(awake, lang):
    page, first = awake(lang), sentences.offered(lang)[0]
    look(page, "blank")
    step, found = step_of(page, "change"), []
    for n, word in enumerate(first["words"]):
        step.locator("select").first.select_option(str(n))
        told = [first["translation"], *filter(None, word["translations"])]
        for choice in word["choices"]:
            step.locator("select").nth(1).select_option(choice)
            look(page, "change")
            texts = page.evaluate(TEXTS)
            found += [one for one in texts if any(text in one[0] for text in told)]
    assert len(found) > 20
    assert {one[1] for one in found} == {*OWN.values()} - {OWN[lang]}


# --- by touch, and on a slow line -------------------------------------------------------------


@pytest.mark.parametrize("lang", COMPLETE)
def test_every_step_is_walked_by_tapping(site, lang):
    options = {"viewport": {"width": 400, "height": 800}, "has_touch": True, "is_mobile": True}
    context = site[0].new_context(**options)
    page = context.new_page()
    page.goto(f"{site[1]}/{lang}/triad/")
    page.wait_for_function("document.documentElement.dataset.triad === 'awake'")
    for name, value in GUESSES.items():
        step = step_of(page, name)
        step.locator(f"label:has(input[value='{value}'])").tap()
        step.locator(".guess-first button.main").tap()
        step.locator(".result").wait_for()
        assert verdict(page, name)
    grid = step_of(page, "attention").locator("svg.grid").first
    grid.locator(".row").nth(2).locator(".line").tap(position={"x": 20, "y": 5})
    page.wait_for_function(CHOSEN)
    step_of(page, "block").locator(".result button.main").tap()
    assert "2 / 9" in step_of(page, "block").inner_text()
    shown = step_of(page, "temperature").locator(".shown")
    before = shown.inner_text()
    step_of(page, "temperature").locator(".result .doors button").first.tap()
    assert len(shown.inner_text()) > len(before)
    context.close()


CHOSEN = """() => [...document.querySelector("[data-step=attention] svg.grid")
  .querySelectorAll(".row")].findIndex((row) => row.matches(".chosen")) === 2"""
SEEN = """new MutationObserver(() => {
  const said = document.querySelector("[data-step=sentence]")?.textContent ?? "";
  if (/ MB$/.test(said)) (window.said ??= []).push(said);
}).observe(document, { childList: true, subtree: true, characterData: true })"""


@pytest.mark.parametrize("lang", COMPLETE)
def test_while_the_models_come_the_page_says_how_much_is_there(site, lang):
    page = site[0].new_page()
    page.add_init_script(SEEN)
    page.goto(f"{site[1]}/{lang}/triad/")
    page.wait_for_function("document.documentElement.dataset.triad === 'awake'")
    said = page.evaluate("window.said")
    there = [re.fullmatch(r"(.*) (\d+\.\d) / (\d+\.\d) MB", one) for one in said]
    assert {one[1] for one in there} == {triad.text("waiting", lang)}
    assert there[0][2] == "0.0" and there[-1][2] == there[-1][3] != "0.0"
    page.close()


@pytest.mark.parametrize("lang", COMPLETE)
def test_without_a_script_prose_and_the_still_table_are_there(site, lang):
    context = site[0].new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site[1]}/{lang}/triad/")
    assert page.locator(".triad-still table tr").count() == 4
    assert "0.0" in page.locator(".triad-still").inner_text()
    assert triad.text("blank_text", lang)[:30] in page.locator("main").inner_text()
    context.close()


def says_that_it_failed(page, lang):
    page.wait_for_function("document.documentElement.dataset.triad === 'failed'")
    assert page.locator(".triad-still").is_visible()
    assert step_of(page, "sentence").inner_text() == triad.text("failed", lang)
    assert step_of(page, "block").bounding_box()["height"] < 50, "no room is kept"


@pytest.mark.parametrize("lost", ["weights.bin", "page.js", "dom.js"])
def test_without_one_of_its_files_the_still_table_stays(site, lost):
    page = site[0].new_page()
    page.route(f"**/triad/{lost}", lambda route: route.abort())
    page.goto(f"{site[1]}/ja/triad/")
    says_that_it_failed(page, "ja")
    page.close()


def test_weights_that_still_come_leave_the_failure_told(site):
    page, held = site[0].new_page(), []
    page.route("**/weights.bin", lambda one: held.append(one))
    page.route("**/triad/zh-tw.json", lambda route: route.abort())
    page.goto(f"{site[1]}/zh-tw/triad/")
    says_that_it_failed(page, "zh-tw")
    with page.expect_event("requestfinished", lambda one: one.url.endswith("weights.bin")):
        held[0].continue_()
    page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    says_that_it_failed(page, "zh-tw")
    page.close()
