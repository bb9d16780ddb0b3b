"""The explorers that come alive on a page answer as in a notebook: Pyodide against CPython."""

import ast
import copy
import functools
import io
import json
import os
import random
import shutil
import subprocess
import zipfile

import nbformat
import pytest
import turns
from nbformat.v4 import new_output
from places import ROOT

from course_tools.checks import testing
from course_tools.site import kept, project
from course_tools.site.live import archive, places, slices, widgets
from course_tools.site.pages import page
from helpers.classroom.session import Session
from helpers.language.say import COMPLETE

ALL = bool(os.environ.get("TRIAD_ALL"))
SITE = testing.SITE
CASES = {"scale-explore-code": 500, "explore": 400, "explore-code": 60}  # a language, by cell
PARITY = """
import {{ readFileSync, promises }} from "node:fs";
const {{ begin }} = await import({python});
const asked = JSON.parse(readFileSync(0, "utf-8"));
const kernel = await begin(new URL({folder}), (url) => promises.readFile(url), {pyodide});
const answers = asked.map(([source, lang, lesson, messages]) => {{
  const {{ number, html, traits }} = JSON.parse(kernel.show(source, lang, lesson));
  const heard = messages.map((message) => JSON.parse(kernel.hear(number, JSON.stringify(message))));
  return {{ html, traits, heard }};
}});
console.log(JSON.stringify(answers));
"""


@pytest.fixture(scope="module")
def pyodide():
    """The folder where npm put pyodide: a site must have been built, as test_built_site.py does."""
    if not shutil.which("node") or not (SITE / "node_modules/pyodide").is_dir():
        must = os.environ.get("CI") and ALL
        (pytest.fail if must else pytest.skip)("node or a site's packages are missing")
    return SITE / "node_modules/pyodide"


BROKEN = """
const start = (out) => out.enqueue(new Uint8Array(3));
const pull = (out) => out.error(new Error("cut"));
const told = [];
Object.assign(globalThis, {{
  self: globalThis, onmessage: null, postMessage: (one) => told.push(one),
  fetch: async () => new Response(new ReadableStream({{ start, pull }}, {{ highWaterMark: 1 }})),
}});
await import({kernel});
await new Promise((done) => setTimeout(done, 100));
console.log(JSON.stringify(told));
"""
WARNS = """
export const begin = () => {
  fetch("x").then((answer) => answer.arrayBuffer()).catch(() => {});
  return new Promise(() => {});
};
"""  # as Pyodide, which waits for ever for what does not come


def test_a_download_that_breaks_half_way_is_told(node, tmp_path):
    live = shutil.copytree(project.SOURCES / "public" / "live", tmp_path / "live")
    (live / "python.js").write_text(WARNS, encoding="utf-8")
    script = BROKEN.format(kernel=json.dumps((live / "kernel.js").as_uri()))
    command = [node, "--input-type=module", "-e", script]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert json.loads(done.stdout) == [{"bytes": 3}, {"dead": "Error: cut"}]


@functools.cache
def notebook(lang, lesson):
    return nbformat.read(ROOT / "notebooks" / lang / f"{lesson}.ipynb", as_version=4)


def plans(scale=1.0):
    """(source, lang, lesson, messages) of every explorer that comes alive, by language."""
    draw = random.Random(0)
    for lang in COMPLETE:
        for lesson, ids in widgets.awake().items():
            for id, source in widgets.cells(notebook(lang, lesson), ids).items():
                with Session(lang=lang):
                    controls = shown(source, lang).controls
                count = round(CASES[id] * scale)
                sent = [message(controls, draw, n) for n in range(count)]
                yield source, lang, lesson, sent


def message(controls, draw, n):
    """What the screen sends when a reader sets every control, by chance."""
    values = {name: raw(control, draw) for name, control in controls.items()}
    return {"action": "set", "request": f"page:{n}", "values": values}


def raw(control, draw):
    drawn = control.drawn()
    if "texts" in drawn:
        return draw.randrange(len(drawn["texts"]))
    if drawn["kind"] == "check":
        return draw.random() < 0.5
    return draw.choice(
        ["0", "１２", " 7 ", "二十", "1000", "1.5", "", "x", f"{draw.randrange(999)}"]
    )


def shown(source, lang):
    """The widget that a cell ends in, in this Python."""
    tree = ast.parse(source)
    last = tree.body.pop()
    names = {"LANG": lang}
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def in_python(source, lang, messages):
    """The same as the page's kernel: HTML, traits, and what each message changes."""
    with Session(lang=lang):
        widget = shown(source, lang)
        found = {"html": str(widget.html()), "traits": traits(widget.view), "heard": []}
        for one in messages:
            before = traits(widget.view)
            widget.hear(one)
            after = traits(widget.view)
            found["heard"].append({k: v for k, v in after.items() if v != before[k]})
            assert not widget.errors
    return found


def traits(view):
    names = ("lang", "words", "trouble", "controls", "title", "view")
    return {name: getattr(view, name) for name in names}


