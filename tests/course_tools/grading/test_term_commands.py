"""What an instructor does once or twice a term: exempt, grade again, rehearse, reset."""

import json
import os
import shutil

import filelock
import pytest
import turns
from marked_class import MarkedClass, notebook
from nbgrader.api import MissingEntry
from places import ROOT
from sample_class import FULL, LESSON
from test_scores import a_course, set_points

from course_tools.grading import exempt, regrade, rehearse, reset, sheet
from course_tools.grading.marking.desk import Desk
from course_tools.grading.reports import gradebook
from course_tools.grading.sandbox import why_not
from helpers.classroom.sheets import sheet_file

RIGHT = dict.fromkeys(FULL, "RIGHT")


@pytest.fixture
def made(tmp_path) -> MarkedClass:
    made = MarkedClass(tmp_path)
    made.hand_in("王小明", notebook(**RIGHT, essay="A"))
    made.hand_in("s2", notebook(**{**RIGHT, "merge": "another"}, essay="B"))
    assert made.grade("--report-lang", "en") == 0
    return made


# --- exempt ---------------------------------------------------------------------------------------


def call(made, *words) -> int:
    return exempt.main([*words, "--lang", "ja", "--courses", str(made.courses)])


def test_a_name_or_a_task_that_is_not_there_is_refused_with_what_may_be_meant(made, capsys):
    why = ("--lesson", LESSON, "--reason", "病欠")
    assert call(made, "王小名", *why) == 1
    assert "王小明" in capsys.readouterr().err
    assert call(made, "王小明", *why, "--task", "esay") == 1
    assert "essay" in capsys.readouterr().err
    assert call(made, "王小明", "--lesson", LESSON, "--end") == 1
    of = ("王小明", "--lesson", LESSON)
    for wrong in (of, ("王小明", "--reason", "x"), (*of, *why, "--end"), (*of, "--reason", " ")):
        with pytest.raises(SystemExit):
            call(made, *wrong)
    assert not (made.courses / "ja" / "exempt.json").exists()


def test_who_is_exempt_and_handed_in_nothing_has_a_row_that_says_why(made, capsys):
    assert call(made, "新しい人", "--lesson", LESSON, "--reason", "転入 =1+1", "--new") == 0
    assert call(made) == 0 and f"{LESSON}  新しい人  (whole sheet)  転入" in capsys.readouterr().out
    assert made.grade("--report-lang", "en") == 0
    row = made.rows()["新しい人"]
    assert (row["points"], row["max_points"], row["status"], row["needs_human"]) == (
        "", "0", "exempt", "no",
    )  # fmt: skip
    assert row["notes"] == "exempt from this sheet (転入 =1+1)" and row["to_mark"] == ""
    assert "免除" in made.page("新しい人") and "転入" in made.page("新しい人")
    assert call(made, "新しい人", "--lesson", LESSON, "--end") == 0
    assert made.grade("--report-lang", "en") == 0 and "新しい人" not in made.rows()


def test_reasons_are_only_text(made):
    attack = "<img src=x onerror=alert(1)>"
    assert call(made, "s2", "--lesson", LESSON, "--task", "merge", "--reason", attack) == 0
    assert made.grade("--report-lang", "en") == 0
    file = next((made.out / "feedback").glob("s2*.html")).read_text(encoding="utf-8")
    assert "<img" not in file + made.report() and "&lt;img" in file and "&lt;img" in made.report()


# --- regrade --------------------------------------------------------------------------------------


def test_a_mended_task_is_released_and_graded_again_by_one_command(tmp_path, monkeypatch, capsys):
    made = MarkedClass(tmp_path, root=a_course(tmp_path / "course"))
    made.hand_in("s1", notebook(**RIGHT, essay="A"), when=1_777_680_000.0)
    made.hand_in("s2", notebook(**{**RIGHT, "merge": "another"}))
    due = ("--due", "2026-05-01 23:59", "--late-penalty", "2", "--report-lang", "en")
    assert made.grade(*due) == 0
    made.mark("s1", "essay", 3.0)
    assert made.grade(*due) == 0
    before = made.rows()
    shutil.rmtree(made.place)  # the download is not needed any more
    assert made.regrade() == 0
    assert "Nobody's points have changed." in capsys.readouterr().out and made.rows() == before
    set_points(made.root, **{"merge-check": 6})
    assert made.regrade() == 0
    said = capsys.readouterr().out
    assert "released anew" in said and "merge 3 → 6" in said
    assert (
        "s1: points 11 → 14, merge 3 → 6" in said
        and "s2" not in said.split("released anew")[1].split("s1:")[1]
    )
    assert made.rows()["s1"]["penalty"] == "2" and made.kept("s1")["max_score"] == 17
    assert made.kept("s1")["given"]["essay"][0] == 3


