"""The workers of a dask cluster: opened, probed, given one submission at a time, and left clean.

Of dask this takes what it is good at: to start workers, also by a queue of jobs, to start them
again, and to reach them.  Its own tasks are not used: their data may go to a worker's disk, they
hold results, and a worker's death is laid to all that were waiting for it.
"""

import asyncio
import contextlib
import logging
import math
import pickle
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
from distributed import Client, LocalCluster
from distributed.comm import get_address_host_port
from distributed.security import Security

from helpers import stopping

from .. import judge_process, verdicts
from ..classroom import OURS, Job, hung_s
from ..graded import Verdict
from ..sandbox.isolation import SRC
from ..sheet import Sheet
from ..submissions import other_sheets
from ..workers import BARREN, Worker, WorkerDied, Workers, WorkerUnfit
from . import on_worker
from .probe import Probe, fault
from .queues import QUEUES, Queue
from .wheel import wheel

DEAF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"  # Ctrl-C is the command's
CONNECT_S, WAIT_S = 30, 60.0  # for a scheduler; for its first worker, or another one
LEASE_S = 600.0  # a worker forgets a command that is gone after that: longer than any submission
LOOK_S, BUSY_S = 0.5, 5.0
FORMS = (
    "--cluster takes the address of a scheduler (tcp://HOST:8786), the file that its "
    f"--scheduler-file has written, local, or a queue: {', '.join(QUEUES)}"
)
EXTRA = "pip install -c constraints.txt -e .[cluster] brings it"
TLS = "dask's own settings must name the certificates (distributed.comm.tls)"

for module in (on_worker, judge_process):
    cloudpickle.register_pickle_by_value(module)


class Sent:
    """A function that goes to a worker by value, pickled once: that takes as long as a whole call.

    It arrives as the function itself.
    """

    def __init__(self, function: Callable):
        self.function, self.data = function, cloudpickle.dumps(function)

    def __reduce__(self) -> tuple:
        return pickle.loads, (self.data,)


BEGIN, ASK, END = Sent(on_worker.begin), Sent(on_worker.ask), Sent(on_worker.end)


@contextlib.contextmanager
def opened(address: str, jobs: int) -> Iterator[tuple[Client, Queue | None]]:
    """Connect with a scheduler: its address or file, "local", or the queue of a cluster.

    The last two are started with JOBS workers, closed to everybody else, and ended.
    """
    _silence()
    with contextlib.ExitStack() as stack:
        where: Any = {"address": address}
        queue = None
        if address.lower() == "local":
            where = {"address": stack.enter_context(_local(jobs))}
        elif address.lower() in QUEUES:
            with stopping.kept_back():
                queue = Queue(address.lower(), jobs, Security.temporary())
                where = {"address": stack.enter_context(queue.cluster)}
            queue.start()
        elif Path(address).is_file():
            where = {"scheduler_file": address}
        elif "/" in address.partition("://")[0] or address.endswith(".json"):
            raise FileNotFoundError(f"there is no such file: does the scheduler run? {FORMS}")
        yield stack.enter_context(Client(**where, set_as_default=False, timeout=CONNECT_S)), queue


@contextlib.contextmanager
def _local(jobs: int) -> Iterator[LocalCluster]:
    """Start workers on this machine that take no other user's word."""
    below = tempfile.TemporaryDirectory(prefix="triad-local-", ignore_cleanup_errors=True)
    with _main_hidden(), below as folder, contextlib.ExitStack() as stack:
        with stopping.kept_back():  # dask cannot close what has half started
            made = LocalCluster(n_workers=jobs, threads_per_worker=1, memory_limit=0,
                                host="127.0.0.1", dashboard_address=None, local_directory=folder,
                                preload=[DEAF], protocol="tls://", security=Security.temporary(),
                                silence_logs=logging.CRITICAL)  # fmt: skip
            stack.enter_context(made)
        yield made


