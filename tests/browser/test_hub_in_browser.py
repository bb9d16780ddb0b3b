"""A real JupyterHub, three students in browsers of their own: lessons open, nobody reaches another,
and a killed server gives the work back.  `--all` only; Linux, needs npm's configurable-http-proxy.
"""

import importlib.util
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import pytest
from local_hub import Kernel, LocalHub, proxy_program

from course_tools.checks.lab_driver import OPEN

pytestmark = pytest.mark.skipif(
    not os.environ.get("TRIAD_ALL") or sys.platform != "linux", reason="--all, Linux"
)
OWN_UIDS = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="user ids of their own need root"
)
STUDENTS = ["ann", "bob", "chen"]
LESSON = "transformer-triad/notebooks/ja/00_start.ipynb"
KEPT = ".local/share/transformer-triad"


@pytest.fixture(scope="module")
def hub():
    """Not in pytest's folder, which every other run of pytest closes to other user ids."""
    missing = "" if proxy_program() else "no configurable-http-proxy: python start.py test"
    missing = missing if importlib.util.find_spec("jupyterhub") else "no jupyterhub"
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with (
        tempfile.TemporaryDirectory(prefix="hub-", ignore_cleanup_errors=True) as folder,
        LocalHub(Path(folder), STUDENTS) as hub,
    ):
        yield hub


@pytest.fixture(scope="module")
def pages(hub, chromium):
    """{student: a page of a browser of their own, logged in}."""
    found = {}
    for name in STUDENTS:
        page = chromium.new_context().new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{hub.base}/hub/login")
        page.fill("#username_input", name)
        page.fill("#password_input", "x")
        page.click("#login_submit")
        page.wait_for_url(f"**/user/{name}/lab**")
        found[name] = page
    yield found
    for page in found.values():
        page.context.close()


# --- a lesson in the browser --------------------------------------------------------------------


def opened(page) -> None:
    """The lesson as its student sees it, its kernel ready."""
    page.wait_for_function("window.jupyterapp")
    page.evaluate(OPEN, LESSON)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_function("lab.quiet()", polling=200)


def save(page) -> None:
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("!lab.panel.context.model.dirty", polling=200)


def saved(hub, name: str) -> list[dict]:
    """The code cells of the student's file."""
    cells = json.loads((hub.homes / name / LESSON).read_text(encoding="utf-8"))["cells"]
    return [c for c in cells if c["cell_type"] == "code" and "".join(c["source"]).strip()]


def test_each_opens_and_runs_a_lesson_in_a_browser(hub, pages):
    for name, page in pages.items():
        opened(page)
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function("lab.ran() && lab.quiet()", polling=200)
        save(page)
        cells = saved(hub, name)
        outputs = [output for cell in cells for output in cell["outputs"]]
        assert all(cell["execution_count"] for cell in cells) and len(outputs) >= 3
        assert [o for o in outputs if o["output_type"] == "error"] == []


# --- nobody reaches another ---------------------------------------------------------------------


def entered(hub, page, name: str) -> set[str]:
    """What a browser that is logged in opens of NAME's server."""
    paths = {"api/kernels", "api/sessions", "api/terminals", f"api/contents/{LESSON}"}
    found = {p for p in paths if page.request.get(f"{hub.base}/user/{name}/{p}").status == 200}
    beside = page.context.new_page()
    if beside.goto(f"{hub.base}/user/{name}/lab/tree/{LESSON}").status == 200:
        found.add("page")
    beside.close()
    return found


def token(hub, name: str) -> str:
    """What a student makes under "Token": it may do all that the student may."""
    return hub.api(f"users/{name}/tokens", "POST", {"note": "own"})["token"]


TRY = """
import json, os, pathlib, urllib.error, urllib.request
home, pid, urls = pathlib.Path({home!r}), {pid}, {urls}
def asked(url, **more):
    head = {{"Authorization": "token {token}"}} if {token!r} else {{}}
    request = urllib.request.Request(url, headers=head, **more)
    json.load(urllib.request.urlopen(request, timeout=30))  # a page to log in is no JSON
def asked_to_start(url):
    asked(url, data=b"{{}}", method="POST")
tries = {{
    "home": lambda: os.listdir(home),
    "lesson": lambda: (home / {lesson!r}).read_text(),
    "progress": lambda: (home / {kept!r} / "progress.json").read_text(),
    "write": lambda: (home / "here.txt").write_text("x"),
    "connection": lambda: pathlib.Path({connection!r}).read_text(),
    "environment": lambda: pathlib.Path(f"/proc/{{pid}}/environ").read_bytes(),
    "signal": lambda: os.kill(pid, 0),
}}
for n, url in enumerate(urls):
    tries[f"kernels{{n}}"] = lambda url=url: asked(url + "api/kernels")
    tries[f"start{{n}}"] = lambda url=url: asked_to_start(url + "api/kernels")
for what, attempt in tries.items():
    try:
        attempt()
        print(what)
    except (PermissionError, urllib.error.HTTPError, json.JSONDecodeError):
        pass
"""
FILES = {"home", "lesson", "progress", "write", "connection"}
PROCESS = {"environment", "signal"}
SERVER = {"kernels0", "start0", "kernels1", "start1"}  # through the proxy, and past it


