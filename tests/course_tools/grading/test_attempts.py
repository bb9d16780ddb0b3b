"""Which of several files counts, what is late, and that no spelling of a path decides it."""

import io
import itertools
import json
import zipfile
from datetime import datetime
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked_class import MarkedClass, notebook
from places import ROOT
from sample_class import FULL, LESSON

from course_tools.grading import sheet
from course_tools.grading.submissions import attempts, lms
from course_tools.grading.submissions.attempts import BEST, LAST, ON_TIME, Policy
from course_tools.grading.submissions.collect import collect
from course_tools.grading.submissions.entries import SubmittedFile
from course_tools.grading.submissions.submission import submissions

SHEET = sheet.read(ROOT, LESSON, "ja")
RIGHT = notebook(**dict.fromkeys(FULL, "RIGHT"))
WRONG = notebook(**dict.fromkeys(FULL, "another"))
HALF = notebook(merge="RIGHT", grouped="RIGHT")
DUE, DUE_S = "2026-05-01 23:59", attempts.due("2026-05-01 23:59")
SPELLINGS = ["X.ipynb", "X-Copy1.ipynb", "exercise_01_attention.ipynb", "a/X.ipynb", "作業一.ipynb"]


def file(path: str, data: bytes, when: float = 0.0) -> SubmittedFile:
    return SubmittedFile(PurePosixPath("s1", path), lambda: data, when)


def chosen(files, policy: Policy = Policy()):  # noqa: B008
    return submissions("s1", files, SHEET, policy)


def names(notes) -> list[str]:
    return [name for name, _ in notes]


@given(st.permutations(SPELLINGS), st.permutations([(RIGHT, 3.0), (WRONG, 2.0), (HALF, 1.0)]))
@settings(max_examples=20, deadline=None, derandomize=True, database=None)
def test_the_last_counts_however_its_path_is_spelled(paths, handed):
    """Same texts and dates under other names, in another order: the same one counts."""
    files = [
        file(path, data, when * 3600) for path, (data, when) in zip(paths, handed, strict=False)
    ]
    [one] = chosen(files)
    assert one.data == RIGHT and one.human == [] and names(one.notes) == ["attempts"]


@pytest.mark.parametrize("paths", list(itertools.permutations(SPELLINGS[:3], 2)))
def test_where_nothing_tells_which_was_last_a_person_is_told_and_the_best_counts(tmp_path, paths):
    made = MarkedClass(tmp_path)
    for path, data in zip(paths, (RIGHT, HALF), strict=True):
        made.hand_in("s1", data, path, DUE_S)
    found = collect(made.place, SHEET)
    assert {one.data for one in found} == {RIGHT, HALF}
    assert all(names(one.human) == ["tied"] for one in found)
    # the same file twice is no doubt
    made.hand_in("s1", RIGHT, paths[1], DUE_S)
    [one] = collect(made.place, SHEET)
    assert (one.data, one.human) == (RIGHT, [])


def test_the_best_of_those_that_are_tied_is_in_the_row_and_both_are_kept(tmp_path):
    made = MarkedClass(tmp_path)
    made.hand_in("s1", HALF, "b.ipynb", DUE_S)
    made.hand_in("s1", RIGHT, "a.ipynb", DUE_S)
    assert made.grade("--report-lang", "en") == 0
    row = made.rows()["s1"]
    assert (row["points"], row["needs_human"]) == ("10", "yes") and "2 files" in row["notes"]
    assert len(list((made.out / "results").iterdir())) == 2


def test_a_number_that_contradicts_the_date_is_for_a_person():
    early, late = file("01 (2).ipynb", RIGHT, 1e9), file("01.ipynb", WRONG, 1e9 + 3600)
    [one] = chosen([early, late])
    assert one.data == RIGHT and names(one.human) == ["order_unclear"]
    [one] = chosen([early, file("01.ipynb", WRONG, 1e9 + 5)])  # two clocks, or a slow copy
    assert one.human == []


