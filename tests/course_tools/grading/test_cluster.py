"""A class on a dask cluster: the same rows as here, whatever dies, and nothing stays on a worker.

Here the judge and the probe are stand-ins, as torch would have to be loaded by every worker;
test_cluster_for_real.py has the real ones.
"""

import asyncio
import contextlib
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import dask
import deadly
import processes
import psutil
import pytest
import turns
from isolation import server_or_skip
from places import KIT, ROOT
from sample_class import Sheets

from course_tools.authoring.course import Course
from course_tools.edition import leaks
from course_tools.grading import __main__ as grade
from course_tools.grading import classroom, judge_main, sheet, verdicts
from course_tools.grading.classroom import grade_class
from course_tools.grading.cluster import client, on_worker, probe, queues, wheel
from course_tools.grading.graded import Graded
from course_tools.grading.sandbox import Limits
from course_tools.grading.sandbox.isolation import NotIsolated
from course_tools.grading.submissions import other_sheets
from course_tools.grading.submissions.submission import Submission
from course_tools.grading.workers import LocalWorkers, WorkerDied

LESSON, LANG = "01_attention", "ja"
JOB = deadly.Job(ROOT, LESSON, LANG)
LIMITS = Limits(seconds=4, notebook_seconds=8)
SRC = ROOT / "src"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals")


def sheet_01() -> sheet.Sheet:
    return sheet.read(ROOT, LESSON, LANG)


@pytest.fixture
def trace(tmp_path, monkeypatch) -> Iterator[Path]:
    """Where the workers' calls leave lines; in the end nothing runs that did not run before."""
    folder = tmp_path / "trace"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = processes.below()
    monkeypatch.setenv("TRIAD_TRACE", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(KIT))
    monkeypatch.setattr(classroom, "grade", deadly.grade)
    monkeypatch.setattr(client, "fault", deadly.fault)
    monkeypatch.setattr(client, "Probe", deadly.Probe)
    yield folder
    assert processes.left(before) == []


def words(*names: str) -> list[Submission]:
    return [Submission(name, "x.ipynb", name.encode()) for name in names]


def rows(results: dict[str, Graded]) -> dict[str, float | str]:
    """{student: points, or why a person must look}."""
    return {who: one.human[0][0] if one.human else one.rank for who, one in results.items()}


def kill_worker_of(trace: Path, word: str) -> None:
    """Kill dask's worker whose judge is at work on WORD, once it is."""
    judge = processes.until(lambda: deadly.worker_on(trace, word))
    psutil.Process(judge).parent().kill()


