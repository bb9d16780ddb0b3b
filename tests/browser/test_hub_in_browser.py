"""A real JupyterHub, three students in browsers of their own: lessons open, nobody reaches another,
and a killed server gives the work back.  `--all` only; Linux, needs npm's configurable-http-proxy.
"""

import importlib.util
import json
import os
import signal
import sys
import time

import pytest
from local_hub import Kernel, LocalHub, proxy_program

from course_tools.checks.lab_driver import OPEN

pytestmark = pytest.mark.skipif(
    not os.environ.get("TRIAD_ALL") or sys.platform != "linux", reason="--all, Linux"
)
STUDENTS = ["ann", "bob", "chen"]
LESSON = "transformer-triad/notebooks/ja/00_start.ipynb"
REMEMBER = """
from helpers.classroom import progress
progress.answered("01_attention", "{name}", "a", True)
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    missing = "" if proxy_program() else "no configurable-http-proxy: python start.py test"
    missing = missing if importlib.util.find_spec("jupyterhub") else "no jupyterhub"
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    folder = tmp_path_factory.mktemp("hub")
    for above in (folder, folder.parent, folder.parent.parent):
        if above.stat().st_uid == os.geteuid():
            above.chmod(above.stat().st_mode | 0o011)  # other user ids pass
    with LocalHub(folder, STUDENTS) as hub:
        yield hub


@pytest.fixture(scope="module")
def pages(hub, chromium):
    """{student: a page of a browser in which the student has logged in}, the lesson open."""
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


def opened(page):
    """The lesson as its student sees it, its kernel ready."""
    page.wait_for_function("window.jupyterapp")
    page.evaluate(OPEN, LESSON)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_function("lab.quiet()")


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


def test_nobody_reaches_anothers_files_or_kernel_through_the_hub(hub, pages):
    page = pages["ann"]
    for path in (f"contents/{LESSON}", "kernels", "sessions", "terminals"):
        own = page.request.get(f"{hub.base}/user/ann/api/{path}")
        other = page.request.get(f"{hub.base}/user/bob/api/{path}")
        assert own.status == 200 and other.status == 403, path
    page = pages["ann"].context.new_page()
    page.goto(f"{hub.base}/user/bob/lab/tree/{LESSON}")
    assert page.locator(".jp-Notebook").count() == 0 and "403" in page.content()
    page.close()


LOOK = """
import os, pathlib
def tried(what):
    try:
        what()
    except PermissionError:
        return "refused"
    return "reached"
other = pathlib.Path({home!r})
print(*map(tried, (
    lambda: os.listdir(other),
    lambda: (other / {lesson!r}).read_text(),
    lambda: (other / ".local/share/transformer-triad/progress.json").read_text(),
    lambda: (other / "here.txt").write_text("x"),
    lambda: pathlib.Path("/proc/{pid}/environ").read_bytes(),
    lambda: os.kill({pid}, 0),
)))
"""


def looks_at(hub, kernel, name: str) -> set[str]:
    """What code of a student's kernel gets of NAME's home, progress and kernel."""
    pid = hub.of(name)["kernel"][0].pid
    code = LOOK.format(home=str(hub.homes / name), lesson=LESSON, pid=pid)
    result, text = kernel.run(code)
    assert result == "ok"
    return set(text.split())


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="user ids of their own need root")
def test_code_of_one_student_reaches_nothing_of_anothers(hub, pages):
    kernels = {name: Kernel(hub, name, LESSON) for name in STUDENTS}
    for name, kernel in kernels.items():
        assert kernel.run(REMEMBER.format(name=name))[0] == "ok"
    assert looks_at(hub, kernels["ann"], "ann") == {"reached"}, "the look finds what is open"
    for name in ("bob", "chen"):
        assert looks_at(hub, kernels["ann"], name) == {"refused"}
    for kernel in kernels.values():
        kernel.close()


def test_progress_is_each_students_own(hub, pages):
    ids = set()
    for name in STUDENTS:
        kernel = Kernel(hub, name, LESSON)
        assert kernel.run(REMEMBER.format(name=name))[0] == "ok"
        kernel.close()
    for name in STUDENTS:
        folder = hub.homes / name / ".local/share/transformer-triad"
        ids.add((folder / "student_id").read_text(encoding="utf-8"))
        kept = (folder / "progress.json").read_text(encoding="utf-8")
        assert [other for other in STUDENTS if f'"{other}"' in kept] == [name]
    assert len(ids) == len(STUDENTS)


def test_a_killed_server_gives_the_work_back(hub, pages):
    page, name = pages["bob"], "bob"
    opened(page)
    mine = "mine = 6 * 7  # 山田"
    page.evaluate("text => lab.panel.content.activeCell.model.sharedModel.setSource(text)", mine)
    save(page)
    before = (hub.homes / name / LESSON).read_bytes()
    assert mine.encode() in before
    for process in [p for kind in hub.of(name).values() for p in kind]:
        process.send_signal(signal.SIGKILL)
    end = time.monotonic() + 60
    while hub.ready(name) and time.monotonic() < end:
        time.sleep(0.2)
    assert not hub.ready(name), "the hub sees that it is gone"
    hub.start_server(name)
    page = page.context.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{hub.base}/user/{name}/lab/tree/{LESSON}")
    opened(page)
    assert (hub.homes / name / LESSON).read_bytes() == before, "not delivered over it"
    assert not list((hub.homes / name / LESSON).parent.glob("*.new*"))
    assert mine in page.evaluate(
        "lab.panel.content.model.sharedModel.toJSON().cells.map(cell => cell.source).join('|')"
    )
    progress = hub.homes / name / ".local/share/transformer-triad/progress.json"
    assert f'"{name}"' in progress.read_text(encoding="utf-8")
