"""The walk of an instructor: a class in Moodle (ja), one in Canvas (zh-tw), by README's commands.

Two sheets are graded, marked, graded again, sent back, and joined; every number in every output is
compared with what follows from the answers alone.  12 students, 120 with --all.
"""

import csv
import io
import os
import re
import shlex
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import lms_imports
import pytest
import turns
from lms_class import LmsClass, Pupil, answer, pupils
from marked_class import released
from places import ROOT

from course_tools.grading import term
from course_tools.grading.csv_files import plain
from course_tools.grading.submissions.submission import Submission

N = 120 if os.environ.get("TRIAD_ALL") else 12
LESSONS = ("01_attention", "02_block")
LANGS = {"moodle": "ja", "canvas": "zh-tw"}
OFFICE = {"moodle": "cp932", "canvas": "cp950"}  # how the office of students writes its roster
WEIGHTS = (10, 20)


def commands(lang: str) -> tuple[list[str], list[str]]:
    """The words of `grade … --lms` and of `term`, as the language's README has them."""
    lines = (ROOT / f"README.{lang}.md").read_text(encoding="utf-8").splitlines()
    [grade] = [
        line for line in lines if line.startswith("python start.py grade") and "--lms" in line
    ]
    [join] = [line for line in lines if line.startswith("python start.py term")]
    return shlex.split(grade)[3:], shlex.split(join)[3:]