def test_a_file_that_is_no_notebook_is_not_left_out_silently():
    [one] = chosen([file("a.ipynb", RIGHT, 1.0), file("b.ipynb", b"%PDF-1.7", 7200.0)])
    assert one.data == RIGHT and one.human == [("left_out", {"file": "b.ipynb"})]


def canvas(place: Path, files: dict[str, bytes]) -> Path:
    place.mkdir(parents=True)
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


def test_the_number_of_canvas_says_which_came_later_and_its_word_what_is_late(tmp_path):
    names_ = {"wang_LATE_4021_88009_01.ipynb": RIGHT, "wang_4021_88001_01-7.ipynb": HALF}
    found = collect(canvas(tmp_path / "in", names_), SHEET)
    assert [(one.data, one.late, names(one.notes)) for one in found] == [
        (RIGHT, True, ["attempts", "late"])
    ]
    [one] = collect(tmp_path / "in", SHEET, Policy(ON_TIME))
    assert (one.data, one.late, names(one.notes)) == (HALF, False, ["on_time_attempt"])
    assert lms.marked_late(PurePosixPath("wang_LATE_4021_88009_hw/x.ipynb"))
    assert not lms.marked_late(PurePosixPath("LATE/x.ipynb"))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [(LAST, ("7", "3", "yes")), (BEST, ("8", "", "")), (ON_TIME, ("6", "", ""))],
)
def test_a_policy_decides_which_counts_and_what_it_costs(tmp_path, counts, expected):
    """8 and 6 points on time, then 10 on the second day after the deadline, which costs 3."""
    made = MarkedClass(tmp_path)
    eight = notebook(**{**dict.fromkeys(FULL, "RIGHT"), "window": "another"})
    made.hand_in("s1", eight, "a.ipynb", DUE_S - 7200)
    made.hand_in("s1", HALF, "b.ipynb", DUE_S - 3600)
    made.hand_in("s1", RIGHT, "c.ipynb", DUE_S + 86_400 + 1)
    options = ["--attempts", counts, "--due", DUE, "--late-penalty", "1.5/day"]
    assert made.grade(*options, "--report-lang", "en") == 0
    row = made.rows()["s1"]
    assert (row["points"], row["penalty"], row["late"]) == expected
    assert ("day 2" in row["notes"]) == (counts == LAST)
    assert made.kept("s1")["score"] == float(expected[0])


@pytest.mark.parametrize(
    ("cut", "late_by", "points"),
    [("2", 1, 2), ("10%", 1, 1.4), ("2/day", 86_401, 4), ("50%/day", 5 * 86_400, 14), ("2", -1, 0)],
)
def test_what_being_late_costs(cut, late_by, points):
    one = file("x.ipynb", RIGHT, DUE_S + late_by)
    assert Policy(due=DUE_S, cut=cut).penalty(one, 14) == pytest.approx(points)


@pytest.mark.parametrize("options", [["--late-penalty", "lots"], ["--late-penalty", "2/day"],
                                     ["--due", "tomorrow"]])  # fmt: skip
def test_a_policy_that_cannot_be_is_refused(tmp_path, options, capsys):
    made = MarkedClass(tmp_path)
    made.hand_in("s1", RIGHT)
    assert made.grade(*options) == 2
    assert options[-1] in capsys.readouterr().err and not made.out.exists()


