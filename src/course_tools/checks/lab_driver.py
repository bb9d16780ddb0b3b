"""JupyterLab as a student gets it, from `python start.py`, driven in the system's browser."""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import nbformat

from ..command import ROOT

STUDENTS_PARTS = (
    "start.py", "pyproject.toml", "constraints.txt", "src", "notebooks", "exercises",
)  # fmt: skip
QUIET = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PLACES = [  # of browsers that no PATH names
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
]
# The words that we meet; the Taiwan pack of JupyterLab leaves some of them in English.
SAVE = ".jp-NotebookPanel-toolbar [data-command='docmanager:save']"
RUN_MENU = re.compile(r"^(Run|実行|執行)$")
THEMES = {False: "JupyterLab Light", True: "JupyterLab Dark"}
USE_THEME = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
FORGET = "jupyterapp.commands.execute('notebook:clear-all-cell-outputs')"
# Empty the page: what is not saved is of no use to anybody.
CLEAR = """async () => {
  for (const tab of [...jupyterapp.shell.widgets("main")]) {
    if (tab.context) tab.context.model.dirty = false;
    tab.dispose();
  }
  await jupyterapp.commands.execute("filebrowser:activate");
}"""
# Window's `lab`: the notebook; is it done with all that was asked of its kernel?
OPEN = """async (path) => {
  await jupyterapp.restored;
  const panel = await jupyterapp.commands.execute("docmanager:open", {path});
  await Promise.all([panel.revealed, panel.context.ready, panel.sessionContext.ready]);
  const code = [...panel.content.model.cells]
    .filter((cell) => cell.type === "code" && cell.sharedModel.getSource().trim());
  const failed = ({outputs}) =>
    [...Array(outputs.length).keys()].some((n) => outputs.get(n).type === "error");
  const unanswered = new Set();
  const {kernel} = panel.sessionContext.session;
  kernel.anyMessage.connect((_, {direction, msg}) => {
    if (direction === "send" && msg.channel !== "stdin") unanswered.add(msg.header.msg_id);
    if (msg.header.msg_type === "status" && msg.content.execution_state === "idle")
      unanswered.delete(msg.parent_header.msg_id);
  });
  kernel.statusChanged.connect((_, status) => {
    if (status === "restarting") unanswered.clear();
  });
  window.lab = {
    panel,
    quiet: () => !unanswered.size && kernel.status === "idle",
    ran: () => code.every((cell) => cell.executionCount) || code.some(failed),
  };
}"""


def find_browser() -> str | None:
    """Return $CHROMIUM, else a Chromium or Chrome of the system."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    on_path = (shutil.which(name) for name in names)
    there = (place for place in PLACES if Path(place).exists())
    return os.environ.get("CHROMIUM") or next(filter(None, [*on_path, *there]), None)


@contextlib.contextmanager
def browser(playwright):
    """Start the system's browser, and close it in the end."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    arguments = QUIET + (["--no-sandbox"] if root else [])
    chromium = playwright.chromium.launch(executable_path=find_browser(), args=arguments)
    try:
        yield chromium
    finally:
        chromium.close()


def copy_course(folder: Path) -> Path:
    """Copy the student's part of this tree to FOLDER, with this Python's packages as its .venv."""
    course = folder / "課程 コース"
    course.mkdir()
    for name in STUDENTS_PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, course / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, course / name)
    lend_environment(course)
    return course


