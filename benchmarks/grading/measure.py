"""The grader against nbgrader and otter-grader: the same sheet, the same submissions, one run.

python benchmarks/grading/measure.py [--otter PYTHON] [--note TEXT]   writes RESULTS.md beside it

Marginal seconds: two classes of different size are graded, and the difference of the two times is
divided by the difference of the sizes; so start-up is apart.  PYTHON is that of an environment
with otter-grader, torch and what helpers needs; otter's containers are not used.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("src", "tests/kit")]

from honest_class import honest as independent  # noqa: E402
from large_class import hand_in  # noqa: E402
from sample_class import LESSON  # noqa: E402

from course_tools.checks import bench  # noqa: E402
from course_tools.grading import sheet  # noqa: E402
from course_tools.grading.graded import Graded  # noqa: E402
from course_tools.grading.likeness.answers import compared  # noqa: E402
from course_tools.grading.reports.gradebook import NbgraderCourse  # noqa: E402
from course_tools.grading.sandbox import Limits  # noqa: E402

LANG = "ja"
RESULTS = Path(__file__).with_name("RESULTS.md")
OURS, NBGRADER, OTTER = (10, 50), (1, 5), (1, 5)  # sizes of the two classes
STUDENTS, LOOPING, JOBS = 300, 15, 2
ALIKE = 1000  # submissions that are compared with each other
SAMPLE_S = 0.1
MIB = 1 << 20


class Run(NamedTuple):
    """seconds: wall clock; peak_mib: memory of all its processes, each shared page counted once."""

    seconds: float
    peak_mib: float


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--otter", metavar="PYTHON", help="of an environment with otter-grader")
    parser.add_argument("--note", default="", help="what else the machine was doing")
    wanted = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as name:
        page = "\n".join(report(wanted, Path(name)))
    RESULTS.write_text(page + "\n", encoding="utf-8", newline="\n")
    print(page)
    return 0


# --- three graders ----------------------------------------------------------------------------


def ours(folder: Path, count: int, loops: int = 0, jobs: int = 1) -> Run:
    expected = hand_in(folder / "in", count, loops)
    command = [sys.executable, "-P", "-m", "course_tools.grading", folder / "in", "--lesson"]
    command += [LESSON, "--lang", LANG, "--out", folder / "out", "--jobs", jobs]
    run = watched([*command, "--courses", folder / "courses"])
    lines = (folder / "out" / "grades.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    got = {line.split(",")[0]: float(line.split(",")[1]) for line in lines}
    assert got == expected
    return run


def nbgrader(folder: Path, count: int) -> Run:
    """`nbgrader autograde`, which executes each notebook in a kernel of its own."""
    course = NbgraderCourse(ROOT, folder, LANG)
    course.release(LESSON)
    expected = hand_in(course.folder / "submitted", count)
    command = [sys.executable, "-m", "nbgrader", "autograde", LESSON, "--Execute.enabled=True"]
    run = watched([*command, "--ExecutePreprocessor.timeout=60"], cwd=course.folder)
    from nbgrader.api import Gradebook

    with Gradebook(course.database) as book:
        got = {s.student.id: s.score for s in book.assignment_submissions(LESSON)}
    assert got == expected
    return run


def otter(python: str, folder: Path, count: int) -> Run:
    """otter's runner without its containers, all submissions in one process, as it is imported."""
    expected = hand_in(folder / "in", count)
    tests = {f"tests/{part.key}.py": otters_test(part) for part in TESTS}
    with zipfile.ZipFile(folder / "autograder.zip", "w") as archive:
        for name, text in tests.items():
            archive.writestr(name, text)
        archive.writestr("otter_config.json", json.dumps({"print_summary": False}))
    paths = [str(folder / "in" / s / LESSON / f"{LESSON}.ipynb") for s in expected]
    program = "import json, sys, otter.api\nscores = []\nfor path in sys.argv[2:]:\n"
    program += "    done = otter.api.grade_submission(path, sys.argv[1], quiet=True)\n"
    program += "    scores.append(done.total)\nprint('SCORES', json.dumps(scores))"
    log = folder / "log"
    run = watched([python, "-c", program, folder / "autograder.zip", *paths], log=log)
    said = log.read_text(encoding="utf-8").partition("SCORES")[2]
    got = dict(zip(expected, json.loads(said.splitlines()[0]), strict=True))
    assert got == expected, got
    return run


TESTS = sheet.read(ROOT, LESSON, LANG).of("test")


def otters_test(part: sheet.Part) -> str:
    """A check of the sheet, with its hidden tests, in otter's form."""
    return (
        "from otter.test_files import test_case\nOK_FORMAT = False\n"
        f"name = {part.key!r}\npoints = {part.points!r}\n"
        f"@test_case(points={part.points!r}, hidden=False)\ndef test(env):\n"
        f"    exec({part.source!r}, env)\n"
    )


