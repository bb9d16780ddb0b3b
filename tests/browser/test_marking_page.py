"""The marking page in Chromium: by keyboard alone, another text meanwhile, axe, 400 pixels."""

import contextlib
import os
import threading
from pathlib import Path

import pytest
import turns
from marked_class import MarkedClass, notebook
from places import ROOT
from sample_class import FULL, LESSON

from course_tools.grading import messages
from course_tools.grading.marking.bank import LONGEST, MOST
from course_tools.grading.marking.desk import FIRST, SECOND, uses
from course_tools.grading.marking.server import MarkingServer
from course_tools.grading.marking.views import Marking

RIGHT = dict.fromkeys(FULL, "RIGHT")
TEXT = "アテンション重みは、バリューを混ぜる割合です。" * 12
ATTACK = '<script>ran = 1</script><img src=x onerror="ran = 1"><svg onload="ran = 1">'
NAMES = ("佐藤 花子", "王小明", "s3")
SHOTS = os.environ.get("TRIAD_SHOTS")
FITS = """() => [...document.body.querySelectorAll("*")].every((n) =>
  n.getBoundingClientRect().right <= innerWidth + 1 || n.closest(".wide"))
  && document.scrollingElement.scrollWidth <= innerWidth"""
FOCUS = "document.activeElement.id"


@pytest.fixture
def made(tmp_path) -> MarkedClass:
    made = MarkedClass(tmp_path)
    for name, text in zip(NAMES, (TEXT, ATTACK + "\n\n" + TEXT, "短い答え"), strict=True):
        made.hand_in(name, notebook(**RIGHT, essay=text))
    assert made.grade() == 0
    return made


@pytest.fixture
def opened(made, chromium):
    """opened(lang, marker, **settings) -> (page, marking), a page of the marking server."""
    with contextlib.ExitStack() as after:

        def show(lang="ja", marker=FIRST, **settings):
            marking = Marking(ROOT, made.courses, "ja", lang, marker)
            server = MarkingServer(marking)
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            context = chromium.new_context(
                **{"viewport": {"width": 1280, "height": 720}} | settings
            )
            after.callback(thread.join)
            after.callback(server.shutdown)
            after.callback(context.close)
            page = context.new_page()
            page.ran = []
            page.on("pageerror", lambda error: page.ran.append(str(error)))
            page.on("console", lambda said: page.ran.append(said.text))
            page.add_init_script("Object.defineProperty(window, 'ran', {set: console.error})")
            page.goto(server.address)
            return page, marking

        yield show


def ready(page):
    """Until an answer's page takes keys."""
    page.locator("#c0:focus").wait_for()  # the page's policy refuses a function to wait for


def first_answer(page):
    page.locator("a.go").first.click()
    ready(page)


def picture(page, name):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS, f"marking_{name}.png")), full_page=True)


def keys(page, *pressed):
    for key in pressed:
        page.keyboard.press(key)


