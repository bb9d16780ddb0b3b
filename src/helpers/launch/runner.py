"""Run lessons without a browser, and experiments: `python start.py run [NAME …]`.

Status 1 if a cell fails or writes to stderr, a claim does not hold or is not measured, or a lesson
needs more than its bound of memory; 2 if nothing could be run.
"""

import argparse
import io
import json
import math
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import TextIO

from .. import experiments, stopping
from ..classroom import claims, predict
from ..display import progress_bar
from ..display.monospace import aligned
from ..language import say

try:
    import nbformat

    from .execution import (
        ANSWER_SECONDS,
        LIMIT_SECONDS,
        Failure,
        NotebookRun,
        end_children,
        execute,
        title,
    )
except ModuleNotFoundError as missing:
    told = say.catalogue("runner")["no_package"]  # whose console it is, we do not know
    words = [told[say.key(lang)] for lang in say.COMPLETE]
    raise SystemExit("\n".join(word.format(package=missing.name) for word in words)) from missing

SECONDS_BOUND, MIB_BOUND = 60, 1024  # one lesson on two cores; only memory is asserted
LARGER = {"09_real_models": (90, 1536)}  # models of 0.5 GB, one after the other
PIPE_SECONDS = 5.0  # between two lines, where there is no terminal
TRACEBACK_LINES = 15


class CannotRun(Exception):
    """Nothing can be run; the message says why and what to do."""


@dataclass(frozen=True)
class LessonNotebook:
    """One notebook of one language."""

    name: str
    lang: str
    path: Path

    def __str__(self) -> str:
        return f"{self.name} ({self.lang})"


