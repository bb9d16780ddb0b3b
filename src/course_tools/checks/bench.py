"""Measure what people wait for, and write benchmarks/RESULTS.md.  Nothing is asserted.

python -m course_tools.checks.bench = start.py bench

A report of a test run (start.py test --junitxml FILE) spares the runs of the tests.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

import nbformat
import psutil
from nbclient import NotebookClient

from helpers.language import say
from helpers.widgets import Quiz

from .. import command
from ..command import ROOT
from . import lab_driver
from .junit import cases, count
from .processes import life_signs

RESULTS = ROOT / "benchmarks" / "RESULTS.md"
LESSON = "01_attention"
FAILED = "failed"
ANSWERS, KERNELS, KEYS = 50, 3, 20
PARTS = {  # pytest's arguments; nothing runs beside them, so the seconds are wall-clock
    "tests": ["tests", "--ignore=tests/browser"],
    "tests/browser": ["tests/browser"],
    "notebooks": ["notebooks"],
    "exercises": ["exercises"],
    "solutions": ["solutions"],
}


class Row(NamedTuple):
    """One line of the table: what was measured, its value with unit, and how."""

    what: str
    value: str
    how: str


Step = tuple[str, Callable[[], list[Row]]]  # its title, and what measures


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write benchmarks/RESULTS.md; 1 where a measurement failed."""
    wanted = arguments(argv)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["TRIAD_HOME"] = str(Path(folder) / "home")  # not the user's progress
        rows = list(measured(wanted, Path(folder)))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(report(rows, wanted.note), encoding="utf-8", newline="\n")
    print(f"Written: {RESULTS.relative_to(ROOT).as_posix()}")
    return int(any(row.value == FAILED for row in rows))


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = command.parser("start.py bench", __doc__)
    parser.add_argument("--set-up", action="store_true", help="a fresh .venv too (minutes)")
    parser.add_argument("--junitxml", type=Path, metavar="FILE", help="a test run's report")
    parser.add_argument("--note", default="", metavar="TEXT", help="what else the machine did")
    return parser.parse_args(argv)


def measured(wanted: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield the rows, one after the other, each shown as soon as it is there."""
    steps: list[Step] = [
        ("answer latency in Python", lambda: [answer_latency()]),
        ("kernel to first figure", lambda: [first_figure()]),
        ("key presses in a browser", lambda: key_latency(folder)),
        ("build", lambda: [build()]),
        *tests(wanted.junitxml, folder),
    ]
    if wanted.set_up:
        steps.insert(0, ("set-up", lambda: [set_up(folder)]))
    for title, step in steps:
        rows = timed(title, step)
        for row in rows:
            print(f"  {row.what}: {row.value}", flush=True)
        yield from rows


def timed(title: str, step: Callable[[], list[Row]]) -> list[Row]:
    """Return what STEP measured, or one row that says that it failed; the others go on."""
    try:
        with life_signs(title):
            return step()
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return [Row(title, FAILED, type(error).__name__)]


def seconds_of(command: Sequence[object], cwd: Path = ROOT, check: bool = True) -> float:
    """Return wall-clock seconds of COMMAND.  RuntimeError with its last lines if it fails."""
    start = time.monotonic()
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True)
    if check and done.returncode:
        end = (done.stdout + done.stderr).decode(errors="replace").splitlines()[-12:]
        raise RuntimeError("\n".join([f"{command} failed:", *end]))
    return time.monotonic() - start


# --- what is measured -------------------------------------------------------------------------


def set_up(folder: Path) -> Row:
    """Measure how long a copy of the course takes to make its .venv, as on the first day."""
    course = folder / "course"
    ignore = shutil.ignore_patterns(".venv", ".git", "my", "__pycache__", "*_cache")
    shutil.copytree(ROOT, course, ignore=ignore)
    seconds = seconds_of([sys.executable, "start.py", "run", "--list"], course)
    gib = sum(p.stat().st_size for p in (course / ".venv").rglob("*") if p.is_file()) / 2**30
    return Row("Set-up, fresh `.venv`", f"{seconds:.0f} s, {gib:.1f} GiB", "one run, pip's cache")


def build() -> Row:
    """Measure how long it takes to build everything and compare it."""
    before = os.times()
    seconds = seconds_of([sys.executable, "-m", "course_tools.authoring", "build", "--check"])
    after = os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])  # user and system, of children that ended
    value = f"{seconds:.1f} s, {cpu:.1f} s of CPU"
    return Row("Build", value, "`build --check`: everything is built and compared")


def tests(report: Path | None, folder: Path) -> list[Step]:
    """Return the steps that take the tests' seconds from a report, or run every part once."""
    if report:
        return [("tests, from a report", partial(tests_of_report, report))]
    return [(f"tests: {part}", partial(run_part, part, folder)) for part in PARTS]


def run_part(part: str, folder: Path) -> list[Row]:
    """Run one part of the tests, and measure its time."""
    file = folder / "report.xml"
    file.unlink(missing_ok=True)
    pytest = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", f"--junitxml={file}"]
    seconds = seconds_of([*pytest, *PARTS[part]], check=False)
    return [Row(f"Tests: `{part}`", f"{seconds:.0f} s", counted(cases(file)))]


def tests_of_report(report: Path) -> list[Row]:
    """Sum the seconds that a report has for each part of the tests."""
    rows = []
    for part in PARTS:
        mine = [case for case in cases(report) if part_of(case) == part]
        seconds = sum(float(case.get("time", 0)) for case in mine)
        rows.append(Row(f"Tests: `{part}`", f"{seconds:.0f} s", f"{counted(mine)}, sum of cases"))
    return rows


def part_of(case: Element) -> str:
    """Return the longest of PARTS that begins the name of the case's class."""
    words = case.get("classname", "").replace("/", ".").split(".")
    fitting = [part for part in PARTS if part.split("/") == words[: part.count("/") + 1]]
    return max(fitting, key=len, default="")


def counted(cases: Sequence[Element]) -> str:
    """Say how many failed or were skipped: such a run must not be taken for a fast one."""
    counts = count(cases)
    return f"{len(cases)} tests, {counts.failed} failed, {counts.skipped} skipped"


def first_figure() -> Row:
    """Measure from a kernel's start to the lesson's first figure, with all cells before it."""
    times = [seconds_to_figure() for _ in range(KERNELS)]
    how = f"lesson {LESSON}, all cells up to it; median of {KERNELS}"
    return Row("Kernel start to first figure", f"{statistics.median(times):.1f} s", how)


def seconds_to_figure() -> float:
    """Start a kernel, run the lesson up to its first figure; the seconds that it takes."""
    path = ROOT / "notebooks" / "ja" / f"{LESSON}.ipynb"
    notebook: Any = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}})
    start = time.monotonic()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code":
                client.execute_cell(cell, index)
                if any("<figure" in o.get("data", {}).get("text/html", "") for o in cell.outputs):
                    return time.monotonic() - start
    raise RuntimeError(f"{path} shows no figure")


