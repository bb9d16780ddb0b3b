"""Is everything here that the lessons need?  One line each says OK, or FAIL and what to do.

Versions are read from the installed packages' metadata: neither torch nor transformers is imported.
"""

import importlib.metadata
import operator
import os
import platform
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..display import show
from ..display.markup import Html
from ..language import say
from . import overview, progress

NEEDED_GIB = 1.0
OPERATORS = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Line:
    """One requirement and whether it holds; None where that could not be found out."""

    what: str
    holds: bool | None
    detail: str


def check() -> None:
    """Show a line for each requirement, and ask whether the front end answers."""
    found = list(lines())
    header = [say.text("environment", name) for name in ("what", "result", "detail")]
    table, plain = show.table(header, [[x.what, word(x.holds), x.detail] for x in found])
    failed = sum(line.holds is False for line in found)
    name = "some_fail" if failed else "all_hold"
    verdict = say.text("environment", name, **({"n": failed} if failed else {}))
    show.fragment(Html("{}<p>{}</p>").format(table, verdict), f"{plain}\n{verdict}")
    ask_the_screen()


def lines() -> Iterator[Line]:
    """Check one requirement after the other, each as a Line."""
    requires = overview.course()["requires"]
    yield _python(requires["python"])
    yield from (_package(name, want) for name, want in requires.items() if name != "python")
    yield _memory(free_bytes())
    yield from map(_font, say.LANGUAGES)
    yield _folder()


def word(holds: bool | None) -> str:
    """Return "OK", "FAIL" or "unknown" in the student's language."""
    name = "unknown" if holds is None else "ok" if holds else "fail"
    return say.text("environment", name)


def satisfies(version: str, ranges: str) -> bool:
    """Does a version lie in ranges like ">=7.7,<9"?

    By its numbers: 2.13.0+cpu is 2.13.
    """
    parts = [re.fullmatch(r"\s*([<>=!]+)\s*([\d.]+)\s*", part) for part in ranges.split(",")]
    if not all(parts):
        raise ValueError(f"range {ranges!r}; expected for example '>=7.7,<9'")
    return all(OPERATORS[p[1]](_numbers(version), _numbers(p[2])) for p in parts if p)


def free_bytes() -> int | None:
    """Return the memory that a new program can have; None where the system does not tell.

    From psutil, else from /proc/meminfo.
    """
    try:
        import psutil

        return psutil.virtual_memory().available
    except ImportError:
        pass
    try:
        table = Path("/proc/meminfo").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"MemAvailable:\s+(\d+) kB", table)
    return int(found[1]) * 1024 if found else None


def _numbers(version: str) -> tuple[int, ...]:
    """Return the release as numbers, without the zeros at its end: 2.0 is 2."""
    found = re.match(r"\d+(\.\d+)*", version)
    numbers = found[0].split(".") if found else []
    while numbers and int(numbers[-1]) == 0:
        numbers.pop()
    return tuple(map(int, numbers))


def _python(want: str) -> Line:
    got = platform.python_version()
    holds = satisfies(got, want)
    detail = got if holds else say.text("environment", "python_old", got=got, want=want)
    return Line("Python", holds, detail)


def _package(name: str, want: str) -> Line:
    try:
        got = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Line(name, False, say.text("environment", "missing", spec=name + want))
    if satisfies(got, want):
        return Line(name, True, got)
    detail = say.text("environment", "other_version", got=got, want=want, spec=name + want)
    return Line(name, False, detail)


def _memory(free: int | None) -> Line:
    what = say.text("environment", "memory")
    if free is None:
        return Line(what, None, say.text("environment", "memory_unknown", want=f"{NEEDED_GIB:g}"))
    holds = free >= NEEDED_GIB * 2**30
    sizes = {"free": f"{free / 2**30:.1f}", "want": f"{NEEDED_GIB:g}"}
    name = "memory_enough" if holds else "memory_low"
    return Line(what, holds, say.text("environment", name, **sizes))


def _font(lang: str) -> Line:
    what = say.text("environment", "font", lang=lang)
    try:
        from matplotlib.ft2font import FT2Font

        from ..display.figures import FONTS, TYPEFACES

        face = TYPEFACES[lang]
        got = FT2Font(str(FONTS / face.file)).family_name
    except (ImportError, OSError, RuntimeError) as error:
        return Line(what, False, say.text("environment", "font_broken", reason=f"{error}"))
    if got != face.family:
        return Line(what, False, say.text("environment", "font_broken", reason=got))
    return Line(what, True, face.family)


def _folder() -> Line:
    what = say.text("environment", "folder")
    try:
        folder = progress.data_dir()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(4096))
    except (OSError, RuntimeError) as error:
        return Line(what, False, say.text("environment", "folder_closed", reason=f"{error}"))
    if progress.on_colab():
        return Line(what, True, say.text("environment", "folder_colab"))
    return Line(what, True, f"{folder}")


def ask_the_screen() -> None:
    """Ask the front end as the quiz does; say at once if only the plain view can be shown."""
    names = ("screen_waiting", "screen_answers", "screen_plain")
    waiting, answers, silent = (say.text("environment", name) for name in names)
    try:
        from ..display import probe
    except ImportError:
        pass
    else:
        if os.environ.get("TRIAD_WIDGETS") != "plain" and probe.ask(waiting, answers, silent):
            return
    show.fragment(Html('<p role="status">{}</p>').format(silent), silent)
