"""Every notebook as a student gets it, run once: from start.py on, with only the keyboard.

Its cells run in silence, the quiz is answered, every control of every widget is pressed, and what
JupyterLab has saved is read without a kernel.  Lessons and sheets are found by enumeration, their
widgets and controls too: a new lesson or a new widget below a .triad root is covered without a
change here.  Only 00 and 01, each in one language, unless TRIAD_ALL=1; CI runs all cells of 01.
"""

import json
import os
import re
import time
from typing import Any, NamedTuple

import nbformat
import pytest
import turns
from keyboard import CONTROLS, KEY, LESSON, Keyboard, answers, give, visible
from presser import everything
from reading import VIEW, as_html, blank, loaded, missing, prose, results

from course_tools.checks.lab_driver import ROOT, Lab
from helpers.display import handshake

FIRST = ("00", "01")
FOLDERS = ("notebooks/*/*.ipynb", "exercises/*/*/*.ipynb")


def is_in_turn(number: str, lang: str) -> bool:
    return lang in turns.languages(int(number)) and (
        number in FIRST or bool(os.environ.get("TRIAD_ALL"))
    )


NOTEBOOKS = [
    path.relative_to(ROOT).as_posix()
    for pattern in FOLDERS
    for path in sorted(ROOT.glob(pattern))
    if is_in_turn(path.stem.removeprefix("exercise_")[:2], path.relative_to(ROOT).parts[1])
]
LESSONS = [name for name in NOTEBOOKS if name.startswith("notebooks/")]
ATTENTION = [name for name in LESSONS if LESSON in name]
ABOVE = {"ja": "上のセルから順に", "zh-tw": "請從上面的儲存格開始"}


def each(names):
    """Lesson 01 runs through in CI: it takes ten times as long as 00."""
    marked = [pytest.param(n, marks=[turns.in_ci] if n in ATTENTION else []) for n in names]
    return pytest.mark.parametrize("opened", marked, indirect=True)


every_notebook, every_lesson = each(NOTEBOOKS), each(LESSONS)
lesson_01 = pytest.mark.parametrize("opened", ATTENTION, indirect=True)


class Opened(NamedTuple):
    """A notebook in JupyterLab, as it was delivered."""

    name: str
    lab: Lab
    page: Any

    @property
    def lang(self) -> str:
        return self.name.split("/")[1]


class Ran(NamedTuple):
    """A notebook after all its cells have run, nothing scrolled; file: as it was then saved."""

    lab: Lab
    page: Any
    lang: str
    cells: list
    file: Any
    since: float


@pytest.fixture(scope="module")
def opened(request, start_lab, chromium):
    lab = start_lab(request.param.split("/")[1])
    return Opened(request.param, lab, lab.open(chromium, request.param))


@pytest.fixture
def lent(opened):
    """To run a few cells; whoever comes next finds a kernel that knows nothing."""
    yield opened
    opened.lab.restart(opened.page)


@pytest.fixture(scope="module")
def ran(opened, course):
    lab, page = opened.lab, opened.page
    cells = lab.run_all(page)
    file = nbformat.read(course / "my" / opened.name, as_version=4)
    return Ran(lab, page, opened.lang, cells, file, time.monotonic())


@pytest.fixture(scope="module")
def read(ran):
    """What nbconvert makes of the notebook that ran."""
    return as_html(ran.file)


def test_all_that_is_delivered_is_opened():
    assert {name.split("/")[1] for name in NOTEBOOKS} == {"ja", "zh-tw"}
    assert {name.split("/")[0] for name in NOTEBOOKS} == {"notebooks", "exercises"}
    assert ATTENTION


# --- the first cells ----------------------------------------------------------------------


@lesson_01
def test_a_cell_without_those_above_says_what_to_run(lent):
    """Nothing at all was imported: the kernel's extension speaks."""
    page = lent.page
    page.locator(".jp-Notebook .jp-CodeCell", has_text="figures.use(LANG)").first.click()
    page.keyboard.press("Control+Enter")
    said = page.locator(".jp-OutputArea-output [role=status]", has_text=ABOVE[lent.lang])
    said.first.wait_for(timeout=60_000)
    assert "LANG" in said.first.inner_text()


