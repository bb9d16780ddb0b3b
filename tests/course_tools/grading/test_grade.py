"""`start.py grade`: who handed in what, one table and a page each, again only what changed."""

import csv
import hashlib
import io
import json
import os
import re
import stat
import string
import tempfile
import tracemalloc
import unicodedata
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import turns
from isolation import server_or_skip
from places import ROOT
from sample_class import FULL, LESSON, Bait, Sheets, everything

from course_tools.grading import __main__ as grade
from course_tools.grading import classroom, messages, outputs, sheet, verdicts
from course_tools.grading.graded import Graded, Verdict
from course_tools.grading.marks import Grade
from course_tools.grading.reports import feedback, table
from course_tools.grading.sandbox import Limits, isolation
from course_tools.grading.submissions import lms
from course_tools.grading.submissions.collect import NoSubmissions, collect
from course_tools.grading.submissions.submission import Submission
from helpers.classroom import records
from helpers.language import say

LANG = "ja"
QUICK = [
    "nothing in the file",
    "right",
    "empty",
    "partial",
    "tests deleted",
    "half a file",
    "magics",
    "os exit",
]
QUICK += ["wrong merge-wrong-average", "only the visible", "essay", "tells its input"]
CASES = everything(LANG, Bait(9, ROOT, []))
NAMES = list(CASES) if os.environ.get("TRIAD_ALL") else QUICK
LIMITS = Limits(seconds=4, notebook_seconds=8)
COURSES = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # making one takes seconds
JOBS = "2" if os.environ.get("TRIAD_ALL") else "1"  # processes take long to start


@pytest.fixture(scope="module")
def the_sheet():
    return sheet.read(ROOT, LESSON, LANG)


@pytest.fixture(scope="module")
def isolated():
    with server_or_skip(LIMITS):
        return


def hand_in(place: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    return place


def rows(out: Path) -> dict[str, dict[str, str]]:
    data = (out / "grades.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    return {row["student_id"]: row for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig")))}


def lines(grades, the_sheet) -> dict[str, dict[str, str]]:
    made = table.table(grades, the_sheet, True, "en")
    return {row["student_id"]: row for row in csv.DictReader(io.StringIO(made))}


def show(results, the_sheet, out: Path) -> None:
    outputs.show([Grade(one, the_sheet) for one in results], the_sheet, True, out, "en")


def state(place: Path) -> dict[str, tuple]:
    files = (path for path in place.rglob("*") if path.is_file())
    return {str(p): (p.stat().st_mtime_ns, hashlib.sha256(p.read_bytes()).digest()) for p in files}


def grade_now(place: Path, out: Path, *more: str) -> int:
    limits = ["--seconds", "4", "--jobs", JOBS, "--courses", COURSES.name, "--report-lang", "en"]
    where = ["--lesson", LESSON, "--lang", LANG, "--out", str(out)]
    return grade.main([str(place), *where, *limits, *more])


# --- a class ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graded(isolated, tmp_path_factory):
    """A class that was graded once: (what was handed in, what was made, its table)."""
    place, out = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("made") / "out"
    hand_in(place, {f"{name}/{LESSON}.ipynb": CASES[name].data for name in NAMES})
    work = {
        LESSON: records.LessonWork({"q1": records.Answer("b", 2, True), "q2": records.Answer("3")})
    }
    hand_in(place, {"right/triad-progress-1.json": records.dumps(work, "0" * 32).encode()})
    before = state(place)
    assert grade_now(place, out) == 0
    assert state(place) == before
    return place, out, (out / "grades.csv").read_bytes()


def test_the_table_has_a_row_for_each(graded):
    table = rows(graded[1])
    first = "student_id points max_points auto_points extra penalty late"
    first += " status needs_human to_mark notes"
    quiz = "quiz_answered quiz_solved quiz_first_try"
    assert " ".join(table["right"]) == f"{first} merge window grouped packed essay {quiz}"
    assert set(table) == set(NAMES)
    for name in NAMES:
        row, case = table[name], CASES[name]
        assert row["needs_human"] == ("yes" if case.human else "no"), row
        assert row["max_points"] == "14"
        assert row["status"] == case.status, row
        if row["status"] == "graded":
            got = {task: float(row[task]) for task in FULL if float(row[task])}
            assert got == case.points, row
            assert float(row["auto_points"]) == sum(case.points.values())
            assert row["points"] == ("" if row["to_mark"] else row["auto_points"])
        else:
            assert row["notes"] and {row[task] for task in ("points", *FULL)} == {""}
    assert [table["right"][column] for column in quiz.split()] == ["2", "1", "0"]
    assert (table["right"]["essay"], table["essay"]["essay"]) == ("0", "")
    assert (table["right"]["to_mark"], table["essay"]["to_mark"]) == ("", "essay")


