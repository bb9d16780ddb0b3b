"""The plain twins of quiz and terminal, where the browser lacks anywidget.

Server and kernel are in different environments: the widgets' code never reaches the page.  It is a
page of JupyterLab of its own, which the two share.
"""

import os
from pathlib import Path

import pytest
import turns
from keyboard import KEY, LESSON, SOON, answers, visible
from test_accessibility import TWIN, examine

from helpers.language import say

QUIZ = f"from helpers.widgets import Quiz\nQuiz({LESSON!r})"
TERMINAL = "from helpers.widgets import Terminal\nTerminal()"


def words(module, lang):
    return {name: texts[KEY[lang]] for name, texts in say.catalogue(module).items()}


@pytest.fixture(scope="module", params=turns.languages(1))
def lab(request, start_lab):
    return start_lab(request.param)


@pytest.fixture
def opened(lab, chromium, notebook_of):
    """opened(source): the page on which this widget has run"""

    def opened(source):
        page = lab.open(chromium, notebook_of(lab.lang, "twin", SOON, source), without="anywidget")
        lab.run_all(page)
        return page

    return opened


def test_quiz(lab, opened, bank):
    page, said, key = opened(QUIZ), words("quiz", lab.lang), KEY[lab.lang]
    page.get_by_text(said["plain_note"]).wait_for()
    kinds = [q["kind"] for q in bank["question"]]
    place = kinds.index("single")
    (_, _), (right, why) = answers(question := bank["question"][place])
    text = next(c["text"][key] for c in question["choice"] if c["id"] in right)
    page.get_by_label(text.replace("`", ""), exact=True).check()
    page.get_by_role("button", name=said["check"]).nth(place).click()
    page.get_by_text(visible(why[0][key])).wait_for()
    assert page.locator(".triad-quiz").count() == 0


@turns.in_ci
def test_terminal(lab, opened, axe):
    page, said = opened(TERMINAL), words("terminal", lab.lang)
    page.get_by_text(said["plain_note"]).wait_for()
    page.get_by_role("button", name=said["run"], exact=True).click()
    page.get_by_text(said["ended"].split("{")[0] + "0").wait_for()
    assert "torch" in page.locator(f"{TWIN} [role=log]").inner_text()
    if os.environ.get("TRIAD_SHOTS"):
        page.locator(TWIN).first.screenshot(
            path=Path(os.environ["TRIAD_SHOTS"]) / "terminal-twin.png"
        )
    faults, undecided, _ = examine(page, axe, TWIN)
    nodes = [node for nodes in undecided.values() for node in nodes]
    assert faults == {} and all(node.startswith("<select") for node in nodes)  # its arrow
    assert page.locator(".triad-terminal").count() == 0