def in_node(pyodide, asked, tmp_path, files=None):
    """The same by the page's kernel, with an archive of these files' bytes in place of ours."""
    (tmp_path / "helpers.zip").write_bytes(files or archive.archive())
    script = PARITY.format(
        python=json.dumps((project.SOURCES / "public/live/python.js").as_uri()),
        folder=json.dumps(tmp_path.as_uri() + "/"),
        pyodide=json.dumps(pyodide.as_uri() + "/"),
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        input=json.dumps(asked), capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-800:]
    return json.loads(done.stdout)


def differing(pyodide, tmp_path, scale=1.0, files=None):
    """(cases, those in which the page answers something else)."""
    asked = list(plans(scale))
    answers = in_node(pyodide, asked, tmp_path, files)
    cases, differ = 0, []
    for (source, lang, lesson, sent), got in zip(asked, answers, strict=True):
        want = json.loads(json.dumps(in_python(source, lang, sent)))
        pairs = [("html", got["html"], want["html"]), ("traits", got["traits"], want["traits"])]
        pairs += zip(sent, got["heard"], want["heard"], strict=True)
        cases += len(pairs)
        differ += [(lang, lesson, asked_) for asked_, page, here in pairs if page != here]
    return cases, differ


def test_every_explorer_on_a_page_answers_as_in_a_notebook(pyodide, tmp_path):
    cases, differ = differing(pyodide, tmp_path, 1 if ALL else 0.05)
    assert cases >= (2000 if ALL else 100)
    assert differ == []


def repacked(change):
    """The archive with one file changed: change(name, source) -> source."""
    read, written = zipfile.ZipFile(io.BytesIO(archive.archive())), io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        for name in read.namelist():
            packed.writestr(name, change(name, read.read(name)))
    return written.getvalue()


@pytest.mark.skipif(not ALL, reason="TRIAD_ALL=1 runs it")
def test_an_archive_that_computes_something_else_is_noticed(pyodide, tmp_path):
    def change(name, source):
        if name == "helpers/kv_cache/fitting.py":
            assert source.count(b"UTILIZATION = 0.9") == 1
            source = source.replace(b"UTILIZATION = 0.9", b"UTILIZATION = 0.8")
        return source

    _, differ = differing(pyodide, tmp_path, 0.05, repacked(change))
    assert {lesson for _, lesson, _ in differ} == {"07_kv_cache"}


def executed(lang, lesson, drawing):
    """A lesson as it was executed, with this HTML in place of what its explorers showed."""
    made = copy.deepcopy(notebook(lang, lesson))
    for cell in made.cells:
        if cell.id in widgets.awake().get(lesson, ()):
            cell.outputs = [new_output("display_data", data={"text/html": drawing})]
    return made


def test_what_a_page_runs_is_the_cell_behind_what_it_needs():
    found = widgets.of_page(executed("ja", "07_kv_cache", "<p>1</p>"), "07_kv_cache")
    assert [*found] == widgets.awake()["07_kv_cache"]
    source, html = found["explore-code"]
    assert source.startswith("from helpers import kv_cache\n") and html == "<p>1</p>"
    assert source.endswith(next(c.source for c in notebook("ja", "07_kv_cache").cells
                                if c.id == "explore-code"))  # fmt: skip


def test_a_page_marks_what_comes_alive_and_loads_its_script_once():
    made = page(executed("zh-tw", "07_kv_cache", "<p>1</p>"), "zh-tw", "07_kv_cache")
    text = made.markdown(0)
    opening = '<div class="not-content"><triad-live data-lang="zh-tw" data-lesson="07_kv_cache"'
    assert text.count(f'{opening} data-cell="explore-code">') == text.count("<triad-live") == 1
    assert text.count(places.SCRIPT) == 1 and [*made.awake] == ["explore-code"]
    [(path, content)] = widgets.files({("zh-tw", "07_kv_cache"): made.awake})
    assert path == "live/cells/zh-tw/07_kv_cache.json"
    assert json.loads(content) == {"explore-code": made.awake["explore-code"].source}
    still = page(executed("ja", "03_encoder", ""), "ja", "03_encoder")
    assert places.SCRIPT not in still.markdown(0) and still.awake == {}


@turns.in_ci
def test_a_build_stops_where_an_explorer_no_longer_comes_alive(pyodide, tmp_path):
    lesson, project_ = "01_attention", linked(pyodide, tmp_path)
    [id] = widgets.awake()[lesson]
    with Session(lang="ja"):
        good = str(shown(widgets.cells(notebook("ja", lesson), [id])[id], "ja").html())
    found = widgets.of_page(executed("ja", lesson, good), lesson)
    broken = found[id]._replace(source="import torch\n" + found[id].source)
    other = found[id]._replace(html=good.replace("</p>", " </p>", 1))
    faulty = {("ja", lesson): found | {"torch": broken, "other": other}, ("ja", "02_block"): {}}
    with pytest.raises(widgets.Asleep) as told:
        widgets.check(project_, faulty)
    lines = f"{told.value}".splitlines()[1:]  # found itself is not among them
    assert [line.split(": ")[0] for line in lines] == [
        "ja/02_block/explore", f"ja/{lesson}/torch", f"ja/{lesson}/other",
    ]  # fmt: skip
    assert "no such explorer" in lines[0] and "torch" in lines[1] and "drawing" in lines[2]