def test_feedback_tells_what_failed_and_nothing_that_is_held_back(graded):
    out = graded[1]
    pages = {name: page_of(out, name) for name in NAMES}
    assert "おしいです" in pages["wrong merge-wrong-average"]
    assert "ヒント：Aの出力とBの出力を混ぜます。混ぜる割合" in pages["wrong merge-wrong-average"]
    assert messages.text("hidden", LANG) in pages["only the visible"]
    solved = (ROOT / f"lessons/{LESSON}/exercise.py").read_text(encoding="utf-8")
    secret = re.findall(r"### BEGIN (?:HIDDEN TESTS|SOLUTION)\n(.*?)### END", solved, re.DOTALL)
    lines = [line.strip() for block in secret for line in block.splitlines() if "hint" not in line]
    lines = [line for line in lines if len(line) > 25 and "ja=" not in line]
    assert len(lines) > 20
    for name, page in pages.items():
        assert 'lang="ja"' in page and "<script" not in page
        assert not [line for line in lines if line in page]
        assert not [other for other in NAMES if len(other) > 12 and other != name and other in page]


def page_of(out: Path, name: str) -> str:
    return (out / "feedback" / f"{Submission(name).safe}.html").read_text(encoding="utf-8")


def test_the_report_names_the_hardest_task_and_who_needs_a_human(graded):
    report = (graded[1] / "report.html").read_text(encoding="utf-8")
    table = report.split("hardest first")[1]
    right = {t: sum(CASES[n].points.get(t, 0) > 0 for n in NAMES) for t in FULL}
    assert re.search(r"<code>(\w+)</code>", table)[1] in [
        t for t in FULL if right[t] == min(right.values())
    ]
    assert "half a file" in report.split("A person should look")[1]


def test_again_it_grades_only_what_changed(graded, capsys, monkeypatch):
    place, out, table = graded
    before = state(out / "results")
    with monkeypatch.context() as patch:
        patch.setattr(classroom, "grade", lambda *_: pytest.fail("nothing has to be graded"))
        assert grade_now(place, out) == 0
    assert state(out / "results") == before and (out / "grades.csv").read_bytes() == table
    file = place / "partial" / f"{LESSON}.ipynb"
    old = file.read_bytes()
    try:
        file.write_bytes(CASES["right"].data)
        assert grade_now(place, out) == 0
    finally:
        file.write_bytes(old)
    after = state(out / "results")
    assert [Path(n).stem for n in after if after[n] != before[n]] == ["partial"]
    assert rows(out)["partial"]["points"] == "10"
    assert "1 graded" in capsys.readouterr().out


@turns.in_ci
def test_stopped_half_way_it_goes_on(isolated, the_sheet, tmp_path):
    """What was ready when it stopped is not graded again."""
    names = ["right", "empty", "partial"]
    handed = [Submission(name, "x.ipynb", CASES[name].data) for name in names]
    job = classroom.Job(ROOT, LESSON, LANG, b"", LIMITS, True)

    class Stops(ThreadPoolExecutor):
        left = 2

        def submit(self, *arguments):
            self.left -= 1
            if self.left < 0:
                future = super().submit(lambda: None)
                future.result = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
                return future
            future = super().submit(*arguments)
            future.exception()  # it is done
            return future

    with Stops(1) as pool, pytest.raises(KeyboardInterrupt):
        classroom.grade_class(handed, job, tmp_path, pool, lambda _: None)
    kept = [one.student for one in handed if not classroom.is_new(one, job, tmp_path)]
    assert 1 <= len(kept) < 3
    with ThreadPoolExecutor(1) as pool:
        results = classroom.grade_class(handed, job, tmp_path, pool, lambda _: None)
    assert [r.outcomes["merge"].points for r in results.values()] == [3, 0, 3]


