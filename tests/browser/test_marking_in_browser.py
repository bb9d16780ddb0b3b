"""An instructor's way, as the README gives it: release, grade, mark in formgrader, grade again."""

import contextlib
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from sample_class import LESSON, Bait, cell, dump, everything

from course_tools.checks.lab_driver import ROOT, copy_course, free_port, listens
from course_tools.grading.sandbox import why_not
from helpers.language.say import COMPLETE as LANGUAGES

ATTACK = "<img src=x onerror=ran=1>"  # a name
NAMES = {"佐藤 花子": "essay", "王小明": "right", "s3": "partial", ATTACK: "empty"}
AUTO = dict(zip(NAMES, (10, 10, 5, 0), strict=True))
SCRIPT = "\n\n<script>ran = 1</script> <img src=x onerror='ran = 1'> [a](javascript:ran=1)\n"
MOODLE = "{}_4711{}_assignsubmission_file_/01_attention.ipynb"
pytestmark = [
    pytest.mark.skipif(not os.environ.get("TRIAD_ALL"), reason="long: start.py test --all"),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]


def start(course: Path, *arguments: object) -> str:
    """What `python start.py …` says; it must succeed."""
    command = [sys.executable, "start.py", *map(str, arguments)]
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=course, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def hand_in(folder: Path, lang: str) -> tuple[Path, dict[str, str]]:
    """In one language a folder for each student, in the other Moodle's zip; who is who."""
    cases = everything(lang, Bait(9, ROOT, []))
    essay = json.loads(cases["essay"].data)
    cell(essay, "essay")["source"] += SCRIPT
    cases["essay"].data = dump(essay)
    if lang == LANGUAGES[0]:
        for name, case in NAMES.items():
            (folder / "class" / name).mkdir(parents=True)
            (folder / "class" / name / f"{LESSON}.ipynb").write_bytes(cases[case].data)
        return folder / "class", {name: name for name in NAMES}
    with zipfile.ZipFile(folder / "moodle.zip", "w") as archive:
        for n, (name, case) in enumerate(NAMES.items()):
            archive.writestr(MOODLE.format(name, n), cases[case].data)
    return folder / "moodle.zip", {name: f"{name}_4711{n}" for n, name in enumerate(NAMES)}


def rows(out: Path) -> dict[str, dict[str, str]]:
    table = (out / "grades.csv").read_text(encoding="utf-8-sig")
    return {row["student_id"]: row for row in csv.DictReader(io.StringIO(table))}


@contextlib.contextmanager
def marking(course: Path, home: Path, lang: str):
    """`start.py mark --formgrader` as long as the block runs; the address that it prints."""
    env = os.environ | {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config")}
    log, port = home / "log", str(free_port())
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "start.py", "mark", "--formgrader", "--lang", lang, "--no-browser",
             "--port", port],
            cwd=course, env=env, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield address(process, log)
    finally:
        process.terminate()
        process.wait(30)


def address(process: subprocess.Popen, log: Path) -> tuple[str, str]:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        said = log.read_text(encoding="utf-8", errors="replace")
        found = re.search(r"(http://127\.0\.0\.1:\d+)(/\S*token=\w+)", said)
        if found and listens(found[1]):
            return found[1], found[1] + found[2]
        time.sleep(0.2)
    raise RuntimeError(log.read_text(encoding="utf-8", errors="replace")[-3000:])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_instructor_marks_an_essay_and_finds_it_in_the_table(chromium, tmp_path, lang):
    course, home = copy_course(tmp_path), tmp_path / "home"
    for part in ("lessons", "solutions"):
        shutil.copytree(ROOT / part, course / part)
    home.mkdir()
    place, called = hand_in(tmp_path, lang)
    out = tmp_path / "成績 out"
    grade = ("grade", place, "--lesson", LESSON, "--lang", lang, "--out", out)
    grade += ("--report-lang", "en")
    assert f"{LESSON}.ipynb" in start(course, "release", "--lang", lang)
    start(course, *grade)
    table = rows(out)
    assert {name: float(table[called[name]]["auto_points"]) for name in NAMES} == AUTO
    assert table[called["佐藤 花子"]]["essay"] == "" and table[called["s3"]]["essay"] == "0"

    ran: list[str] = []  # what came out of a submission and ran in the instructor's browser
    with marking(course, home, lang) as (base, first):
        page = chromium.new_page()
        page.set_default_timeout(60_000)
        page.add_init_script("Object.defineProperty(window, 'ran', {set: console.error})")
        page.on("console", lambda said: ran.append(said.text) if said.text == "1" else None)
        page.goto(first)
        page.get_by_text(LESSON, exact=True).first.wait_for()
        page.goto(f"{base}/formgrader/manage_submissions/{LESSON}")
        for name in NAMES:
            line = page.locator("tr", has_text=called[name]).first
            assert f"{AUTO[name]} / 14" in line.inner_text()
        line = page.locator("tr", has_text=called["佐藤 花子"]).first
        assert "needs manual grading" in line.inner_text()
        notebooks = f"{base}/formgrader/api/submitted_notebooks/{LESSON}/{LESSON}"
        [mine] = [n for n in page.request.get(notebooks).json() if n["needs_manual_grade"]]
        page.goto(f"{base}/formgrader/submissions/{mine['id']}/")
        shown = page.locator("body").text_content()
        assert "FLOPs" in shown and "<script>ran = 1</script>" in shown
        with page.expect_response(lambda r: "/api/grade/" in r.url and r.request.method == "PUT"):
            box = page.locator("input.score").last
            box.fill("3.5")
            box.press("Tab")
        page.goto(f"{base}/formgrader/manage_submissions/{LESSON}")
        line = page.locator("tr", has_text=called["佐藤 花子"]).first
        line.get_by_text("13.5 / 14").wait_for()
        page.close()
    assert ran == []

    assert "0 graded" in start(course, *grade)
    table = rows(out)
    marked = table[called["佐藤 花子"]]
    assert (marked["essay"], marked["points"], marked["max_points"]) == ("3.5", "13.5", "14")
    assert [table[called[name]]["essay"] for name in list(NAMES)[1:]] == ["0", "0", "0"]