@dataclass(frozen=True)
class Report:
    """The result of a lesson's run; claims are the lines of TRIAD_CLAIMS_LOG."""

    lesson: LessonNotebook
    outcome: NotebookRun
    claims: list[dict]

    def unmeasured(self) -> list[str]:
        """Return the claims that the lesson declares and did not check."""
        return sorted(claims.ids(self.lesson.name) - {row["claim"] for row in self.claims})

    def passes(self) -> bool:
        """Did every claim hold, without failures, within the bound of memory?"""
        claims_hold = not self.unmeasured() and all(row["holds"] for row in self.claims)
        return (
            claims_hold
            and not self.outcome.failures
            and self.outcome.mib <= bounds(self.lesson.name)[1]
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, and return the exit status."""
    say.use(say.of_the_console())
    wanted = arguments(argv)
    say.use(wanted.lang or say.language())
    with stopping.in_order():
        try:
            return carried_out(wanted)
        except CannotRun as reason:
            print(reason, file=sys.stderr)
            return 2
        except KeyboardInterrupt as stopped:
            end_children()
            print("\n" + say.text("runner", "interrupted"), file=sys.stderr)
            return stopping.status(stopped)


def carried_out(wanted: argparse.Namespace) -> int:
    """Do what the command line asks for; CannotRun."""
    alone = [name for name in wanted.names if name in experiments.EXPERIMENTS]
    names = [name for name in wanted.names if name not in alone]
    lessons = find(notebooks_folder(), names, wanted.lang) if names or not alone else []
    if wanted.list:
        return show_list(lessons, experiments.all_of(alone) if alone or not names else [])
    if wanted.record and (wanted.lang or alone):
        raise CannotRun(say.text("runner", "record_both"))
    failed = max([experiments.run(name) for name in alone], default=0)
    if not lessons:
        return failed
    print(say.text("runner", "processor", processor=processor()), flush=True)
    reports = [run(lesson) for lesson in lessons]
    done = summary(reports) or (record(wanted.record, reports) if wanted.record else 0)
    return max(failed, done)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; its help is in the current language."""
    parser = argparse.ArgumentParser("start.py run", description=say.text("runner", "about"))
    parser.add_argument("names", nargs="*", metavar="01", help=say.text("runner", "help_lessons"))
    parser.add_argument("--lang", choices=say.LANGUAGES, help=say.text("runner", "help_lang"))
    parser.add_argument("--list", action="store_true", help=say.text("runner", "help_list"))
    parser.add_argument(
        "--record", type=Path, metavar="FOLDER", help=say.text("runner", "help_record")
    )
    return parser.parse_args(argv)


def notebooks_folder() -> Path:
    """Find notebooks/ beside or above the current folder, else beside this package's src/."""
    here, package = Path.cwd(), Path(__file__).resolve().parents[3]
    for folder in (here, *here.parents, package):
        if any((folder / "notebooks" / lang).is_dir() for lang in say.LANGUAGES):
            return folder / "notebooks"
    raise CannotRun(say.text("runner", "no_folder", here=here, package=package))


def find(folder: Path, names: Sequence[str], lang: str | None) -> list[LessonNotebook]:
    """Find the named lessons ("1", "01" or "01_attention"), or all; raise CannotRun for others."""
    languages = [lang] if lang else list(say.LANGUAGES)
    there = [LessonNotebook(p.stem, x, p) for x in languages for p in (folder / x).glob("*.ipynb")]
    there.sort(key=lambda lesson: lesson.name)
    known = ", ".join(dict.fromkeys(lesson.name for lesson in there))
    for name in names:
        if not any(is_called(lesson, name) for lesson in there):
            there_are = {"known": known or "–", "alone": ", ".join(experiments.EXPERIMENTS)}
            raise CannotRun(say.text("runner", "unknown", lesson=name, **there_are))
    if not there:
        raise CannotRun(say.text("runner", "empty", folder=folder))
    return [x for x in there if not names or any(is_called(x, name) for name in names)]


def is_called(lesson: LessonNotebook, name: str) -> bool:
    """Is this a name or number of the lesson?"""
    return name == lesson.name or name.zfill(2) == lesson.name.split("_")[0]


def show_list(lessons: Sequence[LessonNotebook], alone: Sequence[experiments.Experiment]) -> int:
    """Print lessons, then experiments, each under its heading."""
    rows = [[x.name, x.lang, title(nbformat.read(x.path, as_version=4))] for x in lessons]
    for heading, table in (("list_lessons", rows), ("list_alone", experiments.rows(alone))):
        if table:
            lines = [say.text("runner", heading), *("  " + line for line in aligned(table))]
            print("\n".join(lines))
    return 0


def run(lesson: LessonNotebook) -> Report:
    """Run one lesson, with progress, and print what it measured; nothing of the user's is used."""
    progress = Progress(str(lesson), sys.stdout)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "claims.jsonl"
        env = kernel_environment(Path(folder), log)
        outcome = execute(lesson.path, env, progress.cell, progress.tick)
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    progress.display.clear()
    report = Report(lesson, outcome, [json.loads(line) for line in lines])
    print("\n".join(lines_of(report)), end="\n\n", flush=True)
    return report


def kernel_environment(folder: Path, log: Path) -> dict[str, str]:
    """Return the kernel's environment.

    Strict claims, predictions that show, this package first, a home for the student's data.
    """
    package = str(Path(__file__).resolve().parents[2])
    path = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {
        "TRIAD_STRICT": "claims",
        "TRIAD_GUESS": predict.SHOW_ME,
        "TRIAD_CLAIMS_LOG": str(log),
        "TRIAD_HOME": str(folder / "home"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONPATH": os.pathsep.join(path),
    }


class Progress:
    """The progress of a lesson: a changing line on a terminal, now and then a line elsewhere."""

    def __init__(self, label: str, stream: TextIO):
        self.label, self.status = label, say.text("runner", "kernel")
        self.start = time.monotonic()
        self.display = progress_bar.on_stream(stream, PIPE_SECONDS)
        self.draw()

    def cell(self, i: int, n: int, heading: str) -> None:
        """Set which of n cells is running."""
        self.status = say.text("runner", "cell", i=i, n=n, heading=heading)

    def tick(self) -> None:
        """Draw, if the last line is old enough."""
        if self.display.is_due():
            self.draw()

    def draw(self) -> None:
        """Draw the line."""
        seconds = time.monotonic() - self.start
        self.display.draw(f"{self.label}  {seconds:.0f} s  {self.status}")


def bounds(lesson: str) -> tuple[float, float]:
    """Return how many seconds and how many MiB a lesson may need."""
    return LARGER.get(lesson, (SECONDS_BOUND, MIB_BOUND))


def lines_of(report: Report) -> list[str]:
    """Return lines on the lesson's claims, its failures, and what it needed."""
    outcome = report.outcome
    seconds_bound, mib_bound = bounds(report.lesson.name)
    needed = say.text(
        "runner",
        "needed",
        seconds=f"{outcome.seconds:.1f}",
        seconds_bound=seconds_bound,
        mib=f"{outcome.mib:.0f}",
        mib_bound=mib_bound,
    )
    verdict = say.text("runner", "passed" if report.passes() else "failed")
    failures = [line for f in outcome.failures for line in failure_lines(report.lesson, f)]
    table = claims_table(report.claims)
    return [f"{report.lesson}: {verdict}", *table, *failures, *trouble(report), f"  {needed}"]


def claims_table(checked: Sequence[dict]) -> list[str]:
    """Return the lines of a table of checked quantities."""
    if not checked:
        return []
    words = ("claim", "quantity", "measured", "bound", "result")
    header = [say.text("runner", word) for word in words]
    rows = [
        [x["claim"], x["quantity"], number(x["measured"]), x["bound"], mark(x)] for x in checked
    ]
    return ["  " + line for line in aligned([header, *rows])]


def number(value: float) -> str:
    """Write whole numbers (bytes, FLOPs) in full, others to four digits."""
    whole = float(value).is_integer() and abs(value) < 1e15
    return f"{value:,.0f}" if whole else f"{value:.4g}"


def mark(row: dict) -> str:
    """Say whether a checked quantity holds."""
    return say.text("runner", "holds" if row["holds"] else "missed")


def failure_lines(lesson: LessonNotebook, failure: Failure) -> list[str]:
    """Return the lines on one failure: where, what, and the source."""
    where = f"{lesson.path.parent.name}/{lesson.path.name}"
    limit = ANSWER_SECONDS if failure.kind == "silent" else LIMIT_SECONDS
    values = {"cell": failure.cell, "where": where, "limit": limit}
    source = [f"    | {line}" for line in failure.source.splitlines()]
    detail = failure.detail.strip().splitlines()[-TRACEBACK_LINES:]
    return [
        "  " + say.text("runner", failure.kind, **values),
        *source,
        *(f"    {x}" for x in detail),
    ]


def trouble(report: Report) -> list[str]:
    """Say what is wrong with the lesson as a whole."""
    found = []
    if missing := report.unmeasured():
        found.append(say.text("runner", "unmeasured", claims=", ".join(missing)))
    if report.outcome.mib > (mib_bound := bounds(report.lesson.name)[1]):
        found.append(say.text("runner", "too_big", mib_bound=mib_bound))
    return ["  " + line for line in found]


def summary(reports: Sequence[Report]) -> int:
    """Say in one last line what passed and what did not."""
    failed = [str(r.lesson) for r in reports if not r.passes()]
    passed = len(reports) - len(failed)
    print(say.text("runner", "summary", passed=passed, failed=len(failed)), *failed)
    return 1 if failed else 0


def record(folder: Path, reports: Sequence[Report]) -> int:
    """Write FOLDER/LESSON/measured.toml: the larger value of both languages, rounded up."""
    for name in dict.fromkeys(r.lesson.name for r in reports):
        outcomes = [r.outcome for r in reports if r.lesson.name == name]
        seconds = round_up(max(o.seconds for o in outcomes), 5)
        mib = round_up(max(o.mib for o in outcomes), 50)
        target = folder / name / "measured.toml"
        if not target.parent.is_dir():
            raise CannotRun(say.text("runner", "record_where", folder=target.parent))
        comment = (
            f"# Written by `python start.py run --record {folder}`, {date.today()}: {machine()}."
        )
        text = f"{comment}\nseconds = {seconds}\nmib = {mib}\n"
        target.write_text(text, encoding="utf-8", newline="\n")
        print(say.text("runner", "recorded", path=target, seconds=seconds, mib=mib))
    return 0


def machine() -> str:
    """Name the processor, Python and torch of this machine."""
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{processor()}, Python {python}, torch {metadata.version('torch')}"


def processor() -> str:
    """Name the processor, its instructions that PyTorch uses, and its cores.

    They decide how sums are rounded.
    """
    from torch.backends import cpu  # seconds: only where lessons run

    instructions = cpu.get_cpu_capability()
    return f"{_processor_name()}, {instructions}, {os.cpu_count()} cores"


def _processor_name() -> str:
    """Return the name as the system tells it: on Linux and x86 only in /proc/cpuinfo."""
    with suppress(OSError):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        if found := re.search(r"^model name\s*: *(.+)$", text, re.MULTILINE):
            return found[1].strip()
    return platform.processor() or platform.machine()


def round_up(value: float, unit: int) -> int:
    """Round up to a multiple of unit."""
    return math.ceil(value / unit) * unit


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
