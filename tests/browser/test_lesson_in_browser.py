"""Lesson 01 as a student meets it: start.py, JupyterLab, a real browser, and only the keyboard."""

import os
import time
from pathlib import Path

import nbformat
import pytest

from helpers import say
from helpers.widgets import handshake
from helpers.widgets.static import CODE

HERE = Path(__file__).parent
LESSON = "01_attention"
LANGUAGES = ["ja", "zh-tw"]
CONTROLS = ("radio", "checkbox", "text")
FULL_WIDTH = str.maketrans("0123456789.-", "０１２３４５６７８９．－")
KEY = {"ja": "ja", "zh-tw": "zh_tw"}


def words(lang):
    return {name: texts[KEY[lang]] for name, texts in say.catalogue("quiz").items()}


def visible(text):
    """As the browser shows it: `code` without its backticks."""
    return CODE.sub(r"\1", text)


class Keyboard:
    """A student without a mouse, in one page's quiz."""

    def __init__(self, page, lang):
        self.page, self.key, self.words = page, KEY[lang], words(lang)

    def at(self):
        """What has the focus: (question, action or type, label)."""
        return self.page.evaluate(
            """() => { const e = document.activeElement;
                       return [e.closest('fieldset')?.dataset.question, e.dataset.action ?? e.type,
                               e.closest('label')?.textContent ?? ''] }"""
        )

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def enter_quiz(self):
        """Focus the quiz for good: right after Run All JupyterLab may still move the focus."""
        for _ in range(20):
            self.page.locator(".triad-quiz input").first.focus()
            time.sleep(1)
            if self.at()[0]:
                return
        dialog = " ".join(self.page.locator(".jp-Dialog").all_text_contents())
        raise AssertionError(f"the focus does not stay in the quiz: {self.at()}; {dialog}")

    def go(self, question, what, key="Tab"):
        """Tab until WHAT (an action, or "first": any control of the answer) has the focus."""
        for _ in range(40):
            q, kind, _label = self.at()
            if q == question and what in (kind, "first" if kind in CONTROLS else kind):
                return
            self.press(key)
        raise AssertionError(f"{key} never reaches {what} of {question}; focus: {self.at()}")

    def feedback(self, question, part="feedback"):
        return self.page.locator(f"fieldset[data-question='{question}'] .{part}")

    def expect(self, question, *texts, part="feedback"):
        """Wait for TEXTS; the redraw must not have taken the focus away."""
        before = self.at()
        for text in texts:
            self.feedback(question, part).filter(has_text=visible(text)).wait_for(timeout=10_000)
        assert self.at() == before

    def enter(self, question):
        """To the controls of the answer; returns the key that led there."""
        q, kind, _ = self.at()
        key = "Shift+Tab" if q == question["id"] and kind not in CONTROLS else "Tab"
        self.go(question["id"], "first", key)
        return key

    def choose(self, question, ids):
        """Leave exactly the choices IDS chosen."""
        wanted = {visible(c["text"][self.key]) for c in question["choice"] if c["id"] in ids}
        key = self.enter(question)
        if question["kind"] == "multiple":
            for _ in question["choice"]:
                if self.is_checked() != (self.at()[2] in wanted):
                    self.press("Space")
                self.press(key)
            return
        self.press("Space")
        for _ in question["choice"]:
            if self.at()[2] not in wanted:
                self.press("ArrowDown")
        assert self.is_checked() and self.at()[2] in wanted

    def is_checked(self):
        return self.page.evaluate("document.activeElement.checked")

    def type(self, question, text):
        self.enter(question)
        self.press("Control+a")
        self.page.keyboard.type(text)


def answers(question):
    """A wrong and a right answer, each with the explanations that must appear."""
    if question["kind"] == "numeric":
        wrong = f"{10 * abs(question['answer']) + 1000:g}"
        return (wrong, [question["why_wrong"]]), (question["answer"], [question["why_right"]])
    right = [c for c in question["choice"] if c.get("right")]
    wrong = [c for c in question["choice"] if not c.get("right")][:1]
    return [([c["id"] for c in some], [c["why"] for c in some]) for some in (wrong, right)]


