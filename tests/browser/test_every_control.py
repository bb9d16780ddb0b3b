"""Every notebook as a student gets it: all cells run, and every control of every widget is pressed.

Lessons and sheets are found by enumeration, their widgets and controls too: a new lesson or a new
widget below a .triad root is covered without a change here.  Only 00 and 01 unless TRIAD_ALL=1.
"""

import os
import re
import time
from pathlib import Path

import pytest

from course_tools.checks.lab_driver import ROOT
from helpers.widgets.base.ipywidgets_view import VIEW

HERE = Path(__file__).parent
FIRST = ("00", "01")
FOLDERS = ("notebooks/*/*.ipynb", "exercises/*/*/*.ipynb")
NOTEBOOKS = [
    path.relative_to(ROOT).as_posix()
    for pattern in FOLDERS
    for path in sorted(ROOT.glob(pattern))
    if path.name[:2] in FIRST or os.environ.get("TRIAD_ALL")
]
SETTLED_S = 10
# By the kind of the control: keys that use it to the right and to the wrong, and back
KEYS = {
    "range": ("End", "ArrowLeft", "Home", "ArrowRight"),
    "checkbox": ("Space", "Space"),
    "radio": ("Space",),
    "select-one": ("ArrowDown", "End", "Home"),
    "cell": ("ArrowRight", "ArrowDown", "End", "Home", "ArrowUp", "ArrowLeft"),
    "summary": ("Enter", "Space"),
    "button": ("Enter", "Space"),
    "div": ("Home", "End"),  # what scrolls
    "submit": ("Enter",),
}
MOST_STOPS = 400


class Presser:
    """A student without a mouse who leaves no control untried; faults: what went wrong."""

    def __init__(self, page):
        self.page, self.faults = page, []
        page.evaluate((HERE / "controls.js").read_text(encoding="utf-8"))
        self.count = page.evaluate("triad.roots()")

    def js(self, call):
        return self.page.evaluate(f"triad.{call}")

    def press_all(self):
        """{kind: how many} of the controls pressed in all widgets."""
        kinds = {}
        for root in range(self.count):
            if not self.enter(root):
                continue
            for _ in range(MOST_STOPS):
                here = self.js("here()")
                if here is None or here["root"] != root:
                    break
                kinds[here["kind"]] = kinds.get(here["kind"], 0) + 1
                self.use(here)
                self.page.keyboard.press("Tab")
            self.faults += [f"never reached: {node}" for node in self.js(f"missed({root})")]
        return kinds

    def enter(self, root):
        """Focus for good: right after Run All JupyterLab may still move the focus."""
        for _ in range(20):
            if not self.js(f"enter({root})"):
                return False
            time.sleep(0.3)
            if (self.js("here()") or {}).get("root") == root:
                return True
        raise AssertionError(f"the focus does not stay in widget {root}")

    def use(self, here):
        self.js("pressed()")
        if here["kind"] == "text":
            self.type("龍 x？")
            self.type(here["value"])
            return
        for key in KEYS[here["kind"]]:
            self.press(key, here)
        if here["kind"] == "radio":
            self.walk(here)
        if here["kind"] == "button":
            self.js("back()")

    def type(self, text):
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)
        self.press("Enter", {"html": f"text {text!r}"})

    def walk(self, here):
        """Arrow keys through a group of radio buttons, until it comes round."""
        for _ in range(MOST_STOPS):
            self.press("ArrowDown", here)
            if self.js("seen()"):
                return
            self.js("pressed()")

    def press(self, key, here):
        self.page.keyboard.press(key)
        end = time.monotonic() + SETTLED_S
        time.sleep(0.05)
        while self.js("busy()") and time.monotonic() < end:
            time.sleep(0.05)
        told = [*self.js("trouble()"), *self.page.complaints]
        self.faults += [f"{key} on {here['html']}: {line}" for line in told]
        self.page.complaints.clear()


def everything(page):
    """(kinds, faults, number of widgets), a last look included at what came late."""
    presser = Presser(page)
    kinds = presser.press_all()
    time.sleep(1)
    late = [*presser.js("trouble()"), *page.complaints]
    return kinds, [*presser.faults, *late], presser.count


def widgets_in(cells):
    return sum(VIEW in output.get("data", {}) for cell in cells for output in cell["outputs"])


def language(notebook):
    return notebook.split("/")[1]


def test_all_that_is_delivered_is_opened():
    assert {language(name) for name in NOTEBOOKS} == {"ja", "zh-tw"}
    assert {name.split("/")[0] for name in NOTEBOOKS} == {"notebooks", "exercises"}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_cell_runs_and_every_control_works(start_lab, chromium, notebook):
    lab = start_lab(language(notebook))
    page = lab.open(chromium, notebook)
    cells = lab.run_all(page)
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert [o["text"] for o in outputs if o.get("name") == "stderr"] == []
    page.set_viewport_size({"width": 1200, "height": 9000})
    kinds, faults, count = everything(page)
    assert faults == []
    assert count == widgets_in(cells)
    assert sum(kinds.values()) >= 4 * count
    assert len(lab.save(page)) == len(cells)  # no key was a command to JupyterLab
    assert page.outside == []
    page.close()


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
Explorer("題", draw, Range("n", "n", [1, 2, 3]), Select("s", "s", ["a", "b"]), Check("c", "c"),
         Number("x", "x", 1), Text("t", "t", "あ"))"""
FAULTS = ["values['n'] == 3", "values['s'] == 'b'", "values['c']", "values['t'] != 'あ'"]


@pytest.fixture
def pressed(start_lab, course, chromium, notebook_of):
    """pressed(sources) -> kinds, faults; one widget in each source but the first"""

    def press(sources):
        lab = start_lab("ja")
        page = lab.open(chromium, notebook_of("ja", "planted", *sources))
        lab.run_all(page)
        kinds, faults, count = everything(page)
        page.close()
        assert count == len(sources) - 1
        return kinds, faults

    return press


def test_nothing_planted_nothing_found(pressed):
    kinds, faults = pressed(["x = 1", EXPLORER.format(fault="pass")])
    assert faults == [] and kinds == {"range": 1, "select-one": 1, "checkbox": 1, "text": 2}


def test_a_division_by_zero_in_any_callback_is_found(pressed):
    broken = [EXPLORER.format(fault=f"{when} and 1 / 0") for when in FAULTS]
    _, faults = pressed([BREAK_QUIZ, QUIZ, *broken])
    found = [re.search(r"widget (\d).*ZeroDivisionError", fault) for fault in faults]
    assert all(found) and {match[1] for match in found} == set("01234")


UNREACHED = """\
from helpers.widgets import Explorer, Range
Explorer("題", lambda n: ("<button tabindex='-1'>×</button>", "文"), Range("n", "n", [1, 2]))"""


def test_a_control_that_no_key_reaches_is_found(pressed):
    _, faults = pressed(["x = 1", UNREACHED])
    assert any("never reached" in fault and "button" in fault for fault in faults)
