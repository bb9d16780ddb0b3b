"""A class on a cluster while its processes are killed, and what came of it.

A judge, a worker or a nanny is killed in turn, not before some rows are new since the last kill: on
a slow machine, where a worker starts for longer than KILL_S, none would ever grade otherwise.  The
command is killed once, and the scheduler once.  What lost its nanny is started again, as a queue
would do it.
"""

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import large_class
import processes
from dask_site import Site
from grade_command import Command

from course_tools.grading import messages
from course_tools.grading.workers import TIMES

KILL_S, KILL_ROWS = 5.0, 3  # at least, from one kill to the next
KINDS = ("judge", "worker", "nanny")
NAMES = "abc"


@dataclass
class Kill:
    """What was killed, seconds after the start, and how many rows were kept then."""

    what: str
    seconds: float
    rows: int


@dataclass
class Storm:
    """What was killed, and what a class of COUNT came to.

    doubles: verdicts that were written again after they had been kept; took_down: whom the storm's
    last run left to a person because two workers had died over them; wrong: who had other points
    than they must get, at the storm's end and after one more run in peace; unlike: the pages, and
    the table, that differ then from those of processes of this machine; left: what still ran
    """

    count: int
    kills: list[Kill] = field(default_factory=list)
    doubles: int = 0
    took_down: list[str] = field(default_factory=list)
    wrong: tuple[list[str], list[str]] = ([], [])
    unlike: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    seconds: float = 0.0
    load: float = 0.0  # of the machine, mean of what was seen at each kill

    def killed(self) -> Counter[str]:
        """{kind: how many were killed}."""
        return Counter(kill.what for kill in self.kills)


class _Killer(threading.Thread):
    """Kills, and starts again what nobody else would."""

    def __init__(self, site: Site, command: Command, seed: int):
        super().__init__(daemon=True)
        self.site, self.command, self.choose = site, command, random.Random(seed)
        self.began, self.kills, self.loads = time.monotonic(), list[Kill](), list[float]()
        self.done, self.lock = threading.Event(), threading.Lock()

    def run(self) -> None:
        while not self.done.wait(0.5):
            with self.lock:
                replace(self.site)
                if self.is_time():
                    self.one()

    def is_time(self) -> bool:
        last = self.kills[-1] if self.kills else Kill("", 0.0, 0)
        waited = time.monotonic() - self.began - last.seconds
        return waited >= KILL_S and self.command.kept() - last.rows >= KILL_ROWS

    def one(self) -> None:
        kind = KINDS[sum(kill.what in KINDS for kill in self.kills) % len(KINDS)]
        names = [name for name in self.site.nannies if kind in self.site.processes(name)]
        if names:
            with contextlib.suppress(Exception):  # it has ended by itself in this moment
                self.site.processes(self.choose.choice(names))[kind].kill()
                self.note(kind)

    def note(self, what: str) -> None:
        self.loads.append(os.getloadavg()[0])
        self.kills.append(Kill(what, time.monotonic() - self.began, self.command.kept()))


def replace(site: Site) -> None:
    """Start a worker for each one that has ended."""
    for name, nanny in list(site.nannies.items()):
        if nanny.poll() is not None:
            site.worker(name)


def storm(folder: Path, count: int, loops: int, seed: int = 0) -> Storm:
    """Have COUNT submissions graded while everything is killed, and once more in peace."""
    expected = large_class.hand_in(folder / "in", count, loops)
    local = Command(folder / "local", folder / "in")
    assert local.run() == 0, local.said()
    with processes.adopted():
        before, made, site = processes.below(), Storm(count), Site(folder / "site")
        command = Command(folder / "cluster", folder / "in", str(site.file))
        try:
            kept = [*_stormy(made, site, command, seed), _peaceful(made, site, command, expected)]
            made.left = [name for name in NAMES if "judge" in site.processes(name)]
        finally:
            site.close()
        made.left += processes.left(before)
    made.doubles = sum(kept[-1].get(name) != at for had in kept for name, at in had.items())
    theirs, ours = command.pages(), local.pages()
    made.unlike = sorted(n for n in theirs.keys() | ours if theirs.get(n) != ours.get(n))
    return made


def _stormy(made: Storm, site: Site, command: Command, seed: int) -> list[dict[str, int]]:
    """Let three runs grade, of which the last one ends; return the verdicts after each."""
    site.start()
    for name in NAMES:
        site.worker(name)
    killer = _Killer(site, command, seed)
    killer.start()
    try:
        kept = [_until_the_command_dies(killer, made.count // 5)]
        kept.append(_until_the_scheduler_dies(killer, made.count // 2))
        assert command.run() == 0, command.said()
    finally:
        killer.done.set()
        killer.join()
    made.seconds, made.kills = time.monotonic() - killer.began, killer.kills
    made.load = sum(killer.loads) / len(killer.loads)
    return [*kept, command.verdicts()]


def _peaceful(
    made: Storm, site: Site, command: Command, expected: dict[str, float]
) -> dict[str, int]:
    """Run once more; return the verdicts."""
    replace(site)
    said, first = messages.text("took_down", "en", {"times": TIMES}), command.points()
    made.took_down = sorted(who for who, row in command.table().items() if said in row["notes"])
    assert command.run() == 0, command.said()
    last = command.points()
    everybody = sorted(expected.keys() | first.keys() | last.keys())
    first_wrong = [who for who in everybody if first.get(who) != expected.get(who)]
    made.wrong = first_wrong, [who for who in everybody if last.get(who) != expected.get(who)]
    return command.verdicts()


def _until_the_command_dies(killer: _Killer, rows: int) -> dict[str, int]:
    command = killer.command
    running = command.start()
    command.until(lambda: command.kept() >= rows)
    running.kill()
    running.wait(60)
    with killer.lock:
        killer.note("command")
    return command.verdicts()


def _until_the_scheduler_dies(killer: _Killer, rows: int) -> dict[str, int]:
    command, site = killer.command, killer.site
    command.start()
    command.until(lambda: command.kept() >= rows)
    with killer.lock:
        assert site.scheduler
        site.scheduler.kill()
        site.scheduler.wait(60)
        killer.note("scheduler")
        assert command.wait() == 1 and "scheduler has ended" in command.said()
        for nanny in site.nannies.values():  # else they would look for the other one for long
            with contextlib.suppress(ProcessLookupError):
                os.killpg(nanny.pid, signal.SIGKILL)
        site.start()
    return command.verdicts()
