"""A class on a dask cluster against processes of this machine; 10,000 on 100 workers, simulated.

python benchmarks/grading/cluster.py [--note TEXT]   writes CLUSTER.md beside it

Both grade the same class with two workers on the same cores, and every score is compared with the
expected one.  The simulation is no cluster: it draws from what was measured here.
"""

import argparse
import heapq
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("src", "tests/kit")]

from large_class import LANG, hand_in  # noqa: E402
from sample_class import LESSON  # noqa: E402

from course_tools.checks import bench  # noqa: E402
from course_tools.grading import classroom, sheet, verdicts  # noqa: E402
from course_tools.grading.cluster.client import RemoteWorker, cluster_workers  # noqa: E402
from course_tools.grading.sandbox import Limits  # noqa: E402
from course_tools.grading.submissions.collect import collect  # noqa: E402
from course_tools.grading.workers import LocalWorker, LocalWorkers, Workers  # noqa: E402

RESULTS = Path(__file__).with_name("CLUSTER.md")
STUDENTS, CALLS, BYTES = 120, 400, 30_000
STUDENTS_THERE, WORKERS_THERE, LOOPING, LOOP_S = 10_000, 100, 0.05, 5.0
WARM = 0.3  # share of a class that is graded before the time of one is taken


class Run(NamedTuple):
    """Seconds: until the first row, each further one (both workers), the last; of each call."""

    first: float
    each: float
    last: float
    calls: list[float]
    load: float


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--note", default="", help="what else the machine was doing")
    wanted = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="cluster-") as name:
        page = "\n".join(report(Path(name), wanted.note))
    RESULTS.write_text(page + "\n", encoding="utf-8", newline="\n")
    print(page)
    return 0


# --- measuring --------------------------------------------------------------------------------


@contextmanager
def local(job: classroom.Job) -> Iterator[Workers]:
    made = LocalWorkers(2)
    try:
        yield made
    finally:
        made.shutdown()


def cluster(job: classroom.Job):
    return cluster_workers("local", 2, job, sheet.read(ROOT, LESSON, LANG), [], print)


def a_class(folder: Path, kind: type, make: Callable) -> Run:
    """Grade a class of STUDENTS; the calls are timed where they are made."""
    expected = hand_in(folder / "in", STUDENTS)
    job = classroom.Job(ROOT, LESSON, LANG, b"", Limits(), True)
    handed = collect(folder / "in", sheet.read(ROOT, LESSON, LANG))
    stamps, calls, keep, ask = [], [], verdicts.keep, kind.ask

    def kept(*arguments):
        stamps.append(time.monotonic())
        keep(*arguments)

    def timed(worker, question):
        before = time.monotonic()
        answer = ask(worker, question)
        calls.append(time.monotonic() - before)
        return answer

    verdicts.keep, kind.ask, load = kept, timed, os.getloadavg()[0]
    began = time.monotonic()
    try:
        with make(job) as pool:
            results = classroom.grade_class(handed, job, folder / "out", pool, print)
    finally:
        verdicts.keep, kind.ask = keep, ask
    assert {who: one.rank for who, one in results.items()} == expected
    warm = stamps[int(WARM * STUDENTS) :]
    each = (warm[-1] - warm[0]) / (len(warm) - 1)
    return Run(stamps[0] - began, each, stamps[-1] - began, calls, load)


def overhead(make: Callable) -> tuple[float, float]:
    """(seconds of a call that does nothing, CPU seconds of it here: command and scheduler)."""
    job = classroom.Job(ROOT, LESSON, LANG, b"", Limits(), True)
    with make(job) as pool:
        ahead = [pool.submit(len, b"") for _ in range(20)]
        assert not any(future.result() for future in ahead)
        wall, cpu = time.monotonic(), time.process_time()
        futures = [pool.submit(len, os.urandom(BYTES)) for _ in range(CALLS)]
        assert all(future.result() == BYTES for future in futures)
        both = (time.monotonic() - wall) / CALLS, (time.process_time() - cpu) / CALLS
    return 2 * both[0], both[1]  # there are two workers


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
    command, end = 0.0, 0.0
    for _ in range(count):
        begins = max(heapq.heappop(free), command)
        command = begins + cpu
        took = drawn.choice(calls) + (LOOP_S if drawn.random() < loops else 0.0)
        heapq.heappush(free, command + took)
        end = max(end, command + took)
    return end


# --- the page ---------------------------------------------------------------------------------


def report(folder: Path, note: str) -> Iterator[str]:
    (folder / "local").mkdir()
    (folder / "cluster").mkdir()
    here = a_class(folder / "local", LocalWorker, local)
    there = a_class(folder / "cluster", RemoteWorker, cluster)
    idle, (per_call, cpu) = overhead(local)[0], overhead(cluster)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    took = simulated(there.calls, there.first, cpu, WORKERS_THERE, STUDENTS_THERE)
    alone = simulated(here.calls, here.first, 0.0, 2, STUDENTS_THERE)
    check = simulated(there.calls, there.first, cpu, 2, STUDENTS, loops=0.0)
    more = 1e3 * (per_call - idle)
    yield f"""# A class on a cluster

Written by `python benchmarks/grading/cluster.py` on {date.today()}: sheet {LESSON}, {LANG}, a class
of {STUDENTS}, two workers on the same machine. Every score was compared with the expected one.

Machine: {bench.machine()}.
{f"Note: {note}." if note else ""}

| workers | until the first row | each further row | all rows | an empty call | load before |
|---|---|---|---|---|---|"""
    for name, run, empty in (("2 processes", here, idle), ("2 of dask", there, per_call)):
        yield (
            f"| {name} | {run.first:.1f} s | {run.each:.4f} s | {run.last:.1f} s | "
            f"{1e3 * empty:.1f} ms | {run.load:.1f} |"
        )
    yield f"""
With dask a row takes **{there.each / here.each:.2f} times** as long. An empty call with
{BYTES:,} bytes takes **{more:.1f} ms** more on its worker, and {1e3 * cpu:.1f} ms of CPU of the
command with its scheduler, which took at most {memory} MiB. One submission took
{statistics.median(there.calls):.3f} s (median, on its worker).

**Simulated, not run:** {STUDENTS_THERE:,} submissions on {WORKERS_THERE} workers, {LOOPING:.0%} of
them with a loop of {LOOP_S:g} s more: **{took:.0f} s** until the last row, of which
{STUDENTS_THERE * cpu:.0f} s are CPU of command and scheduler, one call after the other; without
gradebook and pages. The same on 2 processes of one machine: {alone / 60:.0f} min. The simulation of
what was run here, {STUDENTS} on 2 of dask, gives {check:.1f} s; it took {there.last:.1f} s."""


if __name__ == "__main__":
    sys.exit(main())
