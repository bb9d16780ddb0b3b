"""Run a command without a network: python -m course_tools.checks.offline -- COMMAND…

On Linux the command gets a network namespace of its own, where only loopback is up
(TRIAD_NETWORK=closed).  Elsewhere, or where the system does not permit it, one line on stderr says
so and the command runs with the network as it is (TRIAD_NETWORK=open).
"""

import ctypes
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1  # linux/sockios.h, linux/if.h


def main(argv: list[str]) -> int:
    """Close the network and become the command; 2 where no command is given."""
    command = argv[1:] if argv[:1] == ["--"] else argv
    if not command:
        print(f"no command given.\n{__doc__}", file=sys.stderr)
        return 2
    try:
        rehearse()
        close_network()
        os.environ["TRIAD_NETWORK"] = "closed"
    except OSError as error:
        os.environ["TRIAD_NETWORK"] = "open"
        print(f"offline: the network stays open ({error})", file=sys.stderr)
    return run(command)


def rehearse() -> None:
    """Raise OSError if close_network() does not work here.

    Tried in a child, because a process cannot leave a namespace that it has half set up: some
    systems permit the namespace and then refuse to configure it.
    """
    if sys.platform != "linux":
        raise OSError(f"{sys.platform} has no network namespaces")
    child = os.fork()
    if child == 0:
        code = 255
        try:
            close_network()
            code = 0
        except OSError as error:
            code = error.errno or 255
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise OSError(code, os.strerror(code))


def close_network() -> None:
    """Move this process into a new network namespace with loopback up, its user and group kept."""
    user, group = os.geteuid(), os.getegid()
    try:
        unshare(CLONE_NEWNET)
    except PermissionError:  # not root: a user namespace of our own gives the right
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        Path("/proc/self/setgroups").write_text("deny", encoding="utf-8")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="utf-8")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="utf-8")
    bring_up("lo")


def unshare(flags: int) -> None:
    """Call unshare(2); os.unshare exists only from Python 3.12 on."""
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def bring_up(interface: str) -> None:
    """Bring up an interface by an ifreq: a name of 16 bytes, then the flags (netdevice(7))."""
    from fcntl import ioctl  # not on Windows

    request = struct.pack("16sH14x", interface.encode(), 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        name, flags = struct.unpack("16sH14x", ioctl(control, SIOCGIFFLAGS, request))
        ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", name, flags | IFF_UP))


def run(command: list[str]) -> int:
    """Become the command; on Windows, where exec would return to the shell at once, wait for it."""
    try:
        if os.name != "nt":
            os.execvp(command[0], command)
        return subprocess.call(command)
    except FileNotFoundError:
        print(f"offline: there is no command {command[0]!r}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