def test_a_folder_that_was_never_graded_is_refused(tmp_path, capsys):
    assert regrade.main([str(tmp_path)]) == 1
    assert "cannot be graded again" in capsys.readouterr().err


def test_a_sheet_that_changed_after_its_release_is_spoken_of(tmp_path, capsys):
    made = MarkedClass(tmp_path, root=a_course(tmp_path / "course"))
    made.hand_in("s1", notebook(**RIGHT))
    assert made.grade() == 0
    capsys.readouterr()
    assert made.grade() == 0 and "has changed since" not in capsys.readouterr().out
    path = made.root / sheet_file("solutions", "ja", LESSON)
    path.write_text(path.read_text(encoding="utf-8").replace("記述問題", "記述の問題"), "utf-8")
    assert made.grade() == 0
    said = capsys.readouterr().out
    assert gradebook.OUTDATED.format(lesson=LESSON, lang="ja") in said
    assert made.regrade() == 0 and made.grade() == 0
    assert capsys.readouterr().out.count("has changed since") == 0


# --- reset ----------------------------------------------------------------------------------------


def back(made, *words) -> int:
    return reset.main(["--lang", "ja", "--courses", str(made.courses), *words])


def test_one_sheet_is_put_aside_and_begins_anew(made, capsys):
    made.save(made.on_desk("s2"), (1, 1, 1, 0), "x")
    assert call(made, "王小明", "--lesson", LESSON, "--reason", "病欠") == 0
    assert made.grade("--report-lang", "en") == 0 and made.rows()["s2"]["points"] == "10"
    assert back(made, "--lesson", "99_no") == 1 and "99_no" in capsys.readouterr().err
    assert back(made, "--lesson", LESSON) == 0
    aside = next((made.courses / "ja").glob("before-reset-*"))
    with pytest.raises(MissingEntry):
        made.kept("s2")
    old = Desk(aside)
    assert [one.given for one in old.essays(LESSON, "essay") if one.given] == [3]
    assert json.loads((aside / "exempt.json").read_text("utf-8"))[LESSON]
    shutil.rmtree(made.out)
    assert made.grade("--report-lang", "en") == 0
    assert (made.rows()["王小明"]["status"], made.rows()["s2"]["to_mark"]) == ("graded", "essay")
    assert made.on_desk("s2").marks == {}


def test_a_whole_course_is_put_aside_unless_it_is_in_use(made, capsys):
    with filelock.FileLock(made.courses / "ja" / gradebook.MARKING):
        assert back(made) == 1
    assert "in use" in capsys.readouterr().err
    assert back(made) == 0 and back(made) == 1
    assert [path.name[:16] for path in made.courses.iterdir()] == ["ja.before-reset-"]


# --- rehearse -------------------------------------------------------------------------------------


@pytest.mark.skipif(bool(why_not()), reason=why_not())
@pytest.mark.parametrize("lang", turns.languages(1))
def test_a_rehearsal_ends_as_it_must(tmp_path, lang, capsys):
    where = ["--lang", lang, "--out", str(tmp_path / "試し"), "--lesson", LESSON]
    assert rehearse.main(where) == 0
    said = capsys.readouterr().out
    assert said.count(", as it must be") == 5 and "NOT" not in said
    assert "sample-solved: 14 of 14" in said and not (ROOT / "rehearsal" / "courses").exists()


def test_a_rehearsal_says_what_is_wrong_and_spares_other_folders(tmp_path, capsys):
    (tmp_path / "mine").write_text("x")
    assert rehearse.main(["--lang", "ja", "--out", str(tmp_path)]) == 1
    assert "choose another" in capsys.readouterr().err and os.listdir(tmp_path) == ["mine"]
    found = {rehearse.SOLVED: {"points": "13", "needs_human": "no"}}
    wrong = list(rehearse.told(found, sheet.read(ROOT, LESSON, "ja")))
    assert wrong == [True] * 5 and "NOT as it must be: expected 14" in capsys.readouterr().out
