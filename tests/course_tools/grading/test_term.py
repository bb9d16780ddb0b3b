"""The table of a term: recomputed from each grades.csv by other means, row for row."""

import csv
import io
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lms_class import LmsClass, Pupil, pupils

from course_tools.grading import messages, term
from course_tools.grading.reports import table
from course_tools.grading.roster import Roster, with_roster

LESSONS = ("01_attention", "02_block", "03_encoder")
LONG = bool(os.environ.get("TRIAD_ALL"))
# what a student has in one sheet: points of the most, or a word
ENDS = st.sampled_from(["missing", "exempt", "waits", 0, 1, 5, 9.5, 11])
MOST = 11


def a_sheet(folder: Path, lesson: str, ends: dict[str, object], lang: str = "en") -> Path:
    """A folder with a grades.csv as the grader writes it, of these ends."""
    heads = [
        messages.text(f"column_{n}", lang)
        for n in ("student_id", "name", "points", "max_points", "status")
    ]
    lines = [heads]
    for student, end in ends.items():
        status = "status_missing" if end == "missing" else "status_graded"
        points = "" if isinstance(end, str) else f"{end:g}"
        most = "0" if end == "exempt" else f"{MOST}"
        lines.append([student, f"name of {student}", points, most, messages.text(status, lang)])
    folder.mkdir(parents=True)
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    (folder / "grades.csv").write_text("\ufeff" + out.getvalue(), encoding="utf-8")
    kept = folder / "handed_in"
    kept.mkdir()
    (kept / "x.json").write_text(f'{{"lesson": "{lesson}", "lang": "{lang}"}}', encoding="utf-8")
    return folder


def rows(path: Path) -> dict[str, dict[str, str]]:
    text = path.read_text(encoding="utf-8-sig")
    return {row["student_id"]: row for row in csv.DictReader(io.StringIO(text))}


def best(sheets: list[tuple[Fraction, object]], drop: int) -> tuple[Fraction, Fraction] | None:
    """(points, of) of a student: by trying which sheets to drop, not by sorting them.

    What is dropped has no higher share than what stays; of these choices the best for the student.
    """
    counted = [(weight, Fraction(str(end)) / MOST if not isinstance(end, str) else Fraction(0))
               for weight, end in sheets if end != "exempt"]  # fmt: skip
    if any(end == "waits" for _, end in sheets):
        return None
    tried = []
    for bits in range(2 ** len(counted)):
        out = [pair for n, pair in enumerate(counted) if bits >> n & 1]
        left = [pair for n, pair in enumerate(counted) if not bits >> n & 1]
        many = len(out) == min(drop, max(0, len(counted) - 1))
        if many and all(a[1] <= b[1] for a in out for b in left):
            of = sum((w for w, _ in left), Fraction(0))
            tried.append((sum((w * s for w, s in left), Fraction(0)), of))
    return max(tried, key=lambda pair: (pair[0] / pair[1] if pair[1] else Fraction(-1), -pair[1]))


