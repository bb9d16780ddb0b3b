"""helpers.launch.lab: copies that overwrite nothing, what JupyterLab gets, words for what fails."""

import errno
import importlib.util
import json
import os
import socket
import sys
from pathlib import Path

import pytest

from helpers import files
from helpers.language import say
from helpers.launch import delivery, lab

LESSON = "notebooks/ja/01_attention.ipynb"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course in a folder with spaces and Chinese characters, and an environment for it."""
    root = tmp_path / "山田" / "my folder 桌面"
    for lang in ("ja", "zh-tw"):
        write(root / f"notebooks/{lang}/01_attention.ipynb", f"lesson {lang}")
        write(root / f"notebooks/{lang}/03_encoder.ipynb", f"second {lang}")
        write(root / f"exercises/{lang}/01_attention/exercise_01_attention.ipynb", f"sheet {lang}")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(lab, "ROOT", root)
    monkeypatch.setattr(lab.sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.chdir(tmp_path)  # main() goes elsewhere
    return root


@pytest.fixture
def opened(course, monkeypatch):
    """What JupyterLab would be started with: {"flags": …, "cwd": …}"""
    seen = {}

    def become_jupyterlab(flags):
        seen.update(flags=flags, cwd=Path.cwd())
        return 7

    monkeypatch.setattr(lab, "become_jupyterlab", become_jupyterlab)
    return seen


# --- language ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lang"),
    [
        ("zh_TW.UTF-8", "zh-tw"),
        ("zh-TW", "zh-tw"),
        ("zh_Hant_TW", "zh-tw"),
        ("zh-Hant", "zh-tw"),
        ("zh_HK.UTF-8", "zh-tw"),
        ("ja_JP.UTF-8", "ja"),
        ("zh_CN.UTF-8", "ja"),
        ("C.UTF-8", "ja"),
        ("", "ja"),
    ],
)
def test_language_of_a_locale(name, lang):
    assert say.of_locale(name) == lang


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has a language of its own behind LANG")
def test_language_order(course, monkeypatch):
    assert say.of_the_system() == "ja"
    monkeypatch.setenv("LANG", "zh_TW.UTF-8")
    assert say.of_the_system() == "zh-tw"
    monkeypatch.setenv("LC_MESSAGES", "ja_JP.UTF-8")
    assert say.of_the_system() == "ja"
    monkeypatch.setenv("LC_ALL", "zh_TW")
    assert say.of_the_system() == "zh-tw"


# --- copies in my/ ----------------------------------------------------------------------------


def texts(course):
    """{name: text} of all that lies in my/, without what is hidden"""
    files = (p for p in (course / "my").rglob("*") if p.is_file() and not p.name.startswith("."))
    return {p.relative_to(course / "my").as_posix(): p.read_text(encoding="utf-8") for p in files}


def test_first_delivery_mirrors_one_language(course, capsys):
    write(course / "notebooks/ja/.ipynb_checkpoints/old.ipynb", "x")
    write(course / "exercises/ja/01_attention/.ipynb_checkpoints/old.ipynb", "x")
    delivery.deliver(course, "ja", course / "my")
    assert texts(course) == {
        LESSON: "lesson ja",
        "notebooks/ja/03_encoder.ipynb": "second ja",
        "exercises/ja/01_attention/exercise_01_attention.ipynb": "sheet ja",
    }
    assert f"New: my/{LESSON}" in capsys.readouterr().out


def test_second_delivery_changes_and_says_nothing(course, capsys):
    delivery.deliver(course, "ja", course / "my")
    write(course / "my" / LESSON, "my own work")
    before = texts(course)
    capsys.readouterr()
    delivery.deliver(course, "ja", course / "my")
    assert texts(course) == before
    assert capsys.readouterr().out == ""


def test_newer_versions_lie_beside_and_are_told_once(course, capsys):
    delivery.deliver(course, "ja", course / "my")
    write(course / "my" / LESSON, "my own work")
    expected = {"notebooks/ja/01_attention.ipynb": "my own work"}
    for mark, text in ((".new", "second edition"), (".new2", "third"), (".new3", "fourth")):
        write(course / LESSON, text)
        capsys.readouterr()
        delivery.deliver(course, "ja", course / "my")
        expected[f"notebooks/ja/01_attention{mark}.ipynb"] = text
        told = capsys.readouterr().out.splitlines()
        assert told == [f"A newer version, beside yours: my/notebooks/ja/01_attention{mark}.ipynb"]
        delivery.deliver(course, "ja", course / "my")
        assert capsys.readouterr().out == ""
    assert {
        k: v for k, v in texts(course).items() if "01_attention" in k and k[0] == "n"
    } == expected


def test_a_students_own_file_of_the_new_name_is_kept(course):
    delivery.deliver(course, "ja", course / "my")
    write(course / "my" / "notebooks/ja/01_attention.new.ipynb", "notes of mine")
    write(course / LESSON, "second edition")
    delivery.deliver(course, "ja", course / "my")
    now = texts(course)
    assert now["notebooks/ja/01_attention.new.ipynb"] == "notes of mine"
    assert now["notebooks/ja/01_attention.new2.ipynb"] == "second edition"


@pytest.mark.parametrize("rubbish", ["{", "[1]", '{"notebooks/ja/01_attention.ipynb": 5}', None])
def test_a_corrupt_versions_file_loses_nothing(course, rubbish, capsys):
    delivery.deliver(course, "ja", course / "my")
    write(course / "my" / LESSON, "my own work")
    if rubbish is None:
        delivery.versions_file(course / "my").write_bytes(b"\xff\xfe\x00")
    else:
        write(delivery.versions_file(course / "my"), rubbish)
    capsys.readouterr()
    delivery.deliver(course, "ja", course / "my")
    now = texts(course)
    assert now[LESSON] == "my own work"
    assert now.pop("notebooks/ja/01_attention.new.ipynb") == "lesson ja"
    assert len(now) == 3, "files that were not edited need no second copy"
    versions = delivery.versions_file(course / "my").read_text(encoding="utf-8")
    assert json.loads(versions).keys() == now.keys()


def test_a_deleted_file_comes_again(course):
    delivery.deliver(course, "ja", course / "my")
    (course / "my" / LESSON).unlink()
    delivery.deliver(course, "ja", course / "my")
    assert texts(course)[LESSON] == "lesson ja"


def test_an_interrupted_copy_leaves_no_half_notebook(course, monkeypatch):
    monkeypatch.setattr(files.os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        delivery.deliver(course, "ja", course / "my")
    assert not list((course / "my").rglob("*.ipynb"))


# --- JupyterLab -------------------------------------------------------------------------------


def test_lab(course, opened):
    words = ["--lang", "zh-tw", "--no-browser", "--port", "8899", "--", "--ip=0.0.0.0"]
    assert lab.main(words) == 7
    flags = opened["flags"]
    assert opened["cwd"] == course / "my"
    assert f"--ServerApp.root_dir={course / 'my'}" in flags
    assert "--LabApp.default_url=/lab/tree/notebooks/zh-tw/01_attention.ipynb" in flags
    assert {"--no-browser", "--ServerApp.port=8899", "--ServerApp.port_retries=0"} <= set(flags)
    assert flags[-1] == "--ip=0.0.0.0" and "--" not in flags
    assert "notebooks/zh-tw/01_attention.ipynb" in texts(course)
    [option] = [flag for flag in flags if "app_settings_dir" in flag]
    overrides = Path(option.partition("=")[2]) / "overrides.json"
    settings = json.loads(overrides.read_text(encoding="utf-8"))
    assert settings["@jupyterlab/translation-extension:plugin"] == {"locale": "zh_TW"}
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    kernels = Path(sys.prefix) / "etc" / "ipython" / "ipython_kernel_config.json"
    loaded = json.loads(kernels.read_text(encoding="utf-8"))["IPKernelApp"]["extensions"]
    assert loaded == ["helpers.classroom.kernel"] and importlib.util.find_spec(loaded[0])


def test_jupyterlab_gets_the_flags(monkeypatch):
    labapp, given = pytest.importorskip("jupyterlab.labapp"), []
    monkeypatch.setattr(labapp.LabApp, "launch_instance", given.append)
    assert lab.become_jupyterlab(("--no-browser",)) == 0
    assert given == [["--no-browser"]]


def test_lab_opens_also_where_the_environment_cannot_be_written(course, opened, monkeypatch):
    write(course / "file", "{}")
    monkeypatch.setattr(lab.sys, "prefix", str(course / "file"))  # a file is no folder
    assert lab.main(["--lang", "ja"]) == 7


@pytest.mark.parametrize("root", [True, False])
def test_lab_without_a_word_and_as_root(opened, monkeypatch, root):
    monkeypatch.setattr(lab, "is_root", lambda: root)
    assert lab.main([]) == 7
    assert ("--allow-root" in opened["flags"]) == root
    assert "--no-browser" not in opened["flags"]
    assert not any("ServerApp.port" in flag for flag in opened["flags"])


@pytest.mark.parametrize("words", ["biuld", "--headless", "--lang en", "--por 8899"])
def test_what_lab_does_not_know_is_no_argument_of_jupyter(opened, capsys, words):
    with pytest.raises(SystemExit) as end:
        lab.main(words.split())
    assert end.value.code == 2
    assert words.split()[-1] in capsys.readouterr().err
    assert not opened


def test_its_help_names_its_options(opened, capsys):
    with pytest.raises(SystemExit) as end:
        lab.main(["--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0 and not opened
    assert all(
        word in said for word in ("--lang {ja,zh-tw}", "--no-browser", "--port", "-- JUPYTER")
    )


@pytest.mark.parametrize("text", ["0", "99999", "-1", "abc", "８８８８８８"])
def test_a_port_that_is_none_is_refused(opened, capsys, text):
    with pytest.raises(SystemExit):
        lab.main(["--port", text])
    assert "is no port" in capsys.readouterr().err
    assert not opened


def test_a_busy_port_is_named(opened, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(lab.CannotOpen, match="in use"):
            lab.require_free(taken.getsockname()[1])
        assert lab.main(["--port", str(taken.getsockname()[1])]) == 1
    assert "in use" in capsys.readouterr().err and not opened


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "Writing is not allowed"),
        (errno.EROFS, "Writing is not allowed"),
        (errno.EIO, "delete .venv"),
    ],
)
def test_files_that_cannot_be_written_in_plain_words(opened, monkeypatch, capsys, number, told):
    def refuse(*_):
        raise OSError(number, os.strerror(number), "somewhere")

    monkeypatch.setattr(files.os, "replace", refuse)
    assert lab.main([]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "somewhere" in line and told in line
    assert not opened
