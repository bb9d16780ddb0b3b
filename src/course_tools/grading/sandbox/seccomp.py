"""System calls that no answer needs, and that lead out of a jail or around its limits, are refused.

A classic BPF program for prctl(PR_SET_SECCOMP); see Linux' Documentation/userspace-api/
seccomp_filter.rst and struct sock_filter in linux/filter.h.
"""

import ctypes
import os
import struct

LOAD, JUMP_IF, JUMP_IF_ANY, RETURN = 0x20, 0x15, 0x45, 0x06  # ld abs, jeq, jset, ret
ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
EPERM, ENOSYS = 1, 38
NR, ARCH, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW… flag
X32 = 0x40000000
PR_SET_SECCOMP, FILTER = 22, 2
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_…
# name: (x86_64, aarch64)
REFUSED = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "shmget": (29, 194),  # System V memory counts in no process' limit
    "msgget": (68, 186),
    "memfd_create": (319, 279),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "socket": (41, 198),
}
CLONE, CLONE3 = (56, 220), (435, 435)
PRCTL, PR_SET_PDEATHSIG = (157, 167), 1  # who drops it outlives the judge


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def known(machine: str | None = None) -> bool:
    """Tell whether the numbers of system calls are known for this machine."""
    return (machine or os.uname().machine) in MACHINES


def program(machine: str) -> bytes:
    """Return the filter for one machine: struct sock_filter[]."""
    which = list(MACHINES).index(machine)
    steps = [(LOAD, 0, 0, ARCH), (JUMP_IF, 1, 0, MACHINES[machine]), (RETURN, 0, 0, REFUSE | EPERM)]
    steps += [(LOAD, 0, 0, NR), (0x35, 0, 1, X32), (RETURN, 0, 0, REFUSE | EPERM)]  # jge
    for numbers in REFUSED.values():
        steps += [(JUMP_IF, 0, 1, numbers[which]), (RETURN, 0, 0, REFUSE | EPERM)]
    steps += [(JUMP_IF, 0, 4, PRCTL[which]), (LOAD, 0, 0, FIRST_ARGUMENT)]
    steps += [(JUMP_IF, 0, 1, PR_SET_PDEATHSIG), (RETURN, 0, 0, REFUSE | EPERM)]
    steps += [(RETURN, 0, 0, ALLOW)]
    # clone3's flags lie in memory that a filter cannot read; without it, libc takes clone
    steps += [(JUMP_IF, 0, 1, CLONE3[which]), (RETURN, 0, 0, REFUSE | ENOSYS)]
    steps += [(JUMP_IF, 0, 3, CLONE[which]), (LOAD, 0, 0, FIRST_ARGUMENT)]
    steps += [(JUMP_IF_ANY, 0, 1, NEW_NAMESPACES), (RETURN, 0, 0, REFUSE | EPERM)]
    steps += [(RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def refuse(libc: ctypes.CDLL) -> None:
    """Refuse them to this process and all that it starts.  OSError if not.

    Call after PR_SET_NO_NEW_PRIVS.
    """
    code = program(os.uname().machine)
    made = _Program(len(code) // 8, code)
    if libc.prctl(PR_SET_SECCOMP, FILTER, ctypes.byref(made), 0, 0):
        error = ctypes.get_errno()
        raise OSError(error, f"seccomp: {os.strerror(error)}")
