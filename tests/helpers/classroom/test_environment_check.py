"""The environment check: each line can fail and then says what to do; the widget's handshake."""

import importlib.metadata
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
from fake_loop import FakeLoop
from packaging.specifiers import SpecifierSet

from helpers.classroom import environment, overview, progress
from helpers.display import handshake, probe
from helpers.language import say

LANGUAGES = ["ja", "zh-tw"]
free_bytes = environment.free_bytes


@pytest.fixture(autouse=True)
def student(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "学生 home"))
    monkeypatch.delenv("TRIAD_WIDGETS", raising=False)
    monkeypatch.setattr(environment, "free_bytes", lambda: 2**33)  # not this busy machine's
    yield
    say.use("ja")


def found() -> dict[str, environment.Line]:
    return {line.what: line for line in environment.lines()}


def test_here_everything_is_there():
    lines = found()
    assert {line.what: line.detail for line in lines.values() if line.holds is False} == {}
    named = {"Python", "torch", "transformers", "ipywidgets", "anywidget", "matplotlib"}
    assert named <= set(lines) and len(lines) >= len(named) + 4
    assert lines["torch"].detail == importlib.metadata.version("torch")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_is_said_as_text(lang, capsys):
    say.use(lang)
    environment.check()
    out, err = capsys.readouterr()
    assert err == "" and say.text("environment", "all_hold") in out
    assert f"Python | {environment.word(True)} | " in out
    assert say.text("environment", "screen_plain") in out  # no kernel runs here


# --- versions ---------------------------------------------------------------------------

VERSIONS = ["2.4", "2.4.0", "2.13.0", "2.3.9", "3", "5.0", "5", "6.0.0", "6", "7.7.1", "8.1.9", "9",
            "10.0", "0.9.13", "0.9.9", "3.10.14"]  # fmt: skip


@pytest.mark.parametrize("want", overview.course()["requires"].values())
def test_versions_are_judged_as_packaging_does(want):
    ours = [environment.satisfies(version, want) for version in VERSIONS]
    assert ours == [version in SpecifierSet(want) for version in VERSIONS]
    assert set(ours) == {True, False}


def test_local_builds_count_as_their_release():
    assert environment.satisfies("2.13.0+cpu", ">=2.13")
    assert not environment.satisfies("2.13.0+cpu", ">=2.14")


@pytest.mark.parametrize("want", ["", "~=2.0", ">=2.*", "latest"])
def test_a_range_that_is_not_understood_holds_for_nothing(want):
    with pytest.raises(ValueError, match="range"):
        environment.satisfies("2.0", want)


def with_versions(monkeypatch, versions):
    real = importlib.metadata.version

    def version(name):
        if versions.get(name, "") is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions.get(name) or real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name, got", [("torch", "2.3.1"), ("transformers", "6.0.0"),
                                       ("ipywidgets", "9.0"), ("anywidget", None)])  # fmt: skip
def test_a_wrong_or_missing_package_says_what_to_run(name, got, lang, monkeypatch, capsys):
    say.use(lang)
    with_versions(monkeypatch, {name: got})
    lines = found()
    assert [what for what, line in lines.items() if line.holds is False] == [name]
    spec = name + overview.course()["requires"][name]
    assert f'%pip install "{spec}"' in lines[name].detail and (got or "") in lines[name].detail
    environment.check()
    out = capsys.readouterr().out
    assert f"{name} | {environment.word(False)} | " in out
    assert say.text("environment", "some_fail", n=1) in out


def test_an_old_python_says_what_to_do(monkeypatch):
    monkeypatch.setattr(environment.platform, "python_version", lambda: "3.9.7")
    line = found()["Python"]
    assert line.holds is False and "3.9.7" in line.detail and "start.py" in line.detail


# --- memory, fonts, folder --------------------------------------------------------------


def memory(monkeypatch, free):
    monkeypatch.setattr(environment, "free_bytes", lambda: free)
    return found()[say.text("environment", "memory")]


@pytest.mark.parametrize("free, holds", [(2**30, True), (2**30 - 1, False), (None, None)])
def test_free_memory_against_one_gib(free, holds, monkeypatch):
    assert memory(monkeypatch, free).holds is holds


def test_unknown_memory_is_no_failure(monkeypatch, capsys):
    memory(monkeypatch, None)
    environment.check()
    out = capsys.readouterr().out
    assert environment.word(None) in out and say.text("environment", "all_hold") in out


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="no /proc/meminfo here")
def test_free_memory_without_psutil_is_about_the_same(monkeypatch):
    psutil = pytest.importorskip("psutil")
    available = psutil.virtual_memory().available
    assert free_bytes() == pytest.approx(available, rel=0.2)
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert free_bytes() == pytest.approx(available, rel=0.2)


