"""Lesson 01 as a student meets it: start.py, JupyterLab, a real browser, and only the keyboard."""

import os
import time
from pathlib import Path

import pytest
from keyboard import CONTROLS, KEY, LESSON, Keyboard, answers, give, quiz_notebook, visible, words

from helpers.display import handshake

HERE = Path(__file__).parent
LANGUAGES = ["ja", "zh-tw"]


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
    assert len(lab.save(page)) == len(cells)  # no key was a command to JupyterLab
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


# --- a notebook that holds the quiz only --------------------------------------------------


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
    broken = (
        "from helpers.widgets.quiz import kinds\n"
        "for kind in kinds.KINDS.values(): kind.judge = lambda *_: 1 / 0"
    )
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
