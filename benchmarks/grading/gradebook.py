"""What a large class costs in nbgrader's gradebook: one sheet, the same sheet again, a page.

python benchmarks/grading/gradebook.py [--students N] [--note TEXT]   writes GRADEBOOK.md beside it

No judge: results are drawn.  Formgrader's page "Manage Submissions" asks nbgrader for the list of
submissions, and shows it when that has come: that call is what is timed.
"""

import argparse
import dataclasses
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("src", "tests/kit")]

from sample_class import LESSON  # noqa: E402

from course_tools.checks import bench  # noqa: E402
from course_tools.grading import sheet  # noqa: E402
from course_tools.grading.graded import Graded, Outcome  # noqa: E402
from course_tools.grading.reports.gradebook import NbgraderCourse  # noqa: E402

LANG = "ja"
RESULTS = Path(__file__).with_name("GRADEBOOK.md")
CHANGED = 100  # every how many-th student hands in anew


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--students", type=int, default=3000)
    parser.add_argument("--note", default="", help="what else the machine was doing")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gradebook-", ignore_cleanup_errors=True) as name:
        page = report(wanted, Path(name))
    RESULTS.write_text(page, encoding="utf-8", newline="\n")
    print(page)
    return 0


def drawn(one: sheet.Sheet, count: int) -> list[Graded]:
    """Results of a class: half of the answers right, an essay of each to mark."""
    chance, found = random.Random(1), []
    for n in range(count):
        ends, answers = {}, {}
        for task in one.tasks:
            kind = "to_mark" if task.essay else chance.choice(["right", "wrong"])
            points = task.points if kind == "right" else 0
            ends[task.name] = Outcome(points, task.points, kind)
            answers[task.name] = f"# {n}\n" + "a line of an answer\n" * 12
        found.append(Graded(f"s{n:05d}", f"s{n:05d}", {}, ends, answers, (), ()))
    return found


def anew(graded: Graded) -> Graded:
    return dataclasses.replace(graded, answers={k: f"{v}#" for k, v in graded.answers.items()})


def timed(call: Callable[[], Any]) -> tuple[str, Any]:
    """What a call takes, as a table has it, and what it gives."""
    clock, cpu = time.monotonic(), time.process_time()
    given = call()
    return f"{time.process_time() - cpu:.1f} s | {time.monotonic() - clock:.1f} s", given


def report(wanted: argparse.Namespace, folder: Path) -> str:
    one, course = sheet.read(ROOT, LESSON, LANG), NbgraderCourse(ROOT, folder, LANG)
    course.release(LESSON)
    results, count = drawn(one, wanted.students), wanted.students
    some = [anew(r) if n % CHANGED == 0 else r for n, r in enumerate(results)]
    load = os.getloadavg()[0]
    rows = {}
    rows["a sheet, for the first time"], _ = timed(lambda: course.record(one, results))
    rows["again, nothing changed"], _ = timed(lambda: course.record(one, results))
    rows[f"again, one of {CHANGED} handed in anew"], _ = timed(lambda: course.record(one, some))
    api = course._api()
    rows["Formgrader: Manage Submissions"], listed = timed(lambda: api.get_submissions(LESSON))
    assert len(listed) == count
    book = folder / LANG / "gradebook.db"
    table = "\n".join(f"| {name} | {took} |" for name, took in rows.items())
    return f"""# The gradebook of a large class

Written by `python benchmarks/grading/gradebook.py` on {date.today()}: sheet {LESSON}, {LANG},
{count:,} students, SQLite. Nothing asserts the seconds here; a long test bounds the first two.

Machine: {bench.machine()}. nbgrader {metadata.version("nbgrader")}. Load before and after:
{load:.1f}, {os.getloadavg()[0]:.1f}. {f"Note: {wanted.note}." if wanted.note else ""}

| what | CPU | by the clock |
|---|---|---|
{table}

The database is then {book.stat().st_size / 2**20:.0f} MiB.
"""


if __name__ == "__main__":
    sys.exit(main())