@turns.in_ci
@lesson_01
def test_the_set_up_and_folded_cells_run_with_shift_and_enter_alone(lent):
    lab, page = lent.lab, lent.page
    page.locator(".jp-Notebook .jp-Cell").first.click(position={"x": 5, "y": 5})
    page.keyboard.press("Escape")
    for _ in range(5):
        page.keyboard.press("Shift+Enter")
    lab.wait_quiet(page)
    cells = {cell["id"]: cell for cell in lab.save(page)}
    assert cells["course"]["execution_count"] and cells["set-up"]["execution_count"]
    assert not cells["course"]["outputs"] and not cells["set-up"]["outputs"]
    assert cells["course"]["metadata"]["jupyter"]["source_hidden"], "it stays folded"
    seen = page.locator(".jp-Notebook .jp-InputPlaceholder").first.inner_text()
    assert "Shift+Enter" in seen
    assert "rm -rf" not in page.locator(".jp-Notebook").inner_text()


# --- all cells ----------------------------------------------------------------------------


def said_on_stderr(cells):
    outputs = [output for cell in cells for output in cell["outputs"]]
    return [o["text"] for o in outputs if o.get("name") == "stderr"]


@every_notebook
def test_every_cell_runs_in_silence_and_offline(ran):
    assert len(ran.cells) > 5 or LESSON not in ran.page.notebook
    assert said_on_stderr(ran.cells) == []
    assert ran.page.outside == []


@turns.in_ci
@lesson_01
def test_page_does_not_know_the_answers(ran, bank):
    content, key = ran.page.content(), KEY[ran.lang]
    for question in bank["question"]:
        assert visible(question["text"][key]) in ran.page.locator(".triad-quiz").text_content()
        secrets = [question["hint"], *(c["why"] for c in question.get("choice", ()))]
        secrets += [question[name] for name in ("why_right", "why_wrong") if name in question]
        assert [s for s in secrets if s[key] in content] == []


# --- read without a kernel ----------------------------------------------------------------


@every_lesson
def test_built_lesson_shows_all_prose(opened, chromium, tmp_path):
    built = nbformat.read(ROOT / opened.name, as_version=4)
    html = as_html(built)
    assert len(prose(built)) > 100 and missing(html, prose(built)) == []
    assert loaded(chromium, tmp_path, html) == ([], [])


@every_lesson
def test_executed_lesson_shows_prose_quiz_and_outputs(ran, read):
    name = ran.page.notebook.split("/")[-1].split(".")[0]
    bank = ROOT / "src" / "helpers" / "data" / "quiz" / f"{name}.json"
    questions = json.loads(bank.read_text(encoding="utf-8"))["question"]
    assert missing(read, prose(ran.file)) == []
    quiz = [part["text"] for q in questions for part in (q, *q.get("choice", ()))]
    assert len(quiz) > 10 and missing(read, [text[KEY[ran.lang]] for text in quiz]) == []
    assert any(VIEW in data for data in results(ran.file))  # there is a widget that is not shown
    assert blank(ran.file, read) == []


@every_lesson
def test_executed_lesson_asks_no_other_host(read, chromium, tmp_path):
    assert loaded(chromium, tmp_path, read) == ([], [])


# --- the quiz -----------------------------------------------------------------------------


@turns.in_ci
@lesson_01
def test_quiz_below_the_windows_edge_stays_live(ran):
    """Nobody looks at it for longer than the silence that would bring the plain twin."""
    time.sleep(max(0, ran.since + handshake.SILENCE + 3 - time.monotonic()))
    quiz = ran.page.locator(".triad-quiz")
    quiz.scroll_into_view_if_needed()
    assert quiz.get_attribute("lang") == {"ja": "ja", "zh-tw": "zh-Hant-TW"}[ran.lang]


