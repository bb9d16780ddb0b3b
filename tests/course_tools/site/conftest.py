import os
import shutil
import sys
from collections.abc import Callable

import pytest

from course_tools.checks import npm
from course_tools.checks.lab_driver import find_browser
from course_tools.site import audit, project


def without(what: str) -> None:
    """Skip what needs this; CI has it, on Linux."""
    must = os.environ.get("CI") and sys.platform == "linux"
    stop: Callable = pytest.fail if must else pytest.skip
    stop(f"{what} is missing")


@pytest.fixture(scope="module")
def chromium():
    """The system's browser, which ends with the file of tests."""
    if not (find_browser() and (audit.testing.NODE / audit.AXE).is_file()):
        without("a browser, or axe-core of npm,")
    with audit.chromium() as started:
        yield started


@pytest.fixture(scope="session")
def astro():
    """The folder of Astro's packages, which `start.py site` installs."""
    if not (audit.testing.SITE / "installed").is_file():
        without("Astro (python start.py site)")
    return audit.testing.SITE


@pytest.fixture(scope="session")
def node():
    """A Node.js that is new enough."""
    try:
        return project.node(audit.testing.SITE)
    except npm.NoNode as reason:
        without(f"{reason}: it")


@pytest.fixture
def planted(tmp_path):
    """A copy of the live pages' scripts with one place changed: planted(file, right, wrong)"""

    def plant(file, right, wrong):
        live = shutil.copytree(project.SOURCES / "public" / "live", tmp_path / "live")
        source = (live / file).read_text(encoding="utf-8")
        assert source.count(right) == 1
        (live / file).write_text(source.replace(right, wrong), encoding="utf-8")
        return live

    return plant