def test_dates_of_a_zip_file_are_those_of_the_lms_not_of_a_zip_file_in_it(tmp_path):
    own = io.BytesIO()
    with zipfile.ZipFile(own, "w") as archive:
        archive.writestr(zipfile.ZipInfo("x.ipynb", (2026, 4, 1, 12, 0, 0)), RIGHT)
    name = "王小明_418230_assignsubmission_file_/{}"
    with zipfile.ZipFile(tmp_path / "moodle.zip", "w") as archive:
        archive.writestr(
            zipfile.ZipInfo(name.format("own.zip"), (2026, 5, 2, 8, 0, 0)), own.getvalue()
        )
        archive.writestr(zipfile.ZipInfo(name.format("y.ipynb"), (2026, 4, 20, 8, 0, 0)), WRONG)
    [one] = collect(tmp_path / "moodle.zip", SHEET, Policy(due=DUE_S))
    assert (one.data, one.late) == (RIGHT, True)
    assert one.when == datetime(2026, 5, 2, 8).timestamp()


def test_a_date_that_nobody_knows_is_not_late(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("s1/x.ipynb"), RIGHT)  # 1980-01-01
    [one] = collect(tmp_path / "x.zip", SHEET, Policy(due=DUE_S))
    assert (one.when, one.late) == (0.0, False)


# --- who is there ---------------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [False, True])
def test_a_folder_without_a_file_has_a_row_that_says_so(tmp_path, zipped):
    made = MarkedClass(tmp_path, lang="zh-tw")
    made.hand_in("班/王小明", notebook("zh-tw", **dict.fromkeys(FULL, "RIGHT")))
    (made.place / "班" / "林育珊").mkdir()
    (made.place / "班" / "陳 大文" / ".ipynb_checkpoints").mkdir(parents=True)
    (made.place / "班" / "陳 大文" / ".ipynb_checkpoints" / "x.ipynb").write_bytes(RIGHT)
    place = made.place
    if zipped:
        place = tmp_path / "class.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for path in sorted(made.place.rglob("*")):
                archive.write(path, path.relative_to(made.place))
    assert made.grade("--report-lang", "en", place=place) == 0
    rows = made.rows()
    assert set(rows) == {"王小明", "林育珊", "陳 大文"}
    for name in ("林育珊", "陳 大文"):
        assert (rows[name]["points"], rows[name]["needs_human"]) == ("", "yes")
        assert "without any file" in rows[name]["notes"] and "資料夾裡沒有任何檔案" in made.page(
            name
        )


def test_who_is_in_the_first_download_alone_keeps_the_row_and_is_graded_anew(tmp_path):
    made = MarkedClass(tmp_path)
    made.hand_in("s1", RIGHT)
    made.hand_in("s2", HALF)
    assert made.grade("--report-lang", "en") == 0
    made.take_back("s2")
    for old in (made.out / "results").iterdir():
        old.unlink()  # as when the course has changed since
    assert made.grade("--report-lang", "en") == 0
    row = made.rows()["s2"]
    assert row["auto_points"] == "6" and "not among what was handed in this time" in row["notes"]
    assert "not among" not in made.rows()["s1"]["notes"]
    (made.out / "handed_in" / "s2.json").unlink()  # the way to drop a row
    assert made.grade("--report-lang", "en") == 0 and len(made.rows()) == 1


def test_two_sheets_are_not_mixed_in_one_folder(tmp_path, capsys):
    made = MarkedClass(tmp_path)
    made.hand_in("s1", RIGHT)
    assert made.grade() == 0
    before = (made.out / "grades.csv").read_bytes()
    other = MarkedClass(tmp_path, lang="zh-tw")
    assert other.grade() == 1
    assert f"holds grades of {LESSON} (ja)" in capsys.readouterr().err
    assert (made.out / "grades.csv").read_bytes() == before


def test_what_is_kept_of_what_was_handed_in_is_what_was_handed_in(tmp_path):
    made = MarkedClass(tmp_path)
    made.hand_in("s1", RIGHT)
    made.hand_in("s1", b"{}", "triad-progress.json")
    made.hand_in("s1", b"a picture", "x.png")
    assert made.grade() == 0
    kept = json.loads((made.out / "handed_in" / "s1.json").read_text(encoding="utf-8"))
    assert [bool(f["data"]) for f in kept["files"]] == [True, True, False]