def answer_latency() -> Row:
    """Measure judging an answer, keeping it on disk, and telling the widget; no front end."""
    say.use("ja")
    quiz = Quiz(LESSON)
    quiz._repr_mimebundle_()
    question = next(q for q in quiz.questions.values() if q.options())
    times = []
    for n in range(ANSWERS):
        value = [n % len(question.options())]
        start = time.perf_counter()
        quiz.hear({"question": question.id, "action": "check", "value": value})
        times.append(1000 * (time.perf_counter() - start))
    if quiz.errors:
        raise quiz.errors[0]
    how = f"judged, kept in a file, sent to the widget; median of {ANSWERS}"
    return Row("Quiz answer in Python", f"{statistics.median(times):.1f} ms", how)


def key_latency(folder: Path) -> list[Row]:
    """Measure key presses in a JupyterLab that is started as a student starts it."""
    answer, *explorers = (f"{what} in Chromium" for what in key_presses())
    if not lab_driver.find_browser():
        return [Row(what, "–", "no Chromium here") for what in (answer, *explorers)]
    from playwright.sync_api import sync_playwright

    course, home = lab_driver.copy_course(folder), folder / "lab"
    home.mkdir()
    (course / "my").mkdir()
    nbformat.write(widgets_alone(), course / "my" / "bench.ipynb")
    with (
        sync_playwright() as play,
        lab_driver.browser(play) as chromium,
        lab_driver.Lab(course, home, "ja") as lab,
    ):
        visit = lab.open
        page = visit(chromium, "bench.ipynb")
        lab.run_all(page)
        page.set_viewport_size({"width": 1200, "height": 4000})  # nothing has to scroll
        how = f"JupyterLab, Space on the check button; median of {KEYS}"
        rows = [Row(answer, median_ms([one_key(page, n) for n in range(KEYS)]), how)]
        for place, what in enumerate(explorers):
            times = [one_step(page, place, n) for n in range(KEYS)]
            how = f"JupyterLab, arrow key on the first slider; median of {KEYS}"
            rows.append(Row(what, median_ms(times), how))
    return rows


def median_ms(times: Sequence[float]) -> str:
    """Write the median of times in ms."""
    return f"{statistics.median(times):.0f} ms"


def cell(lesson: str, key: str) -> str:
    """Return the code of a cell in the Japanese notebook of a lesson."""
    notebook = nbformat.read(ROOT / "notebooks" / "ja" / f"{lesson}.ipynb", 4)
    return next(cell.source for cell in notebook.cells if cell.id == key)


