"""What the LMS takes back: its own importers, written anew in the kit, read what was given."""

import csv
import io
import json
from dataclasses import replace
from functools import partial

import lms_imports
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lms_class import LmsClass, answer, pupils
from sample_class import LESSON

from course_tools.grading import messages
from course_tools.grading.csv_files import CsvFile
from course_tools.grading.marks import Given
from course_tools.grading.reports import feedback
from course_tools.grading.roster import Roster, with_roster, without_roster
from course_tools.grading.to_lms import feedback_files, student_list, uploads, worksheet
from course_tools.grading.to_lms.layouts import UnknownLayout
from course_tools.grading.to_lms.uploads import Wanted, WrongOptions
from course_tools.grading.to_lms.worksheet import OtherMaximum

LANGS = {"moodle": "ja", "canvas": "zh-tw"}
COLUMN = {"moodle": "", "canvas": "作業一"}
BOTH = pytest.mark.parametrize("key", list(LANGS))


def a_class(folder, key: str, n: int = 6, seed: int = 4) -> LmsClass:
    every = list(pupils(LANGS[key], n, seed))
    made = LmsClass(folder, key, LANGS[key], LESSON, every, folder)
    answer(every, made.sheet, seed)
    return made


def filled(made: LmsClass, grades=None, file=None, **options):
    """(file, what came of it, its bytes) of a class."""
    grades = made.grades() if grades is None else grades
    file = CsvFile.read(made.table() if file is None else file)
    people = options.pop("people", None) or without_roster([g.graded for g in grades])
    options = {"column": COLUMN[made.key], **options}
    found = worksheet.fill(file, made.key, grades, people, **options)
    return file, found, file.changed(found.cells)


def imported(made: LmsClass, data: bytes) -> dict[str, str]:
    """{LMS' number: what the LMS reads}."""
    if made.key == "moodle":
        return {who: f"{value:g}" for who, value in
                lms_imports.moodle_grades(data, made.sheet.total_points).items()}  # fmt: skip
    found = lms_imports.canvas_grades(data, "5012")
    return {who: text for who, text in found.items() if text}


def points(made: LmsClass) -> dict[str, str]:
    values = {one.lms_id: made.expected(one) for one in made.pupils}
    return {who: f"{value:g}" for who, value in values.items() if value is not None}


@BOTH
def test_the_lms_reads_everybodys_points(tmp_path, key):
    made = a_class(tmp_path, key)
    made.pupils[1].handed, made.pupils[2].essay = False, None
    file, found, data = filled(made)
    assert imported(made, data) == points(made) and len(points(made)) == 4
    assert found.given == {p.label for n, p in enumerate(made.pupils) if n not in (1, 2)}
    assert [(who, name) for who, (name, _) in found.found] == [
        (made.pupils[2].label, "lms_pending")
    ]
    assert found.untouched == 1 + (key == "canvas")  # and Canvas' test student
    # nothing else changed: with the cells emptied again, it is the file that was exported
    before = dict.fromkeys(found.cells, "")
    again = tmp_path / "again.csv"
    again.write_bytes(data)
    assert CsvFile.read(again).changed(before) == file.data


@pytest.mark.parametrize(
    ("key", "encoding", "delimiter"),
    [("moodle", "utf-16", "\t"), ("moodle", "cp932", ";"), ("canvas", "cp950", ","),
     ("canvas", "utf-8-sig", ";")],
)  # fmt: skip
def test_a_table_that_excel_has_saved_stays_as_it_was_saved(tmp_path, key, encoding, delimiter):
    made = a_class(tmp_path, key)
    rows = list(csv.reader(io.StringIO(made.table().read_text("utf-8-sig"), newline="")))
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    path = tmp_path / "excel.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    _, _, data = filled(made, file=path)
    assert data[:2] == path.read_bytes()[:2]
    read = list(csv.reader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter))
    again = io.StringIO()
    csv.writer(again).writerows(read)
    assert imported(made, again.getvalue().encode()) == points(made)