@given(
    st.lists(st.tuples(ENDS, ENDS, ENDS), min_size=1, max_size=5),
    st.one_of(st.none(), st.tuples(*[st.sampled_from([1, 2.5, 10, 40])] * 3)),
    st.integers(0, 2),
)
@settings(max_examples=200 if LONG else 25, deadline=None, derandomize=True, database=None)
@example([("exempt", "exempt", "exempt"), ("missing", "missing", "missing")], None, 1)
@example([(5, 5, 11)], (1, 10, 1), 1)  # of two equal ones the heavier is dropped
def test_the_totals_are_those_of_another_way_to_compute_them(tmp_path_factory, ends, weights, drop):
    folder = tmp_path_factory.mktemp("term")
    words = []
    for n, lesson in enumerate(LESSONS):
        of = {f"B{k:03}": row[n] for k, row in enumerate(ends)}
        made = a_sheet(folder / f"s{n}", lesson, of)
        words.append(f"{made}={weights[n]:g}" if weights else str(made))
    assert term.main([*words, "--to", str(folder / "term.csv"), "--drop", str(drop)]) == 0
    made = rows(folder / "term.csv")
    assert len(made) == len(ends)
    for k, row in enumerate(ends):
        line = made[f"B{k:03}"]
        assert line["name"] == f"name of B{k:03}"
        # without weights a sheet counts with its points, also where everybody is exempt from it
        mosts = [MOST if any(r[n] != "exempt" for r in ends) else 0 for n in range(3)]
        counts = [Fraction(str(w)) for w in (weights or mosts)]
        expected = best(list(zip(counts, row, strict=True)), drop)
        for word in ("missing", "exempt", "waits"):
            named = [lesson for lesson, end in zip(LESSONS, row, strict=True) if end == word]
            assert line[word].split() == named
        shown = [line[head] for head in line if head.startswith("0")]
        assert shown == ["" if isinstance(end, str) else f"{end:g}" for end in row]
        if expected is None or not expected[1]:
            assert line["total"] == line["percent"] == ""
            continue
        points, of = expected
        assert float(line["of"]) == pytest.approx(float(of), abs=1e-4)
        assert float(line["percent"]) == pytest.approx(float(100 * points / of), abs=1e-3)
        assert float(line["total"]) == pytest.approx(float(points), abs=1e-3)
        counted = sum(end != "exempt" for end in row)
        assert len(line["dropped"].split()) == min(drop, counted - 1)


def test_two_languages_of_one_lesson_are_one_sheet_and_two_rows_are_for_a_person(tmp_path):
    ja = a_sheet(tmp_path / "ja", LESSONS[0], {"a": 5, "c": "missing"}, "ja")
    zh = a_sheet(tmp_path / "zh", LESSONS[0], {"b": 11, "c": 9, "a": "missing"}, "zh-tw")
    to = tmp_path / "term.csv"
    assert term.main([f"{ja}=10", f"{zh}=10", "--to", str(to), "--report-lang", "en"]) == 0
    made = rows(to)
    assert [made[who]["percent"] for who in "abc"] == ["45.4545", "100", "81.8182"]
    both = a_sheet(tmp_path / "both", LESSONS[0], {"a": 7})
    assert term.main([str(ja), str(both), "--to", str(to), "--report-lang", "en"]) == 0
    assert (rows(to)["a"]["percent"], rows(to)["a"]["waits"]) == ("", LESSONS[0])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp932"])
def test_a_table_that_was_changed_in_excel_counts_as_it_stands(tmp_path, encoding):
    """Points given by hand to somebody who handed in nothing on paper; saved by Excel."""
    made = a_sheet(tmp_path / "s", LESSONS[0], {"24A1": "missing", "24A2": 11}, "ja")
    file = made / "grades.csv"
    text = file.read_text("utf-8-sig").replace("name of 24A1,,", "髙橋,５．５,")
    file.write_bytes(text.encode(encoding))
    words = [str(made), "--to", str(tmp_path / "t.csv")]
    assert term.main(words) == 0 and "学生,氏名" in (tmp_path / "t.csv").read_text("utf-8-sig")
    assert term.main([*words, "--report-lang", "en"]) == 0
    made = rows(tmp_path / "t.csv")["24A1"]
    assert (made["name"], made["01_attention (11)"], made["percent"]) == ("髙橋", "5.5", "50")
    assert [made[word] for word in ("missing", "exempt", "dropped", "waits")] == [""] * 4


