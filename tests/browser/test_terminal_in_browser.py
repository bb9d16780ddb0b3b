"""The terminal panel in a real JupyterLab: keyboard, live output, Stop, copying, looks."""

import os
import re
import time
from pathlib import Path

import nbformat
import psutil
import pytest
import turns
from keyboard import styled
from test_accessibility import SIDEWAYS, THEMES, examine

from helpers import experiments
from helpers.language import say

KEY = {"ja": "ja", "zh-tw": "zh_tw"}
PANEL = ".triad-terminal"
# In the kernel: "attention" becomes an experiment of ours, in a child as real as the others.
PLANT = """\
import sys
from helpers.widgets.terminal import child
real, scripts = child.command, {scripts!r}
child.command = lambda name, lang: (
    [sys.executable, "-u", "-c", scripts[name]] if name in scripts else real(name, lang))
"""
HOSTILE = {
    "attention": "import time\nprint('開始')\nfor i in range(10**6): print(i); time.sleep(.1)",
    "n-squared": "print('\\033[31m赤い\\033[0m <b>&amp;</b>' + '日本語' * 20)\nraise SystemExit(3)",
    "scaling-by-d_k": "while True: print('flood')",
}


def words(lang):
    return {name: texts[KEY[lang]] for name, texts in say.catalogue("terminal").items()}


