"""Run a command as a container of a pod does: no capability, and a profile of system calls.

    python as_in_a_pod.py PROFILE.json COMMAND …

The profile has the form that container runtimes read; libseccomp makes the filter, as they have it
do.  Linux.
"""

import ctypes
import ctypes.util
import json
import os
import sys
from pathlib import Path

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, LAST_CAPABILITY = 24, 38, 63
SETFCAP = 31  # root may map its own id, as any other user may, only with this one
OPERATORS = {"SCMP_CMP_NE": 1, "SCMP_CMP_LT": 2, "SCMP_CMP_EQ": 4, "SCMP_CMP_GT": 6}


class Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def library() -> ctypes.CDLL | None:
    """libseccomp, where this machine has it."""
    name = ctypes.util.find_library("seccomp") or "libseccomp.so.2"
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def without_capabilities() -> None:
    """What is executed from here on has none that matters, root or not, and can get none."""
    libc = ctypes.CDLL(None)
    for capability in {*range(LAST_CAPABILITY + 1)} - {SETFCAP}:
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def restrict(seccomp: ctypes.CDLL, profile: dict) -> None:
    """Install the profile for this process and all that it starts."""
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ERRNO | profile["defaultErrnoRet"]))
    for rule in profile["syscalls"]:
        found = rule.get("args", [])
        compared = (Comparison * len(found))(*map(comparison, found))
        for name in rule["names"]:
            number = seccomp.seccomp_syscall_resolve_name(name.encode())
            if number >= 0:  # else another processor's
                words = (context, ALLOW, number, len(found), compared)
                assert seccomp.seccomp_rule_add_array(*words) == 0, name
    assert seccomp.seccomp_load(context) == 0, "the filter was not installed"


def comparison(argument: dict) -> Comparison:
    operator = OPERATORS[argument["op"]]
    return Comparison(argument["index"], operator, argument["value"], 0)


def main(profile: str, *command: str) -> None:
    seccomp = library()
    assert seccomp, "no libseccomp"
    without_capabilities()
    restrict(seccomp, json.loads(Path(profile).read_text(encoding="utf-8")))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