def write_notebook(course: Path, name: str, *cells: str) -> str:
    """Write my/NAME.ipynb in the copy, of code CELLS; the path that Lab.open takes."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    made.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(made, course / "my" / f"{name}.ipynb")
    return f"{name}.ipynb"


def lend_environment(course: Path) -> None:
    """Make a .venv of links, stamped as set up: start.py must install nothing into it."""
    venv = course / ".venv"
    venv.mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.name != "set-up.json":
            (venv / part.name).symlink_to(part, target_is_directory=part.is_dir())
    spec = importlib.util.spec_from_file_location("borrowed_start", course / "start.py")
    assert spec and spec.loader
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    stamp = {"hash": start.fingerprint(start.venv_version()), "extras": ["lab", "test"]}
    start.STAMP.write_text(json.dumps(stamp), encoding="utf-8")


class Lab:
    """A JupyterLab of its own, and pages of it in a browser.

    with Lab(course, home, "ja") as lab:
        lab.open(browser, "notebooks/ja/01_attention.ipynb")

    home: an empty folder for settings and data; nothing of the user's is read or written.
    A page of JupyterLab is loaded once (8 s of CPU) and shows one notebook after the other.
    """

    def __init__(self, course: Path, home: Path, lang: str) -> None:
        self.course, self.home, self.lang = course, home, lang
        self.config, self.data = home / "config", home / "data"
        self._pages: dict = {}
        env = os.environ | {
            "HOME": str(home), "JUPYTER_CONFIG_DIR": str(self.config), "TRIAD_HOME": str(self.data),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTER_RUNTIME_DIR": str(home / "run"),
            "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        command = [sys.executable, "start.py", "--lang", lang, "--no-browser"]
        self._log = home / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(free_port())],
                cwd=course, env=env, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.base, self.token = self._address()

    def log(self) -> str:
        """Return what JupyterLab has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _address(self, seconds: float = 120) -> tuple[str, str]:
        """Return base and token of the address that a student would click, once it answers."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            found = re.search(r"(http://127\.0\.0\.1:\d+)/\S*token=(\w+)", self.log())
            if found and listens(found[1]):  # on a busy machine the address comes first
                return found[1], found[2]
            time.sleep(0.2)
        self._stop()
        raise RuntimeError(f"start.py gave no address:\n{self.log()[-3000:]}")

    def address(self, notebook: str) -> str:
        """Return where a notebook is opened."""
        return f"{self.base}/lab/tree/{urllib.parse.quote(notebook)}"

    def api(self, path: str, method: str = "GET"):
        """Return what the server's REST API answers."""
        address = f"{self.base}/api/{urllib.parse.quote(path)}?token={self.token}"
        request = urllib.request.Request(address, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def __enter__(self) -> "Lab":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(urllib.error.URLError):
            self.end_kernels()
        self._stop()

    def _stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    def end_kernels(self) -> None:
        """End all kernels: they outlive their page, and must not help the next test."""
        for session in self.api("sessions"):
            self.api(f"sessions/{session['id']}", "DELETE")

    def open(
        self, chromium, notebook: str, *, dark: bool = False, without: str = "", seconds: float = 90
    ):
        """Open NOTEBOOK as it was delivered, its kernel ready, nothing kept of an earlier one.

        without: the name of a JupyterLab extension that this front end shall lack.
        page.outside and page.complaints collect; the first holds all since the page was loaded.
        A test leaves nothing in the page but what is in the notebook, or closes it.
        """
        page = self._cleared_page(without)
        self.end_kernels()
        shutil.rmtree(self.data, ignore_errors=True)
        if (self.course / notebook).is_file():
            shutil.copyfile(self.course / notebook, self.course / "my" / notebook)
        page = page or self._load(chromium, notebook, without)
        page.set_default_timeout(seconds * 1000)
        page.set_viewport_size({"width": 1200, "height": 1000})
        self.use_theme(page, dark=dark)
        page.evaluate(OPEN, notebook)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        self.wait_quiet(page)
        page.notebook, page.address = notebook, self.address(notebook)
        return page

    def use_theme(self, page, *, dark: bool) -> None:
        """Show JupyterLab's dark or light theme."""
        page.evaluate(USE_THEME, THEMES[dark])
        light = f"body[data-jp-theme-light={str(not dark).lower()}]"
        page.locator(light).wait_for(state="attached")
        page.locator("#jupyterlab-splash").wait_for(state="detached")  # it covers the page

    def _cleared_page(self, without: str):
        """Return the page without this extension, nothing open in it; None where none is fit."""
        page = self._pages.get(without)
        if not page or page.is_closed():
            return None
        if page.locator(".jp-Dialog").count():
            return page.close()
        page.evaluate(CLEAR)
        page.complaints.clear()
        return page

    def _load(self, chromium, notebook: str, without: str):
        """Open NOTEBOOK by its address, as a student's first one, in a new page.

        JupyterLab reads page_config.json anew each time, and keeps what is not contradicted there.
        """
        disabled = {name: name == without for name in {*self._pages, without} if name}
        config = {"exposeAppInBrowser": True, "disabledExtensions": disabled}
        _write(self.config / "labconfig" / "page_config.json", config)
        page = self._pages[without] = chromium.new_page()
        page.set_default_timeout(90_000)
        page.outside, page.complaints = [], []
        ours = (self.base, self.base.replace("http", "ws"), "data:", "blob:")
        page.on("request", lambda r: r.url.startswith(ours) or page.outside.append(r.url))
        page.on("pageerror", lambda error: page.complaints.append(f"{error}\n{error.stack}"))
        page.on("console", lambda m: m.type == "error" and page.complaints.append(_said(m)))
        page.goto(f"{self.address(notebook)}?token={self.token}&reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        return page

    def run_all(self, page, seconds: float = 900) -> list[dict]:
        """Run all cells, and return the code cells.  AssertionError at the first that fails.

        Read from the saved file: cells outside the window are not in the page.
        """
        page.evaluate(FORGET)  # an earlier run does not count
        page.get_by_role("menuitem", name=RUN_MENU).click()
        page.locator("li[data-command='runmenu:run-all']").click()
        page.wait_for_function("lab.ran()", polling=200, timeout=seconds * 1000)
        self.wait_quiet(page, seconds)
        cells = self.save(page)
        errors = [o for c in cells for o in c["outputs"] if o["output_type"] == "error"]
        assert not errors, "\n".join(errors[0]["traceback"])
        return cells

    def restart(self, page) -> None:
        """Give the notebook a kernel that knows nothing."""
        page.evaluate("lab.panel.sessionContext.session.kernel.restart()")
        self.wait_quiet(page)

    def wait_quiet(self, page, seconds: float = 300) -> None:
        """Wait until the kernel has answered all that the page has asked of it."""
        page.wait_for_function("lab.quiet()", polling=200, timeout=seconds * 1000)

    def save(self, page) -> list[dict]:
        """Save the notebook, and return its code cells as they are then in the file.

        Read only when the server has answered: one that reads while it writes takes the file for
        a broken one and moves it aside.  Saves that overlap make JupyterLab show an error.
        """
        with self.saved(page):
            page.locator(SAVE).click()
        cells = self.api(f"contents/{page.notebook}")["content"]["cells"]
        return [c for c in cells if c["cell_type"] == "code" and "".join(c["source"]).strip()]

    @contextlib.contextmanager
    def saved(self, page):
        """Wait, at the block's end, for the save that begins in it, and for its checkpoint."""
        file = f"/api/contents/{urllib.parse.quote(page.notebook)}"
        with (
            page.expect_response(lambda r: r.request.method == "POST" and file in r.url) as last,
            page.expect_response(lambda r: r.request.method == "PUT" and file in r.url),
        ):
            yield
        last.value.finished()


def _said(message) -> str:
    return f"{message.text}  ({message.location.get('url')})"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(base: str) -> bool:
    """Tell whether somebody listens on the port of this address."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", int(base.rsplit(":", 1)[1]))) == 0


def _write(file: Path, value: dict) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value), encoding="utf-8")
