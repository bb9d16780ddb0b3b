"""The delivery into a student's home on a hub: all languages, once, and nothing overwritten."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.launch import delivery

LESSON = "notebooks/ja/01_attention.ipynb"
SHEET = "exercises/zh-tw/01_attention/exercise_01_attention.ipynb"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def course(tmp_path):
    for lang in ("ja", "zh-tw"):
        write(tmp_path / f"course/notebooks/{lang}/01_attention.ipynb", f"lesson {lang}")
    write(tmp_path / "course" / SHEET, "sheet")
    return tmp_path / "course"


def texts(home: Path) -> dict[str, str]:
    files = (p for p in home.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {p.relative_to(home).as_posix(): p.read_text(encoding="utf-8") for p in files}


def run(course: Path, home: Path, *words: str) -> int:
    return delivery.main(["--to", str(home), "--course", str(course), *words])


def test_both_languages_or_the_one_that_is_named(course, tmp_path):
    assert run(course, tmp_path / "a") == 0
    assert set(texts(tmp_path / "a")) == {LESSON, LESSON.replace("ja", "zh-tw"), SHEET}
    assert run(course, tmp_path / "b", "--lang", "ja") == 0
    assert texts(tmp_path / "b") == {LESSON: "lesson ja"}


def test_an_update_leaves_work_adds_lessons_and_puts_what_changed_beside(course, tmp_path):
    home = tmp_path / "home"
    run(course, home)
    write(home / LESSON, "my own work")
    write(home / "notes.txt", "mine")
    write(course / LESSON, "second edition")
    write(course / "notebooks/ja/02_block.ipynb", "new lesson")
    for _ in range(2):  # the second start of the server brings nothing more
        assert run(course, home, "--lang", "ja") == 0
    found = texts(home)
    assert found[LESSON] == "my own work" and found["notes.txt"] == "mine"
    assert found["notebooks/ja/01_attention.new.ipynb"] == "second edition"
    assert found["notebooks/ja/02_block.ipynb"] == "new lesson"
    assert len(found) == 6


def test_two_servers_of_one_student_deliver_once(course, tmp_path):
    for n in range(30):
        write(course / f"notebooks/ja/{n + 10}_more.ipynb", f"{n}")
    words = ["-m", "helpers.launch.delivery", "--course", str(course), "--to", str(tmp_path / "h")]
    both = [subprocess.Popen([sys.executable, *words]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(texts(tmp_path / "h")) == 33 and not [n for n in texts(tmp_path / "h") if "new" in n]


def test_a_folder_without_lessons_is_named(tmp_path, capsys):
    assert run(tmp_path / "empty", tmp_path / "home") == 1
    assert "empty holds no notebooks/ja" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="a file in the folder's place is told otherwise")
def test_a_home_that_cannot_be_written_gives_the_reason(course, tmp_path, capsys):
    write(tmp_path / "home", "a file")
    assert run(course, tmp_path / "home") == 1
    assert "home" in capsys.readouterr().err