@turns.in_ci
@lesson_01
def test_quiz_by_keyboard_alone(ran, bank):
    page = ran.page
    student = Keyboard(page, ran.lang)
    student.enter_quiz()
    for question in bank["question"]:
        answer_wrong_and_right(student, question)
    n = len(bank["question"])
    score = student.words["score"].format(total=n, right=n, at_once=0)
    assert page.locator(".triad-quiz .score").text_content() == score
    assert len(ran.lab.save(page)) == len(ran.cells)  # no key was a command to JupyterLab
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


# --- every control ------------------------------------------------------------------------


@every_notebook
def test_every_control_works(ran):
    lab, page = ran.lab, ran.page
    for button in page.locator(".triad-quiz [data-action=retry]:visible").all():
        button.click()  # nothing is answered, as after Run All
    kinds, faults, count = everything(lab, page, at_least=widgets_in(ran.cells))
    assert faults == []
    assert count == widgets_in(ran.cells)
    assert sum(kinds.values()) >= 4 * count
    cells = lab.save(page)
    assert len(cells) == len(ran.cells)  # no key was a command to JupyterLab
    assert said_on_stderr(cells) == []
    assert page.outside == []


def widgets_in(cells):
    return sum(VIEW in output.get("data", {}) for cell in cells for output in cell["outputs"])


# --- planted faults -----------------------------------------------------------------------

BREAK_QUIZ = """\
from helpers.widgets.quiz import kinds
for kind in kinds.KINDS.values():
    kind.judge = lambda *_: 1 / 0"""
QUIZ = "from helpers.widgets import Quiz\nQuiz('01_attention')"
EXPLORER = """\
from helpers.widgets import Check, Explorer, Number, Range, Select, Text
def draw(**values):
    {fault}
    return f"<p>{{values}}</p>", str(values)
Explorer("題", draw, {controls})"""
FAULTS = {  # a control, and when its callback fails
    'Range("n", "n", [1, 2, 3])': "values['n'] == 3",
    'Select("s", "s", ["a", "b"])': "values['s'] == 'b'",
    'Check("c", "c")': "values['c']",
    'Text("t", "t", "あ")': "values['t'] != 'あ'",
}


@pytest.fixture
def pressed(start_lab, course, chromium, notebook_of):
    """pressed(sources) -> kinds, faults; one widget in each source but the first"""

    def press(sources):
        lab = start_lab("ja")
        page = lab.open(chromium, notebook_of("ja", "planted", *sources))
        lab.run_all(page)
        kinds, faults, count = everything(lab, page)
        assert count == len(sources) - 1
        return kinds, faults

    return press


@turns.in_ci
def test_nothing_planted_nothing_found(pressed):
    controls = ", ".join([*FAULTS, 'Number("x", "x", 1)'])
    kinds, faults = pressed(["x = 1", EXPLORER.format(fault="pass", controls=controls)])
    assert faults == [] and kinds == {"range": 1, "select-one": 1, "checkbox": 1, "text": 2}


@turns.in_ci
def test_a_division_by_zero_in_any_callback_is_found(pressed):
    broken = [
        EXPLORER.format(fault=f"{when} and 1 / 0", controls=control)
        for control, when in FAULTS.items()
    ]
    _, faults = pressed([BREAK_QUIZ, QUIZ, *broken])
    found = [re.search(r"widget (\d).*ZeroDivisionError", fault) for fault in faults]
    assert all(found) and {match[1] for match in found} == set("01234")


UNREACHED = """\
from helpers.widgets import Explorer, Range
Explorer("題", lambda n: ("<button tabindex='-1'>×</button>", "文"), Range("n", "n", [1, 2]))"""


@turns.in_ci
def test_a_control_that_no_key_reaches_is_found(pressed):
    _, faults = pressed(["x = 1", UNREACHED])
    assert any("never reached" in fault and "button" in fault for fault in faults)
