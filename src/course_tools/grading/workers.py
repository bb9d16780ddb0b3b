"""Workers that each grade one submission at a time, on this machine or elsewhere.

One that dies costs its neighbours nothing.  What it was grading is given to another one, behind all
that waits; what has taken two of them down is given to no third: TookDown.  What comes back again
and again without that is given up as well: GivenBack.
"""

import pickle
import queue
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass
from typing import Any

from .judge_process import HUNG_S, JudgeEnded, JudgeProcess
from .sandbox.isolation import SRC

TIMES = 2  # that a submission may take its worker down
UNFIT = 3  # workers that had to be left out after it
RETURNS = 6  # by workers that were gone before they were asked
BARREN = 5  # processes of one machine that died one after the other before they were ready
BROKEN = "The processes that grade end before they have graded anything (no memory left?)."
FEWER = " --jobs 1 takes the least memory."


class TookDown(Exception):
    """What was to be graded has ended its worker TIMES times, and perhaps is the cause."""


class GivenBack(Exception):
    """What was to be graded was returned by that many workers: the only argument."""


class WorkerDied(Exception):
    """A worker is gone.  asked: whether it was at work on what it had been given."""

    def __init__(self, asked: bool = True):
        super().__init__("a worker died")
        self.asked = asked


class WorkerUnfit(Exception):
    """A worker must get no work, and what it has said does not count; the message says why."""


class Worker(ABC):
    """One place where one submission at a time is graded."""

    @abstractmethod
    def start(self) -> None:
        """Make it ready, in the thread that asks it from then on.  WorkerDied, WorkerUnfit."""

    @abstractmethod
    def ask(self, question: bytes) -> bytes:
        """Return the answer as judge_main gives it.  WorkerDied, WorkerUnfit."""

    @abstractmethod
    def stop(self) -> None:
        """End what it is at work on, from another thread."""

    @abstractmethod
    def close(self) -> None:
        """Leave nothing behind of it."""


@dataclass
class _Errand:
    future: Future
    question: bytes
    died: int = 0  # workers, over it
    unfit: int = 0  # workers, after it
    returned: int = 0

    def begins(self) -> bool:
        return self.future.running() or self.future.set_running_or_notify_cancel()


class Workers(Executor):
    """An executor whose workers come and go; with none, what is submitted waits."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: queue.SimpleQueue[_Errand | None] = queue.SimpleQueue()
        self.threads: dict[Worker, threading.Thread] = {}
        self.busy: set[Worker] = set()  # starting, or at work
        self.refused: Exception | None = None  # with what whatever waits is answered

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        """Have a worker call FN, a function of a module, with ARGS."""
        assert not kwargs
        errand = _Errand(Future(), pickle.dumps((fn, *args)))
        self._put(errand)
        return errand.future

    def add(self, worker: Worker) -> None:
        """Let one more worker start, and take what waits."""
        with self.lock:
            if not self.refused:
                thread = threading.Thread(target=self._serve, args=(worker,), daemon=True)
                self.threads[worker] = thread
                thread.start()

    def refuse(self, reason: Exception) -> None:
        """Answer everything that waits, and all that follows, with REASON."""
        with self.lock:
            self.refused = self.refused or reason
        while True:
            try:
                errand = self.waiting.get_nowait()
            except queue.Empty:
                self.waiting.put(None)  # each thread that is idle ends, and tells the next one
                return
            if errand and errand.begins():
                errand.future.set_exception(self.refused)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End every worker; what is at work is stopped, and what waits is not begun."""
        self.refuse(BrokenExecutor("the command has ended"))
        with self.lock:
            threads, busy = list(self.threads.values()), list(self.busy)
        for worker in busy:
            worker.stop()
        for thread in threads:
            thread.join()

    def left(self, worker: Worker, reason: Exception | None) -> None:
        """Hear that a worker is gone: None, when there was nothing to do any more."""

    def _put(self, errand: _Errand) -> None:
        with self.lock:
            if not self.refused:
                self.waiting.put(errand)
                return
        if errand.begins():
            errand.future.set_exception(self.refused)

    def _at_work(self, worker: Worker) -> None:
        with self.lock:
            if self.refused:
                raise WorkerDied(asked=False)
            self.busy.add(worker)

    def _next(self) -> _Errand | None:
        while (errand := self.waiting.get()) is not None:
            if errand.begins():
                return errand
        self.waiting.put(None)
        return None

    def _serve(self, worker: Worker) -> None:
        """Let a worker take one errand after the other, until there is nothing or it is gone."""
        errand, reason = None, None
        try:
            self._at_work(worker)
            worker.start()
            while errand := self._next():
                self._at_work(worker)
                done, value = pickle.loads(worker.ask(errand.question))
                (errand.future.set_result if done else errand.future.set_exception)(value)
                self.busy.discard(worker)
        except Exception as why:  # also an answer that nobody can read
            reason = why
        worker.close()
        if errand:
            self._again(errand, reason)
        with self.lock:
            self.busy.discard(worker)
            del self.threads[worker]
        if not self.refused:
            self.left(worker, reason)

    def _again(self, errand: _Errand, reason: Exception | None) -> None:
        """Put back what a worker did not end, but not for ever.

        An idle worker's death is not the errand's; many may have died, and each hands it on.
        """
        unfit = isinstance(reason, WorkerUnfit)
        errand.returned += 1
        errand.unfit += unfit
        errand.died += not unfit and getattr(reason, "asked", True)
        if errand.died >= TIMES:
            errand.future.set_exception(TookDown(f"{TIMES} workers died over it"))
        elif errand.unfit >= UNFIT or errand.returned >= RETURNS + len(self.threads):
            errand.future.set_exception(GivenBack(errand.returned))
        else:
            self._put(errand)


