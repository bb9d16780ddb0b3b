"""What a student costs on a hub: python benchmarks/hub/measure.py STUDENTS LESSON [--lang ja]

A real JupyterHub with its proxy on this machine; each student has a server, opens the lesson and
runs it to its end, one after the other.  After each student the memory of all servers and kernels
is read (PSS: a page that n processes share counts 1/n for each): what the next one adds is what a
student costs.  Linux.
"""

import argparse
import itertools
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "kit"), str(ROOT / "src")]

from local_hub import Kernel, LocalHub  # noqa: E402

MACHINE_MIB = 24 * 1024  # of which the system keeps 1.5 GiB and a tenth stays free
SYSTEM_MIB, FREE_SHARE = 1536, 0.1


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("students", type=int)
    made.add_argument("lesson", help="for example 01_attention")
    made.add_argument("--lang", default="ja")
    made.add_argument("--python", default=sys.executable, help="with the extras lab and hub")
    wanted = made.parse_args()
    names = [f"student{n}" for n in range(wanted.students)]
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        LocalHub(Path(folder), names, wanted.python) as hub,
    ):
        rows = [one(hub, name, names[: n + 1], wanted) for n, name in enumerate(names)]
        base = sum(pss(p) for p in others(hub))
    tell(rows, base)


def one(hub: LocalHub, name: str, so_far: list[str], wanted: argparse.Namespace) -> dict:
    """One more student: seconds, and the PSS of all servers and kernels afterwards."""
    server_s = hub.start_server(name)
    begun = time.monotonic()
    file = f"notebooks/{wanted.lang}/{wanted.lesson}.ipynb"
    kernel = Kernel(hub, name, f"transformer-triad/{file}")
    failed = sum(kernel.run(cell)[0] != "ok" for cell in cells(ROOT / file))
    lesson_s = time.monotonic() - begun
    kernel.run("guess = None")  # what a cell leaves is given back at the end of the next
    memory = {kind: [sum(map(pss, hub.of(s)[kind])) for s in so_far] for kind in hub.of(name)}
    cpu = sum(sum(p.cpu_times()[:2]) for kind in hub.of(name).values() for p in kind)
    kernel.close()
    row = {"failed": failed, "server_s": server_s, "lesson_s": lesson_s, "cpu_s": cpu, **memory}
    print(json.dumps({"load": os.getloadavg()[0], **row}), flush=True)
    return row


def cells(notebook: Path) -> list[str]:
    """The code cells of a notebook."""
    found = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]


def pss(process) -> float:
    """MiB of one process, shared pages by their share."""
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024


def others(hub: LocalHub) -> list:
    """Hub and proxy."""
    import psutil

    ours = {p.pid for s in hub.students for kind in hub.of(s).values() for p in kind}
    everyone = [psutil.Process(hub.process.pid), *hub.children()]
    return [p for p in everyone if p.pid not in ours]


def tell(rows: list[dict], base: float) -> None:
    """The table, and how many students a machine holds by it."""
    totals = [sum(row["server"]) + sum(row["kernel"]) for row in rows]
    more = [b - a for a, b in itertools.pairwise(totals)]
    last = more[-1] if more else totals[-1]
    room = (1 - FREE_SHARE) * (MACHINE_MIB - SYSTEM_MIB - base)
    server, kernel = (sum(rows[-1][k]) / len(rows) for k in ("server", "kernel"))
    print(f"hub and proxy {base:.0f} MiB; a student {totals[-1] / len(rows):.0f} MiB PSS")
    print(f"  server {server:.0f}, kernel {kernel:.0f}; each further one {last:.0f}")
    print(f"cells that failed: {sum(row['failed'] for row in rows)}")
    print(f"students on 24 GiB: {room / last:.0f}")


if __name__ == "__main__":
    main()