@pytest.fixture(scope="module", params=LANGUAGES)
def lesson(request, start_lab, chromium):
    """(lang, lab, page, cells) of the lesson after all its cells have run, nothing scrolled."""
    lang = request.param
    lab = start_lab(lang)
    page = lab.open(chromium, f"notebooks/{lang}/{LESSON}.ipynb")
    cells = lab.run_all(page)
    yield lang, lab, page, cells
    page.close()


def test_every_cell_runs_in_silence_and_offline(lesson):
    _, _, page, cells = lesson
    assert len(cells) > 5
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert [o["text"] for o in outputs if o.get("name") == "stderr"] == []
    assert page.outside == []


def test_quiz_below_the_windows_edge_stays_live(lesson):
    """Nobody looks at it for longer than the silence that would bring the plain twin."""
    lang, _, page, _ = lesson
    time.sleep(handshake.SILENCE + 3)
    quiz = page.locator(".triad-quiz")
    quiz.scroll_into_view_if_needed()
    assert quiz.get_attribute("lang") == {"ja": "ja", "zh-tw": "zh-Hant-TW"}[lang]


def test_page_does_not_know_the_answers(lesson, bank):
    lang, _, page, _ = lesson
    content = page.content()
    for question in bank["question"]:
        assert visible(question["text"][KEY[lang]]) in page.locator(".triad-quiz").text_content()
        secrets = [question["hint"], *(c["why"] for c in question.get("choice", ()))]
        secrets += [question[name] for name in ("why_right", "why_wrong") if name in question]
        assert [s for s in secrets if s[KEY[lang]] in content] == []


def test_quiz_by_keyboard_alone(lesson, bank):
    lang, lab, page, cells = lesson
    student = Keyboard(page, lang)
    student.enter_quiz()
    for question in bank["question"]:
        answer_wrong_and_right(student, question)
    n = len(bank["question"])
    score = student.words["score"].format(total=n, right=n, at_once=0)
    assert page.locator(".triad-quiz .score").text_content() == score
    page.keyboard.press("Control+s")
    assert len(lab.code_cells(page.notebook)) == len(cells)  # no key was a command to JupyterLab
    assert page.complaints == [] and page.outside == []


def answer_wrong_and_right(student, question):
    """Hint, wrong, once more, right, retry, and right again."""
    id, (wrong, right) = question["id"], answers(question)
    student.go(id, "hint")
    student.press("Enter")
    student.expect(id, question["hint"][student.key], part="hint")
    for (given, why), headline in ((wrong, "wrong"), (right, "right")):
        give(student, question, given)
        student.expect(id, student.words[headline], *(w[student.key] for w in why))
    student.go(id, "retry")
    student.press("Space")
    student.page.wait_for_function(
        "id => !document.querySelector(`[data-question='${id}'] .feedback`).textContent", arg=id
    )
    assert student.at()[:2] == [id, student.at()[1]] and student.at()[1] in CONTROLS
    give(student, question, right[0])
    student.expect(id, student.words["right"], student.words["again"].format(n=3))


def give(student, question, given):
    if question["kind"] == "numeric":
        student.type(question, f"{given}".translate(FULL_WIDTH))
        compose_enter(student.page)  # confirms a conversion; must not count as an answer
        student.press("Enter")
    else:
        student.choose(question, given)
        student.go(question["id"], "check")
        student.press("Space")


def compose_enter(page):
    for signs in ({"isComposing": True}, {"keyCode": 229}):
        page.evaluate(
            """signs => document.activeElement.dispatchEvent(
                   new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, ...signs}))""",
            signs,
        )


# --- a notebook that holds the quiz only --------------------------------------------------


