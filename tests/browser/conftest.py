import contextlib
import functools
import json
import os

import pytest
from lab import ROOT, Lab, browser, copy_course, find_browser


@pytest.fixture(scope="module")
def chromium():
    """The system's browser.  Skipped without one, but a failure where CI must have it."""
    missing = None if find_browser() else "no Chromium or Chrome: set CHROMIUM to its path"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "playwright is not installed: python start.py test"
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    # ended with the module: playwright's loop would disturb tests that run their own
    with sync_playwright() as playwright, browser(playwright) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return copy_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def start_lab(course, tmp_path_factory):
    """start_lab(lang, disabled=()) -> Lab, one for each kind, ended with the module."""
    with contextlib.ExitStack() as labs:

        @functools.cache
        def start(lang, disabled=()):
            return labs.enter_context(Lab(course, tmp_path_factory.mktemp("home"), lang, disabled))

        yield start


@pytest.fixture(scope="session")
def bank():
    file = ROOT / "src" / "helpers" / "data" / "quiz" / "01_attention.json"
    return json.loads(file.read_text(encoding="utf-8"))