def notebook(course, lang, name, *before):
    begin = f"import helpers\nhelpers.begin('00_start', {lang!r})"
    show = "from helpers.widgets import Terminal\nterminal = Terminal()\nterminal"
    cells = [nbformat.v4.new_code_cell(source) for source in (begin, *before, show)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(made, course / "my" / f"{name}.ipynb")
    return f"{name}.ipynb"


def open_terminal(lab, chromium, course, name, *before):
    page = lab.open(chromium, notebook(course, lab.lang, name, *before))
    lab.run_all(page)
    page.locator(PANEL).first.wait_for(state="attached")
    return page


class Student:
    """Without a mouse, at one page's terminal."""

    def __init__(self, page, lang):
        self.page, self.words = page, words(lang)

    def at(self):
        return self.page.evaluate(
            """() => { const e = document.activeElement;
                       return e.closest(".triad-terminal")
                              ? e.dataset.action ?? e.getAttribute("role") ?? e.tagName : "" }"""
        )

    def enter(self):
        """Focus the select for good: right after Run All JupyterLab may still move the focus."""
        for _ in range(60):
            self.page.locator(f"{PANEL} select").focus()
            time.sleep(0.3)
            if self.at() == "SELECT":
                return
        raise AssertionError("the focus does not stay in the terminal")

    def go(self, what, key="Tab"):
        for _ in range(6):
            if self.at() == what:
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{key} never reaches {what}; focus: {self.at()}")

    def choose(self, name):
        """By arrow keys, as far as it takes; none of them may be JupyterLab's."""
        place = list(experiments.EXPERIMENTS).index(name)
        self.enter()
        self.page.keyboard.press("Home")
        for _ in range(place):
            self.page.keyboard.press("ArrowDown")
        assert self.page.locator(f"{PANEL} select").input_value() == f"{place}"

    def start(self, name):
        self.choose(name)
        self.go("run")
        self.page.keyboard.press("Enter")
        prompt = f"$ python -m helpers.experiments {name} "
        self.page.locator(f"{PANEL} .printed", has_text=prompt).wait_for()

    def expect(self, message, seconds=300, **values):
        """The beginning of a message, up to its first value that is not given."""
        text = self.words[message]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", f"{value}")
        status = self.page.locator(f"{PANEL} [role=status]")
        status.filter(has_text=text.split("{")[0].strip()).wait_for(timeout=seconds * 1000)

    def screen(self):
        return self.page.locator(f"{PANEL} .screen").inner_text()


@pytest.fixture(scope="module", params=turns.languages(1))
def student(request, start_lab, course, chromium):
    """The real experiments, but for three hostile ones."""
    lang = request.param
    page = open_terminal(
        start_lab(lang), chromium, course, "hostile", PLANT.format(scripts=HOSTILE)
    )
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield Student(page, lang)
    page.evaluate("delete navigator.clipboard.writeText; delete document.execCommand")
    page.context.clear_permissions()


def test_ready_as_on_the_page(student):
    assert student.page.locator(f"{PANEL} .bar").inner_text().split() == [
        "TERMINAL", "bash", "—", "80x24",
    ]  # fmt: skip
    assert student.words["ready"].format(run=student.words["run"]) in student.screen()
    assert student.page.locator(f"{PANEL} .screen").get_attribute("role") == "log"


def test_an_experiment_by_keyboard_alone_and_its_output_copied(student):
    student.start("online-softmax")
    student.expect("ended", status=0)
    shown = student.screen()
    assert "$ python -m helpers.experiments online-softmax" in shown
    # the largest difference, whatever the processor rounds: an error of float32, and no more
    [gap] = map(float, re.findall(r"\d\.\de-\d\d", shown))
    assert 0 < gap < 1e-5
    assert shown.count("m = ") == 1  # 128 states of one line: the last is shown
    student.go("copy")
    student.page.keyboard.press("Space")
    student.expect("copied")
    copied = student.page.evaluate("navigator.clipboard.readText()")
    assert "".join(copied.split()) == "".join(shown.split()) and copied.startswith("$ python")
    assert len(copied.splitlines()) < len(shown.splitlines())  # long lines are whole
    assert student.page.complaints == [] and student.page.outside == []


@pytest.mark.parametrize("old_way", [True, False])
def test_copying_where_the_browser_does_not_allow_it(student, old_way):
    student.page.evaluate(
        """old => { navigator.clipboard.writeText = () => Promise.reject(new Error("no"));
                    document.execCommand = old ? document.execCommand : () => false; }""",
        old_way,
    )
    student.page.locator(f"{PANEL} [data-action=copy]").click()
    student.expect("copied" if old_way else "not_copied")
    if not old_way:
        assert "bash" not in student.page.evaluate("getSelection().toString()")
        assert student.at() == "log"


def test_output_is_seen_live_and_stop_ends_it(student):
    student.start("attention")
    student.page.locator(f"{PANEL} .printed", has_text="開始").wait_for()
    student.expect("running", name="attention")
    for i in (5, 15):
        student.page.locator(f"{PANEL} .printed", has_text=f"{i}").first.wait_for()
    assert student.page.locator(f"{PANEL} .clock").inner_text()
    child = [
        p
        for p in psutil.process_iter(["cmdline"])
        if HOSTILE["attention"] in (p.info["cmdline"] or [])
    ]
    assert len(child) == 1
    student.go("stop")
    student.page.keyboard.press("Enter")
    student.expect("by_stop")
    assert not child[0].is_running() and student.at() == "stop"
    assert (
        student.page.locator(f"{PANEL} [data-action=run]").get_attribute("aria-disabled") == "false"
    )


def test_failure_colours_and_wide_characters(student):
    student.start("n-squared")
    student.expect("failed", status=3)
    assert "赤い <b>&amp;</b>日本語" in student.screen()
    widths = student.page.evaluate(
        """() => { const rows = document.querySelector(".triad-terminal .rows");
                   const [first] = rows.querySelectorAll(".wide");
                   return [rows.clientWidth, first.getBoundingClientRect().width,
                           [...rows.children].map((r) => r.textContent.length)] }"""
    )
    assert widths[1] / widths[0] == pytest.approx(4 / 80, rel=0.01)  # two of 40 characters


def test_a_flood_ends_and_the_page_lives(student):
    student.start("scaling-by-d_k")
    student.expect("by_output", rows="1,000")
    log = student.page.locator(f"{PANEL} .screen")
    assert log.get_attribute("aria-live") == "off"  # nobody listens to 1,000 lines
    assert student.page.locator(f"{PANEL} .printed").count() == 1000
    student.go("log")
    student.page.keyboard.press("Home")  # scrolls the screen: JupyterLab does not take the key
    student.page.wait_for_function(
        "document.querySelector('.triad-terminal .screen').scrollTop < 5"
    )


# --- looks --------------------------------------------------------------------------------


def shot(page, name):
    if os.environ.get("TRIAD_SHOTS"):
        folder = Path(os.environ["TRIAD_SHOTS"])
        folder.mkdir(parents=True, exist_ok=True)
        page.locator(PANEL).scroll_into_view_if_needed()
        page.locator(PANEL).screenshot(path=folder / f"terminal-{name}.png")


@pytest.fixture(scope="module", params=turns.languages(0))
def looked(request, start_lab, course, chromium):
    """(lab, page) after two experiments."""
    lab = start_lab(request.param)
    page = open_terminal(lab, chromium, course, "looks")
    student = Student(page, lab.lang)
    shot(page, f"{lab.lang}-ready")
    for name in ("environment", "scaling-by-d_k"):
        student.start(name)
        student.expect("ended", status=0)
    return lab, page


@pytest.mark.parametrize("theme", turns.by_turns(1, THEMES))
def test_it_is_legible_everywhere(looked, axe, theme):
    lab, page = looked
    lab.use_theme(page, dark=THEMES[theme])
    shot(page, f"{lab.lang}-{theme}")
    faults, undecided, passed = examine(page, axe, PANEL)
    assert (faults, undecided) == ({}, {})
    assert {"color-contrast", "select-name", "button-name"} <= set(passed)


def test_at_400_pixels_only_the_screen_scrolls_sideways(looked):
    lab, page = looked
    around, panel = f"{PANEL} .controls, {PANEL} .bar, {PANEL} .line", page.locator(PANEL)
    with styled(page, ".triad-terminal { width: 384px }"):
        shot(page, f"{lab.lang}-400px")
        assert page.evaluate(SIDEWAYS, around) == []
        box = page.locator(f"{PANEL} .screen").evaluate("s => [s.scrollWidth, s.clientWidth]")
        assert box[0] > box[1] and panel.evaluate("p => p.scrollWidth <= p.clientWidth")


def test_axe_finds_planted_faults(looked, axe):
    _, page = looked
    page.evaluate(
        """() => { const label = document.querySelector(".triad-terminal label");
                   label.replaceWith(label.querySelector("select")); }"""
    )
    page.evaluate("document.querySelector('.triad-terminal .bar').style.color = '#555'")
    faults, *_ = examine(page, axe, PANEL)
    assert {"color-contrast", "select-name"} <= set(faults)
