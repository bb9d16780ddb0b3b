"""Run the tests: python -m course_tools.checks.testing = start.py test

The network is closed to them, but for the tests marked "network": --all runs those first, on their
own.  Without paths, pytest runs those that pyproject.toml names.  Under CI (the variable CI is set)
the system first gets the programs that the tests use.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .. import command
from ..command import ROOT
from . import npm
from .junit import Counts, cases, count
from .processes import CommandFailed, status_of, step

NODE = Path(os.environ.get("TRIAD_NODE", ROOT / ".venv" / "node"))  # npm's packages, for the tests
SITE = ROOT / ".venv" / "site"  # npm's packages, for the site
ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # of torch; there are as many processes as cores
INTERRUPTED, NO_TESTS = 2, 5  # exit statuses of pytest; 2 is also a file of tests that is broken
# what the tests use of the system's, by any of these names, and the packages that bring it: a
# browser, and the outer wall around student code
PROGRAMS = {
    ("chromium", "chromium-browser", "google-chrome", "chrome"): ["chromium", "fonts-noto-cjk"],
    ("bwrap",): ["bubblewrap"],
}
# of the long tests: a queue of jobs, a database
LONG = {
    ("sbatch",): ["slurmctld", "slurmd", "munge", "slurm-client"],
    ("psql",): ["postgresql"],
}
# Ubuntu 24.04 keeps user namespaces, which isolate student code, from what has no AppArmor profile
RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


class PytestRun(NamedTuple):
    """What one call of pytest gave."""

    status: int
    counts: Counts


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tests; pytest's exit status, which is not 0 either where no test ran."""
    wanted, rest = parser().parse_known_args(argv)
    arguments = [word for n, word in enumerate(rest) if word != "--" or "--" in rest[:n]]
    if os.environ.get("CI"):
        prepare_system(PROGRAMS | LONG if wanted.all else PROGRAMS)
    install_node()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(wanted.junitxml or Path(folder, "report.xml")).resolve()
        parts = both_parts(report, arguments) if wanted.all else [offline(report, arguments)]
    return tell(parts)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the options that are read here; all others are pytest's."""
    made = argparse.ArgumentParser(
        "start.py test",
        usage="start.py test [--all] [--junitxml FILE] [PYTEST'S ARGUMENTS]",
        description=(__doc__ or "").partition("\n\n")[2],
        allow_abbrev=False,
    )
    made.add_argument("--all", action="store_true", help="the long tests too")
    made.add_argument("--junitxml", "--junit-xml", metavar="FILE", help="keep the report")
    return made


def both_parts(report: Path, arguments: Sequence[str]) -> list[PytestRun]:
    """Run the tests that need a network, then all others; nothing after an interruption."""
    beside = report.with_suffix(".network.xml")
    first = pytest([], beside, ["-m", "network", *arguments], TRIAD_ALL="1")
    if first.status in (INTERRUPTED, 130):
        return [first]
    return [first, offline(report, ["-m", "not network", *arguments], TRIAD_ALL="1")]


def offline(report: Path, arguments: Sequence[str], **variables: str) -> PytestRun:
    """Call pytest once with the network closed."""
    closed = [sys.executable, "-m", "course_tools.checks.offline", "--"]
    return pytest(closed, report, arguments, **variables)


def pytest(
    before: Sequence[str], report: Path, arguments: Sequence[str], **variables: str
) -> PytestRun:
    """Call pytest once, in a few processes of one thread each: a file's tests stay together.

    There is one process more than there are cores: tests wait for browsers, kernels and children.

    The files begin in the order of testpaths, so that the short ones (exercises, solutions) are the
    last: xdist's own order ends with those of few tests, which are the longest here.
    """
    report.unlink(missing_ok=True)
    words = [*before, sys.executable, "-m", "pytest", "--nbval-lax", f"--junitxml={report}"]
    processes = min(4, (os.cpu_count() or 1) + 1)
    parallel = ["-n", processes, "--dist", "loadfile", "--no-loadscope-reorder"]
    env = ONE_THREAD | os.environ | variables
    status = status_of([*words, *parallel, *arguments], cwd=ROOT, env=env)
    counts = count(cases(report))
    if status not in (0, NO_TESTS) and not counts.failed:
        counts = counts._replace(failed=1)  # it did not end well: "0 failed" would be untrue
    return PytestRun(status, counts)


def tell(parts: Sequence[PytestRun]) -> int:
    """Print the closing line, alone on its line; return the exit status of all parts."""
    passed, failed, skipped = map(sum, zip(*(part.counts for part in parts), strict=True))
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    wrong = [part.status for part in parts if part.status not in (0, NO_TESTS)]
    return wrong[0] if wrong else (0 if passed + failed else NO_TESTS)


# --- what the tests need of the machine -------------------------------------------------------


def prepare_system(programs: Mapping[tuple[str, ...], list[str]] = PROGRAMS) -> None:
    """Install what the tests need, under CI only: a person's machine gets nothing."""
    sudo = [] if is_root() else [shutil.which("sudo"), "-n"]
    if sys.platform != "linux" or None in sudo:
        return
    for title, words in {**missing_programs(programs), **closed_namespaces()}.items():
        try:
            step(title, [*sudo, *words])
        except CommandFailed as failure:
            print(failure)


def missing_programs(
    programs: Mapping[tuple[str, ...], list[str]] = PROGRAMS,
) -> dict[str, list[str]]:
    """Return {title: command} of the steps that install the programs that are missing."""
    missing = {names[0]: programs[names] for names in programs if not any(map(shutil.which, names))}
    apt = shutil.which("apt-get")
    if not missing or not apt:
        return {}
    install = ["env", "DEBIAN_FRONTEND=noninteractive", apt, "install", "-y"]
    install += ["--no-install-recommends"]
    update = {f"CI without {' and '.join(missing)}: apt-get update": [apt, "update"]}
    return update | {f"apt-get install {name}": [*install, *missing[name]] for name in missing}


def closed_namespaces() -> dict[str, list[str]]:
    """Return {title: command} that opens user namespaces, where the system restricts them."""
    if not RESTRICTED.is_file() or RESTRICTED.read_text(encoding="ascii").strip() == "0":
        return {}
    title = "CI: user namespaces for everybody, until the next start"
    return {title: ["sysctl", "-w", f"kernel.{RESTRICTED.name}=0"]}


def is_root() -> bool:
    """Tell whether this process runs as root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def install_node() -> None:
    """Install textlint and axe-core in .venv/node.  Without them tests skip, or fail in CI.

    There, on Linux, what builds the site comes too.
    """
    try:
        npm.install(ROOT / "tools" / "node", NODE, "npm ci: textlint, axe-core", "ci")
        if os.environ.get("CI") and sys.platform == "linux":
            install_site()
    except npm.NoNode as missing:
        print(f"{missing}, 20.18 or newer. What needs it is skipped.")
    except CommandFailed as failure:
        print(failure, "Run it again; if npm cannot reach its registry, check connection or proxy.")


def install_site() -> None:
    """Install what builds the site in .venv/site.  NoNode without npm; CommandFailed."""
    # not `npm ci`, which refuses a lock without an optional package of another system
    words = "npm install: Astro Starlight, KaTeX", "install", "--no-save"
    npm.install(ROOT / "tools" / "site", SITE, *words)


if __name__ == "__main__":
    command.run(main)
