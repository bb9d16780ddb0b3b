"""Stand-ins for the judge, called in workers' processes, and submissions that end their worker.

A submission is one word.  Every call leaves two lines in TRIAD_TRACE, so that a test can count what
was begun and what was ended, by which process.
"""

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from course_tools.grading.graded import Outcome, Verdict
from course_tools.grading.sandbox.jail import Limits

POINTS = 10.0


@dataclass(frozen=True)
class Job:
    """As classroom.Job, whose module takes seconds to load."""

    root: Path
    lesson: str
    lang: str
    data: bytes = b""
    limits: Limits = Limits()  # noqa: RUF009
    walls: bool = True


def grade(job: Job) -> Verdict:
    """Grade a word: "poison…" ends the worker, "slow…" takes a second, "fault…" raises."""
    word = job.data.decode()
    note("begin", word)
    if word.startswith("poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    if word.startswith("fault"):
        raise ValueError(word)
    time.sleep(1.0 if word.startswith("slow") else 0.02)
    note("end", word)
    return Verdict({"merge": Outcome(points_of(word), POINTS, "right")}, {"merge": word})


class Probe:
    """As cluster.probe.Probe, whose module takes seconds to load."""

    def __init__(self, settings: Job, *_: object):
        self.settings = settings


def fault(probe: Probe) -> str:
    """Stand in for a cluster's probe: the first worker that is asked is a bad node."""
    try:
        os.close(os.open(f"{os.environ['TRIAD_TRACE']}-bad", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return ""
    return "planted"


def points_of(word: str) -> float:
    """The points that a word must get, different for most."""
    return sum(word.encode()) % 97


def note(what: str, word: str) -> None:
    folder = os.environ.get("TRIAD_TRACE")
    if folder:
        with Path(folder, f"{os.getpid()}.log").open("a", encoding="utf-8") as file:
            file.write(f"{what} {word}\n")


def traced(folder: Path, what: str) -> Counter[str]:
    """How often each word was begun, or ended."""
    lines = [line for file in folder.iterdir() for line in file.read_text("utf-8").splitlines()]
    return Counter(line.split()[1] for line in lines if line.startswith(what))


def at_work(folder: Path) -> dict[int, str]:
    """{process: the word that it has begun and not ended}."""
    last = {int(file.stem): file.read_text("utf-8").splitlines()[-1] for file in folder.iterdir()}
    return {pid: line.split()[1] for pid, line in last.items() if line.startswith("begin")}
