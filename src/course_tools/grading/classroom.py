"""A whole class: each submission graded once, by any concurrent.futures.Executor, and kept.

A verdict lies in OUT/results as soon as it is there, and is used again while it holds (see
verdicts.py): a run that was stopped goes on, and a second one does only what is new.
What went wrong here, and in no answer, is not kept: a person is told, and it is tried again.
"""

import atexit
import contextlib
import dataclasses
import functools
import queue
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

import torch

from helpers import stopping
from helpers.display.progress_bar import Pace, PrintedLines

from . import sheet as sheets
from . import verdicts
from .graded import Graded, Outcome, Verdict
from .judge import judge, one_at_a_time
from .judge_process import HUNG_S
from .messages import Note
from .sandbox import ForkServer, Limits
from .sandbox.isolation import ForkServerEnded, NotIsolated
from .sheet import Sheet
from .submissions import matching, notebook, other_sheets
from .submissions.submission import Submission
from .workers import TIMES, GivenBack, LocalWorkers, TookDown

# what a person is told of faults that are no answer's
OURS = {"stopped", "sheet_fault", "took_down", "given_back"}
NOT_RUN = {"untouched", "syntax", "to_mark"}  # decided without a test
LIMITS_S = 60  # seconds that a second more for a task may make a submission longer, at most
TELL_S = 2.0  # how often progress is said


@dataclass(frozen=True)
class Job:
    """All that a worker needs, wherever it runs."""

    root: Path
    lesson: str
    lang: str
    data: bytes
    limits: Limits
    walls: bool


def grade_class(
    submissions: Iterable[Submission],
    settings: Job,
    out: Path,
    executor: Executor,
    tell: Callable[[str], None] = print,
) -> dict[str, Graded]:
    """Return {student: what was found}; a verdict that is in OUT already is taken from there.

    Of several submissions of one student, the one with the most points.
    """
    every, waiting = list(submissions), dict[Future, tuple[int, str]]()
    done: dict[int, Verdict] = {}
    for place, one in enumerate(every):
        job = dataclasses.replace(settings, data=one.data)
        if is_new(one, settings, out):
            waiting[executor.submit(grade, job)] = (place, key_of(job))
        else:
            done[place] = verdicts.load(out, one, key_of(job)) or ungraded(settings, [])
    counter = _Counter(len(every), len(done), tell)
    try:
        for future in _as_done(list(waiting)):
            place, key = waiting.pop(future)
            done[place] = _result(future, settings)
            if not any(name in OURS for name, _ in done[place].human):
                verdicts.keep(out, every[place], key, done[place])
            counter.one_more()
    except BaseException:
        for future in waiting:
            future.cancel()
        raise
    counter.end()
    return _best([Graded.of(one, done[place]) for place, one in enumerate(every)])


def _as_done(futures: list[Future]) -> Iterator[Future]:
    """Yield each future when it is done, and hear signals meanwhile, as as_completed may not."""
    finished = queue.SimpleQueue[Future]()
    for future in futures:
        future.add_done_callback(finished.put)
    left = len(futures)
    while left:
        with contextlib.suppress(queue.Empty):
            done = finished.get(timeout=stopping.HEAR_S)
            left -= 1
            yield done


def _result(future: Future, settings: Job) -> Verdict:
    """Return a worker's verdict; what takes its workers down is for a person to look at."""
    try:
        return future.result()
    except TookDown:
        return ungraded(settings, [("took_down", {"times": TIMES})])
    except GivenBack as back:
        return ungraded(settings, [("given_back", {"times": back.args[0]})])


def _best(every: Iterable[Graded]) -> dict[str, Graded]:
    """Return for each student the submission with the most points, the latest of those alike."""
    found: dict[str, Graded] = {}
    for one in every:
        other = found.get(one.student)
        if other is None or one.rank >= other.rank:
            found[one.student] = one
    return found


def is_new(one: Submission, settings: Job, out: Path) -> bool:
    """Tell whether there is something to grade, and no verdict on just that."""
    key = key_of(dataclasses.replace(settings, data=one.data))
    return bool(one.data) and verdicts.load(out, one, key) is None


def key_of(job: Job) -> str:
    """Return a hash that changes with everything that may change the verdict on a job's file."""
    sheet = sheet_of(job.root, job.lesson, job.lang)
    return verdicts.key_of(job.data, sheet, job.limits, job.walls)


# --- one submission, in a worker --------------------------------------------------------------


def local_workers(jobs: int, settings: Job) -> LocalWorkers:
    """Start processes of this machine; one alone, too: what ends it must not end the command."""
    return LocalWorkers(jobs, ready, settings, hung_s=hung_s(settings.limits))


