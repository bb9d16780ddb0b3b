"""A whole class: each submission graded once, by any concurrent.futures.Executor, and kept.

A result lies in OUT/results as soon as it is there.  The same submission, sheet, limits and judge
are not graded again; so a run that was stopped goes on, and a second one does only what is new.
What went wrong here, and in no answer, is no result: a person is told, and it is tried again.
"""

import atexit
import dataclasses
import functools
import hashlib
import json
import multiprocessing
import multiprocessing.util
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from . import matching
from . import sheet as sheets
from .collect import Handed
from .jail import Limits
from .judge import Outcome, Verdict, judge, one_at_a_time
from .sheet import Sheet
from .student import NotIsolated, Warm, WarmEnded

OURS = {"stopped", "sheet_fault"}  # what a person is told of faults that are no answer's
NOT_RUN = {"untouched", "syntax", "to_mark"}  # decided without a test
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
    handed: Iterable[Handed],
    settings: Job,
    out: Path,
    executor: Executor,
    tell: Callable[[str], None] = print,
) -> dict[str, dict[str, Any]]:
    """{student: result}; what is in OUT already is taken from there."""
    every, done, waiting = list(handed), {}, {}
    for one in every:
        job = dataclasses.replace(settings, data=one.data)
        if is_new(one, settings, out):
            waiting[executor.submit(grade, job)] = (one, key_of(job))
        else:
            done[one.student] = _kept(out, one, key_of(job)) or _ungraded(settings, [])
    counter = _Counter(len(every), len(done), tell)
    try:
        for future in as_completed(waiting):
            one, key = waiting[future]
            done[one.student] = future.result()
            if not any(name in OURS for name, _ in done[one.student]["human"]):
                _keep(out, one, key, done[one.student])
            counter.one_more()
    except BaseException:
        for future in waiting:
            future.cancel()
        raise
    counter.end()
    return {one.student: _complete(one, done[one.student]) for one in every}


def is_new(one: Handed, settings: Job, out: Path) -> bool:
    """Is there something to grade, and no result of just that?"""
    key = key_of(dataclasses.replace(settings, data=one.data))
    return bool(one.data) and _kept(out, one, key) is None


def local_pool(jobs: int) -> Executor:
    """One thread, or processes that start empty: a fork of one that has threads may hang."""
    if jobs == 1:
        return ThreadPoolExecutor(1)
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))


# --- one submission, in a worker --------------------------------------------------------------


def grade(job: Job) -> dict[str, Any]:
    """The verdict on one file as plain values.  NotIsolated if nothing keeps its code away."""
    try:
        with one_at_a_time:
            return _graded(job)
    except NotIsolated:
        raise
    except matching.Unreadable as reason:
        return _ungraded(job, [["unreadable", {"reason": str(reason)}]])
    except Exception as error:  # whatever a submission brings about, the others are graded
        return _ungraded(job, [["stopped", {"reason": f"{type(error).__name__}: {error}"[:200]}]])


def _graded(job: Job) -> dict[str, Any]:
    sheet = _sheet(job.root, job.lesson, job.lang)
    cells, notes = matching.read(job.data)
    matched = matching.match(cells, sheet)
    matched.notes += notes
    verdict = _judged(job, sheet, matched)
    for name, reason in _unsound(job.root, job.lesson, job.lang, job.limits, job.walls).items():
        if verdict.outcomes[name].kind not in NOT_RUN:
            verdict.outcomes[name] = Outcome(0, verdict.outcomes[name].max_points, "ungraded")
            verdict.human.append(("sheet_fault", {"task": name, "reason": reason}))
    graded = all(outcome.kind != "ungraded" for outcome in verdict.outcomes.values())
    result = json.loads(json.dumps(verdict.as_dict()))
    return result | {"answers": matched.answers, "graded": graded}


def _judged(job: Job, sheet: Sheet, matched: matching.Matched) -> Verdict:
    settings = (job.limits, job.walls, sheet.imports)
    try:
        return judge(sheet, matched, _warm(*settings))
    except WarmEnded:
        _warm.cache_clear()
        return judge(sheet, matched, _warm(*settings))


