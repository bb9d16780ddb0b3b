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
SECONDS = {"slow": 1.0, "long": 60.0}  # what words that begin so take


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
    """Grade a word: "poison…" ends its worker, "slow…", "long…" take SECONDS, "fault…" raises."""
    word = job.data.decode()
    note("begin", word)
    if word.startswith("poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    if word.startswith("fault"):
        raise ValueError(word)
    time.sleep(next((s for start, s in SECONDS.items() if word.startswith(start)), 0.02))
    note("end", word)
    return Verdict({"merge": Outcome(points_of(word), POINTS, "right")}, {"merge": word})


def ready(_: Job) -> None:
    """Stand in for what each process does first."""


def unready(_: Job) -> None:
    """A machine without memory, as it seems."""
    os.kill(os.getpid(), signal.SIGKILL)


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
    lines = {int(file.stem): file.read_text("utf-8").splitlines() for file in folder.iterdir()}
    last = {pid: told[-1].split() for pid, told in lines.items() if told}
    return {pid: word for pid, (what, word) in last.items() if what == "begin"}


def worker_on(folder: Path, word: str) -> int | None:
    """The process that is at work on WORD."""
    return {of: pid for pid, of in at_work(folder).items()}.get(word)
