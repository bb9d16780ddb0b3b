"""Sheets out of students' homes: what was worked on, with its time; no link leads to another's."""

import errno
import json
import os
import sys
from pathlib import Path

import pytest

from course_tools.grading import collect

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a hub's homes lie on Linux")
INSIDE = Path("transformer-triad/exercises/ja/01_attention")


def sheet(text: str, outputs: str = "") -> str:
    cell = {"cell_type": "code", "source": [text], "outputs": [outputs] if outputs else []}
    return json.dumps({"cells": [cell]})


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def place(tmp_path):
    write(tmp_path / "course/exercises/ja/01_attention/exercise.ipynb", sheet("..."))
    for name in ("ann", "bob", "山田"):
        write(tmp_path / "homes" / name / INSIDE / "exercise.ipynb", sheet(f"answer of {name}"))
    (tmp_path / "homes" / "empty").mkdir()
    return tmp_path


def run(place: Path, *more: str) -> int:
    words = [str(place / "homes"), "--lesson", "01_attention", "--lang", "ja", *more]
    return collect.main([*words, "--to", str(place / "to"), "--root", str(place / "course")])


def texts(place: Path) -> dict[str, str]:
    found = (place / "to").rglob("*.ipynb")
    return {
        p.relative_to(place / "to").as_posix(): json.loads(p.read_text("utf-8"))["cells"][0][
            "source"
        ][0]
        for p in found
    }


def test_each_students_work_in_a_folder_of_the_students_with_its_time(place):
    file = place / "homes/ann" / INSIDE / "exercise.ipynb"
    os.utime(file, (1_700_000_000, 1_700_000_000))
    before = file.read_bytes()
    assert run(place) == 0
    assert texts(place) == {
        f"{name}/exercise.ipynb": f"answer of {name}" for name in ("ann", "bob", "山田")
    }
    assert (place / "to/ann/exercise.ipynb").stat().st_mtime == 1_700_000_000
    assert file.read_bytes() == before
    write(file, sheet("a later answer"))
    assert run(place) == 0 and texts(place)["ann/exercise.ipynb"] == "a later answer"


def test_what_is_as_it_was_released_is_no_submission(place):
    """Else the untouched newer version of a sheet would count as the last attempt."""
    folder = place / "homes/ann" / INSIDE
    write(folder / "exercise.new.ipynb", sheet("...", outputs="run, but not changed"))
    write(folder / "exercise.new2.ipynb", sheet("an answer in the newer version"))
    assert run(place) == 0
    names = sorted(name for name in texts(place) if name.startswith("ann/"))
    assert names == ["ann/exercise.ipynb", "ann/exercise.new2.ipynb"]


def swap(path: Path, how: str, place: Path) -> None:
    """Put something that leads elsewhere in the place of ann's sheet."""
    path.unlink()
    others = place / "homes/bob" / INSIDE / "exercise.ipynb"
    if how == "link":
        path.symlink_to(others)
    elif how == "hard link":
        path.hardlink_to(others)
    elif how == "folder":
        path.parent.rmdir()
        path.parent.symlink_to(others.parent)
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "large":
        with path.open("wb") as file:
            file.truncate(collect.LARGEST + 1)


@pytest.mark.parametrize("how", ["link", "hard link", "folder", "pipe", "large"])
@pytest.mark.skipif(sys.platform != "linux", reason="as on a hub")
def test_what_leads_elsewhere_is_refused_and_named_and_the_others_are_collected(place, how, capsys):
    swap(place / "homes/ann" / INSIDE / "exercise.ipynb", how, place)
    assert run(place) == 1
    assert "homes/ann" in capsys.readouterr().err
    assert not [name for name in texts(place) if name.startswith("ann/")]
    assert "山田/exercise.ipynb" in texts(place)


def test_a_lesson_that_nobody_handed_in_is_said(place, capsys):
    words = [str(place / "homes"), "--lesson", "02_block", "--lang", "ja", "--to"]
    assert collect.main([*words, str(place / "to"), "--root", str(place / "course")]) == 1
    assert "0 notebooks" in capsys.readouterr().out


def test_a_prefix_of_the_homes_is_not_the_students(place):
    """On The Littlest JupyterHub ann's home is jupyter-ann, and the roster knows ann."""
    for name in ("jupyter-", "jupyter-ann", "jupyter-jupyter-bob"):
        write(place / "homes" / name / INSIDE / "exercise.ipynb", sheet(name))
    assert run(place, "--home-prefix", "jupyter-") == 0
    expected = {"ann": "jupyter-ann", "jupyter-bob": "jupyter-jupyter-bob"}
    assert texts(place) == {f"{name}/exercise.ipynb": text for name, text in expected.items()}


@pytest.mark.parametrize("closed", ["transformer-triad", "exercise.ipynb"])
def test_what_may_not_be_read_is_no_link_and_sudo_is_named(place, closed, capsys, monkeypatch):
    opened = os.open

    def refuse(path, *words, **handle):
        made = opened(path, *words, **handle)
        if os.fspath(path) == closed:
            os.close(made)
            raise PermissionError(errno.EACCES, "Permission denied")
        return made

    monkeypatch.setattr(collect.os, "open", refuse)
    assert run(place) == 1
    said = capsys.readouterr().err
    assert said.count("you may not read it: with sudo you may") == 3 and "link" not in said
