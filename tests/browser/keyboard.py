"""A student without a mouse: focus, keys and an input method, in the quiz of an open page."""

import contextlib
import time

from course_tools.checks.lab_driver import write_notebook
from helpers.language import say
from helpers.widgets.base.html_view import CODE

LESSON = "01_attention"
CONTROLS = ("radio", "checkbox", "text")
FULL_WIDTH = str.maketrans("0123456789.-", "０１２３４５６７８９．－")
KEY = {"ja": "ja", "zh-tw": "zh_tw"}
# is nothing of the quiz wider than 400 pixels?
FITS = """() => [...document.querySelectorAll('.triad-quiz, .triad-quiz *')].every(n =>
  n.getBoundingClientRect().width <= 400 && n.scrollWidth <= n.clientWidth + 1
  || getComputedStyle(n).display === 'inline')"""
SOON = "from helpers.display import handshake; handshake.SILENCE = 1.0"  # the twin comes


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
        for _ in range(60):
            self.page.locator(".triad-quiz input").first.focus()
            time.sleep(0.3)
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
            self.feedback(question, part).filter(has_text=visible(text)).wait_for()
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


@contextlib.contextmanager
def styled(page, css):
    """Have the page's styles hold CSS as long as the block runs."""
    style = page.add_style_tag(content=css)
    yield
    style.evaluate("style => style.remove()")


def quiz_notebook(course, lang, name, *before):
    """Write my/NAME.ipynb in the copy: the quiz after the cells BEFORE."""
    begin = f"import helpers\nhelpers.begin({LESSON!r}, {lang!r})"
    show = f"from helpers.widgets import Quiz\nquiz = Quiz({LESSON!r})\nquiz"
    return write_notebook(course, name, begin, *before, show)