def test_ctrl_c_stays_ours_where_the_queues_are_loaded():
    """dask_jobqueue, as it is imported, has SIGINT end the process with status 0."""
    code = """
import signal
from course_tools.grading.cluster import queues
before = signal.getsignal(signal.SIGINT)
taken = queues.jobqueue().runner.signal is signal
print(taken, signal.getsignal(signal.SIGINT) is before)
"""
    env = os.environ | {"PYTHONPATH": str(SRC)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True"], done.stderr


def test_a_signal_while_a_cluster_starts_waits_until_it_can_be_closed(monkeypatch):
    """What has half started dask would leave to the end of the process, with a traceback."""
    events = []

    class Cluster:
        def __init__(self, **options):
            signal.raise_signal(signal.SIGINT)
            events.append("started")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            events.append("closed")

    monkeypatch.setattr(client, "LocalCluster", Cluster)
    with pytest.raises(KeyboardInterrupt), client.opened("local", 1):
        pytest.fail("the signal waits no longer")
    assert events == ["started", "closed"]


def test_a_bad_node_a_killed_worker_and_a_deadly_submission_cost_nobody_else(trace, tmp_path):
    """Three workers, 24 submissions; processes of this machine find the same."""
    handed = words(*(f"s{n:02d}" for n in range(8)), "slow1", "poison1", *map(str, range(10, 24)))
    told: list[str] = []
    killer = threading.Thread(target=kill_worker_of, args=(trace, "slow1"))
    killer.start()
    with client.cluster_workers("local", 3, JOB, sheet_01(), [], told.append) as pool:
        results = grade_class(handed, JOB, tmp_path / "out", pool, told.append)
    killer.join(150)
    expected = {one.student: deadly.points_of(one.student) for one in handed}
    assert rows(results) == expected | {"poison1": "took_down"} and len(results) == 24
    assert len(list((tmp_path / "out" / "results").iterdir())) == 23
    begun, ended = deadly.traced(trace, "begin"), deadly.traced(trace, "end")
    assert {w: n for w, n in begun.items() if n > 1} == {"slow1": 2, "poison1": 2}
    assert max(ended.values()) == 1 and len(ended) == 23
    [left_out] = [line for line in told if "left out" in line]
    assert left_out.endswith(": planted")
    assert not list(Path(tempfile.gettempdir()).glob("triad-*"))
    local = LocalWorkers(2)
    try:
        assert grade_class(handed, JOB, tmp_path / "here", local, told.append) == results
    finally:
        local.shutdown()


# --- a cluster of functions -----------------------------------------------------------------------


class Pretend:
    """A client whose workers answer in this process: {address: what the judge there does}."""

    def __init__(self, **judges: Callable[[bytes], bytes]):
        self.judges, self.status, self.called, self.id = judges, "running", [], "one"

    def nthreads(self) -> dict[str, int]:
        return dict.fromkeys(self.judges, 1)

    def subscribe_topic(self, topic, handler) -> None:
        self.heard = handler

    def unsubscribe_topic(self, topic) -> None:
        self.heard = None

    def run_on_scheduler(self, function):
        return function(SimpleNamespace(clients={self.id: None}))

    def run(self, sent, command, *arguments, workers):
        [address], function = workers, sent.function
        self.called.append((function.__name__, address))
        if function is on_worker.begin:
            return {address: ""}
        if function is on_worker.ask:
            return {address: ("answer", self.judges[address](*arguments))}
        return {address: None}


@contextlib.contextmanager
def pool_of(pretend: Pretend, told: list[str], patience_s: float = 20.0, queue=None):
    question = SimpleNamespace(settings=JOB)
    made = client.ClusterWorkers(pretend, question, told.append, patience_s, queue)
    try:
        yield made
    finally:
        made.shutdown()


@pytest.fixture
def unprobed(monkeypatch):
    monkeypatch.setattr(client, "fault", str)  # any function that can be pickled
    monkeypatch.setattr(client, "wheel", lambda *_: b"")
    monkeypatch.setattr(classroom, "grade", deadly.grade)
    monkeypatch.setattr(client, "LOOK_S", 0.02)


def passes(question: bytes) -> bytes:
    """A good worker."""
    function = pickle.loads(question)[0]
    return pickle.dumps((True, "")) if function is str else judge_main.answer(question)


def of_verdict(verdict_of: Callable) -> Callable[[bytes], bytes]:
    """A worker whose probe passes once; its judge says what VERDICT_OF says."""
    probes = iter(["", "its disk is full"])

    def answered(question: bytes) -> bytes:
        function, *arguments = pickle.loads(question)
        said = next(probes) if function is str else verdict_of(*arguments)
        return pickle.dumps((not isinstance(said, Exception), said))

    return answered


@pytest.mark.parametrize("how", ["stopped", "raises"])
def test_a_node_that_turns_bad_gives_no_results_and_is_left_out(unprobed, tmp_path, how):
    """Its own errors were kept zeros once, and it was the fastest."""
    fault = [("stopped", {"reason": "OSError: no space left"})]

    def bad(job):
        time.sleep(0.01)
        return NotIsolated("walls fail") if how == "raises" else classroom.ungraded(JOB, fault)

    told: list[str] = []
    handed = words(*(f"s{n}" for n in range(12)))
    with pool_of(Pretend(bad=of_verdict(bad), good=passes), told) as pool:
        results = grade_class(handed, JOB, tmp_path, pool, told.append)
    assert rows(results) == {one.student: deadly.points_of(one.student) for one in handed}
    assert [line for line in told if "left out" in line] == ["left out: bad: its disk is full"]


def test_where_every_worker_is_left_out_the_class_ends_with_their_reasons(unprobed, tmp_path):
    said = {of: lambda q, of=of: pickle.dumps((True, f"{of} has no torch")) for of in "ab"}
    reasons = "a: a has no torch; b: b has no torch"
    ended = pytest.raises(BrokenExecutor, match=reasons)
    with pool_of(Pretend(**said), told := [], 0.1) as pool, ended:
        grade_class(words("s1"), JOB, tmp_path, pool, told.append)


def test_a_scheduler_that_ends_ends_the_class_and_blames_no_submission(unprobed, tmp_path):
    pretend = Pretend(a=passes)

    def gone(question: bytes) -> bytes:
        if pickle.loads(question)[0] is str:
            return passes(question)
        pretend.status = "connecting"
        raise OSError("the connection is closed")

    pretend.judges["a"] = gone
    with pool_of(pretend, told := []) as pool:
        with pytest.raises(BrokenExecutor, match="scheduler"):
            grade_class(words("s1", "s2"), JOB, tmp_path, pool, told.append)
        worker = client.RemoteWorker(pool, "a")
        with pytest.raises(WorkerDied) as died:
            worker.ask(pickle.dumps((deadly.grade, JOB)))
        assert not died.value.asked


def test_a_worker_that_went_while_it_was_idle_is_not_laid_to_a_submission(unprobed):
    pretend = Pretend(a=passes)
    with pool_of(pretend, []) as pool:
        pretend.heard((0.0, {"action": "remove-worker", "worker": "a"}))
        pretend.called.clear()
        with pytest.raises(WorkerDied) as died:
            client.RemoteWorker(pool, "a").ask(question("s1"))
    assert not died.value.asked and pretend.called == []


def test_a_worker_that_joins_later_is_probed_and_gets_work(unprobed, tmp_path):
    pretend = Pretend()
    with pool_of(pretend, told := []) as pool:
        pretend.judges["late"] = passes
        for _ in range(2):  # heard of twice, it joins once
            pretend.heard((0.0, {"action": "add-worker", "worker": "late"}))
        results = grade_class(words("s1", "s2"), JOB, tmp_path, pool, told.append)
        assert len(pool.threads) == 1
    assert told.count("a worker has passed: grading …") == 1
    assert rows(results) == {w: deadly.points_of(w) for w in ("s1", "s2")}
    assert pretend.called.count(("begin", "late")) == 1 and pretend.called[-1] == ("end", "late")


def test_a_worker_whose_judges_die_at_once_is_left_out(unprobed, tmp_path):
    pretend = Pretend(a=passes, b=passes)
    real = pretend.run

    def run(sent, command, *arguments, workers):
        if workers == ["a"] and sent is client.ASK and b"deadly" in arguments[0]:
            return {"a": ("died", b"")}
        return real(sent, command, *arguments, workers=workers)

    pretend.run = run
    handed = words(*(f"s{n:02d}" for n in range(40)))
    with pool_of(pretend, told := []) as pool:
        results = grade_class(handed, JOB, tmp_path, pool, told.append)
    assert rows(results) == {one.student: deadly.points_of(one.student) for one in handed}
    assert [line for line in told if "left out" in line] == [
        "left out: a: its judge ends before it has graded anything"
    ]


def test_a_worker_of_another_command_is_waited_for(unprobed, tmp_path, monkeypatch):
    """It was left out for good, and the class ended where it was the only one."""
    monkeypatch.setattr(client, "BUSY_S", 0.05)
    pretend, busy = Pretend(a=passes), [on_worker.BUSY] * 3
    real = pretend.run

    def run(sent, command, *arguments, workers):
        if sent is client.BEGIN and busy:
            return {"a": busy.pop()}
        return real(sent, command, *arguments, workers=workers)

    pretend.run = run
    with pool_of(pretend, told := [], 0.1) as pool:
        results = grade_class(words("s1"), JOB, tmp_path, pool, told.append)
    assert rows(results) == {"s1": deadly.points_of("s1")} and not busy
    assert [line for line in told if "waited for" in line] == [
        "another command is grading on a: it is waited for …"
    ]


def test_where_only_deadly_submissions_are_left_their_worker_is_not_to_blame(unprobed, tmp_path):
    """As in the run after one that has graded all others: it ended without a table."""
    pretend = Pretend(a=passes)
    real = pretend.run

    def run(sent, command, *arguments, workers):
        if sent is client.ASK and b"poison" in arguments[0]:
            return {"a": ("died", b"")}
        return real(sent, command, *arguments, workers=workers)

    pretend.run = run
    handed = words("poison1", "poison2", "poison3")
    with pool_of(pretend, told := [], 0.5) as pool:
        results = grade_class(handed, JOB, tmp_path, pool, told.append)
    assert set(rows(results).values()) == {"took_down"}


def test_a_submission_after_which_no_worker_is_fit_does_not_use_up_all(unprobed, tmp_path):
    def spoils(question: bytes) -> bytes:
        if b"spoils" in question:
            spoilt.add(threading.current_thread())
            return pickle.dumps((True, classroom.ungraded(JOB, [("stopped", {"reason": "x"})])))
        if pickle.loads(question)[0] is str and threading.current_thread() in spoilt:
            return pickle.dumps((True, "its disk is full"))
        return passes(question)

    spoilt: set[threading.Thread] = set()
    workers = {f"w{n}": spoils for n in range(6)}
    handed = words("spoils", *(f"s{n}" for n in range(12)))
    with pool_of(Pretend(**workers), told := []) as pool:
        results = grade_class(handed, JOB, tmp_path, pool, told.append)
    expected = {one.student: deadly.points_of(one.student) for one in handed}
    assert rows(results) == expected | {"spoils": "given_back"}
    assert len([line for line in told if "left out" in line]) == 3


def test_a_queue_whose_jobs_all_run_on_unfit_nodes_is_not_waited_for(
    unprobed, tmp_path, monkeypatch
):
    monkeypatch.setattr(client, "WAIT_S", 0.1)
    said = {of: lambda q, of=of: pickle.dumps((True, f"{of} has no torch")) for of in "ab"}
    queue = SimpleNamespace(jobs=2, name="slurm", look=lambda *_: None)
    ended = pytest.raises(BrokenExecutor, match="a: a has no torch; b: b has no torch")
    with pool_of(Pretend(**said), told := [], float("inf"), queue) as pool, ended:
        grade_class(words("s1"), JOB, tmp_path, pool, told.append)


# --- a queue ----------------------------------------------------------------------------------


SBATCH = """#!/bin/sh
cd {folder}; echo x >> submitted; n=$(grep -c x submitted)
{each}
cp "$1" $n.sh
setsid sh $n.sh > $n.log 2>&1 & echo $! > $n.pid
echo Submitted batch job $n
"""
SQUEUE = """#!/bin/sh
cd {folder}; for f in *.pid; do
kill -0 $(cat $f) 2> /dev/null && echo "$(basename $f .pid) RUNNING None"; done; true
"""
SCANCEL = """#!/bin/sh
kill -- -$(cat {folder}/$1.pid); true
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Write the commands of a queue that is none; EACH: what sbatch does first with job $n."""
    folder = tmp_path / "queue"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(queues, "LOOK_S", 0.3)
    monkeypatch.setattr(client, "LOOK_S", 0.05)

    def made(each: str) -> Path:
        for name, text in {"sbatch": SBATCH, "squeue": SQUEUE, "scancel": SCANCEL}.items():
            (folder / name).write_text(text.format(folder=folder, each=each), encoding="utf-8")
            (folder / name).chmod(0o755)
        return folder

    settings = {"jobqueue.slurm.interface": "lo", "jobqueue.slurm.shared-temp-directory": folder}
    queues.jobqueue()  # brings the defaults of the settings

    with dask.config.set(settings):
        yield made


@pytest.mark.skipif(sys.platform != "linux", reason="needs setsid and lo")
def test_a_job_that_ends_before_its_worker_is_there_is_submitted_again(trace, slurm, tmp_path):
    """dask-jobqueue itself waits for such a job for ever."""
    folder = slurm("[ $n = 1 ] && echo Submitted batch job 1 && exit")
    handed = words("s1", "s2", "s3")
    (trace.parent / "trace-bad").touch()  # no bad node here
    with client.cluster_workers("Slurm", 1, JOB, sheet_01(), [], print) as pool:
        results = grade_class(handed, JOB, tmp_path / "out", pool, print)
        assert (folder / "submitted").read_text().count("x") == 2
        [address] = pool.client.nthreads()
        assert address.startswith("tls://")
    assert rows(results) == {one.student: deadly.points_of(one.student) for one in handed}


@pytest.mark.parametrize(
    ("each", "said"),
    [
        (None, "No job can be submitted to slurm here: .*sbatch"),
        ("echo invalid partition >&2; exit 1", "slurm takes no job: invalid partition"),
        ("echo Submitted batch job $n; exit", "jobs of slurm end before a worker has come"),
    ],
)
def test_a_queue_from_which_nothing_can_come_ends_the_class(trace, slurm, tmp_path, each, said):
    if each:
        slurm(each)
    told: list[str] = []
    with (
        pytest.raises(BrokenExecutor, match=said),
        client.cluster_workers("slurm", 1, JOB, sheet_01(), [], told.append) as pool,
    ):
        grade_class(words("s1"), JOB, tmp_path / "out", pool, told.append)
    assert not each or "invalid" not in each or any("invalid partition" in line for line in told)


# --- on a worker ----------------------------------------------------------------------------------


def question(word: str) -> bytes:
    return pickle.dumps((deadly.grade, replace(JOB, data=word.encode())))


def packed() -> bytes:
    """A wheel of nothing: the course is on the path anyway."""
    made = BytesIO()
    zipfile.ZipFile(made, "w").close()
    return made.getvalue()


def test_a_judge_belongs_to_one_command_and_leaves_nothing(trace, tmp_path):
    worker = SimpleNamespace(local_directory=str(tmp_path / "scratch"))
    Path(worker.local_directory).mkdir()

    async def lived() -> None:
        assert await on_worker.begin("one", [], packed(), 60, 60, worker) == ""
        assert len(os.listdir(worker.local_directory)) == 1
        how, answer = await on_worker.ask("one", question("s1"), worker)
        assert how == "answer" and pickle.loads(answer)[1].outcomes["merge"].points
        both = ["one", "two"]
        said = await on_worker.begin("two", both, packed(), 60, 60, worker)
        assert said == "another command is grading on it"
        assert await on_worker.ask("two", question("s1"), worker) == ("gone", b"")
        assert await on_worker.ask("one", question("poison1"), worker) == ("died", b"")
        assert await on_worker.ask("one", question("s1"), worker) == ("gone", b"")
        await on_worker.end("two", worker)
        assert os.listdir(worker.local_directory)
        assert await on_worker.begin("two", ["two"], packed(), 60, 60, worker) == ""  # one is gone
        assert len(os.listdir(worker.local_directory)) == 1
        await on_worker.end("two", worker)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(SRC), str(KIT)]))
        asyncio.run(lived())
    assert os.listdir(worker.local_directory) == []


