"""A class on a dask cluster against processes of this machine; 10,000 on 100 workers, simulated.

python benchmarks/grading/cluster.py [--rounds N] [--note TEXT]   writes CLUSTER.md beside it

Two processes and two workers of dask, on the same cores, both open all the time, grade the same
class in turn: whatever else the machine does falls upon both.  Every score is compared with the
expected one.  The simulation is no cluster: it draws from what was measured here.
"""

import argparse
import contextlib
import dataclasses
import functools
import heapq
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("src", "tests/kit")]

from large_class import LANG, hand_in  # noqa: E402
from sample_class import LESSON  # noqa: E402

from course_tools.checks import bench  # noqa: E402
from course_tools.grading import classroom, outputs, sheet  # noqa: E402
from course_tools.grading.cluster.client import RemoteWorker, cluster_workers  # noqa: E402
from course_tools.grading.graded import Graded  # noqa: E402
from course_tools.grading.reports.gradebook import NbgraderCourse  # noqa: E402
from course_tools.grading.sandbox import Limits  # noqa: E402
from course_tools.grading.submissions.collect import collect  # noqa: E402
from course_tools.grading.workers import LocalWorker, LocalWorkers, Workers  # noqa: E402

RESULTS = Path(__file__).with_name("CLUSTER.md")
STUDENTS, ROUNDS, CALLS, BYTES = 40, 10, 200, 30_000
STUDENTS_THERE, WORKERS_THERE, LOOPING, LOOP_S = 10_000, 100, 0.05, 5.0
WRITTEN = 300  # students whose gradebook, pages and table are timed
JOB = classroom.Job(ROOT, LESSON, LANG, b"", Limits(), True)


@dataclass
class Side:
    """One executor with two workers.  first: seconds from its opening to the first row.

    rows, calls: (seconds of this machine's clock, CPU seconds of all processes, of the command's
    own) of each round, for one submission and for one call that does nothing; asked: seconds of
    each submission on its worker
    """

    name: str
    kind: type
    pool: Workers
    first: float = 0.0
    rows: list[tuple[float, float, float]] = field(default_factory=list)
    calls: list[tuple[float, float, float]] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--note", default="", help="what else the machine was doing")
    wanted = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="cluster-") as name:
        page = "\n".join(report(Path(name), wanted.rounds, wanted.note))
    RESULTS.write_text(page + "\n", encoding="utf-8", newline="\n")
    print(page)
    return 0


# --- measuring --------------------------------------------------------------------------------


def spent() -> float:
    """CPU seconds of this process and all below it, with those that have ended."""
    total = 0.0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return total


def timed(what: Callable[[], object], count: int) -> tuple[float, float, float]:
    """Seconds of WHAT by the clock, CPU of all processes, CPU of this one, each by COUNT."""
    before = time.monotonic(), spent(), time.process_time()
    what()
    after = time.monotonic(), spent(), time.process_time()
    wall, cpu, own = ((b - a) / count for a, b in zip(before, after, strict=True))
    return wall, cpu, own


@contextlib.contextmanager
def noted(side: Side) -> Iterator[None]:
    """Note how long each question takes on its worker."""
    ask = side.kind.ask

    def asked(worker, question):
        before = time.monotonic()
        answer = ask(worker, question)
        side.asked.append(time.monotonic() - before)
        return answer

    side.kind.ask = asked
    try:
        yield
    finally:
        side.kind.ask = ask


def grade(side: Side, handed: list, expected: dict[str, float], out: Path) -> dict[str, Graded]:
    """Grade; every score is the expected one."""
    results = classroom.grade_class(handed, JOB, out, side.pool, lambda _: None)
    assert {who: one.rank for who, one in results.items()} == expected
    return results


def call(side: Side) -> None:
    """Have nothing done, CALLS times, one after the other."""
    for _ in range(CALLS):
        assert side.pool.submit(len, os.urandom(BYTES)).result() == BYTES


@contextlib.contextmanager
def local() -> Iterator[Workers]:
    made = LocalWorkers(2)
    try:
        yield made
    finally:
        made.shutdown()


@contextlib.contextmanager
def opened(handed: list, expected: dict[str, float], folder: Path) -> Iterator[list[Side]]:
    """Open both, and have each grade until it is warm."""
    there = cluster_workers("local", 2, JOB, sheet.read(ROOT, LESSON, LANG), [], print)
    sides = []
    with contextlib.ExitStack() as stack:
        for name, kind, pool in (
            ("2 processes", LocalWorker, local()),
            ("2 of dask", RemoteWorker, there),
        ):
            began = time.monotonic()
            side = Side(name, kind, stack.enter_context(pool))
            classroom.grade_class(handed[:1], JOB, folder / f"{name} 1", side.pool, print)
            side.first = time.monotonic() - began
            grade(side, handed, expected, folder / f"{name} warm")
            sides.append(side)
        yield sides


def measured(folder: Path, rounds: int) -> tuple[list[Side], dict[str, Graded]]:
    """Let both grade, and call, in turn; each of the two begins every other round."""
    expected = hand_in(folder / "in", STUDENTS)
    handed = collect(folder / "in", sheet.read(ROOT, LESSON, LANG))
    with opened(handed, expected, folder) as sides:
        for n in range(rounds):
            for side in sides if n % 2 else reversed(sides):
                out = folder / f"{side.name} {n}"
                graded = functools.partial(grade, side, handed, expected, out)
                with noted(side):
                    side.rows.append(timed(graded, STUDENTS))
                side.calls.append(timed(functools.partial(call, side), CALLS))
        return sides, grade(sides[0], handed, expected, folder / "last")


