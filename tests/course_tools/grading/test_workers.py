"""Whatever dies, each submission gets its one row, no neighbour loses, and nothing stays behind."""

import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import replace
from pathlib import Path

import deadly
import processes
import psutil
import pytest
import turns
from places import KIT, ROOT

from course_tools.grading import classroom, judge_main, workers
from course_tools.grading.classroom import grade_class, is_new
from course_tools.grading.graded import Graded
from course_tools.grading.judge_process import HUNG_S, JudgeEnded, JudgeProcess
from course_tools.grading.submissions.submission import Submission
from course_tools.grading.workers import LocalWorkers, TookDown, WorkerDied, WorkerUnfit

JOB = deadly.Job(ROOT, "01_attention", "ja")
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs signals")
pytestmark = POSIX


@pytest.fixture
def trace(tmp_path, monkeypatch) -> Iterator[Path]:
    """Where the workers' calls leave lines; in the end nothing runs that did not run before."""
    folder = tmp_path / "trace"
    folder.mkdir()
    before = processes.below()
    monkeypatch.setenv("TRIAD_TRACE", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(KIT))
    monkeypatch.setattr(classroom, "grade", deadly.grade)
    monkeypatch.setattr(classroom, "ready", deadly.ready)
    yield folder
    assert processes.left(before) == []


