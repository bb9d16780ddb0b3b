"""What a student sees, in a real JupyterLab: axe-core, 400 pixels, input methods, reload, restart.

One page in both themes, in the language whose turn it is (tests/kit/turns.py).
"""

import contextlib
import os
import shutil

import pytest
import turns
from keyboard import Keyboard, answers, give, quiz_notebook, styled

from course_tools.checks.lab_driver import RUN_MENU

THEMES = {"light": False, "dark": True}
ALL = pytest.mark.skipif(not os.environ.get("TRIAD_ALL"), reason="TRIAD_ALL=1 runs it")
NOTEBOOK = ".jp-NotebookPanel .jp-WindowedPanel-outer"
TWIN = ".jp-OutputArea-output .widget-vbox"
OURS = (".triad-quiz", ".jp-OutputArea-output div[lang]")  # JupyterLab has faults of its own
# A figure, tables, a folded measurement: what show.fragment puts into lessons.
FRAGMENTS = """\
import matplotlib.pyplot as plt
from helpers.classroom import claims, overview, predict; from helpers.display import figures
figures.use()
fig, ax = plt.subplots(figsize=(9, 3))
figures.matrix(ax, [[0.1, 0.9], [0.5, 0.5]])
figures.show(fig, "0.1 0.9 / 0.5 0.5")
predict.compare(None, 12.5)
overview.show()
overview.claims_table()
entry = claims.declared("C05")["quantity"]
claims.check("C05", {q: b.get("at_least", b.get("at_most")) for q, b in entry.items()})
"""
FAULTS = {  # axe's rule -> what breaks it in a copy of a figure and of the quiz
    "image-alt": "figure.querySelector('img').removeAttribute('alt')",
    "label": "number.closest('label').replaceWith(number)",
    "color-contrast": "quiz.querySelector('.score').style = 'color: #888; background: #777'",
    "aria-allowed-attr": "quiz.querySelector('h3').ariaChecked = 'true'",
}
TEXTS = """ours => [...document.querySelectorAll(ours)]
  .flatMap((root) => [...root.querySelectorAll("*")])
  .filter((n) => [...n.childNodes].some((c) => c.nodeType === Node.TEXT_NODE && c.data.trim()))
  .length"""
PLANT = """fault => {
  const copies = ["figure", ".triad-quiz"].map((selector) => {
    const real = document.querySelector(selector);
    const copy = real.cloneNode(true);
    copy.classList.add("planted");
    copy.querySelectorAll("input").forEach((input) => { input.name += "-copy"; });  // own groups
    real.after(copy);
    return copy;
  });
  const [figure, quiz] = copies;
  const number = quiz.querySelector("input[type=text]");
  new Function("figure", "quiz", "number", fault)(figure, quiz, number);
}"""


@pytest.fixture(scope="module", params=turns.languages(0))
def seen(request, start_lab, course, chromium, bank):
    """(lab, page): fragments, and a quiz with hints, right and wrong answers."""
    lab = start_lab(request.param)
    page = lab.open(chromium, quiz_notebook(course, lab.lang, "seen", FRAGMENTS))
    lab.run_all(page)
    fill_in(page, lab.lang, bank)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    yield lab, page
    page.close()  # it was reloaded: Lab's view of its notebook is gone


def fill_in(page, lang, bank):
    """A hint to each question; right and wrong answers in turn."""
    student = Keyboard(page, lang)
    student.enter_quiz()
    for n, question in enumerate(bank["question"]):
        give(student, question, answers(question)[n % 2][0])
        student.expect(question["id"], student.words[["wrong", "right"][n % 2]])
        student.go(question["id"], "hint")
        student.press("Enter")
        student.expect(question["id"], question["hint"][student.key], part="hint")


# --- axe-core -----------------------------------------------------------------------------


def bring_into_view(page, *selectors):
    """JupyterLab's body is 0 pixels high, hides what is outside, and scrolls within: as it is, axe
    would call the contrast of no text at all in order."""
    page.set_viewport_size({"width": 1200, "height": 9000})
    tall = page.evaluate("notebook => document.querySelector(notebook).scrollHeight", NOTEBOOK)
    page.set_viewport_size({"width": 1200, "height": max(9000, tall + 1000)})
    page.wait_for_function(
        """([notebook, ours]) => {
             document.querySelector(notebook).scrollTop = 0;
             return [...document.querySelectorAll(ours)].every((root) => {
               const {top, bottom} = root.getBoundingClientRect();
               return root.checkVisibility({contentVisibilityAuto: true})
                   && top > 0 && bottom < document.querySelector(notebook).clientHeight;
             });
           }""",
        arg=[NOTEBOOK, ", ".join(selectors)],
    )


