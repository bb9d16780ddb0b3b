"""What a student costs on a hub: python benchmarks/hub/measure.py STUDENTS LESSON [--lang ja]

A real JupyterHub with its proxy on this machine.  One student after the other gets a server, opens
the lesson and runs it to its end; servers and kernels stay.  After each student the memory of
everything that the hub has started is added up.  The slope of a straight line through these sums
is what one more student costs, its intercept what all share.  Linux.

Memory is PSS (a page that n processes share counts 1/n in each, so that a sum counts it once) and
page tables, which PSS leaves out.  --python names a Python with no more than a student's packages
and JupyterHub: an extension that only teachers need would be loaded into every server.

--swap: then Linux is asked to move all of it to swap, which the machine must have, as it would by
itself where memory runs short; and the first student runs the lesson again.  Needs root.
"""

import argparse
import ctypes
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "kit"), str(ROOT / "src")]

from local_hub import Kernel, LocalHub  # noqa: E402

MACHINE_MIB = 24 * 1024
SYSTEM_MIB, FREE_SHARE = 1536, 0.1  # what the system keeps; what nobody may plan with


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    made.add_argument("students", type=int, help="two at least: a line needs two points")
    made.add_argument("lesson", help="for example 01_attention")
    made.add_argument("--lang", default="ja")
    made.add_argument("--swap", action="store_true", help="what remains when all was swapped out")
    made.add_argument("--python", default=sys.executable, help="with the extras lab and hub")
    wanted = made.parse_args()
    names = [f"student{n}" for n in range(wanted.students)]
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        LocalHub(Path(folder), names, wanted.python) as hub,
    ):
        rows = [one(hub, name, wanted) for name in names]
        print(*tell(rows), sep="\n", flush=True)
        if wanted.swap:
            swap_out(hub.everything())
            print(f"swapped out, of all remain {mib(hub.everything()):.0f} MiB; then once more:")
            one(hub, names[0], wanted)


def one(hub: LocalHub, name: str, wanted: argparse.Namespace) -> dict:
    """One student's lesson: seconds, and the memory of everybody afterwards, in MiB."""
    cpu = cpu_seconds(hub, name)
    server_s = hub.start_server(name)
    begun = time.monotonic()
    file = f"notebooks/{wanted.lang}/{wanted.lesson}.ipynb"
    kernel = Kernel(hub, name, f"transformer-triad/{file}")
    failed = sum(kernel.run(cell)[0] != "ok" for cell in cells(ROOT / file))
    lesson_s = time.monotonic() - begun
    kernel.run("guess = None")  # what a cell leaves is given back at the end of the next
    kernel.close()
    row = {"failed": failed, "server_s": server_s, "lesson_s": lesson_s}
    row |= {"cpu_s": cpu_seconds(hub, name) - cpu, "load": os.getloadavg()[0]}
    row |= {kind: mib(processes) for kind, processes in hub.of(name).items()}
    row |= {"all": mib(hub.everything())}
    print(json.dumps({key: round(value, 1) for key, value in row.items()}), flush=True)
    return row


def cpu_seconds(hub: LocalHub, name: str) -> float:
    """CPU of one student's processes."""
    return sum(sum(p.cpu_times()[:2]) for kind in hub.of(name).values() for p in kind)


def cells(notebook: Path) -> list[str]:
    """The code cells of a notebook."""
    found = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]


def mib(processes: Iterable) -> float:
    """PSS and page tables of these processes."""
    return sum(map(_kib, processes)) / 1024


def _kib(process) -> int:
    proc = Path(f"/proc/{process.pid}")
    places = {"smaps_rollup": r"^Pss:\s+(\d+) kB", "status": r"^VmPTE:\s+(\d+) kB"}
    found = (
        re.search(pattern, (proc / name).read_text(encoding="utf-8"), re.MULTILINE)
        for name, pattern in places.items()
    )
    return sum(int(match[1]) for match in found if match)  # a process that has ended holds nothing


PAGEOUT, PIDFD_OPEN, PROCESS_MADVISE = 21, 434, 440  # linux/mman.h, asm/unistd.h


def swap_out(processes: Iterable) -> None:
    """Ask Linux to move what these processes alone hold to swap."""
    system = ctypes.CDLL(None, use_errno=True).syscall
    for process in processes:
        maps = Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8")
        fd = system(PIDFD_OPEN, process.pid, 0)
        for begin, end in re.findall(r"(?m)^([0-9a-f]+)-([0-9a-f]+) rw-p", maps):
            place = (ctypes.c_size_t * 2)(int(begin, 16), int(end, 16) - int(begin, 16))
            system(PROCESS_MADVISE, fd, place, ctypes.c_size_t(1), PAGEOUT, 0)
        os.close(fd)


def tell(rows: list[dict]) -> list[str]:
    """The lines that say what one more costs, and how many fit."""
    line = statistics.linear_regression(range(1, len(rows) + 1), [row["all"] for row in rows])
    off = max(abs(line.intercept + line.slope * n - row["all"]) for n, row in enumerate(rows, 1))
    left = MACHINE_MIB - SYSTEM_MIB - line.intercept
    fit, careful = int(left / line.slope), int(left * (1 - FREE_SHARE) / line.slope)
    means = {key: statistics.mean(row[key] for row in rows) for key in ("cpu_s", "server_s")}
    return [
        f"{len(rows)} students, cells that failed: {sum(row['failed'] for row in rows)}",
        f"a student: server {rows[-1]['server']:.0f}, kernel {rows[-1]['kernel']:.0f} MiB (last)",
        f"for all {line.intercept:.0f} MiB, one more student {line.slope:.1f}; "
        f"the sums are at most {off:.1f} off the line",
        f"a student's CPU {means['cpu_s']:.0f} s, click to server {means['server_s']:.0f} s",
        f"fit into {MACHINE_MIB} MiB, {SYSTEM_MIB} of them the system's: "
        f"{fit}; with a tenth kept free {careful}",
    ]


if __name__ == "__main__":
    main()
