"""A class as an LMS shows it: its zip file, the table that it exports, a roster, what is expected.

Points follow from what each student answers and from the sheet's points, with nothing of the
grader: the tests compare its outputs with `expected`.  The bytes are what Moodle's and Canvas' own
code writes (see course_tools.grading.to_lms): marks, quotes, line ends, extra rows.
"""

import csv
import io
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from marked_class import judged_by_their_words
from nbgrader.api import Gradebook
from places import ROOT
from sample_class import cell, dump, load

from course_tools.grading import __main__ as grade
from course_tools.grading import exempt, messages, sheet
from course_tools.grading.graded import Graded, Outcome
from course_tools.grading.marks import Given, Grade
from course_tools.grading.submissions.submission import Submission

FAMILY = {
    "ja": "佐藤|鈴木|高橋|田中|渡辺|伊藤|山本|中村|小林|加藤|吉田|山田",
    "zh-tw": "陳|林|黃|張|李|王|吳|劉|蔡|楊|許|鄭",
}
GIVEN = {
    "ja": "太郎|花子|翔太|美咲|大輔|陽菜|健太|葵|拓也|結衣|直樹|さくら",
    "zh-tw": "怡君|冠宇|雅婷|家豪|淑芬|承恩|欣怡|柏翰|宜蓁|子軒|詩涵|品妤",
}
HEADS = ("ID,フルネーム,メールアドレス,ステータス,評点,最大評点,評点変更可,"
         "最終更新日時 (提出),最終更新日時 (評定),フィードバックコメント")  # fmt: skip
PENALTY = 2.0