def reached(hub, kernel, name: str, own_token: str) -> set[str]:
    """What code in a student's kernel gets of NAME: files, processes, the server with a token."""
    process = hub.of(name)["kernel"][0]
    past = hub.of(name)["server"][0].environ()["JUPYTERHUB_SERVICE_URL"]
    code = TRY.format(
        home=str(hub.homes / name), lesson=LESSON, kept=KEPT, pid=process.pid, token=own_token,
        connection=process.cmdline()[-1], urls=[f"{hub.base}/user/{name}/", past],
    )  # fmt: skip
    result, text = kernel.run(code)
    assert result == "ok", text
    return set(text.split())


@pytest.fixture(scope="module")
def kernels(hub, pages):
    """{student: a kernel in which the student has answered a question}."""
    found = {name: Kernel(hub, name, LESSON) for name in STUDENTS}
    for name, kernel in found.items():
        assert answers(kernel, name) == "ok"
    yield found
    for kernel in found.values():
        kernel.close()


def answers(kernel, name: str, home: str = "") -> str:
    """A student answers the question NAME, which nobody else is asked."""
    code = "import os; os.umask(0); os.environ['TRIAD_HOME'] = {home!r}\n" if home else ""
    code += "from helpers.classroom import progress, session\n"
    code += "progress.answered('01_attention', {name!r}, 'a', True)"
    code += "\ndel os.environ['TRIAD_HOME']" if home else ""
    return kernel.run(code.format(name=name, home=home))[0]


def test_a_browser_opens_its_own_students_server_alone(hub, pages):
    everything = entered(hub, pages["ann"], "ann")
    assert len(everything) == 5
    for name in ("bob", "chen"):
        assert entered(hub, pages["ann"], name) == set()


@OWN_UIDS
def test_code_of_one_student_reaches_nothing_of_anothers(hub, kernels):
    everything, own = FILES | PROCESS | SERVER, token(hub, "ann")
    assert reached(hub, kernels["ann"], "ann", own) == everything
    for name in ("bob", "chen"):
        for with_token in (own, ""):
            assert reached(hub, kernels["ann"], name, with_token) == set()


@OWN_UIDS
def test_a_home_left_open_and_a_server_that_is_shared_are_found(hub, kernels):
    own, home = token(hub, "ann"), hub.homes / "bob"
    closed = {path: path.stat().st_mode for path in [home, *home.rglob("*")]}
    for path in closed:
        path.chmod(0o777)
    assert reached(hub, kernels["ann"], "bob", own) == FILES
    for path, mode in closed.items():
        path.chmod(mode)
    assert reached(hub, kernels["ann"], "bob", own) == set()
    scopes = ["access:servers!server=bob/"]
    hub.api("shares/bob/", "POST", {"user": "ann", "scopes": scopes})
    anew = token(hub, "ann")  # a server keeps for five minutes what the first may do
    assert reached(hub, kernels["ann"], "bob", anew) == SERVER
    hub.api("shares/bob/", "DELETE")


def answered_in(folder) -> set[str]:
    """Whose answers a folder of progress holds."""
    kept = (folder / "progress.json").read_text(encoding="utf-8")
    return {name for name in STUDENTS if f'"{name}"' in kept}


def test_progress_is_each_students_own(hub, kernels):
    folders = {name: hub.homes / name / KEPT for name in STUDENTS}
    assert {name: answered_in(folder) for name, folder in folders.items()} == {
        name: {name} for name in STUDENTS
    }
    ids = {(folder / "student_id").read_text(encoding="utf-8") for folder in folders.values()}
    assert len(ids) == len(STUDENTS)


def test_progress_in_one_folder_for_all_is_found(hub, kernels):
    shared = hub.folder / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    for name in ("ann", "bob"):
        assert answers(kernels[name], name, str(shared)) == "ok"
        for path in shared.rglob("*"):
            path.chmod(0o777)
    assert answered_in(shared) == {"ann", "bob"}


# --- a server is killed -------------------------------------------------------------------------


def kill(hub, name: str) -> None:
    """Server and kernels end without a word; the hub notices."""
    for process in [p for kind in hub.of(name).values() for p in kind]:
        process.send_signal(signal.SIGKILL)
    end = time.monotonic() + 60
    while hub.ready(name):
        assert time.monotonic() < end, "the hub still takes it for alive"
        time.sleep(0.2)


def test_a_killed_server_gives_the_work_back(hub, pages, kernels):
    page, name = pages["bob"], "bob"
    opened(page)
    mine = "mine = 6 * 7  # 山田"
    page.evaluate("text => lab.panel.content.activeCell.model.sharedModel.setSource(text)", mine)
    save(page)
    home = hub.homes / name
    before = {path: (home / path).read_bytes() for path in (LESSON, f"{KEPT}/progress.json")}
    assert mine.encode() in before[LESSON]
    kill(hub, name)
    hub.start_server(name)
    assert {path: (home / path).read_bytes() for path in before} == before
    assert not list((home / LESSON).parent.glob("*.new*")), "nothing was delivered beside it"
    page.goto(f"{hub.base}/user/{name}/lab/tree/{LESSON}")
    opened(page)
    cells = "lab.panel.content.model.sharedModel.toJSON().cells"
    assert mine in page.evaluate(f"{cells}.map(cell => cell.source).join('|')")
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function("lab.ran() && lab.quiet()", polling=200)