def writing(results: dict[str, Graded], folder: Path) -> float:
    """CPU seconds of gradebook, pages and table, a student."""
    kinds = list(results.values())
    every = {
        name: dataclasses.replace(kinds[n % len(kinds)], student=name, safe=name)
        for n, name in enumerate(f"s{n:05d}" for n in range(WRITTEN))
    }
    one, course = sheet.read(ROOT, LESSON, LANG), NbgraderCourse(ROOT, folder / "courses", LANG)
    course.release(LESSON)
    before = time.process_time()
    grades = outputs.recorded(course, one, every, lambda _: None)
    outputs.show(grades, one, True, folder, "en")
    return (time.process_time() - before) / WRITTEN


# --- the simulation ---------------------------------------------------------------------------


def simulated(
    calls: list[float], start: float, cpu: float, workers: int, count: int, loops: float = LOOPING
) -> float:
    """Seconds for a class: each call waits for its turn at the command, which takes CPU, then runs.

    calls: seconds of submissions as they were measured, one drawn for each; start: until a worker
    is probed; cpu: of command and scheduler, one call after the other
    """
    drawn = random.Random(0)
    free = [start * (1 + 0.2 * drawn.random()) for _ in range(workers)]
    heapq.heapify(free)
    command_, end = 0.0, 0.0
    for _ in range(count):
        begins = max(heapq.heappop(free), command_)
        command_ = begins + cpu
        took = drawn.choice(calls) + (LOOP_S if drawn.random() < loops else 0.0)
        heapq.heappush(free, command_ + took)
        end = max(end, command_ + took)
    return end


# --- the page ---------------------------------------------------------------------------------


def middle(rounds: list[tuple[float, float, float]], which: int) -> float:
    """The median of all rounds: 0 the clock, 1 CPU of all processes, 2 CPU of the command."""
    return statistics.median(one[which] for one in rounds)


def ratio(here: Side, there: Side, which: int) -> str:
    """How many times as much the second takes: the median of all rounds, and its quartiles."""
    each = [b[which] / a[which] for a, b in zip(here.rows, there.rows, strict=True)]
    low, mid, high = statistics.quantiles(each, n=4)
    return f"**{mid:.2f}** ({low:.2f}–{high:.2f})"


def report(folder: Path, rounds: int, note: str) -> Iterator[str]:
    load = os.getloadavg()[0]
    (here, there), results = measured(folder, rounds)
    written = writing(results, folder)
    clock, cpu = (1e3 * (middle(there.calls, 0) - middle(here.calls, 0)),
                  1e3 * (middle(there.calls, 1) - middle(here.calls, 1)))  # fmt: skip
    own = middle(there.rows, 2)
    took = simulated(there.asked, there.first, own, WORKERS_THERE, STUDENTS_THERE)
    alone = simulated(here.asked, here.first, 0.0, 2, STUDENTS_THERE)
    check = simulated(there.asked, 0.0, own, 2, STUDENTS, loops=0.0)
    yield f"""# A class on a cluster

Written by `python benchmarks/grading/cluster.py` on {date.today()}: sheet {LESSON}, {LANG}, a class
of {STUDENTS}, {rounds} times by each side in turn, two workers each on the same cores; medians of
the rounds. Every score was compared with the expected one.

Machine: {bench.machine()}. Load before and after: {load:.1f}, {os.getloadavg()[0]:.1f}.
{f"Note: {note}." if note else ""}

| workers | until the first row | each further row | CPU of it | an empty call | CPU of it |
|---|---|---|---|---|---|"""
    for side in (here, there):
        yield (
            f"| {side.name} | {side.first:.1f} s | {1e3 * middle(side.rows, 0):.1f} ms | "
            f"{1e3 * middle(side.rows, 1):.1f} ms | {1e3 * middle(side.calls, 0):.1f} ms | "
            f"{1e3 * middle(side.calls, 1):.1f} ms |"
        )
    yield f"""
With dask a row takes {ratio(here, there, 0)} times as long by the clock, and
{ratio(here, there, 1)} times the CPU (median of the rounds, quartiles). An empty call with
{BYTES:,} bytes takes **{clock:.1f} ms** more on its worker, {cpu:.1f} ms of CPU. Of a row's CPU
{1e3 * own:.1f} ms are of the command with its scheduler.

**Simulated, not run:** {STUDENTS_THERE:,} submissions on {WORKERS_THERE} workers, {LOOPING:.0%} of
them with a loop of {LOOP_S:g} s more: **{took:.0f} s** until the last row, of which
{STUDENTS_THERE * own:.0f} s are CPU of command and scheduler, one call after the other. Gradebook,
table and pages then take {STUDENTS_THERE * written:.0f} s, at {1e3 * written:.1f} ms of CPU a
student, measured with {WRITTEN}. The same rows on 2 processes of one machine: {alone / 60:.0f} min.
The simulation of what was run here, {STUDENTS} on 2 of dask, gives {check:.1f} s; it took
{STUDENTS * middle(there.rows, 0):.1f} s."""


if __name__ == "__main__":
    sys.exit(main())