@dataclass
class Pupil:
    """One student.  right: the tasks that are answered right; essay: marks, None: not marked yet.

    handed: whether anything was handed in; shown: the name that the LMS shows
    exempt: the tasks that do not count, "" for all of them
    """

    number: str
    name: str
    lms_id: str
    right: frozenset[str] = frozenset()
    essay: float | None = 0.0
    late: bool = False
    handed: bool = True
    shown: str = ""
    attachment: int = 0
    exempt: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The name under which the grader collects the files."""
        return f"{self.shown or self.name}_{self.lms_id}"


@dataclass
class LmsClass:
    """A class of one sheet in one LMS."""

    folder: Path
    key: str
    lang: str
    lesson: str
    pupils: list[Pupil]
    courses: Path
    strangers: list[Pupil] = field(default_factory=list)  # in the LMS, not in the roster

    @cached_property
    def sheet(self) -> sheet.Sheet:
        return sheet.read(ROOT, self.lesson, self.lang)

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def most(self, one: Pupil) -> float:
        """The points of the tasks that count for one student."""
        counting = (t for t in self.sheet.tasks if not {"", t.name} & set(one.exempt))
        return sum(task.points for task in counting)

    def expected(self, one: Pupil) -> float | None:
        """The points, from the answers alone.

        None: nothing was handed in, a mark is missing, or nothing of the sheet counts.
        """
        waits = one.essay is None and "essay" not in one.exempt
        return self.so_far(one) if one.handed and not waits and self.most(one) else None

    def in_lms(self, one: Pupil) -> str | float | None:
        """What the LMS is to have: a number, EX, or what it had."""
        points, most, whole = self.expected(one), self.most(one), self.sheet.total_points
        if points is None:
            return "EX" if self.key == "canvas" and not most else None
        return points if most == whole else round(points * whole / most, 2)

    def cells(self, one: Pupil) -> list[str]:
        """The points of each task as they stand in the table."""
        found = []
        for task in self.sheet.tasks:
            points = one.essay if task.essay else task.points * (task.name in one.right)
            exempt = {"", task.name} & set(one.exempt)
            shown = "" if points is None or not one.handed else f"{points:g}"
            found.append(messages.text("word_exempt", self.lang) if exempt else shown)
        return found

    def so_far(self, one: Pupil) -> float:
        """The points of what is decided."""
        numbers = [cell for cell in self.cells(one) if cell[:1].isdigit()]
        cut = PENALTY if one.late and self.most(one) else 0.0
        return max(0.0, sum(map(float, numbers)) - cut)

    # --- what the LMS gives ---------------------------------------------------------------------

    def notebook(self, one: Pupil) -> bytes:
        made = load("exercises", self.lang, self.lesson)
        for task in self.sheet.tasks:
            if task.essay:
                cell(made, task.name)["source"] = f"{one.number} essay"
            else:
                word = "RIGHT" if task.name in one.right else "another"
                cell(made, task.name)["source"] = (
                    f"def {task.functions[0]}(*_):\n    return {word!r}"
                )
        return dump(made)

    def file_name(self, one: Pupil) -> str:
        """A submitted file as the LMS packs it."""
        shown = one.shown or one.name
        if self.key == "moodle":
            return f"{shown}_{one.lms_id}_assignsubmission_file/{self.lesson}.ipynb"
        late = "LATE_" if one.late else ""
        return f"{shown}_{late}{one.lms_id}_{one.attachment}_{self.lesson}.ipynb"

    def submissions(self) -> Path:
        """The LMS' zip file."""
        path = self.folder / "submissions.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in [*self.pupils, *self.strangers]:
                if one.handed:
                    stamp = (2026, 5, 3, 0, 0, 0) if one.late else (2026, 4, 30, 12, 0, 0)
                    info = zipfile.ZipInfo(self.file_name(one), stamp)
                    archive.writestr(info, self.notebook(one))
        return path

    def table(self) -> Path:
        """The table that the LMS exported, before grading."""
        path = self.folder / ("worksheet.csv" if self.key == "moodle" else "gradebook.csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.moodle() if self.key == "moodle" else self.canvas())
        return path

    def everybody(self) -> list[Pupil]:
        """In the LMS' order, which is not the roster's."""
        found = [*self.pupils, *self.strangers]
        random.Random(5).shuffle(found)
        return found

    def moodle(self) -> bytes:
        """A grading worksheet in Japanese: UTF-8 with its mark, quoted as PHP's fputcsv does."""
        most, rows = f"{self.sheet.total_points:.2f}", [HEADS.split(",")]
        for one in self.everybody():
            status = "提出済み - 未評定" if one.handed else "未提出"
            mail = f"{one.number.lower()}@example.ac.jp"
            shown, number = one.shown or one.name, f"参加者{one.lms_id}"
            rows.append([number, shown, mail, status, "", most, "Yes",
                         "2026年 4月 30日(木曜日) 12:00", "-", 'よく, "できました"'])  # fmt: skip
        return b"\xef\xbb\xbf" + "".join(f"{','.join(map(as_php, row))}\n" for row in rows).encode()

    def canvas(self) -> bytes:
        """A gradebook: another assignment, rows that are no students, totals that are read only."""
        out = io.StringIO()
        write = csv.writer(out, lineterminator="\n").writerow
        write(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "作業一 (5012)",
               "期末, 報告 (5013)", "Current Score", "Final Score"])  # fmt: skip
        write(["", "", "", "", "", "Manual Posting", "", "", ""])
        most = f"{self.sheet.total_points:.2f}"
        write(["    Points Possible", *[""] * 4, most, "100.00", "(read only)", "(read only)"])
        for one in self.everybody():
            write([one.shown or one.name, one.lms_id, one.number, one.number.lower(),
                   "一班 and 二班", "", "77.50", "77.50", "38.75"])  # fmt: skip
        write(["Student, Test", "99", "", "a1b2c3", "一班", "", "", "", ""])
        return out.getvalue().encode()

    def roster(self, encoding: str) -> Path:
        """A roster as the office of students exports it."""
        heads = {"ja": "学籍番号,氏名,メールアドレス", "zh-tw": "學號,姓名,電子郵件"}[self.lang]
        lines = [
            heads,
            *(f"{p.number},{p.name},{p.number.lower()}@example.ac.jp" for p in self.pupils),
        ]
        path = self.folder / "roster.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
        return path

    # --- without the grader ---------------------------------------------------------------------

    def grades(self) -> list[Grade]:
        """What the grader would find, made from the answers alone."""
        return [self.grade_of(one) for one in [*self.pupils, *self.strangers] if one.handed]

    def grade_of(self, one: Pupil) -> Grade:
        ends = {}
        for task in self.sheet.tasks:
            kind = "to_mark" if task.essay else "right" if task.name in one.right else "wrong"
            ends[task.name] = Outcome(task.points if kind == "right" else 0, task.points, kind)
        who = (one.label, Submission(one.label).safe, {})
        cut = PENALTY if one.late else 0.0
        found = Graded(*who, ends, {}, (), (), 0.0, one.late, cut, self.file_name(one))
        given = {} if one.essay is None else {"essay": Given(one.essay)}
        return Grade(found, self.sheet, given)

    # --- what the instructor does ---------------------------------------------------------------

    def run(self, words: list[str]) -> int:
        """Run `start.py grade` with these words."""
        with judged_by_their_words():
            return grade.main(words)

    def mark(self) -> None:
        """Give the essays' points, as Formgrader writes them."""
        with Gradebook(f"sqlite:///{self.courses}/{self.lang}/gradebook.db") as book:
            for one in [*self.pupils, *self.strangers]:
                if one.handed and one.essay is not None:
                    safe = Submission(one.label).safe
                    found = book.find_grade("essay", self.lesson, self.lesson, safe)
                    found.manual_score, found.needs_manual_grade = one.essay, False
            book.db.commit()

    def excuse(self, one: Pupil) -> int:
        """Run `start.py exempt`, with the student number as it stands in grades.csv."""
        where = ["--lesson", self.lesson, "--lang", self.lang, "--courses", str(self.courses)]
        where += [] if one.handed else ["--new"]
        runs = [[one.number, *where, "--reason", "ill", *(["--task", task] if task else [])]
                for task in one.exempt]  # fmt: skip
        return sum(map(exempt.main, runs))

    def kept(self) -> dict[str, float]:
        """{student: points} in nbgrader's gradebook."""
        with Gradebook(f"sqlite:///{self.courses}/{self.lang}/gradebook.db") as book:
            return {s.student.last_name: max(0.0, s.score - s.late_submission_penalty)
                    for s in book.assignment_submissions(self.lesson)}  # fmt: skip