def hung_s(limits: Limits) -> float:
    """Return seconds that no submission takes; for the limits as they are, HUNG_S."""
    return HUNG_S + LIMITS_S * max(limits.seconds - Limits().seconds, 0)


def ready(settings: Job) -> None:
    """Do in this process what every submission needs: the model answers are judged, once."""
    with one_at_a_time:
        unsound(settings.root, settings.lesson, settings.lang, settings.limits, settings.walls)


def grade(job: Job) -> Verdict:
    """Judge one file.  NotIsolated if nothing keeps its code away from this machine."""
    try:
        with one_at_a_time:
            return _graded(job)
    except NotIsolated:
        raise
    except notebook.Unreadable as reason:
        return ungraded(job, [reason.note])
    except Exception as error:  # whatever a submission brings about, the others are graded
        return ungraded(job, [("stopped", {"reason": f"{type(error).__name__}: {error}"[:200]})])


def _graded(job: Job) -> Verdict:
    sheet = sheet_of(job.root, job.lesson, job.lang)
    cells, notes = notebook.read(job.data)
    matched = matching.match(cells, sheet)
    if other := other_sheets.which(matched.notes, cells, sheet, job.root):
        if other[0] != sheet.lesson:
            return ungraded(job, [other_sheets.said_of(other, sheet)])
        cells = other_sheets.in_own_words(cells, other, sheet, job.root)
        matched = matching.match(cells, sheet)
        notes = [other_sheets.said_of(other, sheet), *notes]
    matched.notes += notes
    verdict = _judged(job, sheet, matched)
    for name, reason in unsound(job.root, job.lesson, job.lang, job.limits, job.walls).items():
        if verdict.outcomes[name].kind not in NOT_RUN:
            verdict.outcomes[name] = Outcome(0, verdict.outcomes[name].max_points, "ungraded")
            verdict.human.append(("sheet_fault", {"task": name, "reason": reason}))
    return verdict


def _judged(job: Job, sheet: Sheet, matched: matching.Matched) -> Verdict:
    settings = (job.limits, job.walls, sheet.imports)
    try:
        return judge(sheet, matched, server_of(*settings))
    except ForkServerEnded:
        server_of.cache_clear()
        return judge(sheet, matched, server_of(*settings))


@functools.cache
def unsound(root: Path, lesson: str, lang: str, limits: Limits, walls: bool) -> dict[str, str]:
    """Return the tasks whose model answer does not pass here, with the reason."""
    sheet = sheet_of(root, lesson, lang)
    outcomes = _judged(Job(root, lesson, lang, b"", limits, walls), sheet, matching.solved(sheet))
    told = {name: f"{o.kind} {o.detail}".strip() for name, o in outcomes.outcomes.items()}
    return {task.name: told[task.name] for task in sheet.tasks
            if not task.essay and outcomes.outcomes[task.name].kind != "right"}  # fmt: skip


@functools.cache
def sheet_of(root: Path, lesson: str, lang: str) -> Sheet:
    """Return a lesson's sheet, which a worker reads once."""
    return sheets.read(root, lesson, lang)


@functools.cache
def server_of(limits: Limits, walls: bool, imports: tuple[str, ...]) -> ForkServer:
    """Return the worker's own fork server, which lives as long as the worker."""
    torch.set_num_threads(1)
    made = ForkServer(limits, walls, imports)
    atexit.register(made.close)
    return made


def ungraded(job: Job, human: list[Note]) -> Verdict:
    """Return a verdict without points, and the reason why a person has to look."""
    sheet = sheet_of(job.root, job.lesson, job.lang)
    outcomes = {task.name: Outcome(0, task.points, "ungraded") for task in sheet.tasks}
    return Verdict(outcomes, human=human)


class _Counter:
    """Says how far it is, and how long it may still take."""

    def __init__(self, total: int, done: int, tell: Callable[[str], object]):
        self.tell, self.kept, self.pace = tell, done, Pace(total, done)
        self.display = PrintedLines(TELL_S, tell)
        if done:
            tell(f"{done} of {total}: graded already, or nothing in it to grade")

    def one_more(self) -> None:
        """Count one more; say how far it is where that was not said for a while."""
        pace = self.pace
        pace.done += 1
        if pace.done == self.kept + 1:
            pace.begin_here()  # before that, the workers were starting
        elif pace.done < pace.steps and self.display.is_due():
            left = f"about {pace.left_s():.0f} s left"
            self.display.draw(f"  {pace.done} of {pace.steps}, {left}")

    def end(self) -> None:
        """Say how many were graded, and in which time."""
        self.tell(f"{self.pace.done - self.kept} graded in {self.pace.spent_s():.0f} s")
