"""A class on a cluster while everything is killed: the table of kills, as kills.md beside it.

python benchmarks/grading/kills.py [--students 300] [--loops 15] [--note TEXT]

What is asserted is asserted by tests/course_tools/grading/test_cluster_for_real.py; this tells it.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("src", "tests/kit")]

from grade_command import LANG  # noqa: E402
from kill_storm import KILL_ROWS, KILL_S, Storm, storm  # noqa: E402
from sample_class import LESSON  # noqa: E402

from course_tools.checks import bench  # noqa: E402

RESULTS = Path(__file__).with_name("KILLS.md")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--loops", type=int, default=15)
    parser.add_argument("--note", default="", help="what else the machine was doing")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        found = storm(Path(name), wanted.students, wanted.loops)
    page = "\n".join(report(found, wanted.loops, wanted.note))
    RESULTS.write_text(page + "\n", encoding="utf-8", newline="\n")
    print(page)
    return bool(found.wrong[1] or found.unlike or found.doubles or found.left)


def report(found: Storm, loops: int, note: str) -> Iterator[str]:
    killed = found.killed()
    yield f"""# A class on a cluster while everything is killed

Written by `python benchmarks/grading/kills.py` on {date.today()}: sheet {LESSON}, {LANG},
{found.count} submissions, {loops} of them with a loop that never ends, on three workers of dask on
this machine. A judge, a worker or a nanny is killed in turn, not before {KILL_S:g} s and
{KILL_ROWS} rows after the last kill; the command and the scheduler are killed once.

Machine: {bench.machine()}.
{f"Note: {note}." if note else ""}

| what | |
|---|---|"""
    for kind, count in sorted(killed.items()):
        yield f"| kills of a {kind} | {count} |"
    yield f"""| seconds until the last row | {found.seconds:.0f} |
| load of the machine, mean at the kills | {found.load:.1f} |
| right rows after the storm | {found.count - len(found.wrong[0])} of {found.count} |
| left to a person, as two workers died over them | {len(found.wrong[0])} |
| right rows after one more run in peace | {found.count - len(found.wrong[1])} of {found.count} |
| rows and pages unlike those of this machine's processes | {len(found.unlike)} |
| verdicts written twice | {found.doubles} |
| processes left running | {len(found.left)} |

| killed | after s | rows kept |
|---|---|---|"""
    for kill in found.kills:
        yield f"| {kill.what} | {kill.seconds:.0f} | {kill.rows} |"


if __name__ == "__main__":
    sys.exit(main())