def as_php(text: str) -> str:
    """A cell as fputcsv writes it: in quotes where it holds a space, too."""
    must = any(sign in text for sign in ' ,"\n\t')
    return '"' + text.replace('"', '""') + '"' if must else text


def pupils(lang: str, n: int, seed: int) -> Iterator[Pupil]:
    """N students with their own names and numbers, all of them present and marked."""
    draw = random.Random(seed)
    names = [f"{a}{' ' if lang == 'ja' else ''}{b}" for a in FAMILY[lang].split("|")
             for b in GIVEN[lang].split("|")]  # fmt: skip
    draw.shuffle(names)
    for place, name in enumerate(names[:n]):
        number = f"B129{place:05d}" if lang == "zh-tw" else f"24A{place:04d}"
        yield Pupil(number, name, str(418_000 + 7 * place), attachment=88_000 + place)


def answer(pupils_: list[Pupil], of: sheet.Sheet, seed: int) -> None:
    """Draw what everybody answers and gets."""
    draw = random.Random(seed)
    for one in pupils_:
        tasks = [task.name for task in of.tasks if not task.essay]
        one.right = frozenset(name for name in tasks if draw.random() < 0.7)
        one.essay = draw.choice([0.0, 1.5, 2.0, 3.25, 4.0])
        one.late = draw.random() < 0.1
