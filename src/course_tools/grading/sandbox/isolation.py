"""What this machine offers to isolate student code: why it cannot, what a student may read.

The outer wall is bubblewrap, where it is installed; the inner one is in jail.py.
"""

import contextlib
import functools
import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import jail, seccomp

SRC = Path(__file__).resolve().parents[3]
SYSTEM = Path("/proc/sys")
SETTINGS = {  # what allows user namespaces, what forbids them
    "kernel/apparmor_restrict_unprivileged_userns": ("0", "12"),  # Ubuntu from 24.04
    "kernel/unprivileged_userns_clone": ("1", "0"),  # old Debian
    "user/max_user_namespaces": ("10000", "0"),
}
JAIL = "/jail"  # behind bubblewrap: an empty folder, where a student's root is made


class NotIsolated(Exception):
    """Student code cannot be kept away from this machine.  The message says why and what to do."""


class ForkServerEnded(NotIsolated):
    """The fork server was there and is gone: killed, or ended with the thread that started it."""


def why_not() -> str:
    """Return why this machine cannot isolate student code; "" where it may be able to."""
    if sys.platform != "linux":
        return f"isolation needs Linux (here: {sys.platform}); use WSL 2, a container or a server"
    if not seccomp.known():
        return f"isolation knows {', '.join(seccomp.MACHINES)} (here: {platform.machine()})"
    if not hasattr(os, "pidfd_open"):
        return "isolation needs Linux 5.3 or newer and a Python built for it"
    return ""


def outer_wall() -> str:
    """Return the program bubblewrap; "" where there is none."""
    return shutil.which("bwrap") or ""


def hindrances() -> list[str]:
    """Name the settings that keep user namespaces from users, and what allows them."""
    found = []
    for name, (open_, what) in SETTINGS.items():
        with contextlib.suppress(OSError):
            if (SYSTEM / name).read_text(encoding="ascii").strip() in what:
                setting = name.replace("/", ".")
                found.append(f"{setting} forbids it; sudo sysctl -w {setting}={open_} allows it")
    return found


def exposed(places: Iterable[Path]) -> list[str]:
    """Return those of the places that lie where student code may read."""
    readable = [Path(folder) for folder in readable_folders()]
    real = [place.resolve() for place in places]
    return [str(place) for place in real if any(place.is_relative_to(f) for f in readable)]


@functools.cache
def readable_folders() -> list[str]:
    """Return the folders that student code may read: Python's, and only helpers of the course."""
    names = {sys.prefix, sys.base_prefix, sysconfig.get_paths()["purelib"], "/usr", "/lib"}
    names |= {"/lib64", *(path for path in sys.path if path.endswith("site-packages"))}
    names.add(os.path.dirname(os.path.realpath(f"{sys.prefix}/pyvenv.cfg")))  # a .venv of links
    names |= {os.path.realpath(name) for name in names} | {str(SRC / "helpers")}
    found = sorted((name for name in names if os.path.isdir(name)), key=len)
    return [n for n in found if not any(n.startswith(f"{o}/") for o in found if o != n)]


def python() -> str:
    """Return the path of this Python without links, which are not in the jail."""
    folder, name = os.path.split(sys.executable)
    return os.path.join(os.path.realpath(folder), name)


def behind_bubblewrap(program: str) -> Iterator[str]:
    """Yield the words that start bubblewrap, with only Python and the grader's package in it."""
    package = SRC / "course_tools"
    yield from (program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL")
    yield from ("--uid", str(jail.NOBODY), "--gid", str(jail.NOBODY), "--tmpfs", "/")
    yield from ("--proc", "/proc", "--dev", "/dev", "--dir", JAIL)
    yield from ("--tmpfs", "/tmp", "--chdir", "/tmp")  # before the folders, which may lie in it
    for folder in [*readable_folders(), str(package / "__init__.py"), str(package / "grading")]:
        yield from ("--ro-bind", folder, folder)
