"""Run the sheet's tests in this process, against the student's functions in another one.

First every visible test, in one process of the student's; then the hidden ones.  What a student is
told comes from the first round alone: no process that has been asked a hidden question is heard.
"""

import contextlib
import functools
import io
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from helpers.classroom import check, session
from helpers.classroom.session import Session

from . import messages
from .graded import Outcome, Verdict
from .sandbox import ForkServer, codec, jail
from .sandbox.isolation import NotIsolated
from .sandbox.process import Ended, StudentProcess
from .sheet import Sheet, Task, definitions
from .submissions.matching import Matched
from .submissions.notebook import SheetCell

BUILTIN = (ValueError, TypeError, KeyError, IndexError, ZeroDivisionError, AssertionError)
HUMAN = {"foreign", "forged", "walls", "module"}  # kinds that a person has to look at
MEMORY = 3 << 30  # bytes that tests may take here for what a student returned
INSTEAD = {  # what to return in place of what does not cross: instead_… in messages.toml
    "list": {"set", "frozenset", "generator", "map", "filter", "zip", "enumerate", "range", "deque",
             "reversed", "list_iterator", "dict_keys", "dict_values", "dict_items"},
    "number": {"Decimal", "Fraction", "longdouble", "complex"},
}  # fmt: skip
SEEDS = (0, 1, 2)  # of hidden tests that draw numbers without a generator of their own
FATAL_CELLS = 5  # cells that end their process before the rest is not run
# a process has one standard output, one state of random and torch, one limit of memory and one
# Session, and Python 3.11's ast.parse one depth
one_at_a_time = threading.RLock()


class Failed(Exception):
    """What a student's function did instead of returning.  kind: a name in messages.toml."""

    def __init__(self, kind: str, text: str = "", line: int = 0, **values: str):
        super().__init__(text)
        self.kind, self.text, self.line, self.values = kind, text, line, values


class NotYet(Failed, NotImplementedError):
    """The task is still open: its function raises NotImplementedError."""


def judge(sheet: Sheet, matched: Matched, server: ForkServer) -> Verdict:
    """Return points and reasons for every task of one submission."""
    verdict = Verdict({}, dict(matched.answers), list(matched.notes), list(matched.human))
    for task in sheet.tasks:
        if matched.answers.get(task.name) is None:
            kind = "untouched"
        elif task.essay:
            kind = "to_mark"
        elif task.name in matched.faults:
            kind = "syntax"
        else:
            continue
        line = matched.faults.get(task.name)
        verdict.outcomes[task.name] = Outcome(0, task.points, kind, str(line) if line else "")
    if all(task.name in verdict.outcomes for task in sheet.tasks):
        return verdict
    run = _Run(sheet, matched, server)
    with one_at_a_time, _quiet(sheet), jail.bounded(MEMORY), contextlib.closing(run):
        run.verdict = verdict
        run.rounds()
    order = [task.name for task in sheet.tasks]
    verdict.outcomes = {name: verdict.outcomes[name] for name in order}
    return verdict


