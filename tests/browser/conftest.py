import asyncio
import contextlib
import functools
import json
import os
from pathlib import Path

import nbformat
import pytest

from course_tools.checks.lab_driver import ROOT, Lab, browser, copy_course, find_browser

AXE = Path(os.environ.get("TRIAD_NODE", ROOT / ".venv" / "node")) / (
    "node_modules/axe-core/axe.min.js"
)
LOOPS = []  # playwright's, once it has begun


@pytest.fixture(scope="module", autouse=True)
def loop():
    """Playwright calls its event loop this thread's running one: not so for other folders' tests,
    which run loops of their own."""
    if LOOPS:
        asyncio._set_running_loop(LOOPS[0])
    yield
    asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def chromium():
    """The system's browser.  Skipped without one, but a failure where CI must have it."""
    missing = None if find_browser() else "no Chromium or Chrome: set CHROMIUM to its path"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "playwright is not installed: python start.py test"
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with sync_playwright() as playwright, browser(playwright) as chromium:
        LOOPS.append(asyncio.get_running_loop())
        yield chromium
        asyncio._set_running_loop(LOOPS.pop())


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    return copy_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="session")
def start_lab(course, tmp_path_factory):
    """start_lab(lang) -> Lab, one for each language, ended with the last test."""
    with contextlib.ExitStack() as labs:

        @functools.cache
        def start(lang):
            return labs.enter_context(Lab(course, tmp_path_factory.mktemp("home"), lang))

        yield start


@pytest.fixture(scope="session")
def bank():
    file = ROOT / "src" / "helpers" / "data" / "quiz" / "01_attention.json"
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core.  Skipped without it, but a failure where CI must have it."""
    if not AXE.is_file():
        missing = f"no axe-core at {AXE}: `python start.py test` installs it where npm is"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def notebook_of(course):
    """notebook_of(lang, name, *sources): write my/NAME.ipynb of these cells in the copy."""

    def write(lang, name, *sources):
        begin = f"import helpers\nhelpers.begin('01_attention', {lang!r})"
        cells = [nbformat.v4.new_code_cell(source) for source in (begin, *sources)]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        (course / "my").mkdir(exist_ok=True)
        nbformat.write(notebook, course / "my" / f"{name}.ipynb")
        return f"{name}.ipynb"

    return write
