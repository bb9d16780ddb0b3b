"""Rehearse a sheet: python -m course_tools.grading.rehearse --lesson 01_attention --lang ja

The whole way on sample submissions, in a folder of its own: release, hand in, grade, mark, grade
again.  No real gradebook is touched.  Exit 1 if a sample does not end as it must.
"""

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from helpers.classroom.sheets import sheet_file

from .. import command
from . import __main__ as grade
from . import release
from .marking import rubric
from .marking.desk import Desk, Mark
from .sheet import NoSheet, Sheet, read

SIGN = ".rehearsal"  # in a folder that may be made anew
SOLVED, ONE_TASK, OPEN, BROKEN, NONE = (
    f"sample-{name}" for name in ("solved", "one-task", "open", "broken", "no-file")
)


def main(argv: Sequence[str] | None = None) -> int:
    """Rehearse.  0: every sample ended as it must, 1: one did not, or a command was refused."""
    parser = command.parser("start.py rehearse", __doc__)
    parser.add_argument("--lesson", default="01_attention", help="default: 01_attention")
    command.add_lang(parser, required=True)
    parser.add_argument("--out", type=Path, help="default: rehearsal")
    parser.add_argument("--unsafe", action="store_true", help="run the code without isolation")
    wanted = parser.parse_args(argv)
    folder = (wanted.out or wanted.root / "rehearsal").resolve()
    if folder.exists() and any(folder.iterdir()) and not (folder / SIGN).exists():
        print(f"{folder} holds something else: choose another --out", file=sys.stderr)
        return 1
    try:
        sheet = read(wanted.root, wanted.lesson, wanted.lang)
        shutil.rmtree(folder, ignore_errors=True)
        hand_in(folder / "submissions", sheet, wanted.root)
    except (NoSheet, OSError) as reason:
        print(reason, file=sys.stderr)
        return 1
    root = ["--root", str(wanted.root), "--courses", str(folder / "courses")]
    where = [*root, "--lesson", sheet.lesson, "--lang", sheet.lang]
    again = [str(folder / "submissions"), *where, "--out", str(folder / "out")]
    again += ["--report-lang", "en", "--jobs", "1", *(["--unsafe"] if wanted.unsafe else [])]
    marked = (mark, folder / "courses" / sheet.lang, sheet)
    steps = ((release.main, where), (grade.main, again), marked, (grade.main, again))
    for step, *words in steps:
        if status := step(*words):
            return status
    wrong = list(told(rows(folder / "out"), sheet))
    print(f"Look at {folder / 'out' / 'report.html'}. To mark by hand: "
          f"python start.py mark --lang {sheet.lang} --courses {folder / 'courses'}")  # fmt: skip
    return 1 if any(wrong) else 0


def hand_in(folder: Path, sheet: Sheet, root: Path) -> None:
    """Write what the samples hand in, made of the sheet and its model answers."""
    file = root / sheet_file("exercises", sheet.lang, sheet.lesson)
    code = next(task for task in sheet.tasks if not task.essay)
    every = [task.name for task in sheet.tasks]
    for name, tasks in ((SOLVED, every), (ONE_TASK, [code.name]), (OPEN, []), (BROKEN, [])):
        released = json.loads(file.read_text(encoding="utf-8"))
        for cell in released["cells"]:
            if cell["id"] in tasks:
                cell["source"] = rubric.MARKERS.sub("", sheet.by_key[cell["id"]].source)
        data = json.dumps(released, ensure_ascii=False).encode()
        path = folder / name / file.name
        path.parent.mkdir(parents=True)
        path.write_bytes(data[: len(data) // 2] if name == BROKEN else data)
    (folder / NONE).mkdir()
    (folder.parent / SIGN).touch()


def mark(folder: Path, sheet: Sheet) -> int:
    """Give the model essays all points, by criterion, as the marking page would."""
    desk = Desk(folder)
    for task, asked in rubric.essays(sheet).items():
        for essay in desk.essays(sheet.lesson, task):
            points = tuple(criterion.points for criterion in asked.criteria)
            made = Mark(points, asked.criteria[0].text, answer=essay.version)
            desk.save(sheet.lesson, task, essay.id, made, essay.revision)
    return 0


def rows(out: Path) -> dict[str, dict[str, str]]:
    """Return the table, by student."""
    table = csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8-sig")))
    return {row["student_id"]: row for row in table}


def told(found: dict[str, dict[str, str]], sheet: Sheet) -> Iterator[bool]:
    """Say of each sample how it ended; yield True for each that is not as it must be."""
    one = next(task for task in sheet.tasks if not task.essay)
    expected = {SOLVED: f"{sheet.total_points:g}", ONE_TASK: f"{one.points:g}", OPEN: "0",
                BROKEN: "", NONE: ""}  # fmt: skip
    for name, points in expected.items():
        row = found.get(name, {})
        human = row.get("needs_human") == ("yes" if points == "" else "no")
        right = row.get("points") == points and human
        said = "as it must be" if right else f"NOT as it must be: expected {points or 'no points'}"
        got = row.get("points") or f"no points ({row.get('notes', 'no row')})"
        print(f"{name}: {got} of {sheet.total_points:g}, {said}")
        yield not right


if __name__ == "__main__":
    command.run(main)