def test_what_came_alive_is_not_tried_again_until_something_changes(tmp_path, monkeypatch):
    tried = []

    def check(_, lessons):
        tried.append(lessons)
        if lessons == asleep:
            raise widgets.Asleep("asleep")

    alive, asleep = (
        {("ja", "01_attention"): {"a": widgets.Awake(source, "<p>1</p>")}} for source in "xy"
    )
    (tmp_path / "installed").write_bytes(b"a lock file")
    monkeypatch.setattr(widgets, "check", check)
    monkeypatch.setattr(widgets.kept, "once", functools.partial(kept.once, root=tmp_path))
    widgets.checked(tmp_path, alive)
    widgets.checked(tmp_path, alive)
    assert len(tried) == 1
    (tmp_path / "installed").write_bytes(b"another Pyodide")
    widgets.checked(tmp_path, alive)
    for _ in range(2):
        with pytest.raises(widgets.Asleep):
            widgets.checked(tmp_path, asleep)
    assert tried == [alive, alive, asleep, asleep]


@pytest.mark.parametrize("name", ["the list", "the kernel's script", "the archive"])
def test_what_came_alive_is_tried_again_when_what_it_needs_changes(tmp_path, monkeypatch, name):
    tried, files = [], {one: tmp_path / one for one in ("list", "script", "archive")}
    for file in (*files.values(), tmp_path / "installed"):
        file.write_bytes(b"1")
    monkeypatch.setattr(widgets, "check", lambda *_: tried.append(1))
    monkeypatch.setattr(widgets.kept, "files", functools.partial(kept.files, root=tmp_path))
    monkeypatch.setattr(widgets, "AWAKE", files["list"])
    monkeypatch.setattr(widgets, "PYTHON", files["script"])
    monkeypatch.setattr(archive, "contents", lambda: [("helpers/x.py", files["archive"])])
    for content in (b"1", b"1", b"2", b"2"):
        files[name.split()[-1]].write_bytes(content)
        widgets.checked(tmp_path, {("ja", "01_a"): {"a": widgets.Awake("x", "<p>1</p>")}})
    assert len(tried) == 2


def linked(pyodide, tmp_path):
    """A project with pyodide and nothing else."""
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/pyodide").symlink_to(pyodide)
    return tmp_path


def test_most_widgets_of_a_language_come_alive():
    quizzes = len([*(ROOT / "lessons").glob("*/quiz.toml")])
    explorers = sum(map(len, widgets.awake().values()))
    assert quizzes + explorers >= 12 and explorers >= 4


@pytest.mark.parametrize(
    "before, cell, want",
    [
        (["a = 1", "b = a", "c = 2"], "b", "a = 1\nb = a\nb"),
        (["a = 1", "a = 2"], "a", "a = 2\na"),
        (["import x.y as z, w"], "w.v", "import x.y as z, w\nw.v"),
        (["n = 1", "def f(n, m=n):\n    k = n\n    return k + g"], "f(1)",
         "n = 1\ndef f(n, m=n):\n    k = n\n    return k + g\nf(1)"),
        (["i = 1"], "[i for i in (1, 2)]", "[i for i in (1, 2)]"),
        (["i = 1"], "[j for j in (i, 2)]", "i = 1\n[j for j in (i, 2)]"),
        (["a, b = 1, 2"], "f'{b}'", "a, b = (1, 2)\nf'{b}'"),
    ],
)  # fmt: skip
def test_a_slice_holds_what_a_cell_needs_and_no_more(before, cell, want):
    assert slices.sliced(before, cell) == want


def test_a_page_says_how_much_it_loads_and_no_more_than_it_may(monkeypatch):
    noise = random.Random(0).randbytes(2_000_000)
    told = places.settings({"a.zip": noise, "a.mjs": noise[:500_000]})
    assert "2.5 MB" in told["ja"]["live_button"] and "2.5 MB" in told["zh-tw"]["live_button"]
    counted = {"megabytes": "2.5", "bytes": 2_000_000}  # what is imported is not counted
    assert all(one.items() >= counted.items() for one in told.values())
    with pytest.raises(ValueError, match=r"8\.00 MB"):
        places.settings({f"{n}.zip": noise for n in range(4)})


def test_the_archive_is_the_same_at_every_build_and_holds_no_answer():
    packed = archive.archive()
    assert packed == archive.archive()
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert "page_kernel.py" in names and "helpers/kv_cache/resolved.json" in names
    assert not [name for name in names if "quiz/" in name and name.endswith(".json")]
    assert not [name for name in names if "model_answers" in name or "course_tools" in name]
