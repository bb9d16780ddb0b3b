"""How long a process was kept from the processor, as Linux tells in /proc.

On a machine with too much to do, or one that stood still, a right answer takes longer than it may
by the clock.  That is not laid to it: up to half of the time, it counts as not passed.
"""

import os
from pathlib import Path
from typing import NamedTuple

NANO = 1e-9


class Look(NamedTuple):
    """What is known of a process' main thread at one moment.

    ran, waited: seconds on a processor, and in wait for one; runs: it would run now
    """

    ran: float = 0.0
    waited: float = 0.0
    runs: bool = False


def look(pid: int) -> Look:
    """Look at a process; nothing is known of one that is gone, or on another system."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        ran, waited = map(int, Path(f"/proc/{pid}/schedstat").read_bytes().split()[:2])
    except (OSError, ValueError):
        return Look()
    ticks = int(state[11]) + int(state[12])
    return Look(max(ran * NANO, ticks / os.sysconf("SC_CLK_TCK")), waited * NANO, state[0] == b"R")


def counted_s(clock: float, before: Look, now: Look) -> float:
    """Return the seconds that count, of those by the clock between two looks.

    A sleeping process is kept from nothing.  One that would run has perhaps waited since long: the
    system adds that up only when it gets its turn.
    """
    kept = max(now.waited - before.waited, 0.0)
    if now.runs:
        kept = max(kept, clock - (now.ran - before.ran))
    return clock - min(kept, clock / 2)