def grade_one(out: Path) -> tuple[Graded, bool]:
    """What was found, and is it to be graded again?"""
    job = classroom.Job(ROOT, LESSON, LANG, b"", LIMITS, True)
    handed = [Submission("right", "x.ipynb", CASES["right"].data)]
    with ThreadPoolExecutor(1) as pool:
        result = classroom.grade_class(handed, job, out, pool, lambda _: None)["right"]
    return result, classroom.is_new(handed[0], job, out)


@turns.in_ci
def test_a_fault_of_our_own_is_no_result_and_is_tried_again(isolated, tmp_path, the_sheet):
    def broken(*_):
        raise TypeError("a float64 does not cross")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classroom, "judge", broken)
        result, new = grade_one(tmp_path)
    assert new and [name for name, _ in result.human] == ["stopped"]
    [line] = lines([Grade(result, the_sheet)], the_sheet).values()
    assert (line["points"], line["status"], line["needs_human"]) == ("", "not graded", "yes")
    assert {line[task.name] for task in the_sheet.tasks} == {""}
    after, new = grade_one(tmp_path)
    assert not new and after.decided and after.human == ()


@turns.in_ci
def test_a_task_that_its_own_model_answer_does_not_solve_is_graded_for_nobody(
    isolated, tmp_path, the_sheet
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classroom, "unsound", lambda *_: {"window": "error TypeError: ours"})
        result, new = grade_one(tmp_path)
    assert new and not result.decided
    assert result.outcomes["window"].kind == "ungraded"
    assert result.outcomes["merge"].points == 3
    [line] = lines([Grade(result, the_sheet)], the_sheet).values()
    assert (line["points"], line["status"], line["needs_human"]) == ("", "not graded", "yes")
    assert "TypeError: ours" in line["notes"] and (line["merge"], line["window"]) == ("3", "")
    assert "window" in feedback.page(Grade(result, the_sheet), True)


def test_every_task_of_a_sheet_is_solved_by_its_model_answer(isolated):
    assert classroom.unsound(ROOT, LESSON, LANG, LIMITS, True) == {}


@turns.in_ci
def test_a_fork_server_that_was_killed_is_started_again(isolated, tmp_path):
    job = classroom.Job(ROOT, LESSON, LANG, CASES["right"].data, LIMITS, True)
    first = classroom.grade(job)
    imports = sheet.read(ROOT, LESSON, LANG).imports
    server = classroom.server_of(LIMITS, True, imports)
    server.process.kill()
    server.process.wait(60)
    assert classroom.grade(job) == first and first.outcomes["merge"].points == 3


@turns.in_ci
def test_serial_and_parallel_and_any_executor_give_the_same_table(graded, the_sheet, tmp_path):
    place, _, table = graded
    job = classroom.Job(ROOT, LESSON, LANG, b"", Limits(seconds=4), True)
    with ThreadPoolExecutor(1 if os.environ.get("TRIAD_ALL") else 3) as pool:
        results = classroom.grade_class(
            collect(place, the_sheet), job, tmp_path, pool, lambda _: None
        )
    show(results.values(), the_sheet, tmp_path)
    assert (tmp_path / "grades.csv").read_bytes() == table


