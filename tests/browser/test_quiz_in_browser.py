"""The quiz in a notebook of its own: its looks, a failure in the judgement."""

import os
from pathlib import Path

import pytest
import turns
from keyboard import FITS, Keyboard, answers, give, quiz_notebook, styled, words

HERE = Path(__file__).parent


def shot(page, name):
    """A picture of the quiz in $TRIAD_SHOTS, where a person asked for one."""
    if os.environ.get("TRIAD_SHOTS"):
        folder = Path(os.environ["TRIAD_SHOTS"])
        folder.mkdir(parents=True, exist_ok=True)
        page.set_viewport_size({"width": 1200, "height": 3000})  # the whole quiz at once
        page.locator(".triad-quiz").scroll_into_view_if_needed()
        page.locator(".triad-quiz").screenshot(path=folder / f"quiz-{name}.png")


@pytest.fixture(scope="module", params=turns.languages(1))
def answered(request, start_lab, course, chromium, bank):
    """(lab, page): questions answered wrong and right in turn."""
    lab = start_lab(request.param)
    page = lab.open(chromium, quiz_notebook(course, lab.lang, "looks"))
    lab.run_all(page)
    student = Keyboard(page, lab.lang)
    student.enter_quiz()
    for n, question in enumerate(bank["question"]):
        give(student, question, answers(question)[n % 2][0])
        student.expect(question["id"], student.words[["wrong", "right"][n % 2]])
    return lab, page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_quiz_is_legible(answered, dark):
    lab, page = answered
    lab.use_theme(page, dark=dark)
    seen = page.evaluate((HERE / "contrasts.js").read_text(encoding="utf-8"))
    assert seen["opaque"] and seen["texts"] > 20
    assert seen["text"] >= 4.5 and seen["edge"] >= 3  # WCAG AA
    shot(page, f"{lab.lang}-{'dark' if dark else 'light'}")
    css = ".triad-quiz { width: 384px; box-sizing: border-box }"
    with styled(page, css):
        assert page.evaluate(FITS)
        shot(page, f"{lab.lang}-{'dark' if dark else 'light'}-400px")


def test_an_answer_that_changes_nothing_ends_the_waiting(answered, bank):
    """Asked for twice, a hint is the same; the verdict below it must not become "a cell runs"."""
    lab, page = answered
    fieldset = page.locator(f"fieldset[data-question='{bank['question'][0]['id']}']")
    ask, verdict = fieldset.locator("[data-action=hint]"), fieldset.locator(".feedback")
    ask.click()
    fieldset.locator(".hint:not(:empty)").wait_for()
    before = verdict.text_content()
    ask.click()
    page.wait_for_timeout(2500)  # a view says that it waits after one second, until it hears
    verdict.filter(has_not_text=words(lab.lang)["waiting"]).wait_for()
    assert verdict.text_content() == before


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