# --- on this machine --------------------------------------------------------------------------


class LocalWorker(Worker):
    """A process that starts empty: a fork of a process that has threads may hang.

    ready: what it is asked first; a process that dies over that has graded nothing
    """

    def __init__(self, temporary: str, ready: bytes, hung_s: float = HUNG_S):
        self.temporary, self.ready, self.hung_s = temporary, ready, hung_s
        self.judge: JudgeProcess | None = None
        self.is_ready = self.is_stopped = False

    def start(self) -> None:
        """Start the process, and wait until it is ready.  WorkerDied."""
        self.judge = JudgeProcess(str(SRC), self.temporary, hung_s=self.hung_s)
        if self.is_stopped:  # meanwhile
            self.judge.kill()
        try:
            self.judge.ask(self.ready)
        except JudgeEnded:
            raise WorkerDied(asked=False) from None
        self.is_ready = True

    def ask(self, question: bytes) -> bytes:
        """Return what the process answers.  WorkerDied."""
        assert self.judge
        try:
            return self.judge.ask(question)
        except JudgeEnded as ended:
            raise WorkerDied(ended.asked) from None

    def stop(self) -> None:
        """Kill the process."""
        self.is_stopped = True
        if self.judge:
            self.judge.kill()

    def close(self) -> None:
        """End the process."""
        if self.judge:
            self.judge.close()


class LocalWorkers(Workers):
    """Processes of this machine: for each one that dies another one is started.

    ready, arguments: what each calls first; one that dies over a submission can grade others
    """

    def __init__(self, jobs: int, ready: Callable = int, *arguments: Any, hung_s: float = HUNG_S):
        super().__init__()
        # what a killed process leaves in it is removed with it
        self.folder = tempfile.TemporaryDirectory(prefix="triad-grade-", ignore_cleanup_errors=True)
        self.jobs, self.barren, self.hung_s = jobs, 0, hung_s
        self.ready = pickle.dumps((ready, *arguments))
        for _ in range(jobs):
            self._add_one()

    def _add_one(self) -> None:
        self.add(LocalWorker(self.folder.name, self.ready, self.hung_s))

    def left(self, worker: Worker, reason: Exception | None) -> None:
        """Start another one, unless they die of this machine."""
        assert isinstance(worker, LocalWorker)
        self.barren = 0 if worker.is_ready else self.barren + 1
        if self.barren >= BARREN:
            self.refuse(BrokenExecutor(BROKEN + (FEWER if self.jobs > 1 else "")))
        self._add_one()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End every process, and remove what they left."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        self.folder.cleanup()