def words(*more: str, count: int = 20) -> list[Submission]:
    """A class, with what is to harm it in the middle."""
    names = [f"s{n:02d}" for n in range(count)]
    names[count // 2 : count // 2] = more
    return [Submission(name, "x.ipynb", name.encode()) for name in names]


def graded(handed: list[Submission], out: Path, pool: Executor, told=None) -> dict[str, Graded]:
    try:
        return grade_class(handed, JOB, out, pool, told or (lambda _: None))
    finally:
        pool.shutdown(cancel_futures=True)


def rows(results: dict[str, Graded]) -> dict[str, float | str]:
    """{student: points, or why a person must look}."""
    return {who: one.human[0][0] if one.human else one.rank for who, one in results.items()}


def expected(handed: list[Submission], **instead: str) -> dict[str, float | str]:
    return {one.student: instead.get(one.student, deadly.points_of(one.student)) for one in handed}


def kill_one(trace: Path, word: str) -> int:
    """Wait until a process is at work on WORD, and kill it."""
    pid = processes.until(lambda: deadly.worker_on(trace, word))
    os.kill(pid, signal.SIGKILL)
    return pid


def test_a_worker_that_is_killed_costs_no_row_and_nothing_is_graded_twice(trace, tmp_path):
    handed = words("slow1")
    killer = threading.Thread(target=kill_one, args=(trace, "slow1"))
    killer.start()
    results = graded(handed, tmp_path / "out", LocalWorkers(2))
    killer.join(150)
    assert rows(results) == expected(handed)
    assert max(deadly.traced(trace, "end").values()) == 1
    assert {w: n for w, n in deadly.traced(trace, "begin").items() if n > 1} == {"slow1": 2}


@turns.in_ci
def test_what_takes_its_worker_down_twice_is_a_persons_and_nobody_elses_loss(trace, tmp_path):
    handed = words("poison1", "poison2")
    told: list[str] = []
    results = graded(handed, tmp_path / "out", LocalWorkers(2), told.append)
    assert rows(results) == expected(handed, poison1="took_down", poison2="took_down")
    assert not results["poison1"].decided
    begun = deadly.traced(trace, "begin")
    assert {word: n for word, n in begun.items() if n > 1} == {"poison1": 2, "poison2": 2}
    again = [one.student for one in handed if is_new(one, JOB, tmp_path / "out")]
    assert again == ["poison1", "poison2"]  # tried again by the next command, and nothing else


def test_one_process_is_enough_to_grade_what_is_deadly_by_one_command_after_the_other(
    trace, tmp_path
):
    """Graded in the command itself, what took a worker down ended every later command."""
    handed = words("poison1", "poison2", "poison3", count=3)
    poisons = dict.fromkeys(("poison1", "poison2", "poison3"), "took_down")
    for run in (1, 2):  # the second has nothing but these three to grade
        results = graded(handed, tmp_path / "out", classroom.local_workers(1, JOB))
        assert rows(results) == expected(handed, **poisons)
        again = {w: n for w, n in deadly.traced(trace, "begin").items() if n > 1}
        assert again == dict.fromkeys(poisons, 2 * run)


@pytest.mark.parametrize("jobs", turns.by_turns(1, [1, 2]))
def test_fewer_processes_are_spoken_of_where_there_are_several(trace, tmp_path, monkeypatch, jobs):
    monkeypatch.setattr(classroom, "ready", deadly.unready)
    with pytest.raises(BrokenExecutor, match="before they have graded") as broken:
        graded(words(), tmp_path / "out", classroom.local_workers(jobs, JOB))
    assert ("--jobs 1" in str(broken.value)) == (jobs > 1)


def test_an_exception_of_the_judges_is_the_commands_matter(trace, tmp_path):
    with pytest.raises(ValueError, match="fault1"):
        graded(words("fault1"), tmp_path / "out", LocalWorkers(2))


def test_a_machine_on_which_no_process_lives_is_said_so(trace, tmp_path, monkeypatch):
    monkeypatch.setattr("course_tools.grading.judge_process.PROGRAM", "no_such_program")
    with pytest.raises(BrokenExecutor, match="before they have graded anything"):
        graded(words(), tmp_path / "out", LocalWorkers(2))


def test_a_stopped_class_leaves_no_process_and_no_file(trace, tmp_path, monkeypatch):
    """Ctrl-C while a minute of work goes on: it ends at once, and the rest is not begun."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    names = ["s1", "s2", "s3", *(f"long{n}" for n in range(37))]
    handed = [Submission(name, "x.ipynb", name.encode()) for name in names]

    def stop(message: str) -> None:
        if "of 40" in message:
            raise KeyboardInterrupt

    monkeypatch.setattr(classroom, "TELL_S", 0.0)
    pool = LocalWorkers(2)
    folder = Path(pool.folder.name)
    assert folder.is_dir()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        graded(handed, tmp_path / "out", pool, stop)
    assert time.monotonic() - started < 50 and not folder.exists()
    assert sum(deadly.traced(trace, "begin").values()) < 10


COMMAND = """
import sys
from pathlib import Path
import deadly
from course_tools.grading import classroom
from course_tools.grading.submissions.submission import Submission
from course_tools.grading.workers import LocalWorkers
if __name__ == "__main__":
    classroom.grade = deadly.grade
    handed = [Submission(f"slow{n}", "x", f"slow{n}".encode()) for n in range(9)]
    job = deadly.Job(Path(sys.argv[1]), "01_attention", "ja")
    classroom.grade_class(handed, job, Path(sys.argv[2]), LocalWorkers(2), print)
"""


@turns.in_ci
@pytest.mark.skipif(sys.platform != "linux", reason="needs the kernel's help")
def test_the_workers_end_with_a_command_that_is_killed(trace, tmp_path):
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(KIT)])}
    env |= {"TMPDIR": str(tmp_path)}  # the folder of a command that is killed stays
    command = [sys.executable, "-c", COMMAND, str(ROOT), str(tmp_path / "out")]
    kept = tmp_path / "out" / "results"
    with processes.started(command, env=env):
        processes.until(lambda: kept.is_dir() and any(kept.iterdir()))
        pids = processes.until(lambda: [*at] if len(at := deadly.at_work(trace)) == 2 else None)
    processes.until(lambda: not any(map(psutil.pid_exists, pids)))
    assert any(kept.iterdir())


# --- one process ----------------------------------------------------------------------------------


def test_a_judge_that_died_idle_is_not_laid_to_the_next_submission(trace, tmp_path):
    made = JudgeProcess(str(ROOT / "src"), str(tmp_path))
    made.kill()
    made.process.wait(60)
    with pytest.raises(JudgeEnded) as ended:
        made.ask(b"")
    assert not ended.value.asked
    made.close()
    errand = workers._Errand(workers.Future(), b"")
    pool = workers.Workers()
    for asked, died in ((False, 0), (True, 1), (True, 2)):
        pool._again(errand, workers.WorkerDied(asked))
        assert errand.died == died
    with pytest.raises(TookDown):
        errand.future.result(0)


def test_a_judge_that_hangs_is_ended_and_it_is_laid_to_its_question(trace, tmp_path):
    made = JudgeProcess(str(ROOT / "src"), str(tmp_path), hung_s=20.0)
    assert pickle.loads(made.ask(pickle.dumps((int, "7")))) == (True, 7)
    made.hung_s = 0.5
    with pytest.raises(JudgeEnded) as ended:
        made.ask(pickle.dumps((deadly.grade, replace(JOB, data=b"long1"))))
    assert ended.value.asked
    made.close()


def test_more_seconds_for_a_task_are_more_until_a_judge_hangs():
    assert classroom.hung_s(JOB.limits) == HUNG_S
    assert classroom.hung_s(JOB.limits._replace(seconds=65.0)) == HUNG_S + 3600


def test_a_judge_that_crashes_leaves_no_core_with_hidden_tests(trace, tmp_path):
    made = JudgeProcess(str(ROOT / "src"), str(tmp_path))
    resource = pytest.importorskip("resource")
    asked = pickle.dumps((resource.getrlimit, resource.RLIMIT_CORE))
    assert pickle.loads(made.ask(asked)) == (True, (0, 0))
    made.close()


@pytest.mark.parametrize(
    ("reason", "times"), [(WorkerUnfit("x"), workers.UNFIT), (WorkerDied(False), workers.RETURNS)]
)
def test_what_comes_back_again_and_again_is_given_up(reason, times):
    errand, pool = workers._Errand(workers.Future(), b""), workers.Workers()
    for _ in range(times - 1):
        pool._again(errand, reason)
        assert not errand.future.done()
    pool._again(errand, reason)
    assert errand.future.exception(0).args == (times,)


class Unpicklable(Exception):
    def __init__(self, one, other):
        super().__init__(one)

    def __reduce__(self):  # said, for dask's pickling mends what is only forgotten
        return Unpicklable, self.args


def raises(error):
    raise Unpicklable(error, 2)


def test_an_exception_that_does_not_cross_is_told_in_words():
    done, error = pickle.loads(judge_main.answer(pickle.dumps((raises, "why"))))
    assert not done and str(error) == "Unpicklable: why"