@BOTH
def test_a_folder_class_finds_its_rows_by_the_roster(tmp_path, key):
    """Folders that no LMS named: the student number leads to the row, a wrong name to nobody."""
    made = a_class(tmp_path, key)
    made.pupils[0].shown = "別の名前" if key == "moodle" else "另一人"
    grades = [replace(g, graded=replace(g.graded, student=p.number, file=f"{p.number}/01.ipynb"))
              for g, p in zip(made.grades(), made.pupils, strict=True)]  # fmt: skip
    roster = Roster.read(made.roster("utf-8"))
    people = with_roster([g.graded for g in grades], roster)
    _, found, data = filled(made, grades, people=people, roster=roster)
    assert imported(made, data) == points(made)  # numbers and mails are in the LMS' table, too
    assert found.found == []
    # without the numbers, the table has only names: the renamed one is nobody
    bare = tmp_path / "bare.csv"
    bare.write_bytes(made.table().read_bytes().replace(made.pupils[0].number.lower().encode(), b"x")
                     .replace(made.pupils[0].number.encode(), b"y"))  # fmt: skip
    _, found, data = filled(made, grades, bare, people=people, roster=roster)
    assert (made.pupils[0].number, ("lms_no_row", {})) in found.found
    assert imported(made, data).keys() == points(made).keys() - {made.pupils[0].lms_id}


@BOTH
def test_a_row_that_contradicts_the_roster_is_not_filled(tmp_path, key):
    """The LMS' number is one student's, the mail or student number in the same row another's."""
    made = a_class(tmp_path, key)
    roster = Roster.read(made.roster("utf-8"))
    one, other = made.pupils[:2]
    data = made.table().read_bytes()
    first, second = one.lms_id.encode(), other.lms_id.encode()
    path = tmp_path / "swapped.csv"
    path.write_bytes(data.replace(first, b"#").replace(second, first).replace(b"#", second))
    people = with_roster([g.graded for g in made.grades()], roster)
    _, found, data = filled(made, file=path, people=people, roster=roster)
    said = [name for _, (name, _) in found.found]
    assert (
        found.untouched == (key == "canvas")
        and said.count("lms_contradicts") == 2
        and said.count("lms_no_row") == 2
    )
    assert imported(made, data).keys() == points(made).keys() - {one.lms_id, other.lms_id}


@BOTH
def test_a_row_of_somebody_who_handed_in_nothing_is_not_filled_with_anothers_points(tmp_path, key):
    """The LMS' number is of one who handed in, the rest of the row is of one who did not."""
    made = a_class(tmp_path, key)
    roster = Roster.read(made.roster("utf-8"))
    one, other = made.pupils[:2]
    first, second = one.lms_id.encode(), other.lms_id.encode()
    path = tmp_path / "swapped.csv"
    data = made.table().read_bytes().replace(first, b"#").replace(second, first)
    path.write_bytes(data.replace(b"#", second))
    other.handed = False
    every = [g.graded for g in made.grades()]
    learned = worksheet.numbers(CsvFile.read(path), key, COLUMN[key], roster)
    assert with_roster(every, roster, learned).who[one.label].known is False
    people = with_roster(every, roster, learned)
    _, found, data = filled(made, file=path, people=people, roster=roster)
    assert (one.label, "lms_contradicts") in [(who, name) for who, (name, _) in found.found]
    assert first.decode() not in imported(made, data)


@BOTH
def test_two_rows_or_two_submissions_of_one_student_are_for_a_person(tmp_path, key):
    made = a_class(tmp_path, key)
    roster = Roster.read(made.roster("utf-8"))
    made.strangers = [replace(made.pupils[0], lms_id="999001")]
    people = with_roster([g.graded for g in made.grades()], roster)
    _, found, data = filled(made, people=people, roster=roster)
    assert [name for _, (name, _) in found.found].count("lms_twice") == 2
    assert made.pupils[0].lms_id not in imported(made, data)
    twice = tmp_path / "twice.csv"
    lines = made.table().read_bytes().splitlines(keepends=True)
    again = [line for line in lines if made.pupils[1].lms_id.encode() in line]
    twice.write_bytes(b"".join([*lines, *again]))
    _, found, data = filled(made, file=twice, people=people, roster=roster)
    assert (made.pupils[1].label, ("lms_rows", {"n": 2})) in found.found
    assert made.pupils[1].lms_id not in imported(made, data)