@contextlib.contextmanager
def judges_here(tmp_path) -> Iterator[SimpleNamespace]:
    """A worker of dask's, as far as a judge knows it; in the end its disk is empty."""
    worker = SimpleNamespace(local_directory=str(tmp_path / "scratch"))
    Path(worker.local_directory).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(SRC), str(KIT)]))
        yield worker
    assert os.listdir(worker.local_directory) == []


def test_of_two_commands_that_ask_for_one_worker_at_a_time_one_gets_it(trace, tmp_path):
    both = ["one", "two"]

    async def race(worker) -> None:
        begun = (on_worker.begin(of, both, packed(), 60, 60, worker) for of in both)
        said = await asyncio.gather(*begun)
        assert sorted(said) == ["", on_worker.BUSY]
        winner, loser = sorted(both, key=lambda of: said[both.index(of)] != "")
        assert len(os.listdir(worker.local_directory)) == 1
        await on_worker.end(loser, worker)
        assert (await on_worker.ask(winner, question("s1"), worker))[0] == "answer"
        await on_worker.end(winner, worker)

    with judges_here(tmp_path) as worker:
        asyncio.run(race(worker))


def test_a_lease_that_runs_out_ends_its_own_judge_alone(trace, tmp_path):
    async def lived(worker) -> None:
        assert await on_worker.begin("one", [], packed(), 60, 60, worker) == ""
        first = getattr(worker, on_worker.KEPT)
        assert await on_worker.begin("one", [], packed(), 60, 60, worker) == ""
        await on_worker._end(first, worker)  # its timer, a moment late
        assert (await on_worker.ask("one", question("s1"), worker))[0] == "answer"
        await on_worker.end("one", worker)

    with judges_here(tmp_path) as worker:
        asyncio.run(lived(worker))