@contextlib.contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep multiprocessing from loading the command, and torch with it, in each worker."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _silence() -> None:
    """Keep what dask logs from the screen, by loggers of several levels: what matters is told."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


class ClusterWorkers(Workers):
    """The workers of a cluster that pass the probe, also those that join later."""

    def __init__(
        self,
        client: Client,
        probe: Probe,
        tell: Callable[[str], object],
        patience_s: float = WAIT_S,
        queue: Queue | None = None,
    ):
        super().__init__()
        self.client, self.tell, self.patience_s = client, tell, patience_s
        self.queue, self.has_waited, self.answered = queue, False, 0
        self.hung_s = hung_s(probe.settings.limits)
        self.reasons, self.gone, self.has_passed = dict[str, str](), set[str](), False
        self.wheel = wheel(SRC, probe.settings.root / "pyproject.toml")
        self.probe = pickle.dumps((fault, probe))
        self.client.subscribe_topic("all", self._heard)
        for address in self.client.nthreads():
            self.add(RemoteWorker(self, address))
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def _heard(self, event: tuple[float, Any]) -> None:
        told = event[1]
        if isinstance(told, dict) and told.get("action") == "add-worker":
            self.gone.discard(told["worker"])
            self.add(RemoteWorker(self, told["worker"]))
        if isinstance(told, dict) and told.get("action") == "remove-worker":
            self.gone.add(told["worker"])

    def add(self, worker: Worker) -> None:
        """Let a worker join, once: a new one is heard of and seen."""
        assert isinstance(worker, RemoteWorker)
        with self.lock:
            known = {one.address for one in self.threads if isinstance(one, RemoteWorker)}
        if worker.address not in known:
            super().add(worker)

    def passed(self) -> None:
        """Tell that grading begins, when the first worker has passed: a queue may take hours."""
        with self.lock:
            first, self.has_passed = not self.has_passed, True
        if first:
            self.tell("a worker has passed: grading …")

    def left(self, worker: Worker, reason: Exception | None) -> None:
        """Tell why a worker is left out; where only its judge has ended, let it start another."""
        assert isinstance(worker, RemoteWorker)
        barren = 0 if worker.answered else worker.barren + 1
        # where nobody has graded anything yet, it may be what is handed in
        if worker.lives and barren >= BARREN and self.answered:
            reason = WorkerUnfit("its judge ends before it has graded anything")
        if isinstance(reason, WorkerUnfit):
            self.reasons[worker.address] = str(reason)
            self.tell(f"left out: {worker.address}: {reason}")
        elif worker.lives:
            self.add(RemoteWorker(self, worker.address, barren))

    def _watch(self) -> None:
        """Let the class end where no worker can come any more, or none has for long."""
        since = time.monotonic()
        while not self.refused:
            time.sleep(LOOK_S)
            if self.threads:
                since = time.monotonic()
            if self.client.status != "running":
                self.refuse(BrokenExecutor("The cluster's scheduler has ended."))
            elif time.monotonic() - since > self._patience_s():
                why = "; ".join(f"{who}: {said}" for who, said in sorted(self.reasons.items()))
                told = f"No worker of the cluster can grade ({why or 'none'})."
                self.refuse(BrokenExecutor(told))
            elif self.queue:
                self._look_at(self.queue)

    def _patience_s(self) -> float:
        """Return seconds without a worker; where all jobs of a queue run, no other will come."""
        if self.queue and len(self.reasons.keys() & self.client.nthreads()) >= self.queue.jobs:
            return WAIT_S
        return self.patience_s

    def _look_at(self, queue: Queue) -> None:
        try:
            queue.look(self.tell, bool(self.threads))
        except BrokenExecutor as nothing:
            self.refuse(nothing)
        except Exception as error:  # without this look a queue is waited for in vain
            self.refuse(BrokenExecutor(f"--cluster {queue.name}: {error}."))

    def wait_for(self, address: str) -> None:
        """Wait a moment until another command has done with a worker.  WorkerDied at the end."""
        with self.lock:
            first, self.has_waited = not self.has_waited, True
        if first:
            self.tell(f"another command is grading on {address}: it is waited for …")
        until = time.monotonic() + BUSY_S
        while time.monotonic() < until:
            if self.refused:
                raise WorkerDied(asked=False)
            time.sleep(LOOK_S)

    def others(self) -> list[str]:
        """Return the commands that are connected: another one may hold a worker, or be gone."""
        return self.client.run_on_scheduler(on_worker.connected)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End what runs on the workers, and leave nothing there."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        self.watcher.join()
        if self.client.status == "running":
            self.client.unsubscribe_topic("all")


class RemoteWorker(Worker):
    """A worker of the cluster, with one judge of this command."""

    def __init__(self, of: ClusterWorkers, address: str, barren: int = 0):
        self.of, self.address, self.barren = of, address, barren
        self.answered = 0
        self.lives = False  # its judge has ended, and it has not

    def start(self) -> None:
        """Start a judge there, and probe the worker with it."""
        while (reason := self._begun()) == on_worker.BUSY:
            self.of.wait_for(self.address)
        if reason:
            raise WorkerUnfit(reason)
        done, said = pickle.loads(self._answer(self.of.probe))
        if not done or said:
            raise WorkerUnfit(str(said) if done else f"{type(said).__name__}: {said}")
        self.of.passed()

    def ask(self, question: bytes) -> bytes:
        """Return the judge's answer; a fault that may be the worker's is none if it is so."""
        answer = self._answer(question)
        done, verdict = pickle.loads(answer)
        if not done or _is_ours(verdict):
            self.start()
        if not done:
            raise WorkerDied
        self.answered += 1
        self.of.answered += 1
        return answer

    def _begun(self) -> str:
        of = self.of
        return self._call(BEGIN, of.others(), of.wheel, LEASE_S, of.hung_s)

    def _answer(self, question: bytes) -> bytes:
        how, answer = self._call(ASK, question)
        if how != "answer":
            self.lives = True
            raise WorkerDied(asked=how == "died")
        return answer

    def _call(self, function: Sent, *arguments: Any) -> Any:
        """Call one of on_worker's functions there.  WorkerDied."""
        client = self.of.client
        if self.address in self.of.gone or client.status != "running":
            raise WorkerDied(asked=False)  # dask would try to reach it for half a minute
        try:
            return client.run(function, client.id, *arguments, workers=[self.address])[self.address]
        except (Exception, asyncio.CancelledError):  # of the connection: they raise nothing
            self.of.gone.add(self.address)
            raise WorkerDied(asked=client.status == "running") from None

    def stop(self) -> None:
        """End the judge."""
        with contextlib.suppress(WorkerDied):
            self._call(END)

    close = stop