@BOTH
def test_who_is_exempt_is_excused_where_the_lms_knows_that(tmp_path, key):
    made = a_class(tmp_path, key, 2)
    sheet = {task.name: "ill" for task in made.sheet.tasks}
    first, second = made.grades()
    grades = [replace(first, exempt=sheet), replace(second, exempt={"essay": "ill"})]
    _, found, data = filled(made, grades)
    got = imported(made, data)
    assert got.get(made.pupils[0].lms_id) == ("EX" if key == "canvas" else None)
    part = sum(made.sheet.by_key[f"{n}-check"].points for n in made.pupils[1].right)
    assert float(got[made.pupils[1].lms_id]) == pytest.approx(part * 14 / 10, abs=0.005)
    said = [name for _, (name, _) in found.found]
    assert said == ["lms_exempt" if key == "canvas" else "lms_exempt_kept", "lms_share"]


@BOTH
def test_more_than_the_maximum_is_told_where_the_lms_refuses_it(tmp_path, key):
    made = a_class(tmp_path, key, 3)
    one = made.pupils[0]
    one.right, one.essay, one.late = frozenset({"merge", "window", "grouped", "packed"}), 4.0, False
    first, *rest = made.grades()
    first = replace(first, given={"essay": Given(4.0, extra=0.5)})
    _, found, data = filled(made, [first, *rest])
    assert ("lms_above" in [name for _, (name, _) in found.found]) == (key == "moodle")
    assert imported(made, data).get(one.lms_id) == (None if key == "moodle" else "14.5")


@BOTH
def test_another_maximum_is_refused_or_converted(tmp_path, key):
    made = a_class(tmp_path, key)
    path = tmp_path / "hundred.csv"
    path.write_bytes(made.table().read_bytes().replace(b"14.00", b"100.00"))
    with pytest.raises(OtherMaximum, match=r"has 14 points, the LMS counts to 100\. Set the max"):
        filled(made, file=path)
    with pytest.raises(OtherMaximum):
        uploads.check(Wanted(key, path, COLUMN[key]), made.sheet, tmp_path / "out")
    _, _, data = filled(made, file=path, scale=True)
    got = lms_imports.moodle_grades(data, 100) if key == "moodle" else imported(made, data)
    assert {who: float(text) for who, text in got.items()} == {
        who: pytest.approx(float(text) * 100 / 14, abs=0.005) for who, text in points(made).items()
    }


@BOTH
def test_points_that_stand_there_are_changed_and_told_and_equal_ones_stay_bytes(tmp_path, key):
    made = a_class(tmp_path, key)
    _, _, data = filled(made)
    path = tmp_path / "again.csv"
    path.write_bytes(data)
    _, found, again = filled(made, file=path)
    assert (again, found.cells, found.found) == (data, {}, []) and len(found.given) == 6
    made.pupils[3].essay = 3.75
    _, found, again = filled(made, file=path)
    assert [(who, name) for who, (name, _) in found.found] == [
        (made.pupils[3].label, "lms_changed")
    ]
    assert imported(made, again) == points(made)


