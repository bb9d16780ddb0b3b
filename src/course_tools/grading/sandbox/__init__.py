"""Student code is run here, in processes that can harm neither this machine nor the verdict.

Three names are for others: ForkServer starts processes with torch imported, Limits says what one
may take, why_not says why this machine cannot isolate.  Judge and student exchange JSON and raw
tensors over a socket (codec.py); nothing that a student's process sends is trusted, or run.

Covered, on Linux with user namespaces:
- Files: an empty root with Python's folders and helpers, read-only, and a /tmp of 16 MiB; no
  solutions, lessons, gradebook, other submissions, nor files of the instructor (jail.py).
- Network: a namespace without any interface, and no socket() (jail.py, seccomp.py).
- Other processes: pids of its own; no ptrace, no reading of another's memory, no signals.
- Leftovers: threads, forks and daemons end with the first process of their pid namespace, and all
  of them when the judge is killed (process.py, jail.py).
- Time, memory, number of processes, open files, size of files: Limits, and process.py watching
  memory from outside.
- The kernel: no capability, none by exec, and what no answer needs is refused (seccomp.py).
- The verdict: tests run in the judge, so a student's process cannot see, change or skip one; a
  forged reply ends it; no class of a student's is ever made or called in the judge (codec.py).
- Hidden tests: they are asked after the visible ones; what a process says then reaches nobody.

Not covered:
- A fault of the Linux kernel in a system call that is still allowed.  bubblewrap, where it is
  installed, adds a second set of namespaces around the fork server, no second kernel.
- Side channels: how long something takes, what the machine's caches hold.
- Load: a student's process may take a whole core until its time is up.
- An answer that fits the tests without solving the task: a person is told (submissions/copying.py).
- Anything at all with --unsafe; without it, nothing is graded on other systems than Linux.

SECURITY.md says what stands in the way of what, and how it is tested.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fork_server import ForkServer
    from .isolation import why_not
    from .jail import Limits

__all__ = ["ForkServer", "Limits", "why_not"]
_HOMES = {"ForkServer": "fork_server", "Limits": "jail", "why_not": "isolation"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for: the fork server's own program needs none."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