def examine(page, axe, *selectors):
    """axe's rules inside SELECTORS: {rule: nodes} at fault, undecided, and in order."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    with styled(page, "body { height: 100vh !important }"):
        bring_into_view(page, *selectors)  # each time: a planted copy makes the page longer
        found = page.evaluate("include => axe.run({include: include.map(s => [s])})", [*selectors])
    return tuple(
        {rule["id"]: [node["html"][:200] for node in rule["nodes"]] for rule in found[kind]}
        for kind in ("violations", "incomplete", "passes")
    )


@pytest.mark.parametrize("theme", turns.by_turns(0, THEMES))
def test_axe_finds_no_violation(seen, axe, theme):
    lab, page = seen
    lab.use_theme(page, dark=THEMES[theme])
    assert [page.locator(selector).count() > 0 for selector in OURS] == [True, True]
    faults, undecided, passed = examine(page, axe, *OURS)
    assert (faults, undecided) == ({}, {})
    assert {"color-contrast", "image-alt", "label", "button-name"} <= set(passed)
    texts = page.evaluate(TEXTS, ", ".join(OURS))
    assert len(passed["color-contrast"]) > 0.9 * texts > 90


def test_axe_finds_each_planted_fault(seen, axe):
    _, page = seen
    page.evaluate(PLANT, ";".join(FAULTS.values()))
    faults, *_ = examine(page, axe, ".planted")
    page.evaluate("document.querySelectorAll('.planted').forEach(copy => copy.remove())")
    assert FAULTS.keys() <= faults.keys()


@ALL
@pytest.mark.parametrize("lang", ["ja", "zh-tw"])
def test_axe_finds_no_violation_in_the_plain_twin(start_lab, course, chromium, axe, lang):
    plain = "import os\nos.environ['TRIAD_WIDGETS'] = 'plain'"
    page = start_lab(lang).open(chromium, quiz_notebook(course, lang, "twin", plain))
    start_lab(lang).run_all(page)
    faults, undecided, passed = examine(page, axe, TWIN)
    assert (faults, undecided) == ({}, {})
    assert {"color-contrast", "label", "button-name"} <= set(passed)


# --- 400 pixels ---------------------------------------------------------------------------

SIDEWAYS = """selector => [...document.querySelectorAll(selector)].flatMap((root) => {
  const edge = Math.min(innerWidth, root.getBoundingClientRect().right) + 1;
  return [root, ...root.querySelectorAll("*")]
    .filter((n) => n.getBoundingClientRect().right > edge
                || (n instanceof HTMLElement && getComputedStyle(n).display !== "inline"
                    && n.scrollWidth > n.clientWidth + 1))  // a drawing's text does not scroll
    .map((n) => `${n.tagName} ${n.className}`);
})"""


def narrow(page):
    """Make the window 400 pixels wide, its file browser closed, as a student must there."""
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_function(f"document.querySelector('{NOTEBOOK}').clientWidth < 400")
    if page.locator("#filebrowser").is_visible():
        page.locator(".jp-SideBar [data-id='filebrowser']").click()
        page.locator("#filebrowser").wait_for(state="hidden")


def sideways(page, selector):
    """What is too wide when JupyterLab, which takes its time, has laid the page out anew."""
    from playwright.sync_api import TimeoutError as TooLate

    with contextlib.suppress(TooLate):
        page.wait_for_function(f"arg => !({SIDEWAYS})(arg).length", arg=selector, timeout=90_000)
    return page.evaluate(SIDEWAYS, selector)


def test_nothing_of_ours_scrolls_sideways_at_400_pixels(seen):
    _, page = seen
    narrow(page)
    assert sideways(page, ", ".join(OURS)) == []
    fault = page.add_style_tag(content=".triad-quiz .note { white-space: nowrap; width: 500px }")
    assert "P note" in page.evaluate(SIDEWAYS, ", ".join(OURS))
    fault.evaluate("style => style.remove()")


# --- input methods ------------------------------------------------------------------------

BLIND = """blind => {
  const keys = KeyboardEvent.prototype;
  const honestly = (name) => [name, Object.getOwnPropertyDescriptor(keys, name)];
  window.sight ??= ["isComposing", "keyCode"].map(honestly);
  for (const [name, honest] of sight)
    Object.defineProperty(keys, name,
      blind ? {...honest, get: () => ({isComposing: false, keyCode: 13})[name]} : honest);
}"""


@pytest.mark.parametrize("blind", [True, False], ids=["planted", "as it is"])
def test_a_conversion_is_not_an_answer(seen, bank, blind):
    """Enter while an input method composes, and right after it, only ends the conversion.

    blind: quiz.js cannot see that it does, and must then take it for an answer.
    """
    lab, page = seen
    student = Keyboard(page, lab.lang)
    number = [q["id"] for q in bank["question"] if q["kind"] == "numeric"][-1]
    another = next(q["id"] for q in bank["question"] if q["id"] != number)  # before it, for Tab
    take_back(student, number)
    compose(page, number)
    page.evaluate(BLIND, blind)
    pressed = enter_in_conversion(page)
    assert pressed == ([[False, 13]] * 2 if blind else [[True, 13], [False, 229]])
    page.evaluate(BLIND, False)
    take_back(student, another)  # Python answers in order: by now it has judged what it was sent
    assert bool(student.feedback(number).text_content()) is blind
    if not blind:
        student.go(number, "first")
        student.press("Enter")
        page.locator(f"[data-question='{number}'] .feedback:not(:empty)").wait_for()


def take_back(student, question):
    fieldset = student.page.locator(f"fieldset[data-question='{question}']")
    fieldset.locator("[data-action=retry]").click()
    fieldset.locator(".feedback:empty").wait_for(state="attached")


def compose(page, question):
    """Type as an input method does: the text is there, underlined, and may still change."""
    field = page.locator(f"fieldset[data-question='{question}'] input")
    field.focus()
    protocol = page.context.new_cdp_session(page)
    text = {"text": "じゅうに", "selectionStart": 4, "selectionEnd": 4}
    protocol.send("Input.imeSetComposition", text)
    assert field.input_value() == text["text"]


def enter_in_conversion(page):
    """Chromium's Enter, which comes while the text is composed, and Safari's, which comes after."""
    protocol = page.context.new_cdp_session(page)
    page.evaluate(
        """() => {
             window.entered = [];
             window.listening ??= !addEventListener(
               "keydown", (e) => entered.push([e.isComposing, e.keyCode]), {capture: true});
           }"""
    )
    enter = {"type": "rawKeyDown", "key": "Enter", "code": "Enter"}
    protocol.send("Input.dispatchKeyEvent", enter | {"windowsVirtualKeyCode": 13})
    protocol.send("Input.insertText", {"text": "１２"})
    protocol.send("Input.dispatchKeyEvent", enter | {"windowsVirtualKeyCode": 229})
    return page.evaluate("entered")


# --- reload, restart ----------------------------------------------------------------------

STATE = """() => [...document.querySelectorAll(".triad-quiz fieldset")].map((fieldset) => [
  fieldset.dataset.verdict,
  [...fieldset.querySelectorAll("input")].map((i) => i.type === "text" ? i.value : i.checked),
  ...[...fieldset.querySelectorAll(".hint, .feedback")].map((n) => n.textContent),
])"""


def test_reload_and_restart_keep_what_was_reached(seen):
    """The page anew, its kernel kept; then the kernel anew, its memory gone."""
    _, page = seen
    quiz = page.locator(".triad-quiz")
    before = page.evaluate(STATE)
    assert len({verdict for verdict, *_ in before}) == 3  # right, wrong, taken back
    score = quiz.locator(".score").text_content()
    page.locator("[data-jp-item-name='save']").click()
    page.locator(".lm-TabBar-tab.jp-mod-dirty").wait_for(state="detached")
    page.goto(page.address)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    quiz.wait_for(state="attached")
    assert (page.evaluate(STATE), quiz.locator(".score").text_content()) == (before, score)
    restart(page)
    assert (page.evaluate(STATE), quiz.locator(".score").text_content()) == (before, score)


@ALL
def test_what_is_not_kept_would_be_missed(seen):
    lab, page = seen
    shutil.rmtree(lab.data)
    restart(page)
    assert {(verdict, feedback) for verdict, *_, feedback in page.evaluate(STATE)} == {("", "")}


def restart(page):
    """Until the last cell's quiz is there anew."""
    page.locator(".triad-quiz").evaluate("quiz => { quiz.dataset.old = 'true' }")
    page.set_viewport_size({"width": 1200, "height": 1000})
    page.get_by_role("menuitem", name=RUN_MENU).click()
    page.locator("li[data-command='runmenu:restart-and-run-all']").click()
    page.locator(".jp-Dialog button.jp-mod-accept").click()
    page.locator(".triad-quiz:not([data-old])").first.wait_for(state="attached")
