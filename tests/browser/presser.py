"""A student without a mouse who leaves no control of any widget of a page untried."""

import time
from pathlib import Path

HERE = Path(__file__).parent
SETTLED_S = 30
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
        while (told := self.js("told()"))["busy"] and time.monotonic() < end:
            time.sleep(0.02)
        lines = [*told["trouble"], *self.page.complaints]
        self.faults += [f"{key} on {here['html']}: {line}" for line in lines]
        self.page.complaints.clear()


def everything(lab, page, at_least=0):
    """(kinds, faults, number of widgets), a last look included at what came late."""
    page.set_viewport_size({"width": 1200, "height": 9000})
    page.wait_for_function("n => document.querySelectorAll('.triad').length >= n", arg=at_least)
    lab.wait_quiet(page)
    presser = Presser(page)
    kinds = presser.press_all()
    time.sleep(1)
    late = [*presser.js("trouble()"), *page.complaints]
    return kinds, [*presser.faults, *late], presser.count
