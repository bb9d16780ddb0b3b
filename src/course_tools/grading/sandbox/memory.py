"""How much memory a process and all below it hold, as Linux tells in /proc."""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path


def own_bytes(pid: int) -> int:
    """Return bytes that a process and all below it hold for themselves; 0 if they are hidden."""
    return sum(map(_own_memory, _tree(pid)))


def proportional_bytes(pid: int) -> float:
    """Return bytes that they hold, where a page that n processes share counts 1/n in each.

    So a fork that copies nothing counts nothing.
    """
    return sum(map(_proportional, _tree(pid)))


def _proportional(pid: int) -> float:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    except OSError:
        return math.inf  # not ours to read: what own_bytes() says counts
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in rollup[1:]}
    return (sizes["Pss_Anon"] + sizes["Pss_Shmem"]) << 10


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in file.read_text(encoding="ascii").split():
                yield from _tree(int(child))


def _own_memory(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    sizes = [line.split() for line in status.splitlines()]
    return sum(int(s[1]) for s in sizes if s and s[0] in ("RssAnon:", "RssShmem:")) << 10