# --- measuring --------------------------------------------------------------------------------


def watched(command: list, cwd: Path = ROOT, log: Path | None = None) -> Run:
    """Run COMMAND to its end, and look at its memory."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "TRIAD_STRICT": "tasks"}
    env |= {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    env |= {"TRIAD_HOME": tempfile.gettempdir(), "PYTHONUTF8": "1"}
    log = log or Path(tempfile.mkstemp(suffix=".log")[1])
    with log.open("wb") as file:
        started = time.monotonic()
        words = [str(word) for word in command]
        process = subprocess.Popen(words, cwd=cwd, env=env, stdout=file, stderr=file)
        with peak(process.pid) as most:
            status = process.wait()
        seconds = time.monotonic() - started
    if status:
        raise RuntimeError(log.read_text(encoding="utf-8", errors="replace")[-3000:])
    return Run(seconds, max(most) / MIB)


@contextmanager
def peak(pid: int) -> Iterator[list[int]]:
    """Bytes (PSS) of a process and all below it, looked at again and again."""
    seen, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(SAMPLE_S):
            seen.append(sum(map(pss, [pid, *below(pid)])))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def below(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def pss(pid: int) -> int:
    """A page that n processes share counts as 1/n in each."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def marginal(folder: Path, sizes: tuple[int, int], grade: Callable[[Path, int], Run]) -> tuple:
    """(seconds for one more submission, seconds of start-up, most MiB)."""
    runs = []
    for size in sizes:
        place = folder / f"{grade.__name__}-{size}"
        place.mkdir()
        runs.append(grade(place, size))
        print(f"{grade.__name__}, {size} submissions: {runs[-1].seconds:.1f} s", flush=True)
        shutil.rmtree(place, ignore_errors=True)
    each = (runs[1].seconds - runs[0].seconds) / (sizes[1] - sizes[0])
    return each, runs[0].seconds - each * sizes[0], max(run.peak_mib for run in runs)


def likeness(count: int) -> float:
    """Seconds of CPU to compare so many submissions of students who worked alone."""
    made = independent(count, "benchmark")
    results = [Graded(who, who, {}, {}, of, (), ()) for who, of in made.items()]
    of_sheet, before = sheet.read(ROOT, LESSON, LANG), time.process_time()
    compared(results, of_sheet, ROOT)
    return time.process_time() - before


# --- the page ---------------------------------------------------------------------------------


def report(wanted: argparse.Namespace, folder: Path) -> Iterator[str]:
    def with_otter(place: Path, size: int) -> Run:
        return otter(wanted.otter, place, size)

    rows = {"`start.py grade`, one job": (marginal(folder, OURS, ours), OURS)}
    rows["`nbgrader autograde`"] = (marginal(folder, NBGRADER, nbgrader), NBGRADER)
    if wanted.otter:
        rows["otter-grader's runner"] = (marginal(folder, OTTER, with_otter), OTTER)
    load_before = os.getloadavg()[1]
    (folder / "class").mkdir()
    whole = ours(folder / "class", STUDENTS, LOOPING, JOBS)
    first = next(iter(rows.values()))[0][0]
    yield f"""# Grading

Written by `python benchmarks/grading/measure.py` on {date.today()}: sheet {LESSON}, {LANG}.
Every score was compared with the expected one. Nothing asserts the seconds.

Machine: {bench.machine()}. {versions(wanted.otter)}.
{f"Note: {wanted.note}." if wanted.note else ""}

| grader | one more honest submission | start-up | memory at most | from classes of |
|---|---|---|---|---|"""
    for name, ((each, start, most), sizes) in rows.items():
        ratio = f" ({each / first:.0f} times ours)" if each != first else ""
        of = " and ".join(map(str, sizes))
        yield f"| {name} | {each:.3f} s{ratio} | {start:.1f} s | {most:.0f} MiB | {of} |"
    yield f"""
A class of {STUDENTS}, {LOOPING} of them with a loop that never ends, {JOBS} jobs, limit
{Limits().seconds:g} s a task: **{whole.seconds:.0f} s** from the command to its end, with start-up,
gradebook, feedback and table; memory at most {whole.peak_mib:.0f} MiB (all processes, a page that
several share counted once). Load of the five minutes before: {load_before:.1f}.

Likeness (`--likeness`) of {ALIKE:,} submissions: **{likeness(ALIKE):.1f} s** of CPU."""


def versions(otter_python: str | None) -> str:
    parts = [f"{name} {metadata.version(name)}" for name in ("nbgrader", "nbconvert")]
    if otter_python:
        ask = "from importlib.metadata import version; print(version('otter-grader'))"
        said = subprocess.run([otter_python, "-c", ask], capture_output=True, encoding="utf-8")
        parts.append(f"otter-grader {said.stdout.strip()}")
    return ", ".join([*parts, f"Linux {platform.release()}"])


if __name__ == "__main__":
    sys.exit(main())
