"""A class on a dask cluster, with the real judge behind its walls: long, start.py test --all.

Every worker loads torch twice, a judge and the fork server; that is 8 s of a core for each one
that is started or started again.
"""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import kill_storm
import large_class
import psutil
import pytest
import slurm_node
from dask_site import Site
from grade_command import LANG, STILL_S, Command
from isolation import server_or_skip
from places import ROOT
from sample_class import LESSON, Bait, everything

from course_tools.authoring.course import Lesson
from course_tools.edition import leaks

pytestmark = [
    pytest.mark.skipif(not os.environ.get("TRIAD_ALL"), reason="long: start.py test --all"),
    pytest.mark.skipif(sys.platform != "linux", reason="isolation needs Linux"),
]
CASES = everything(LANG, Bait(9, ROOT, []))
NAMES = ["right", "empty", "partial", "tests deleted", "half a file", "magics", "os exit", "essay"]
NAMES += ["nothing in the file", "only the visible", "tells its input", "endless loop"]


@pytest.fixture(scope="module", autouse=True)
def isolated():
    with server_or_skip():
        return


@pytest.fixture
def site(tmp_path) -> Iterator[Site]:
    made = Site(tmp_path / "site")
    made.start()
    yield made
    made.close()


def files_with(folder: Path, secrets: list[bytes]) -> list[str]:
    """The files below a folder that hold one of the secrets."""
    found = []
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):  # a folder, or gone by now
            data = b"".join(file.read_bytes().split())
            found += [str(file)] if any(secret in data for secret in secrets) else []
    return found


def secrets() -> list[bytes]:
    """Hidden tests and model answers, without blanks, and what one student wrote."""
    lines = leaks.secrets(Lesson.read(ROOT, LESSON).sheet).lines
    assert len(lines) > 20
    return [*(line.encode() for line in lines), b"studentofthisclass"]


def test_the_table_is_the_same_byte_for_byte_and_nothing_secret_lies_anywhere(site, tmp_path):
    """Two good workers, one of them killed, a node without namespaces, one with other packages."""
    handed = tmp_path / "in"
    large_class.hand_in(handed, 12)
    for name in NAMES:
        (handed / name).mkdir()
        data = CASES[name].data.replace(b'"cells"', b'"student": "of this class", "cells"', 1)
        (handed / name / f"{LESSON}.ipynb").write_bytes(data)
    other = tmp_path / "other" / "extra-9.9.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Name: extra\nVersion: 9.9\n", encoding="utf-8")
    closed = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    site.worker("good1")
    site.worker("good2")
    site.worker("closed", ["unshare", "-Ur", "sh", "-c", closed, "sh"])
    site.worker("other", PYTHONPATH=str(other.parent))
    command = Command(tmp_path / "cluster", handed, str(site.file))
    running = command.start()
    command.until(lambda: command.kept() > 0)
    running.send_signal(signal.SIGINT)
    assert command.wait() == 130 and "goes on from here" in command.said()
    kept = command.kept()
    assert [name for name in site.nannies if "judge" in site.processes(name)] == []
    running = command.start()
    command.until(lambda: command.kept() > kept + 3)
    found = files_with(site.folder, [b"importtorch", *secrets()])  # it sees the wheel
    assert found and all("/course/helpers/" in f or "/course/course_tools/" in f for f in found)
    assert files_with(site.folder, secrets()) == []
    site.processes("good1")["worker"].kill()
    assert command.wait() == 0, command.said()
    local = Command(tmp_path / "local", handed)
    assert local.run() == 0, local.said()
    assert command.pages() == local.pages()
    left_out = {line for line in command.said().splitlines() if line.startswith("left out")}
    assert len(left_out) == 2 and "graded already" in command.said()
    assert any("other packages: extra 9.9 (the command has none)" in line for line in left_out)
    assert any("cannot be isolated" in line and "unshare" in line for line in left_out), left_out
    assert [name for name in ("good2", "closed", "other") if "judge" in site.processes(name)] == []
    assert files_with(site.folder, secrets()) == []
    assert not [f for name in ("good2", "other") for f in (site.folder / name).rglob("triad-*")]


@pytest.mark.timeout(3600)
def test_a_storm(tmp_path):
    """300 submissions, 5 % endless loops, a kill every few seconds; command and scheduler die once.

    A submission whose worker was killed twice is a person's; one more run, in peace, decides it.
    """
    found = kill_storm.storm(tmp_path, 300, 15)
    print(found)
    killed, (first, last) = found.killed(), found.wrong
    assert min(killed[kind] for kind in kill_storm.KINDS) >= 3
    assert killed["command"] == killed["scheduler"] == 1
    assert first == found.took_down and 2 * len(first) <= killed.total()
    assert (last, found.unlike, found.doubles, found.left) == ([], [], 0, [])


@pytest.mark.skipif(
    bool(slurm_node.missing()) and not os.environ.get("CI"),
    reason=f"apt-get install slurmctld slurmd munge ({', '.join(slurm_node.missing())})",
)
def test_a_queue_of_slurms_with_a_job_cancelled_in_the_middle(tmp_path):
    expected = large_class.hand_in(tmp_path / "in", 30)
    place = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    try:
        with slurm_node.node(place) as env:
            settings = {"QUEUE": "main", "MEMORY": "4GB", "WALLTIME": "00:10:00", "INTERFACE": "lo"}
            settings |= {"LOCAL_DIRECTORY": str(place), "LOG_DIRECTORY": str(place / "jobs")}
            more = {f"DASK_JOBQUEUE__SLURM__{key}": value for key, value in settings.items()}
            command = Command(tmp_path / "cluster", tmp_path / "in", "slurm", **env, **more)
            command.start()
            command.until(lambda: command.kept() >= 8)
            jobs = slurm_node.ask(env, "squeue", "-h", "-o", "%i")
            assert len(jobs) == 2
            slurm_node.ask(env, "scancel", jobs[0])
            assert command.wait() == 0, command.said()
            assert command.points() == expected and command.kept() == 30
            end = time.monotonic() + STILL_S
            while slurm_node.ask(env, "squeue", "-h"):
                assert time.monotonic() < end
                time.sleep(0.1)
        lines = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
        assert not [line for line in lines if str(place) in line]
        assert files_with(place, secrets()) == []
    finally:
        shutil.rmtree(place, ignore_errors=True)