class Walk:
    """One class over two sheets."""

    def __init__(self, folder: Path, key: str):
        self.folder, self.key, self.lang = folder, key, LANGS[key]
        courses = folder / "courses"
        shutil.copytree(released(self.lang), courses)
        self.sheets = [LmsClass(folder / f"in{n}", key, self.lang, lesson, self.people(n), courses)
                       for n, lesson in enumerate(LESSONS)]  # fmt: skip
        for n, sheet in enumerate(self.sheets):
            answer(sheet.pupils, sheet.sheet, n)
            sheet.pupils[3 - n].handed = sheet.pupils[10].handed = False
            sheet.pupils[4].essay = None if n else sheet.pupils[4].essay
            sheet.pupils[6].late = True
            sheet.pupils[7 + n].exempt, sheet.pupils[9].exempt = ("",), ("essay",)
            sheet.pupils[3].exempt = () if n else ("",)  # who has handed in nothing
            stranger = Pupil("?", "Guest 99", f"{999_000 + n}", attachment=87_000 + n)
            sheet.strangers = [replace(stranger, right=sheet.pupils[0].right, essay=2.0)]

    def people(self, n: int) -> list[Pupil]:
        """The class at sheet N: two of one name, a name that is a formula, one who is renamed."""
        every = list(pupils(self.lang, N, 7))
        every[1].name = every[0].name
        every[2].name = "=1+2 カナ" if self.lang == "ja" else "=1+2 林"
        every[5].name = every[5].name if not n else every[5].name[0] + "新"
        for one in every if self.key == "moodle" else []:
            one.lms_id = f"{int(one.lms_id) + 5000 * n}"  # Moodle's numbers are of one assignment
        return every

    def run(self, lms_column: str = "作業一") -> "Walk":
        words, join = commands(self.lang)
        for n, made in enumerate(self.sheets):
            made.submissions()
            values = {"SUBMISSIONS": str(made.folder / "submissions.zip"), "ja": self.lang,
                      "01_attention": made.lesson, "moodle": self.key, "OUT/01": str(self.out(n)),
                      "ROSTER.csv": str(made.roster(OFFICE[self.key])),
                      "WORKSHEET.csv": str(made.table())}  # fmt: skip
            more = ["--due", "2026-05-01 23:59", "--late-penalty", "2"]
            more += ["--courses", str(made.courses)]
            more += ["--lms-column", lms_column] if self.key == "canvas" else []
            command = [*(values.get(word, word) for word in words), *more, "--jobs", "1"]
            assert made.run(command) == 0
            made.mark()
            assert sum(map(made.excuse, made.pupils)) == 0
            assert made.run(command) == 0
        outs = {f"OUT/0{n + 1}={WEIGHTS[n]}": f"{self.out(n)}={WEIGHTS[n]}" for n in (0, 1)}
        values = {**outs, "term.csv": str(self.term), "ROSTER.csv": str(made.folder / "roster.csv")}
        assert set(outs) < set(join)
        command = [values.get(word, word) for word in join]
        assert term.main([*command, "--report-lang", "en"]) == 0
        return self

    def out(self, n: int) -> Path:
        return self.folder / "OUT" / f"0{n + 1}"

    @property
    def term(self) -> Path:
        return self.folder / "term.csv"

    # --- every number in every output -----------------------------------------------------------

    def compare(self) -> int:
        """How many numbers were compared; AssertionError at the first that is another."""
        numbers = sum(map(self.compare_sheet, (0, 1)))
        made = rows(self.term)
        assert set(made) == {one.number for one in self.sheets[0].pupils} | {
            made.strangers[0].label for made in self.sheets
        }
        for k, one in enumerate(self.sheets[0].pupils):
            line = made[one.number]
            pair = [(sheet, sheet.pupils[k]) for sheet in self.sheets]
            points = [sheet.expected(p) for sheet, p in pair]
            shown = [line[head] for head in line if head.startswith("0")]
            assert shown == ["" if p is None else f"{p:g}" for p in points]
            counts = [(s, p, w) for (s, p), w in zip(pair, WEIGHTS, strict=True) if s.most(p)]
            waits = [s.lesson for s, p, _ in counts if p.handed and s.expected(p) is None]
            absent = [s.lesson for s, p, _ in counts if not p.handed]
            assert line["exempt"].split() == [s.lesson for s, p in pair if not s.most(p)]
            assert (line["missing"].split(), line["waits"].split()) == (absent, waits)
            assert line["name"] == plain(pair[1][1].name)
            share = sum(w * (s.expected(p) or 0) / s.most(p) for s, p, w in counts)
            of = sum(w for *_, w in counts)
            total = "" if waits else f"{round(share, 4):.12g}"
            percent = "" if waits else f"{round(100 * share / of, 4):.12g}"
            assert (line["total"], line["of"], line["percent"]) == (total, f"{of}", percent)
            numbers += 5
        return numbers

    def compare_sheet(self, n: int) -> int:
        made, out = self.sheets[n], self.out(n)
        everybody = [*made.pupils, *made.strangers]
        there = {one.lms_id: one for one in everybody if one.handed}
        lms = {one.lms_id: value for one in everybody if (value := made.in_lms(one)) is not None}
        sent = {k: one for k, one in there.items() if k in lms}
        numbers = self.compare_table(n)
        # the LMS' table, as the LMS reads it
        name, most = made.table().name, made.sheet.total_points
        data = (out / "lms" / name).read_bytes()
        if self.key == "moodle":
            got = lms_imports.moodle_grades(data, most)
        else:
            texts = lms_imports.canvas_grades(data, "5012")
            got = {k: text if text == "EX" else float(text) for k, text in texts.items() if text}
            assert set(lms_imports.canvas_grades(data, "5013").values()) == {"77.50", ""}
        assert got == lms
        assert len(data.splitlines()) == len(made.table().read_bytes().splitlines())
        # feedback, as the LMS places it, and as it lies in OUT
        zipped = (out / "lms" / "feedback.zip").read_bytes()
        for number, page in self.pages(made, zipped).items():
            assert total_on(page) == made_total(made, sent.pop(number))
        assert sent == {}
        for one in there.values():
            file = out / "feedback" / f"{Submission(one.label).safe}.html"
            page = file.read_text(encoding="utf-8")
            assert total_on(page) == made_total(made, one)
            waits = made.most(one) > 0 and made.expected(one) is None
            assert waits == ("これから採点" in page or "尚待批改" in page)
        # who is who
        people = re.sub("<[^>]+>", "|", (out / "people.html").read_text(encoding="utf-8"))
        for one in everybody:
            absent = f"{one.number} {one.name.replace('&', '&amp;')}"
            assert (f"|{absent}|" in people) == (not one.handed and not one.exempt)
        assert people.count(made.strangers[0].label) == 1
        assert made.kept() == {one.label: made.so_far(one) for one in there.values()}
        return numbers + len(got) + 2 * len(there)

    def compare_table(self, n: int) -> int:
        made, numbers = self.sheets[n], 0
        text = (self.out(n) / "grades.csv").read_text(encoding="utf-8-sig")
        heads, *lines = csv.reader(io.StringIO(text))
        table = {line[0]: line for line in lines}
        assert len(table) == len(lines) == N + 1 and list(table) == sorted(table)
        tasks = [task.name for task in made.sheet.tasks]
        for one in [*made.pupils, *made.strangers]:
            line = table[one.label if one.number == "?" else one.number]
            lms_id = one.lms_id if one.handed else ""
            assert line[1:3] == [plain(one.name), lms_id]
            points = made.expected(one)
            assert line[3] == ("" if points is None else f"{points:g}")
            assert line[4] == f"{made.most(one):g}"
            cells = [line[heads.index(task)] if len(line) == len(heads) else "" for task in tasks]
            assert cells == made.cells(one)
            numbers += 2 + len(tasks)
        return numbers

    def pages(self, made: LmsClass, zipped: bytes) -> dict[str, str]:
        """{LMS' number: the page that the student sees there}."""
        if self.key == "moodle":
            everybody = {one.lms_id for one in [*made.pupils, *made.strangers]}
            found = lms_imports.moodle_files(zipped, everybody)
            return {k: files["feedback.html"].decode() for k, files in found.items()}
        names = {str(one.attachment): (one.lms_id, "mine.ipynb")
                 for one in [*made.pupils, *made.strangers]}  # fmt: skip
        return {k: data.decode() for k, (_, data) in
                lms_imports.canvas_files(zipped, names).items()}  # fmt: skip