def test_a_whole_class_is_marked_without_a_mouse(made, opened):
    page, marking = opened()
    id = marking.bank.put("", {"ja": "数を引用しましょう。", "zh_tw": "請引用數字。"})
    marking.bank.put("", {"zh_tw": "只有中文。"})  # has no text that this student could read
    assert "3" in page.locator("main p").first.inner_text()
    page.locator("body").press("Tab")
    for _ in range(20):
        if page.evaluate("document.activeElement.matches('a.go')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    seen = []
    for _ in NAMES:
        ready(page)  # nothing has to be looked for
        seen.append(page.locator("#text").inner_text())
        keys(page, "1", "Enter")
        page.keyboard.insert_text("１")
        keys(page, "Enter", "ArrowUp", "Enter")
        assert page.locator("#c2").input_value() == "0.5" and page.evaluate(FOCUS) == "c3"
        keys(page, "b", "2", "1")  # the second has no text in this language: nothing happens
        assert page.evaluate(FOCUS) == "c3"
        keys(page, "0", ".", "5")
        assert page.locator("#total").inner_text() == "3"
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert page.locator("h1").inner_text() == messages.text("mark_title", "ja")
    assert len(set(seen)) == 3 and page.locator("a.go").count() == 0
    for name in NAMES:
        kept = made.kept(name)
        assert (
            kept["given"]["essay"][0] == 3 and kept["comments"]["essay"] == "数を引用しましょう。"
        )
    assert uses(made.courses) == {id: 3} and page.ran == []
    assert made.grade("--report-lang", "en") == 0
    assert {row["points"] for row in made.rows().values()} == {"13"}


@turns.in_ci
def test_going_on_saves_what_was_changed_and_leaves_the_rest(made, opened):
    page, _ = opened("zh-tw")
    first_answer(page)
    address = page.url
    keys(page, "1", "n")
    page.wait_for_url(lambda url: url != address)
    ready(page)
    untouched = page.url
    keys(page, "p")
    page.wait_for_url(address)
    ready(page)
    assert page.locator("#c0").input_value() == "1"
    assert page.locator("#state").inner_text() == messages.text("mark_state_begun", "zh-tw")
    states = sorted(e.state for e in made.desk().essays(LESSON, "essay"))
    assert states == ["begun", "unmarked", "unmarked"] and untouched != address
    keys(page, "7", "Enter", "s")
    told = messages.text("mark_not_a_number", "zh-tw", {"most": "1"})
    page.get_by_text(told).wait_for()
    assert page.evaluate(FOCUS) == "c0" and page.locator("[aria-invalid]").count() == 1
    assert made.desk().essays(LESSON, "essay")[0].marks[FIRST].points[0] == 1


def test_another_text_that_came_meanwhile_is_read_before_it_is_marked(made, opened):
    page, _ = opened("en")
    first_answer(page)
    shown = page.locator("#text").inner_text()
    [name] = [n for n, e in ((n, made.on_desk(n)) for n in NAMES) if e.text == shown]
    keys(page, "1", "Enter", "1", "Enter", "1", "Enter", "1")
    made.hand_in(name, notebook(**RIGHT, essay="another text"))
    assert made.grade("--report-lang", "en") == 0
    keys(page, "Enter")
    page.get_by_text(messages.text("mark_changed", "en")).wait_for()
    assert page.locator("#text").inner_text() == "another text"
    assert page.evaluate(FOCUS) == "text"
    keys(page, "Enter", "Enter")  # on the text they do nothing
    assert made.on_desk(name).state == "unmarked"
    assert [page.locator(f"#c{n}").input_value() for n in range(4)] == ["1"] * 4
    keys(page, "Escape", "Enter", "Enter", "Enter")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert made.on_desk(name).state == "marked"
    assert made.grade("--report-lang", "en") == 0
    assert (made.rows()[name]["points"], made.rows()[name]["to_mark"]) == ("14", "")


def test_enter_in_a_conversion_and_a_key_that_is_held_save_nothing(made, opened):
    page, _ = opened()
    first_answer(page)
    keys(page, "1", "Enter", "1", "Enter", "1", "Enter", "1")
    protocol = page.context.new_cdp_session(page)
    key = {"type": "rawKeyDown", "key": "Enter", "code": "Enter"}
    protocol.send("Input.dispatchKeyEvent", key | {"windowsVirtualKeyCode": 229})
    protocol.send("Input.dispatchKeyEvent", key | {"windowsVirtualKeyCode": 13, "autoRepeat": True})
    page.locator("#comment").focus()
    page.locator("#comment").fill("a")
    keys(page, "Enter", "n")  # a line and a letter
    assert page.locator("#comment").input_value() == "a\nn"
    assert {e.state for e in made.desk().essays(LESSON, "essay")} == {"unmarked"}
    with page.expect_navigation():
        keys(page, "Control+Enter")
    assert [e.comment for e in made.desk().essays(LESSON, "essay") if e.given] == ["a\nn"]


@turns.in_ci
def test_a_comment_is_added_changed_and_removed_by_keyboard(opened):
    page, marking = opened("zh-tw")
    page.goto(page.url + "bank")
    page.locator("textarea").first.focus()
    page.keyboard.insert_text("数を引用する")
    keys(page, "Tab")
    page.keyboard.insert_text("請引用數字")
    keys(page, "Tab", "Tab")
    with page.expect_navigation():
        keys(page, "Enter")
    [one] = marking.bank.comments(LESSON)
    assert (one.text("ja"), one.text("zh-tw")) == ("数を引用する", "請引用數字")
    entry = page.locator("form.entry").nth(1)
    assert messages.text("mark_uses", "zh-tw", {"n": 0}) in entry.locator("legend").inner_text()
    entry.locator("textarea").first.fill("")
    with page.expect_navigation():
        entry.locator("button[type=submit]").press("Enter")
    assert marking.bank.comments()[0].texts == {"zh_tw": "請引用數字"}
    page.locator("form.entry button").first.press("Enter")  # nothing is written in it
    refused = messages.text("mark_bank_refused", "zh-tw", {"n": LONGEST, "most": MOST})
    page.get_by_text(refused).wait_for()
    with page.expect_navigation():
        page.locator("form.entry .remove").press("Enter")
    assert marking.bank.comments() == []


def test_a_server_that_is_gone_loses_nothing_that_was_typed(opened):
    page, _ = opened()
    first_answer(page)
    page.route("**/save", lambda route: route.abort())
    keys(page, "1", "s")
    page.get_by_text(messages.text("mark_not_saved", "ja")).wait_for()
    assert page.locator("#c0").input_value() == "1"


@pytest.mark.parametrize("dark", turns.by_turns(1, [False, True]), ids=["light", "dark"])
def test_axe_finds_no_violation_on_any_page(made, opened, axe, dark):
    page, marking = opened(color_scheme="dark" if dark else "light")
    marking.bank.put("", {"ja": "数を引用しましょう。", "zh_tw": "請引用數字。"})
    marking.bank.put("", {"zh_tw": "只有中文。"})
    for name in NAMES[:2]:
        made.save(made.on_desk(name), (1, 1, 1, 0))
        made.save(made.on_desk(name, SECOND), (1, 1, 0.5, 0), "", SECOND)
    home = page.url
    marked = marking.agreement().split('<li><a href="')[1].partition('"')[0].replace("&amp;", "&")
    pages = {"overview": "", "bank": "bank", "agreement": "agreement", "essay": marked[1:]}
    for name, path in pages.items():
        page.goto(home + path)
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        page.evaluate(axe)
        found = page.evaluate("axe.run()")
        faults = {r["id"]: [n["html"][:120] for n in r["nodes"]] for r in found["violations"]}
        assert faults == {} and "color-contrast" in {r["id"] for r in found["passes"]}, name
        picture(page, f"{name}_{'dark' if dark else 'light'}")
    for rule, fault in (
        ("label", "document.querySelector('label[for=c0]').remove()"),
        ("color-contrast", "state.style = 'color: #888; background: #777'"),
    ):
        page.evaluate(fault)
        found = page.evaluate("axe.run()")["violations"]
        assert rule in {one["id"] for one in found}
    assert page.ran == []


@turns.in_ci
@pytest.mark.parametrize("lang", ["en", "ja", "zh-tw"])
def test_at_400_pixels_nothing_is_wider_and_at_1280_nothing_has_to_be_scrolled_for(
    made, opened, lang
):
    page, marking = opened(lang)
    for n in range(4):
        marking.bank.put(
            "", {"ja": f"{n}：測った数を2つ以上引用しましょう。", "zh_tw": f"請引用 {n}"}
        )
    home = page.url
    first_answer(page)
    picture(page, f"{lang}_1280")
    whole = "document.scrollingElement.scrollHeight <= innerHeight"
    assert page.evaluate(whole) and page.evaluate(FITS)
    for part in ("#text", ".model", "#c0", "#c3", "#comment", "#save", "#bank button"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 720, part
    page.set_viewport_size({"width": 400, "height": 800})
    picture(page, f"{lang}_400")
    assert page.evaluate(FITS)
    for path in ("", "bank", "agreement"):
        page.goto(home + path)
        picture(page, f"{lang}_400_{path or 'overview'}")
        assert page.evaluate(FITS), path


def test_what_a_student_wrote_does_not_run(made, opened):
    page, _ = opened()
    for n in range(len(NAMES)):
        page.goto(page.url.split("/answer")[0].rstrip("/") + "/")
        page.locator("ol.answers a").nth(n).click()
        ready(page)
        assert page.locator("#text *").count() == 0
    made.save(made.on_desk(NAMES[0]), (1, 1, 1, 1), "</textarea>" + ATTACK)
    page.reload()
    assert page.ran == []
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"ran=1\">')")
    for _ in range(600):  # the policy alone holds it, too
        if "Content Security Policy" in " ".join(page.ran):
            break
        page.wait_for_timeout(100)
    assert "1" not in page.ran and "Content Security Policy" in " ".join(page.ran)