def test_canvas_needs_to_know_which_assignment(tmp_path):
    made = a_class(tmp_path, "canvas")
    fill = partial(filled, made)
    with pytest.raises(UnknownLayout, match=r"2 columns may hold.*作業一 \(5012\), 期末, 報告"):
        fill(column="")
    data = fill(column="5012")[2]
    assert fill(column="作業一 (5012)")[2] == fill(column="作業一")[2] == data
    assert set(lms_imports.canvas_grades(data, "5013").values()) == {"77.50", ""}
    with pytest.raises(UnknownLayout, match="0 columns"):
        fill(column="作業")
    not_assigned = tmp_path / "na.csv"
    one = made.pupils[0]
    old = f"{one.number.lower()},一班 and 二班,,".encode()
    not_assigned.write_bytes(made.table().read_bytes().replace(old, old[:-1] + b"N/A,"))
    _, found, data = fill(file=not_assigned)
    assert [name for _, (name, _) in found.found] == ["lms_not_assigned"]
    assert imported(made, data)[one.lms_id] == "N/A"


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("moodle", "ID,フルネーム,評点\n参加者x,a,\n", "no grading worksheet of Moodle"),
        ("moodle", "ID,フルネーム,点\n参加者7,a,\n", "--lms-column: ID, フルネーム, 点"),
        ("canvas", "Student,SIS Login ID,Section,a (1)\nx,y,z,\n", "no gradebook of Canvas"),
    ],
)
def test_another_table_is_refused_with_what_to_do(tmp_path, key, text, said):
    path = tmp_path / "other.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnknownLayout) as refused:
        filled(a_class(tmp_path, key), file=path, column="")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"key": "moodle"}, "give --lms-file"),
        ({"key": "manaba", "column": "x"}, "list of its own"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, said):
    with pytest.raises(WrongOptions, match=said):
        Wanted(**options)


def test_what_cannot_be_filled_is_refused_before_anything_is_graded(tmp_path, capsys):
    made = a_class(tmp_path, "moodle", 2)
    table, roster = made.table(), made.roster("utf-8")
    hundred = tmp_path / "hundred.csv"
    hundred.write_bytes(table.read_bytes().replace(b"14.00", b"100.00"))
    (made.out / "lms").mkdir(parents=True)
    inside = made.out / "lms" / "worksheet.csv"
    inside.write_bytes(table.read_bytes())
    asked = {
        ("--lms", "moodle"): (2, "give --lms-file"),
        ("--lms-file", str(table)): (2, "need --lms"),
        ("--roster", str(tmp_path / "nowhere.csv")): (2, "is not there"),
        ("--roster", str(made.submissions())): (1, "an Excel file?"),
        ("--lms", "moodle", "--lms-file", str(roster)): (1, "no grading worksheet of Moodle"),
        ("--lms", "moodle", "--lms-file", str(hundred)): (1, "--lms-scale"),
        ("--lms", "moodle", "--lms-file", str(inside)): (1, "would be overwritten"),
    }
    where = ["--lesson", LESSON, "--lang", "ja", "--out", str(made.out), "--courses", str(tmp_path)]
    for words, (code, said) in asked.items():
        assert made.run([str(made.submissions()), *where, *words]) == code
        assert said in capsys.readouterr().err
    assert not (made.out / "results").exists() and inside.read_bytes() == table.read_bytes()


# --- feedback -------------------------------------------------------------------------------------


def test_moodle_places_every_page(tmp_path):
    made = a_class(tmp_path, "moodle")
    made.pupils[0].shown = "佐藤_太郎"  # which Moodle itself packs with a space
    grades = made.grades()
    people = without_roster([g.graded for g in grades])
    data, left_out = feedback_files.packed("moodle", grades, people, True)
    found = lms_imports.moodle_files(data, {one.lms_id for one in made.pupils})
    assert left_out == []
    assert found == {
        one.lms_id: {"feedback.html": feedback.page(grade, True).encode()}
        for one, grade in zip(made.pupils, grades, strict=True)
    }
    assert feedback_files.packed("moodle", grades, people, True)[0] == data


def test_canvas_gives_back_a_file_of_the_kind_that_was_handed_in(tmp_path):
    made = a_class(tmp_path, "canvas", 3)
    notebook, zipped, pdf = made.grades()
    name = zipped.graded.file.replace(".ipynb", "")
    zipped = replace(zipped, graded=replace(zipped.graded, file=f"{name}/sub/x.ipynb"))
    pdf = replace(pdf, graded=replace(pdf.graded, file=f"{pdf.graded.file[:-6]}.pdf"))
    grades = [notebook, zipped, pdf]
    data, left_out = feedback_files.packed(
        "canvas", grades, without_roster([g.graded for g in grades]), True
    )
    names = {str(p.attachment): (p.lms_id, f"mine.{end}") for p, end in
             zip(made.pupils, ("ipynb", "zip", "pdf"), strict=True)}  # fmt: skip
    found = lms_imports.canvas_files(data, names)
    assert left_out == [(pdf.graded.student, ("lms_no_page", {}))]
    first, second = (found[one.lms_id] for one in made.pupils[:2])
    assert (first[0], second[0]) == ("mine.ipynb", "mine.zip") and len(found) == 2
    [cell] = json.loads(first[1])["cells"]
    assert cell["cell_type"] == "markdown" and "<h1>" in cell["source"]
    assert second[1][:2] == b"PK"