def total_on(page: str) -> tuple[float, float] | None:
    """The points on a page, and the most; None where it has none."""
    found = re.search(r"<strong>[^<]*?：([\d.]+) / ([\d.]+)", page)
    return (float(found[1]), float(found[2])) if found else None


def made_total(made: LmsClass, one: Pupil) -> tuple[float, float] | None:
    """What the page has to show."""
    return (made.so_far(one), made.most(one)) if made.most(one) else None


def rows(path: Path) -> dict[str, dict[str, str]]:
    text = path.read_text(encoding="utf-8-sig")
    return {row["student_id"]: row for row in csv.DictReader(io.StringIO(text))}


@pytest.fixture(scope="module", params=turns.by_turns(0, LANGS))
def walk(request, tmp_path_factory) -> Walk:
    return Walk(tmp_path_factory.mktemp(request.param), request.param).run()


def test_every_number_in_every_output(walk):
    """Nothing is compared twice, and everybody is in it."""
    assert walk.compare() >= 2 * N * 9


def changed(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data, (path, old)
    path.write_bytes(data.replace(old, new, 1))


def swapped(path: Path) -> None:
    """Two pages in a zip file change places, so that two students read the other's points."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    totals = {name: total_on(data.decode()) for name, data in files.items()}
    first, *rest = files
    other = next(name for name in rest if totals[name] != totals[first])
    files[first], files[other] = files[other], files[first]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


PLACES = ["grades.csv", "lms", "term.csv", "people.html", "feedback.zip", "feedback"]


@pytest.mark.parametrize("place", PLACES)
def test_a_number_that_is_another_is_seen(walk, tmp_path, place):
    """In a copy of the outputs one number is made another."""
    copy = Walk.__new__(Walk)
    copy.__dict__ = {**walk.__dict__, "folder": tmp_path}
    shutil.copytree(walk.folder / "OUT", tmp_path / "OUT")
    shutil.copy(walk.term, copy.term)
    assert place != PLACES[0] or copy.compare()  # the copy itself is no fault
    made, one, out = walk.sheets[0], walk.sheets[0].pupils[0], copy.out(0)
    points = f"{made.expected(one):g}".encode()
    if place == "grades.csv":
        changed(out / place, one.lms_id.encode() + b"," + points, one.lms_id.encode() + b",13.75")
    elif place == "lms":
        changed(out / "lms" / made.table().name, b"," + points + b",", b",13.75,")
    elif place == "term.csv":
        changed(copy.term, b"," + points + b",", b",13.75,")
    elif place == "people.html":
        changed(out / place, made.pupils[10].number.encode(), b"24A9999")
    elif place == "feedback.zip":
        swapped(out / "lms" / place)
    else:
        page = out / "feedback" / f"{Submission(one.label).safe}.html"
        changed(page, "：".encode() + points + b" /", "：13.75 /".encode())
    with pytest.raises((AssertionError, KeyError)):
        copy.compare()