class _Run:
    """One submission while its tests are run."""

    def __init__(self, sheet: Sheet, matched: Matched, server: ForkServer):
        self.sheet, self.matched, self.server = sheet, matched, server
        self.verdict = Verdict()
        self.student: StudentProcess | None = None
        self.bad: dict[str, Failed] = {}  # cells that failed, by name
        self.deadly: set[str] = set()  # of those, the ones that ended their process
        self.ran: set[str] = set()  # cells that came to an end, right or wrong
        self.cells_left = server.limits.notebook_seconds
        self.left: dict[str, float] = {}  # seconds, by task
        self.now = ""  # the task whose tests run
        self.failure: Failed | None = None  # what its answer did
        self.ours: Exception | None = None  # what went wrong here: no answer is to blame
        self.scope: dict[str, Any] = {"__name__": "judge"}

    def close(self) -> None:
        """End the student's process."""
        if self.student:
            self.student.end()

    def rounds(self) -> None:
        """Run every visible test, then the hidden tests of the tasks that passed."""
        self.alive()
        for name, failed in self.bad.items():
            self.verdict.notes.append(("cell_failed", {"cell": name, "reason": _brief(failed)}))
        for part in self.sheet.parts:
            if part.kind == "code":
                exec(compile(part.source, part.key, "exec"), self.scope)
        session.current().lesson = ""  # no progress is kept outside a lesson
        for task in self.sheet.tasks:
            self.scope |= {name: self.proxy(name) for name in task.functions}
        for hidden in (False, True):
            for task in self.sheet.tasks:
                done = self.verdict.outcomes.get(task.name)
                if not task.essay and (not hidden or (done and done.kind == "right")):
                    self.try_task(task, hidden)

    def try_task(self, task: Task, hidden: bool) -> None:
        """Run the tests of one task, and decide it.

        In the first round every test runs, if only for what it defines for later ones.
        """
        decided = self.verdict.outcomes.get(task.name)
        self.now, self.failure = task.name, None
        self.left.setdefault(task.name, self.server.limits.seconds)
        results: list[check.Result] = []
        for seed in SEEDS if hidden else SEEDS[:1]:
            drew = False
            for test in task.tests:
                before = _sow(seed)
                results += self.results(test.source if hidden else test.released, test.key)
                if self.ours:  # check.task has taken it for the answer's
                    raise self.ours
                drew |= _dice() != before
            if not drew or any(result.status != "right" for result in results):
                break  # another seed would ask the same; or it is decided
        outcome = self.outcome(task, results)
        if hidden and outcome.kind != "right":
            hint = outcome.hint if outcome.kind == "wrong" else ""
            outcome = replace(outcome, hidden=True, detail="", hint=hint)
        if decided is None or hidden:
            self.verdict.outcomes[task.name] = outcome

    def results(self, source: str, key: str) -> list[check.Result]:
        """Return what a test cell's check.task(…) found; a cell without one passes or raises."""
        found = session.current().results
        found.clear()
        try:
            exec(compile(source, key, "exec"), self.scope)
        except NotImplementedError:
            return [check.Result(key, "not_yet")]
        except AssertionError as error:
            return [check.Result(key, "wrong", str(error))]
        except Exception as error:
            return [check.Result(key, "error", f"{type(error).__name__}: {error}")]
        return list(found.values()) or [check.Result(key, "right")]

    def outcome(self, task: Task, results: list[check.Result]) -> Outcome:
        """Say how a task ended: by the first check that failed, or by what the answer did."""
        first = next((r for r in results if r.status != "right"), None)
        if first is None:
            return Outcome(task.points, task.points, "right")
        failed = self.failure
        if failed is None or first.status == "wrong":
            return Outcome(0, task.points, first.status, first.detail, first.hint)
        if failed.kind in HUMAN:
            values = {"task": task.name, "text": failed.text} | failed.values
            self.verdict.human.append((failed.kind, values))
        return Outcome(0, task.points, failed.kind, _brief(failed))

    # --- the student's functions --------------------------------------------------------------

    def proxy(self, name: str) -> Callable[..., Any]:
        """Return the student's function NAME, as the tests call it."""

        def call(*args: Any, **kwargs: Any) -> Any:
            self.failure = None
            try:
                return self.call(name, list(args), kwargs)
            except Failed as failed:
                self.failure = failed
                raise
            except Exception as error:
                self.ours = error
                raise

        call.__name__ = name
        return call

    def call(self, name: str, args: list, kwargs: dict[str, Any]) -> Any:
        """Return what the student's function NAME returns.  Failed if that does not cross."""
        seconds = self.left[self.now]
        if seconds <= 0:
            raise Failed("slow", f"{self.server.limits.seconds:g}")
        student = self.alive()
        try:
            reply = student.ask(seconds, ask="call", name=name, args=args, kwargs=kwargs)
        except Ended as ended:
            self.student = None
            self.left[self.now] = 0 if ended.kind == "slow" else self.left[self.now]
            limit = f"{self.server.limits.seconds:g}" if ended.kind == "slow" else ended.text
            raise Failed(ended.kind, limit) from None
        self.left[self.now] -= student.used_s()
        if reply["ok"] is not True:
            raise self.why(name, reply)
        if strange := codec.foreign(reply.get("value")):
            raise _strange(name, *strange, self.sheet.lang)
        return reply.get("value")

    def why(self, name: str, reply: dict[str, Any]) -> Exception:
        """Return the exception for a reply that is no value."""
        failed = _failed(reply)
        if failed.kind == "undefined":
            cells = self.matched.cells.get(self.now, [])
            return next((self.bad[cell] for cell in cells if cell in self.bad), failed)
        if failed.kind == "not_yet":
            return NotYet("not_yet")
        return _as_builtin(str(reply.get("type")), failed)

    def alive(self) -> StudentProcess:
        """Return a process that has run the sheet's and the student's cells, new after an end."""
        while self.student is None:
            student = self.server.fork()
            try:
                self.prepare(student)
                self.student = student
            except Ended:
                student.end()
        return self.student

    def prepare(self, student: StudentProcess) -> None:
        """Run the sheet's cells and the student's in a new process.

        Ended where one of the student's cells ends the process; it is left out the next time.
        """
        for part in self.sheet.parts:
            source = part.source if part.kind == "code" else ""
            source = definitions(part.released) if part.kind == "test" else source
            if source and not student.ask(60.0, ask="run", name=part.key, source=source)["ok"]:
                raise NotIsolated(f"the sheet's own cell {part.key} did not run behind the walls")
        for cell in self.matched.runs:
            if cell.name not in self.deadly:
                self.run_cell(student, cell)
        for wanted, given in self.matched.aliases.items():
            student.ask(5.0, ask="run", name="alias", source=f"{wanted} = {given}")

    def run_cell(self, student: StudentProcess, cell: SheetCell) -> None:
        """Run one of the student's cells, and note how it failed.  Ended if the process is gone."""
        name, seconds = cell.name, self.server.limits.seconds
        if name not in self.ran:
            seconds = min(seconds, self.cells_left)
        if seconds <= 0 or len(self.deadly) >= FATAL_CELLS:
            self.bad.setdefault(name, Failed("not_run"))
            return
        try:
            reply = student.ask(seconds, ask="run", name=name, source=cell.code)
        except Ended as ended:
            self.bad[name] = Failed(ended.kind, ended.text)
            self.deadly.add(name)
            raise
        finally:
            self.cells_left -= 0 if name in self.ran else student.used_s()
        self.ran.add(name)
        if reply["ok"] is not True:
            self.bad.setdefault(name, _failed(reply))