def test_what_graders_write_is_read_over_a_term_with_names_that_change(tmp_path):
    """Three real sheets, each with other LMS numbers; one student is renamed, one is a formula."""
    expected: dict[str, list[float | None]] = {}
    words, roster_path = [], None
    for n, lesson in enumerate(LESSONS):
        every = list(pupils("zh-tw", 5, 8))
        for k, one in enumerate(every):
            one.lms_id = str(1000 * n + k)  # Moodle's numbers are others in each assignment
        every.append(Pupil("=1+1", "@SUM", str(1000 * n + 9)))
        every[2].name = "李新名" if n else every[2].name
        made = LmsClass(tmp_path / lesson, "moodle", "zh-tw", lesson, every, tmp_path)
        tasks = [task.name for task in made.sheet.tasks if not task.essay]
        for k, one in enumerate(every):
            one.right, one.essay = frozenset(tasks[: 1 + (k + n) % 3]), 0.5 * k
            one.handed = (k, n) != (1, 1)
            expected.setdefault(one.number, []).append(made.expected(one))
        roster_path = roster_path or made.roster("utf-8")
        if n == 1:  # the office has the new name from now on
            roster_path = made.roster("utf-8-sig")
        people = with_roster([g.graded for g in made.grades()], Roster.read(roster_path))
        text = table.table(made.grades(), made.sheet, True, "zh-tw", people)
        (made.out / "handed_in").mkdir(parents=True)
        (made.out / "grades.csv").write_text("\ufeff" + text, encoding="utf-8")
        (made.out / "handed_in" / "a.json").write_text(f'{{"lesson": "{lesson}", "lang": "en"}}')
        words.append(str(made.out))
    to = tmp_path / "term.csv"
    assert term.main([*words, "--to", str(to), "--roster", str(roster_path)]) == 0
    made = rows(to)
    assert set(made) == {*expected} - {"=1+1"} | {"'=1+1"} and made["'=1+1"]["name"] == "'@SUM"
    for who, values in expected.items():
        line = made["'=1+1" if who == "=1+1" else who]
        shown = [line[head] for head in line if head[:1].isdigit()]
        assert shown == ["" if v is None else f"{v:g}" for v in values]
        assert float(line["total"]) == pytest.approx(sum(v or 0 for v in values))
        assert line["of"] == "42" and line["waits"] == ""
        assert line["missing"].split() == [
            x for x, v in zip(LESSONS, values, strict=True) if v is None
        ]
    assert len(made) == 6  # the renamed one is one person


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "holds no grades.csv"),
        (["s=many"], "many is no weight"),
        (["s=1", "z"], "weights for all sheets or for none; without: 02_block"),
        (["s=1", "s2=2"], "two weights"),
        (["s", "--drop", "-1"], "expected 0 or more"),
        (["b"], "has no column points"),
        (["m"], "5 points, but no maximum"),
    ],
)
def test_a_term_that_cannot_be_is_refused(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    for name, lesson in (("s", 0), ("s2", 0), ("z", 1), ("b", 2), ("m", 2)):
        a_sheet(tmp_path / name, LESSONS[lesson], {"a": 5})
    bad = tmp_path / "b" / "grades.csv"
    bad.write_text(bad.read_text("utf-8").replace("points", "marks"), encoding="utf-8")
    bad = tmp_path / "m" / "grades.csv"
    bad.write_text(bad.read_text("utf-8").replace(",11,", ",,"), encoding="utf-8")
    assert term.main([*words, "--to", "t.csv"]) == 1
    assert said in capsys.readouterr().err and not Path("t.csv").exists()


FAULTS = {
    "missing is full": ("share", property(lambda self: self.points / MOST if self.points else 1)),
    "points, not shares": ("share", property(lambda self: self.points)),
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_in_a_share_is_seen(tmp_path_factory, monkeypatch, fault):
    name, value = FAULTS[fault]
    monkeypatch.setattr(term.Result, name, value)
    check = test_the_totals_are_those_of_another_way_to_compute_them.hypothesis.inner_test
    with pytest.raises(AssertionError):
        check(tmp_path_factory, [("missing", 5, 11)], (1, 1, 1), 0)


def test_dropping_the_lighter_of_equal_sheets_is_seen(tmp_path_factory, monkeypatch):
    real = term.total

    def lighter(results, drop=0):
        turned = [(replace(sheet, weight=-sheet.counts), one) for sheet, one in results]
        dropped = real(turned, drop).dropped
        left = [(s, one) for s, one in results if s.lesson not in dropped]
        return replace(real(left, 0), dropped=dropped)

    monkeypatch.setattr(term, "total", lighter)
    check = test_the_totals_are_those_of_another_way_to_compute_them.hypothesis.inner_test
    with pytest.raises(AssertionError):
        check(tmp_path_factory, [(5, 5, 11)], (1, 10, 1), 1)