@turns.in_ci
def test_a_command_that_is_gone_is_forgotten(trace, tmp_path):
    """Killed, it says nothing any more: its sheets end with the judge's process."""
    worker = SimpleNamespace(local_directory=str(tmp_path / "scratch"))
    Path(worker.local_directory).mkdir()

    async def lived() -> None:
        assert await on_worker.begin("one", [], packed(), 2.0, 60, worker) == ""
        for _ in range(3):  # each question is worth another lease
            await asyncio.sleep(1.0)
            assert (await on_worker.ask("one", question("s1"), worker))[0] == "answer"
        for _ in range(600):
            if not os.listdir(worker.local_directory):
                break
            await asyncio.sleep(0.1)
        assert (await on_worker.ask("one", question("s1"), worker)) == ("gone", b"")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(SRC), str(KIT)]))
        asyncio.run(lived())
    assert os.listdir(worker.local_directory) == []


def test_a_disk_that_cannot_be_written_is_the_workers_reason(tmp_path):
    worker = SimpleNamespace(local_directory=str(tmp_path / "not there"))
    reason = asyncio.run(on_worker.begin("one", [], packed(), 60, 60, worker))
    assert "FileNotFoundError" in reason


def test_a_local_clusters_workers_do_not_load_the_command(tmp_path):
    """Else each of them loads torch, which takes seconds and 250 MB."""
    (tmp_path / "heavy.py").touch()
    main = tmp_path / "main.py"
    main.write_text(
        "import heavy, sys\n"
        "from course_tools.grading.cluster.client import opened\n"
        "if __name__ == '__main__':\n"
        "    with opened('local', 1) as (client, _):\n"
        "        [there] = client.run(lambda: [*__import__('sys').modules]).values()\n"
        "    print('heavy' in sys.modules, 'heavy' in there, 'distributed' in there)\n"
    )
    path = os.pathsep.join([str(SRC), str(tmp_path)])
    done = subprocess.run([sys.executable, main], env=os.environ | {"PYTHONPATH": path},
                          capture_output=True, text=True)  # fmt: skip
    assert done.stdout.split() == ["True", "False", "True"], done.stderr