def _sow(seed: int) -> tuple:
    random.seed(seed)
    torch.manual_seed(seed)
    return _dice()


def _dice() -> tuple:
    """Return what random and torch would draw next."""
    return random.getstate(), torch.get_rng_state().numpy().tobytes()


def _failed(reply: dict[str, Any]) -> Failed:
    """Return the failure that a reply tells: of a known kind, cut short; none of it is trusted."""
    kinds = {"undefined", "not_yet", "memory", "forbidden", "error", "exit", "unsent"}
    kind = reply.get("kind") if reply.get("kind") in kinds else "error"
    name, text, line = (reply.get(key) for key in ("type", "text", "line"))
    if name == "ModuleNotFoundError":
        kind = "module"
    words = f"{name}: {text}" if isinstance(name, str) and name else ""
    return Failed(str(kind), words[:300], line if type(line) is int and 0 < line < 10**6 else 0)


def _strange(function: str, place: str, kind: str, lang: str) -> Failed:
    """Return which value does not cross, of which type, and what to return instead."""
    of = f"{function}(…){place}"
    instead = next((name for name, kinds in INSTEAD.items() if kind in kinds), "plain")
    values = {"of": of, "type": kind, "instead": messages.text(f"instead_{instead}", lang)}
    return Failed("foreign", messages.text("does_not_cross", lang, values), of=of, type=kind)


def _as_builtin(name: str, failed: Failed) -> Failed:
    """Return the failure as an exception of Python's own: a test may expect a ValueError."""
    kind = next((builtin for builtin in BUILTIN if builtin.__name__ == name), None)
    return _also(kind)(failed.kind, failed.text, failed.line) if kind else failed


@functools.cache
def _also(kind: type[Exception]) -> type[Failed]:
    return type(kind.__name__, (Failed, kind), {})


def _brief(failed: Failed) -> str:
    """Return the failure in one line without control characters: "ValueError: … (line 3)"."""
    where = f" (line {failed.line})" if failed.line else ""
    words = "".join(c if c.isprintable() else " " for c in failed.text)
    return f"{words}{where}".strip() or failed.kind


@contextlib.contextmanager
def _quiet(sheet: Sheet) -> Iterator[None]:
    """Keep the tests' words from the screen, and the grader's own state as it is."""
    path = list(sys.path)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        try:
            with Session(lang=sheet.lang, strict="", home=Path(folder)):
                yield
        finally:
            sys.path[:] = path