def test_a_page_in_a_notebook_is_one_line_without_any_markdown(tmp_path):
    made = a_class(tmp_path, "canvas", 1)
    [one] = made.grades()
    one = replace(one, given={"essay": Given(2.0, comment="a\n\n# b\n$x$ <script>")})
    [cell] = json.loads(feedback_files._as_notebook(feedback.body(one, True)))["cells"]
    assert not {"\n", "$"} & set(cell["source"]) and "<script" not in cell["source"]


# --- a list by student number ---------------------------------------------------------------------


@given(st.text(st.sampled_from("=+-@'１王ｱ,\" \t"), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None, derandomize=True, database=None)
def test_no_name_in_a_list_is_a_formula(tmp_path_factory, name):
    made = a_class(tmp_path_factory.mktemp("c"), "moodle", 1)
    made.pupils[0].shown = name
    grades = made.grades()
    grades = [replace(g, graded=replace(g.graded, file=f"{name}_1_assignsubmission_file/x.ipynb"))
              for g in grades]  # fmt: skip
    data = student_list.listed(grades, without_roster([g.graded for g in grades]), "ja")
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for row in rows for cell in row)


@pytest.mark.parametrize("key", ["manaba", "webclass"])
def test_a_list_has_everybody_by_number(tmp_path, key):
    made = a_class(tmp_path, "moodle")
    made.pupils[1].handed, made.pupils[2].essay = False, None
    roster = Roster.read(made.roster("cp932"))
    people = with_roster([g.graded for g in made.grades()], roster)
    assert uploads.write(Wanted(key), made.grades(), people, roster, tmp_path, True, "ja") == []
    text = (tmp_path / "lms" / f"{key}.csv").read_text("utf-8-sig")
    heads, *rows = csv.reader(io.StringIO(text))
    assert heads == ["学生", "氏名", "得点", "満点", "状態"]
    assert [row[0] for row in rows] == sorted(one.number for one in made.pupils)
    given_ = {one.number: made.expected(one) for one in made.pupils}
    assert {row[0]: float(row[2]) if row[2] else None for row in rows} == given_
    status = {row[0]: row[4] for row in rows}
    assert status[made.pupils[1].number] == messages.text("status_missing", "ja")
    assert status[made.pupils[2].number] == messages.text("status_not_graded", "ja")


# --- planted faults -------------------------------------------------------------------------------


def skewed(function):
    """The same with another student's points: the first two change places."""

    def made(file, layout, row, grade, scale, out):
        rows = list(layout.students)[:2]
        other = {rows[0]: rows[1], rows[1]: rows[0]}.get(row, row)
        return function(file, layout, other, grade, scale, out)

    return made


def test_faults_that_are_planted_are_seen(tmp_path, monkeypatch):
    with monkeypatch.context() as planted:
        planted.setattr(worksheet, "_write", skewed(worksheet._write))
        with pytest.raises(AssertionError):
            test_the_lms_reads_everybodys_points(tmp_path, "moodle")
    with monkeypatch.context() as planted:
        planted.setattr(feedback_files, "PAGE", "x_y.html")
        with pytest.raises(AssertionError):
            test_moodle_places_every_page(tmp_path)
    with monkeypatch.context() as planted:
        planted.setattr(student_list, "plain", lambda text: text)
        with pytest.raises(AssertionError):
            test_no_name_in_a_list_is_a_formula.hypothesis.inner_test(
                type("F", (), {"mktemp": lambda *_: tmp_path}), "=1+1"
            )
