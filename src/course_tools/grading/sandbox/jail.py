"""The walls around one student's process: called in the child itself, before any code of theirs.

An empty root with read-only folders, no network, pids of its own, limits, no privileges.  Linux.
"""

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from . import seccomp

NEW = {
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "ipc": 0x08000000,
    "mount": 0x00020000,
    "uts": 0x04000000,
}
READ_ONLY, NOSUID, NODEV, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
DETACH = 2
PIVOT_ROOT = dict(zip(seccomp.MACHINES, seccomp.REFUSED["pivot_root"], strict=True))
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 4, 38, 47
CAP_AMBIENT_CLEAR_ALL, CAPABILITY_V3 = 4, 0x20080522
NOBODY = 65534
TEMP_MIB, FILES, PROCESSES = 16, 64, 32


class Limits(NamedTuple):
    """What a student's code may take.

    seconds: wall clock, of one task; notebook_seconds: of all cells; memory: bytes, in all
    """

    seconds: float = 5.0
    notebook_seconds: float = 10.0
    memory: int = 1 << 30


def enter(mount_point: str, folders: Sequence[str]) -> None:
    """Enter new namespaces, and a root of read-only FOLDERS and an empty /tmp.  OSError if not.

    A new pid namespace begins with the next fork.  mount_point: any folder that exists.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    _succeed(libc.unshare(sum(NEW.values())), "no user namespaces here: unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {uid} 1"),
        ("gid_map", f"{NOBODY} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    _new_root(libc, mount_point, folders)


def _new_root(libc: ctypes.CDLL, root: str, folders: Sequence[str]) -> None:
    _mount(libc, None, "/", None, RECURSIVE | PRIVATE)
    _mount(libc, "tmpfs", root, "tmpfs", NOSUID | NODEV, "size=1m,mode=755")
    for name in ("tmp", "old", "dev"):
        os.makedirs(f"{root}/{name}")
    temp = f"size={TEMP_MIB}m,mode=1777"  # before the folders, which may lie in it
    _mount(libc, "tmpfs", f"{root}/tmp", "tmpfs", NOSUID | NODEV, temp)
    for folder in folders:
        target = root + folder
        os.makedirs(target, exist_ok=True)
        _mount(libc, folder, target, None, BIND | RECURSIVE)
        again = BIND | REMOUNT | READ_ONLY | NOSUID | NODEV | RECURSIVE
        _mount(libc, None, target, None, again)
    os.chdir(root)
    number = PIVOT_ROOT[os.uname().machine]
    new, old = root.encode(), f"{root}/old".encode()
    _succeed(libc.syscall(number, new, old), "pivot_root")
    os.chdir("/")
    _succeed(libc.umount2(b"/old", DETACH), "umount of the old root")
    os.rmdir("/old")
    _mount(libc, None, "/", None, BIND | REMOUNT | READ_ONLY | NOSUID | NODEV)
    os.chdir("/tmp")


def give_up_privileges() -> None:
    """Drop every capability and forbid each system call of seccomp.REFUSED.  OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    _succeed(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    libc.prctl(PR_CAP_AMBIENT, CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    head = (ctypes.c_uint32 * 2)(CAPABILITY_V3, 0)
    _succeed(libc.capset(head, (ctypes.c_uint32 * 6)()), "capset")
    seccomp.refuse(libc)


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def leave_no_core() -> None:
    """Let no crash of this process, or of what it starts, write its memory to a disk."""
    with contextlib.suppress(ImportError):  # on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit(limits: Limits) -> None:
    """Set the limits on this process and what it starts.

    Memory is counted from here on: what the fork server already maps is not the student's.
    """
    import resource  # not on Windows

    cpu = int(10 * limits.seconds + 2 * limits.notebook_seconds)
    for name, value in {
        "RLIMIT_AS": _mapped() + limits.memory,
        "RLIMIT_CPU": cpu,
        "RLIMIT_FSIZE": TEMP_MIB << 20,
        "RLIMIT_NOFILE": FILES,
        "RLIMIT_NPROC": PROCESSES,
        "RLIMIT_CORE": 0,
    }.items():
        number = getattr(resource, name, None)
        if number is not None and not (name == "RLIMIT_AS" and not _mapped()):
            resource.setrlimit(number, (value, value))


@contextlib.contextmanager
def bounded(memory: int) -> Iterator[None]:
    """Let this process take that many bytes more: then a MemoryError, and no end by the system."""
    try:
        import resource  # not on Windows
    except ImportError:
        yield
        return
    remember_mapped()
    before = resource.getrlimit(resource.RLIMIT_AS)
    wanted = _mapped() + memory
    if _mapped() and (before[0] == resource.RLIM_INFINITY or wanted < before[0]):
        resource.setrlimit(resource.RLIMIT_AS, (wanted, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _mapped() -> int:
    """Return bytes of address space that this process has; 0 where the system does not say."""
    return _MAPPED


def remember_mapped() -> None:
    """Read how much is mapped, while /proc is still there."""
    import resource

    global _MAPPED
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            _MAPPED = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        _MAPPED = 0


_MAPPED = 0


def _mount(
    libc: ctypes.CDLL, what: str | None, where: str, kind: str | None, flags: int, data: str = ""
) -> None:
    words = [word and word.encode() for word in (what, where, kind)]
    _succeed(libc.mount(*words, ctypes.c_ulong(flags), data.encode() or None), f"mount {where}")


def _succeed(status: int, what: str) -> None:
    if status:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