def _is_ours(answer: object) -> bool:
    """Tell whether it is a verdict with a fault that is no answer's."""
    return isinstance(answer, Verdict) and any(name in OURS for name, _ in answer.human)


def _said(address: str, reason: Exception) -> str:
    """Say why there is no connection, and what to do."""
    if isinstance(reason, ImportError):
        return f"{reason}; {EXTRA}"
    if isinstance(reason, FileNotFoundError):
        return str(reason)
    return f"{reason}. {TLS if address.startswith('tls:') else FORMS}"


@contextlib.contextmanager
def cluster_workers(
    address: str,
    jobs: int,
    settings: Job,
    sheet: Sheet,
    places: list[Path],
    tell: Callable[[str], object] = print,
) -> Iterator[ClusterWorkers]:
    """Make an executor of the cluster at ADDRESS; see opened()."""
    with contextlib.ExitStack() as stack:
        try:
            client, queue = stack.enter_context(opened(address, jobs))
        except Exception as reason:
            raise BrokenExecutor(f"--cluster {address}: {_said(address, reason)}.") from None
        scheduler = str(client.scheduler and client.scheduler.address)
        probe = Probe(settings, sheet, other_sheets.released(settings.root), verdicts.digest(SRC),
                      verdicts.installed(), tuple(place.resolve() for place in places),
                      (get_address_host_port(scheduler),))  # fmt: skip
        patience = math.inf if queue else WAIT_S
        made = ClusterWorkers(client, probe, tell, patience, queue)
        try:
            yield made
        finally:
            made.shutdown(cancel_futures=True)