def quiz_notebook(course, lang, name, *before):
    """Write my/NAME.ipynb in the copy: the quiz after the cells BEFORE."""
    begin = f"import helpers\nhelpers.begin({LESSON!r}, {lang!r})"
    show = f"from helpers.widgets import Quiz\nquiz = Quiz({LESSON!r})\nquiz"
    cells = [nbformat.v4.new_code_cell(source) for source in (begin, *before, show)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, course / "my" / f"{name}.ipynb")
    return f"{name}.ipynb"


def shot(page, name):
    """A picture of the quiz in $TRIAD_SHOTS, where a person asked for one."""
    if os.environ.get("TRIAD_SHOTS"):
        folder = Path(os.environ["TRIAD_SHOTS"])
        folder.mkdir(parents=True, exist_ok=True)
        page.set_viewport_size({"width": 1200, "height": 3000})  # the whole quiz at once
        page.locator(".triad-quiz").scroll_into_view_if_needed()
        page.locator(".triad-quiz").screenshot(path=folder / f"quiz-{name}.png")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_quiz_is_legible(start_lab, course, chromium, bank, lang, dark):
    lab = start_lab(lang)
    lab.use_theme(dark=dark)
    page = lab.open(chromium, quiz_notebook(course, lang, "looks"))
    lab.run_all(page)
    student = Keyboard(page, lang)
    page.locator(".triad-quiz input").first.focus()
    for n, question in enumerate(bank["question"]):
        give(student, question, answers(question)[n % 2][0])
        student.expect(question["id"], student.words[["wrong", "right"][n % 2]])
    seen = page.evaluate((HERE / "contrasts.js").read_text(encoding="utf-8"))
    assert seen["opaque"] and seen["texts"] > 20
    assert seen["text"] >= 4.5 and seen["edge"] >= 3  # WCAG AA
    shot(page, f"{lang}-{'dark' if dark else 'light'}")
    page.add_style_tag(content=".triad-quiz { width: 384px; box-sizing: border-box }")
    assert page.evaluate(
        """[...document.querySelectorAll('.triad-quiz, .triad-quiz *')]
           .every(n => n.getBoundingClientRect().width <= 400 && n.scrollWidth <= n.clientWidth + 1
                       || getComputedStyle(n).display === 'inline')"""
    )
    shot(page, f"{lang}-{'dark' if dark else 'light'}-400px")
    page.close()


def test_failure_in_the_judgement_is_told_to_the_student(start_lab, course, chromium):
    lab = start_lab("zh-tw")
    broken = "import helpers.widgets.quiz\nhelpers.widgets.quiz.judge = lambda *_: 1 / 0"
    page = lab.open(chromium, quiz_notebook(course, "zh-tw", "broken", broken))
    lab.run_all(page)
    page.locator(".triad-quiz button[data-action=check]").first.click()
    trouble = page.locator(".triad-quiz .trouble[role=alert]")
    said = words("zh-tw")
    trouble.filter(has_text=said["error"].format(retry=said["retry"])).wait_for()
    assert "ZeroDivisionError" in trouble.locator("details:not([open]) code").text_content()
    page.close()


def test_plain_twin_where_the_browser_lacks_anywidget(start_lab, course, chromium, bank):
    """Server and kernel in different environments: the widget's code never reaches the page."""
    lab, said = start_lab("ja", disabled=("anywidget",)), words("ja")
    page = lab.open(chromium, quiz_notebook(course, "ja", "twin"))
    lab.run_all(page)
    seconds = handshake.SILENCE + 30
    page.get_by_text(said["plain_note"]).wait_for(timeout=seconds * 1000)
    question = bank["question"][0]
    (_, _), (right, why) = answers(question)
    assert question["kind"] == "single"
    text = next(c["text"]["ja"] for c in question["choice"] if c["id"] in right)
    page.get_by_label(text.replace("`", ""), exact=True).check()
    page.get_by_role("button", name=said["check"]).first.click()
    page.get_by_text(visible(why[0]["ja"])).wait_for()
    assert page.locator(".triad-quiz").count() == 0
    page.close()