def key_presses() -> dict[str, str]:
    """Return {what is measured: the cell that shows the widget}.

    The quiz, and explorers: bars, a heat map with another layer at each step, a lesson's own.
    """
    return {
        "Key press to feedback": f"from helpers.widgets import Quiz\nQuiz({LESSON!r})",
        "Explorer: key press to redraw, 16 bars": (
            "from helpers.widgets import SoftmaxExplorer\nSoftmaxExplorer()"
        ),
        "Explorer: key press to redraw, 16 × 16 cells": (
            "from helpers.widgets import AttentionExplorer\n"
            "row = lambda n, r: [(1 + (r * c + n) % 7) / 64 for c in range(16)]\n"
            "rows = lambda n: [row(n, r) for r in range(16)]\n"
            "layers = [[rows(n + h) for h in range(4)] for n in range(6)]\n"
            "AttentionExplorer.of(layers, [f'{n}' for n in range(16)])"
        ),
        "Explorer: key press to redraw, lesson 07": (
            "from helpers import kv_cache\n" + cell("07_kv_cache", "explore-code")
        ),
    }


def widgets_alone() -> Any:
    """Return a notebook with nothing but the widgets that are measured."""
    begin = f"import helpers\nhelpers.begin({LESSON!r}, 'ja')"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in (begin, *key_presses().values())]
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


# The headline counts the answers, so every answer changes the feedback.
LISTEN = """() => {
  const field = document.querySelector(".triad-quiz fieldset:has([type=radio])");
  const feedback = field.querySelector(".feedback");
  field.querySelector("[data-action=check]").addEventListener("keydown", () => {
    const start = performance.now();
    window.latency = null;
    const seen = new MutationObserver(() => {
      if (!feedback.querySelector(".headline")) return;
      seen.disconnect();
      requestAnimationFrame(() => { window.latency = performance.now() - start; });
    });
    seen.observe(feedback, {childList: true});
  }, {once: true});
}"""


def one_key(page: Any, n: int) -> float:
    """Return ms from the key's way down to the frame that shows the judged answer."""
    field = page.locator(".triad-quiz fieldset:has([type=radio])").first
    choices = field.locator("input")
    choices.nth(n % choices.count()).check()
    page.evaluate(LISTEN)
    field.locator("[data-action=check]").focus()
    page.keyboard.press("Space")
    page.wait_for_function("window.latency")
    return page.evaluate("window.latency")


# Set at the end of a redraw, whether or not the picture differs from the one before.
WATCH = """place => {
  const root = document.querySelectorAll(".triad-explorer")[place];
  const slider = root.querySelector("input[type=range]");
  slider.focus();
  slider.addEventListener("keydown", () => {
    const start = performance.now();
    window.latency = null;
    const seen = new MutationObserver(() => {
      seen.disconnect();
      requestAnimationFrame(() => { window.latency = performance.now() - start; });
    });
    seen.observe(root, {attributeFilter: ["data-answered"]});
  }, {once: true});
  return [slider.value, slider.max].map(Number);
}"""


def one_step(page: Any, place: int, n: int) -> float:
    """Return ms from a key's way down to the new picture's frame; to and fro at the ends."""
    value, last = page.evaluate(WATCH, place)
    back = value == last or (value > 0 and n // last % 2)
    page.keyboard.press("ArrowLeft" if back else "ArrowRight")
    page.wait_for_function("window.latency")
    return page.evaluate("window.latency")


# --- the report -------------------------------------------------------------------------------


def report(rows: Sequence[Row], note: str) -> str:
    """Return the page: the rows as a table, with the machine and the date."""
    table = ["| what | value | how |", "|---|---|---|"]
    table += [f"| {row.what} | {row.value} | {row.how} |" for row in rows]
    head = [
        "# Benchmarks",
        "",
        f"Written by `python start.py bench` on {date.today()}. Nothing asserts these numbers.",
        "",
        f"Machine: {machine()}.",
    ]
    return "\n".join([*head, *([f"Note: {note}."] if note else []), "", *table, ""])


def machine() -> str:
    """Describe this machine in one line."""
    gib = psutil.virtual_memory().total / 2**30
    torch = metadata.version("torch")
    parts = (
        f"{os.cpu_count()} cores",
        cpu(),
        f"{gib:.0f} GiB RAM",
        f"{platform.system()} {platform.machine()}",
    )
    return ", ".join([*parts, f"Python {platform.python_version()}", f"torch {torch}"])


def cpu() -> str:
    """Return the processor's name, on Linux from /proc/cpuinfo: Python's is often empty there."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]


if __name__ == "__main__":
    command.run(main)