@functools.cache
def _unsound(root: Path, lesson: str, lang: str, limits: Limits, walls: bool) -> dict[str, str]:
    """Tasks whose own model answer does not pass here, with the reason: nobody can solve them."""
    sheet = _sheet(root, lesson, lang)
    outcomes = _judged(Job(root, lesson, lang, b"", limits, walls), sheet, matching.solved(sheet))
    told = {name: f"{o.kind} {o.detail}".strip() for name, o in outcomes.outcomes.items()}
    return {task.name: told[task.name] for task in sheet.tasks
            if not task.essay and outcomes.outcomes[task.name].kind != "right"}  # fmt: skip


@functools.cache
def _sheet(root: Path, lesson: str, lang: str) -> Sheet:
    return sheets.read(root, lesson, lang)


@functools.cache
def _warm(limits: Limits, walls: bool, imports: tuple[str, ...]) -> Warm:
    """One for each worker, as long as that lives."""
    torch.set_num_threads(1)
    made = Warm(limits, walls, imports)
    atexit.register(made.close)  # a thread's; a process of multiprocessing does only the next
    multiprocessing.util.Finalize(None, made.close, exitpriority=1)
    return made


def _ungraded(job: Job, human: list) -> dict[str, Any]:
    """Nothing could be read: no points, and the reason why a person has to look."""
    sheet = _sheet(job.root, job.lesson, job.lang)
    outcomes = {task.name: Outcome(0, task.points, "ungraded") for task in sheet.tasks}
    verdict = json.loads(json.dumps(Verdict(outcomes).as_dict()))
    return verdict | {"human": human, "answers": {}, "graded": False}


# --- what is kept -----------------------------------------------------------------------------


def key_of(job: Job) -> str:
    """Changes with everything that may change the result."""
    sheet = _sheet(job.root, job.lesson, job.lang)
    parts = [job.data, repr(sheet.parts).encode(), repr((job.limits, job.walls)).encode()]
    found = hashlib.sha256(_own_code())
    for part in parts:
        found.update(hashlib.sha256(part).digest())
    return found.hexdigest()


@functools.cache
def _own_code() -> bytes:
    here = Path(__file__).parent
    files = [
        *here.glob("*.py"),
        *here.glob("*.toml"),
        here.parents[1] / "helpers" / "classroom" / "check.py",
    ]
    return b"".join(file.read_bytes() for file in sorted(files))


def _result_file(out: Path, one: Handed) -> Path:
    return out / "results" / f"{one.safe}.json"


def _kept(out: Path, one: Handed, key: str) -> dict[str, Any] | None:
    try:
        kept = json.loads(_result_file(out, one).read_text(encoding="utf-8"))
        return kept["result"] if kept["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(out: Path, one: Handed, key: str, result: dict[str, Any]) -> None:
    text = json.dumps({"student": one.student, "key": key, "result": result}, ensure_ascii=False)
    write(_result_file(out, one), text)


def write(path: Path, text: str) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(text.encode("utf-8", "replace"))
    os.replace(part, path)


def _complete(one: Handed, result: dict[str, Any]) -> dict[str, Any]:
    """With what was seen when it was collected."""
    more = {"student": one.student, "safe": one.safe, "file": one.file, "work": one.work}
    notes = [*map(list, one.notes), *result["notes"]]
    human = [*map(list, one.human), *result["human"]]
    return result | more | {"notes": notes, "human": human}


class _Counter:
    """Says how far it is, and how long it may still take."""

    def __init__(self, total: int, done: int, tell: Callable[[str], None]):
        self.total, self.kept, self.done, self.tell = total, done, done, tell
        self.started = self.told = self.first = time.monotonic()
        if done:
            tell(f"{done} of {total} are graded already, or hold nothing to grade")

    def one_more(self) -> None:
        self.done += 1
        now, new = time.monotonic(), self.done - self.kept
        if new == 1:
            self.first = now  # before that, the workers were starting
        elif now - self.told >= TELL_S and self.done < self.total:
            self.told = now
            left = (now - self.first) / (new - 1) * (self.total - self.done)
            self.tell(f"  {self.done} of {self.total}, about {left:.0f} s left")

    def end(self) -> None:
        new = self.done - self.kept
        self.tell(f"{new} graded in {time.monotonic() - self.started:.0f} s")