@pytest.mark.parametrize("damage", [None, b"", b"<html>not a font</html>", "the other face"])
def test_a_damaged_font_is_seen(damage, tmp_path, monkeypatch):
    from helpers.display import figures

    for lang in LANGUAGES:
        file = figures.TYPEFACES[lang][1]
        other = figures.TYPEFACES["zh-tw" if lang == "ja" else "ja"][1]
        if damage == "the other face":
            (tmp_path / file).write_bytes((figures.FONTS / other).read_bytes())
        elif damage is not None:
            (tmp_path / file).write_bytes(damage)
    monkeypatch.setattr(figures, "FONTS", tmp_path)
    lines = found()
    assert [lines[say.text("environment", "font", lang=x)].holds for x in LANGUAGES] == [False] * 2


def test_a_folder_that_cannot_be_written_names_the_switch(tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("", encoding="utf-8")
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "a file" / "below"))
    line = found()[say.text("environment", "folder")]
    assert line.holds is False and "TRIAD_HOME" in line.detail


def test_on_colab_the_folder_line_says_to_export(monkeypatch):
    monkeypatch.setattr(progress, "on_colab", lambda: True)
    line = found()[say.text("environment", "folder")]
    assert line.holds and "progress.export()" in line.detail


def test_the_check_leaves_nothing_behind_and_imports_nothing_heavy():
    code = (
        "import sys; from helpers.classroom import environment, progress; environment.check()\n"
        "print({'torch', 'transformers'} & set(sys.modules), list(progress.data_dir().iterdir()))"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", env=env
    )
    assert (done.stdout.splitlines()[-1], done.stderr) == ("set() []", "")


# --- does the screen answer? ------------------------------------------------------------


@pytest.fixture
def screen(monkeypatch):
    """What is shown, in order, and the loop; the probe itself is probe.Probe's instance."""
    shown, loop, made = [], FakeLoop(), []
    monkeypatch.setattr(probe, "running_loop", lambda: loop)
    monkeypatch.setattr(
        probe, "display",
        lambda data, **_: shown.append(data) or types.SimpleNamespace(display_id="d"),
    )  # fmt: skip
    monkeypatch.setattr(probe, "update_display", lambda data, **_: shown.append(data))
    real = probe.Probe
    monkeypatch.setattr(probe, "Probe", lambda **k: made.append(real(**k)) or made[-1])
    environment.ask_the_screen()
    return shown, loop, made[0]


def texts(shown):
    return [data["text/plain"] for data in shown]


def said(*names):
    return [say.text("environment", name) for name in names]


def test_an_answer_is_shown_once(screen):
    shown, loop, widget = screen
    assert texts(shown) == said("screen_waiting")
    assert "application/vnd.jupyter.widget-view+json" in shown[0]
    for _ in range(2):  # two views of one notebook
        widget._handle_custom_msg("alive", [])
    loop.run(60)
    assert texts(shown) == said("screen_waiting", "screen_answers") and loop.planned == []
    assert set(shown[1]) == {"text/html", "text/plain"} and 'lang="ja"' in shown[1]["text/html"]


def test_silence_is_told_and_a_late_answer_corrects_it(screen):
    shown, loop, widget = screen
    loop.run(handshake.SILENCE + 2)
    assert texts(shown) == said("screen_waiting", "screen_plain")
    widget._handle_custom_msg("alive", [])
    assert texts(shown)[2:] == said("screen_answers")


def test_the_switch_to_plain_widgets_asks_nobody(monkeypatch, capsys):
    monkeypatch.setenv("TRIAD_WIDGETS", "plain")
    monkeypatch.setattr(probe, "ask", lambda *_: 1 / 0)
    environment.ask_the_screen()
    assert capsys.readouterr().out.splitlines() == said("screen_plain")


def test_without_anywidget_the_plain_widgets_are_announced():
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "from helpers.classroom import environment; environment.ask_the_screen()"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", env=env
    )
    assert (done.stdout.splitlines(), done.stderr) == (said("screen_plain"), "")


def test_where_no_one_looks_nothing_is_printed_and_nothing_fails(monkeypatch):
    """nbclient never answers."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    cells = [
        "import helpers; helpers.begin('00_start', 'zh-tw')\n"
        "from helpers.classroom import environment\nfrom helpers.display import handshake, probe\n"
        "handshake.SILENCE, told = 1.0, []\n"
        "probe.update_display = lambda data, **_: told.append(data)\nenvironment.check()",
        "import asyncio\nfor _ in range(600):\n    if told: break\n    await asyncio.sleep(0.1)\n"
        "await asyncio.sleep(1)",
        "from helpers.classroom import overview; overview.show(); overview.claims_table()",
        "print(told[0]['text/plain'], len(told))",
    ]
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbclient.NotebookClient(nb, timeout=600, kernel_name="python3").execute()
    kinds = [[o.output_type for o in cell.outputs] for cell in nb.cells]
    assert kinds == [["display_data"] * 2, [], ["display_data"] * 2, ["stream"]]
    say.use("zh-tw")
    assert nb.cells[0].outputs[1].data["text/plain"] == say.text("environment", "screen_waiting")
    assert nb.cells[3].outputs[0].text == say.text("environment", "screen_plain") + " 1\n"
    assert all("zh-Hant-TW" in o.data["text/html"] for c in nb.cells[:3] for o in c.outputs)