# --- what a worker must pass ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def isolated():
    with server_or_skip(LIMITS):
        return


def asked(**instead) -> probe.Probe:
    job = classroom.Job(ROOT, LESSON, LANG, b"", LIMITS, True)
    known = {"code": verdicts.digest(verdicts.SRC), "packages": verdicts.installed()}
    known |= {"places": (ROOT / "solutions",), "released": other_sheets.released(ROOT)}
    return probe.Probe(**{"settings": job, "sheet": sheet_01(), **known, **instead})


@pytest.fixture
def forgotten():
    """The probe keeps what it was sent, for the submissions that follow."""
    yield
    sheet.SENT.clear()
    other_sheets.SENT.clear()


@turns.in_ci
def test_a_good_worker_passes_and_has_all_that_it_needs_in_its_memory(isolated, forgotten):
    elsewhere = Path("/nowhere")
    job = replace(asked().settings, root=elsewhere)
    assert probe.fault(asked(settings=job)) == ""
    classroom.sheet_of.cache_clear()
    assert classroom.sheet_of(elsewhere, LESSON, LANG) == sheet_01()
    assert other_sheets.released.__wrapped__(elsewhere) == other_sheets.released(ROOT)


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ({"code": "0" * 64}, "another version of the course"),
        (
            {"packages": (*verdicts.installed(), "extra 99")},
            "other packages: extra none (the command has 99). ",
        ),
        ({"packages": ("3.99", *verdicts.installed()[1:])}, "another Python: 3"),
        ({"places": (Path(sys.prefix) / "bin",)}, "student code may read"),
    ],
)
def test_a_worker_that_is_not_as_the_command_is_left_out(isolated, forgotten, instead, said):
    assert probe.fault(asked(**instead)).startswith(said)