@turns.in_ci
def test_unsafe_is_said_everywhere(tmp_path, the_sheet, capsys):
    place = hand_in(tmp_path / "in", {"s1.ipynb": CASES["right"].data})
    assert grade_now(place, tmp_path / "out", "--unsafe") == 0
    assert "UNSAFE" in capsys.readouterr().out
    assert rows(tmp_path / "out")["s1"]["status"] == "graded (unsafe)"
    assert messages.text("unsafe", LANG) in page_of(tmp_path / "out", "s1")
    assert "--unsafe" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_without_isolation_nothing_is_graded(tmp_path, monkeypatch, capsys):
    place = hand_in(tmp_path / "in", {"s1.ipynb": CASES["right"].data})
    classroom.server_of.cache_clear()
    monkeypatch.setattr(isolation, "why_not", lambda: "no namespaces")
    assert grade_now(place, tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert "no namespaces" in said and "--unsafe" in said and "Nothing was graded" in said
    assert not (tmp_path / "out" / "grades.csv").exists()


@pytest.mark.parametrize("out", ["in", "in/out"])
def test_it_never_writes_into_what_was_handed_in(tmp_path, out, capsys):
    place = hand_in(tmp_path / "in", {"s1.ipynb": b"{}"})
    before = state(tmp_path)
    assert grade_now(place, tmp_path / out) == 2
    assert state(tmp_path) == before and "only read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"), [("nowhere", "not there"), ("empty", "no notebook"), ("x.txt", "neither")]
)
def test_a_place_without_submissions_is_named(tmp_path, name, said, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.txt").write_text("x", encoding="utf-8")
    assert grade_now(tmp_path / name, tmp_path / "out") == 1
    assert said in capsys.readouterr().err


def test_an_unknown_lesson_names_those_that_are_there(tmp_path, capsys):
    hand_in(tmp_path / "in", {"s1.ipynb": b"{}"})
    more = ["--lesson", "47_x", "--lang", LANG, "--out", str(tmp_path / "out")]
    assert grade.main([str(tmp_path / "in"), *more]) == 1
    assert LESSON in capsys.readouterr().err


# --- who handed in what -----------------------------------------------------------------------

RIGHT = CASES["right"].data
EMPTY = CASES["empty"].data


def found(place: Path, the_sheet) -> dict[str, Submission]:
    return {one.student: one for one in collect(place, the_sheet)}


def raw_zip(path: Path, names: list[str], encoding: str, data: bytes) -> Path:
    """What Windows writes: the bytes of its code page, and no flag."""
    marks = [f"{n:04d}" + "x" * (len(name.encode(encoding)) - 4) for n, name in enumerate(names)]
    with zipfile.ZipFile(path, "w") as archive:
        for mark in marks:
            archive.writestr(mark, data)
    whole = path.read_bytes()
    for mark, name in zip(marks, names, strict=True):
        whole = whole.replace(mark.encode(), name.encode(encoding))
    path.write_bytes(whole)
    return path


MOODLE = "{}_12345{}_assignsubmission_file_/01_attention.ipynb"


@pytest.mark.parametrize(
    ("lang", "encoding", "people"),
    [
        ("ja", "cp932", ["山田 太郎", "髙橋（花子）", "ソ表能"]),
        ("zh-tw", "cp950", ["王小明", "許功蓋 (Kevin)", "林育珊"]),
        ("zh-tw", "utf-8", ["王小明", "許功蓋 (Kevin)"]),
    ],
)
def test_moodle_zip_files_of_windows(tmp_path, lang, encoding, people):
    names = [MOODLE.format(name, n) for n, name in enumerate(people)]
    place = raw_zip(tmp_path / "x.zip", names, encoding, RIGHT)
    one = sheet.read(ROOT, LESSON, lang)
    assert list(found(place, one)) == sorted(f"{p}_12345{n}" for n, p in enumerate(people))


def test_names_of_macos_are_put_together(tmp_path, the_sheet):
    name = unicodedata.normalize("NFD", "ガリレオ・パブロ")
    assert name != "ガリレオ・パブロ"
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(MOODLE.format(name, 1), RIGHT)
        archive.writestr("__MACOSX/" + MOODLE.format(name, 1), b"junk")
        archive.writestr(MOODLE.format(name, 1).replace("01_", "._01_"), b"junk")
    assert list(found(tmp_path / "x.zip", the_sheet)) == ["ガリレオ・パブロ_123451"]


def test_canvas_and_ntu_cool_names(tmp_path, the_sheet):
    place = hand_in(tmp_path / "in", {
        "wangxiaoming_4021_88001_01_attention.ipynb": EMPTY,
        "wangxiaoming_4021_88009_01_attention-1.ipynb": RIGHT,
        "linyushan_LATE_4022_88002_01_attention.ipynb": RIGHT,
    })  # fmt: skip
    there = found(place, the_sheet)
    assert set(there) == {"wangxiaoming_4021", "linyushan_4022"}
    assert there["wangxiaoming_4021"].data == RIGHT
    assert there["wangxiaoming_4021"].notes[0][0] == "attempts"


def test_one_more_lms_is_one_more_entry(tmp_path, the_sheet, monkeypatch, capsys):
    """Names, messages and the usage follow from the table alone."""
    names = [f"{who} ({n}) submitted/{LESSON}.ipynb" for n, who in enumerate(["Ada", "Ada"], 7)]
    place = hand_in(tmp_path / "in", dict.fromkeys(names, RIGHT))
    before = set(found(place, the_sheet))
    assert before == {"Ada (7) submitted", "Ada (8) submitted"}
    pattern = re.compile(r"(?P<who>.+) \((?P<number>\d+)\) submitted")
    other = lms.Format("example", ("Example LMS",), pattern)
    monkeypatch.setattr(lms, "FORMATS", (*lms.FORMATS, other))
    assert set(found(place, the_sheet)) == {"Ada_7", "Ada_8"}
    deep = hand_in(tmp_path / "deep", {f"class 1/{names[0]}": RIGHT})
    assert set(found(deep, the_sheet)) == {"Ada_7"}  # a folder around everybody's
    (tmp_path / "none").mkdir()
    assert grade_now(tmp_path / "none", tmp_path / "out") == 1
    with pytest.raises(SystemExit):
        grade.main(["--help"])
    said = capsys.readouterr()
    assert "Canvas, NTU COOL or Example LMS" in said.err
    assert "Canvas, NTU COOL or Example LMS" in " ".join(said.out.split())


def test_an_lms_may_name_students_without_a_number(tmp_path, the_sheet, monkeypatch):
    place = hand_in(
        tmp_path / "in", {f"Ada - handed in {day}/{LESSON}.ipynb": RIGHT for day in "12"}
    )
    plain = lms.Format("example", ("Example LMS",), re.compile(r"(?P<who>.+) - handed in \d"))
    pattern = re.compile(r"(?P<who>.+?) - handed in (?P<number>2)?")
    maybe = lms.Format("example", ("Example LMS",), pattern)
    for other, students in ((plain, {"Ada"}), (maybe, {"Ada", "Ada_2"})):
        monkeypatch.setattr(lms, "FORMATS", (other,))
        assert set(found(place, the_sheet)) == students


@pytest.mark.parametrize("name", ["README.md", "README.ja.md", "README.zh-tw.md"])
def test_the_readmes_name_every_lms(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [product for one in lms.FORMATS for product in one.lms if product not in text] == []


@pytest.mark.parametrize("second", ["01_attention (1)", "01_attention-2", "01_attention（2）"])
def test_of_several_attempts_the_last_counts_and_it_is_said(tmp_path, the_sheet, second):
    files = {f"s1/{second}.ipynb": RIGHT, f"s1/{LESSON}.ipynb": EMPTY, "s1/other.ipynb": b"{}"}
    one = found(hand_in(tmp_path / "in", files), the_sheet)["s1"]
    assert one.data == RIGHT
    assert one.notes == [("attempts", {"n": 2, "file": f"{second}.ipynb"})]


@pytest.mark.parametrize("lesson", ["01_attention", "01_attention-2"])
def test_a_sheet_handed_in_with_its_lesson_is_the_one_that_counts(tmp_path, the_sheet, lesson):
    notebook = (ROOT / f"notebooks/{LANG}/{LESSON}.ipynb").read_bytes()
    files = {f"s1/{lesson}.ipynb": notebook, f"s1/exercise_{LESSON}.ipynb": RIGHT}
    one = found(hand_in(tmp_path / "in", files), the_sheet)["s1"]
    assert (one.data, one.notes) == (RIGHT, [])


def test_a_renamed_file_is_known_by_what_is_in_it(tmp_path, the_sheet):
    files = {"s1/提出.ipynb": RIGHT, "s1/メモ.ipynb": b'{"cells": []}', "s2/x.ipynb": RIGHT}
    there = found(hand_in(tmp_path / "in", files), the_sheet)
    assert there["s1"].data == there["s2"].data == RIGHT
    assert there["s1"].file == "s1/提出.ipynb"


def test_flat_folders_nbgraders_folders_and_zip_files_in_folders(tmp_path, the_sheet):
    names = ("s1", "01_attention_s2", f"exercise_{LESSON}_s3", f"s4-exercise_{LESSON} (2)")
    flat = hand_in(tmp_path / "a", {f"{name}.ipynb": RIGHT for name in names})
    assert set(found(flat, the_sheet)) == {"s1", "s2", "s3", "s4"}
    deep = hand_in(tmp_path / "b", {f"s1/{LESSON}/{LESSON}.ipynb": RIGHT})
    assert found(deep, the_sheet)["s1"].data == RIGHT
    own = tmp_path / "c"
    own.mkdir()
    with zipfile.ZipFile(own / "s1.zip", "w") as archive:
        archive.writestr("whatever/01_attention.ipynb", RIGHT)
    assert found(own, the_sheet)["s1"].data == RIGHT


def test_who_handed_in_something_else_needs_a_human(tmp_path, the_sheet):
    there = found(hand_in(tmp_path / "in", {"s1/photo.jpg": b"x", "s2/x.ipynb": RIGHT}), the_sheet)
    assert there["s1"].human == [("no_notebook", {"files": "photo.jpg"})]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs links and pipes")
def test_links_and_pipes_are_not_read(tmp_path, the_sheet):
    place = hand_in(tmp_path / "in", {"s0/x.ipynb": RIGHT})
    hand_in(tmp_path, {"outside/01_attention.ipynb": RIGHT})
    for name in ("s1", "s2"):
        (place / name).mkdir()
    (place / "s1" / "x.ipynb").symlink_to(tmp_path / "outside" / "01_attention.ipynb")
    os.mkfifo(place / "s2" / "x.ipynb")
    (place / "s3").symlink_to(tmp_path / "outside")
    there = found(place, the_sheet)
    assert [there[n].human[0][0] for n in ("s1", "s2", "s3")] == ["link", "no_file", "link"]
    assert not any(there[n].data for n in ("s1", "s2", "s3")) and there["s0"].data


@pytest.mark.parametrize("name", ["../../evil/x.ipynb", "/evil/x.ipynb", "C:/evil/x.ipynb"])
def test_names_that_lead_out_of_a_zip_file_are_not_read(tmp_path, the_sheet, name):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), RIGHT)
        archive.writestr("s1/x.ipynb", RIGHT)
        link = zipfile.ZipInfo("s2/x.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    before = sorted(tmp_path.rglob("*"))
    there = found(tmp_path / "x.zip", the_sheet)
    assert there["evil"].human[0][0] == "odd_name" and not there["evil"].data
    assert there["s2"].human[0][0] == "link" and not there["s2"].data
    assert sorted(tmp_path.rglob("*")) == before


def test_a_broken_zip_file_and_a_huge_file_need_a_human(tmp_path, the_sheet, monkeypatch):
    monkeypatch.setattr("course_tools.grading.submissions.entries.LARGEST", len(RIGHT) + 10)
    hand_in(tmp_path / "in", {"s1/x.zip": b"PK no", "s2/x.ipynb": RIGHT + b" " * 20})
    there = found(hand_in(tmp_path / "in", {"s3/x.ipynb": RIGHT}), the_sheet)
    assert [there[n].human[0][0] if there[n].human else "" for n in ("s1", "s2", "s3")] == [
        "broken_zip", "large", "",
    ]  # fmt: skip


def test_a_name_of_any_kind_becomes_a_file_of_its_own():
    names = ["a b", "a_b", "../x", "王小明", "=1+1", "a" * 200, "..", "山田 太郎"]
    safe = [Submission(name).safe for name in names]
    assert len(set(safe)) == len(names)
    assert all(name and not set(name) & set("/\\ :") and name[0] != "." for name in safe)


@pytest.mark.parametrize("letter", ["a", "é", "王", "𠮷"])
def test_a_long_name_in_letters_of_any_width_becomes_files(tmp_path, letter):
    """60 characters of four bytes are no name of a file: the class stopped at it in each run."""
    one = Submission(letter * 80, nth=12)
    assert one.safe != Submission(letter * 81).safe
    assert one.safe.startswith(letter * (45 if letter == "𠮷" else 60))
    verdicts.keep(tmp_path, one, "key", Verdict())
    assert verdicts.load(tmp_path, one, "key") == Verdict()


@pytest.mark.parametrize("lang", ["ja", "zh-tw"])
def test_folders_that_were_unpacked_in_the_code_page_of_windows(tmp_path, lang):
    """What `unzip` leaves on Linux: names that are no UTF-8."""
    name, page = {"ja": ("山田 表", "cp932"), "zh-tw": ("許功蓋", "cp950")}[lang]
    folder = os.path.join(os.fsencode(tmp_path), name.encode(page))
    os.mkdir(folder)
    with open(os.path.join(folder, b"x.ipynb"), "wb") as file:
        file.write(RIGHT)
    [one] = collect(tmp_path, sheet.read(ROOT, LESSON, lang))
    assert one.student == name and one.data == RIGHT
    one.student.encode("utf-8")


def test_many_zip_files_are_not_kept_in_memory(tmp_path, the_sheet):
    """A student's zip file is opened again when a file of it is read."""
    for n in range(1, 30):
        with zipfile.ZipFile(tmp_path / f"s{n}.zip", "w") as archive:
            archive.writestr("x.ipynb", RIGHT)
            archive.writestr("picture.bin", bytes(4 << 20))
    tracemalloc.start()
    try:
        there = found(tmp_path, the_sheet)
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()
    assert len(there) == 29 and all(one.data == RIGHT for one in there.values())


def test_a_name_that_is_like_anothers_file_gets_its_own():
    victim = Submission("a b")
    assert Submission(victim.safe).safe != victim.safe


def test_a_course_that_student_code_may_read_is_not_graded(tmp_path, monkeypatch, capsys):
    place = hand_in(tmp_path / "in", {"s1.ipynb": RIGHT})
    monkeypatch.setattr(isolation, "readable_folders", lambda: [str(tmp_path)])
    assert grade_now(place, tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert str(place) in said and "Nothing was graded" in said


def test_a_submission_that_stops_the_grader_stops_no_other(tmp_path, monkeypatch, capsys):
    def broken(*_):
        raise ZeroDivisionError("a fault of the grader")

    monkeypatch.setattr(classroom, "judge", broken)
    monkeypatch.setattr(classroom, "server_of", lambda *_: None)
    monkeypatch.setattr(grade, "local_workers", lambda *_: ThreadPoolExecutor(1))
    place = hand_in(tmp_path / "in", {"s1.ipynb": RIGHT, "s2.ipynb": b"{}"})
    assert grade_now(place, tmp_path / "out") == 0
    table = rows(tmp_path / "out")
    assert [table[n]["needs_human"] for n in ("s1", "s2")] == ["yes", "yes"]
    assert "a fault of the grader" in table["s1"]["notes"] and table["s1"]["points"] == ""


def test_nothing_at_all_is_an_error(tmp_path, the_sheet):
    with pytest.raises(NoSubmissions):
        collect(tmp_path, the_sheet)


# --- words ------------------------------------------------------------------------------------


def test_every_word_is_there_in_every_language():
    languages = {"en", *(name.replace("-", "_") for name in say.LANGUAGES)}
    for name, texts in messages.catalogue().items():
        assert set(texts) == languages and all(texts.values()), name
        holes = [{f for _, f, _, _ in string.Formatter().parse(t) if f} for t in texts.values()]
        assert all(found == holes[0] for found in holes), name


def test_a_formula_in_a_name_is_text(the_sheet, tmp_path):
    job = classroom.Job(ROOT, LESSON, LANG, b"", LIMITS, True)
    with ThreadPoolExecutor(1) as pool:
        one = Submission("=HYPERLINK(1)", human=[("no_notebook", {"files": ""})])
        results = classroom.grade_class([one], job, tmp_path, pool, lambda _: None)
    show(results.values(), the_sheet, tmp_path)
    assert list(rows(tmp_path)) == ["'=HYPERLINK(1)"]


def test_markup_in_a_submission_is_shown_as_text(isolated, the_sheet, tmp_path):
    s = Sheets(LANG)
    made = s.right(merge="def merge(*a): raise ValueError('<img src=x onerror=alert(1)>')")
    place = hand_in(tmp_path / "in", {"<b>s1/x.ipynb": json.dumps(made).encode()})
    assert grade_now(place, tmp_path / "out") == 0
    pages = [p.read_text(encoding="utf-8") for p in (tmp_path / "out").rglob("*.html")]
    assert len(pages) == 2
    assert not [page for page in pages if "<img" in page or "<b>s1" in page]
    assert "&lt;img" in "".join(pages)