def test_a_worker_on_which_a_model_answer_fails_is_left_out(isolated, forgotten):
    """Judged for real: here it is the model answer itself that is wrong."""
    wrong = {"merge": Sheets(LANG).wrong["merge-wrong-average"]}
    parts = [replace(part, source=wrong.get(part.key, part.source)) for part in sheet_01().parts]
    job = replace(asked().settings, root=Path("/nowhere else"))
    said = probe.fault(asked(settings=job, sheet=replace(sheet_01(), parts=tuple(parts))))
    assert said.startswith("the model answer of merge does not pass: wrong ") and ";" not in said


def test_a_worker_that_cannot_isolate_is_left_out(isolated, forgotten, monkeypatch):
    def closed(*_):
        raise NotIsolated("no user namespaces here")

    monkeypatch.setattr(classroom, "server_of", closed)
    assert "cannot be isolated: no user namespaces here" in probe.fault(asked())


@turns.in_ci
def test_walls_that_do_not_hold_are_seen(isolated, forgotten):
    """Without walls a student's process reaches a file and a port: so the probe has looked."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()
        good = asked(addresses=(port,))
        assert probe.reaches(good) == ""
        said = probe.reaches(replace(good, settings=replace(good.settings, walls=False)))
    assert "student code reaches" in said and str(port[1]) in said
    assert tempfile.gettempdir() in said and str(ROOT / "solutions") in said


# --- the wheel ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made() -> bytes:
    return wheel.wheel(SRC, ROOT / "pyproject.toml")


def test_pip_installs_the_wheel_and_it_is_this_edition(made, tmp_path):
    file = tmp_path / "transformer_triad-0.1.0-py3-none-any.whl"
    file.write_bytes(made)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--no-compile", "--target", tmp_path / "there", file], check=True)
    digest = verdicts.digest.__wrapped__
    assert digest(tmp_path / "there") == digest(SRC)


def test_no_answer_and_no_hidden_test_is_in_the_wheel(made):
    kept = [leaks.secrets(one.sheet) for one in Course.read(ROOT).lessons if one.sheet]
    lines = {line for of in kept for line in of.lines}
    assert len(lines) > 100
    with zipfile.ZipFile(BytesIO(made)) as archive:
        names = [n for n in archive.namelist() if re.search(r"\.(py|toml|json|md|txt)$", n)]
        texts = [leaks.squeeze(archive.read(name).decode()) for name in names]
    assert not any(line in text for text in texts for line in lines)
    assert not [name for name in names if "model_answers" in name or name.startswith("lessons")]


def test_packages_are_named_with_whose_they_are():
    here, command = ("3", "b 1", "c 1", *(f"x{n} 1" for n in range(30))), ("3", "a 1", "b 2", "c 1")
    said = list(probe.different(here, command))
    assert said[:3] == [
        "a none (the command has 1)", "b 1 (the command has 2)", "x0 1 (the command has none)",
    ]  # fmt: skip
    assert len(said) == probe.MOST + 1 and said[-1] == "and 12 more"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nowhere", "--cluster takes the address of a scheduler"),
        ("there/scheduler.json", "no such file: does the scheduler run"),
        ("tls://127.0.0.1:9", "must name the certificates"),
    ],
)
def test_an_address_that_is_none_is_said_so_and_what_would_be_one(monkeypatch, address, said):
    monkeypatch.setattr(client, "CONNECT_S", 1)
    nowhere = client.cluster_workers(address, 1, JOB, sheet_01(), [], print)
    with pytest.raises(BrokenExecutor, match=f"--cluster {address}: .*{said}"), nowhere:
        pass


def test_unsafe_and_a_cluster_exclude_each_other(tmp_path, capsys):
    options = ["--lesson", LESSON, "--lang", LANG, "--out", str(tmp_path / "out")]
    assert grade.main([str(tmp_path), *options, "--unsafe", "--cluster", "local"]) == 2
    assert "this machine alone" in capsys.readouterr().err
