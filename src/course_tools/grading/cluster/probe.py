"""What a worker must pass before it gets a submission, and again when it cannot go on.

A bad node answers faster than a good one: without this it would take most of a class, and give its
own errors for results.  In the judge's process, on the worker.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import classroom, sheet, verdicts
from ..sandbox.isolation import NotIsolated, exposed, hindrances, readable_folders
from ..sandbox.process import Ended
from ..sheet import Sheet
from ..submissions import other_sheets

MOST = 20  # packages that are named
REMEDY = "Give the worker the command's environment: pip install -c with what pip freeze says there"
REACH = """
import contextlib, os, socket
reached = [path for path in {paths!r} if os.access(path, os.R_OK)]
for address in {addresses!r}:
    with contextlib.suppress(OSError):
        socket.create_connection(address, 2).close()
        reached.append(address)
assert not reached, f"student code reaches {{reached}}"
"""


@dataclass(frozen=True)
class Probe:
    """What the command knows, and a worker must agree with.

    released: every sheet as students got it (other_sheets.py); code, packages: verdicts' digest()
    and installed(); places: what student code must not reach; addresses: host and port of the same
    """

    settings: classroom.Job
    sheet: Sheet
    released: dict[other_sheets.Name, dict[str, str]]
    code: str
    packages: tuple[str, ...]
    places: tuple[Path, ...]
    addresses: tuple[tuple[str, int], ...] = ()


def fault(probe: Probe) -> str:
    """Return why this worker must get no submission; "" where it may."""
    of = probe.settings
    sheet.SENT[of.root, of.lesson, of.lang] = probe.sheet
    other_sheets.SENT[of.root] = probe.released
    places = [*probe.places, Path(tempfile.gettempdir())]
    try:
        if reason := other_version(probe):
            return reason
        if open_ := exposed(places):
            return f"student code may read the folders of Python, and in them {open_}"
        if reached := reaches(probe):
            return reached
        unsound = classroom.unsound(of.root, of.lesson, of.lang, of.limits, of.walls)
        return "; ".join(f"the model answer of {t} does not pass: {r}" for t, r in unsound.items())
    except NotIsolated as reason:
        return ". ".join([f"student code cannot be isolated: {reason}", *hindrances()])


def other_version(probe: Probe) -> str:
    """Say in what Python, a package or the course differ from the command's."""
    here = verdicts.installed()
    if here[0] != probe.packages[0]:
        return f"another Python: {here[0]} instead of {probe.packages[0]}"
    if here != probe.packages:
        return f"other packages: {'; '.join(different(here, probe.packages))}. {REMEDY}"
    if verdicts.digest(verdicts.SRC) != probe.code:
        return "another version of the course"
    return ""


def different(here: tuple[str, ...], command: tuple[str, ...]) -> Iterator[str]:
    """Yield each package of another version: which is on this worker, which the command has."""
    both = [set(packages) for packages in (here, command)]
    names = sorted({one.rpartition(" ")[0] for one in both[0] ^ both[1]})
    for name in names[:MOST]:
        there, ours = (_versions(name, packages) for packages in both)
        yield f"{name} {there} (the command has {ours})"
    if len(names) > MOST:
        yield f"and {len(names) - MOST} more"


def _versions(name: str, packages: set[str]) -> str:
    found = [one.rpartition(" ")[2] for one in packages if one.rpartition(" ")[0] == name]
    return ", ".join(sorted(found)) or "none"


def reaches(probe: Probe) -> str:
    """Say what a student's process reaches: a file that was made for it, places, an address."""
    of = probe.settings
    server = classroom.server_of(of.limits, of.walls, probe.sheet.imports)
    with tempfile.NamedTemporaryFile() as bait, server.fork() as student:
        above = {parent for folder in readable_folders() for parent in Path(folder).parents}
        paths = [bait.name, *(str(place) for place in probe.places if place not in above)]
        source = REACH.format(paths=paths, addresses=list(probe.addresses))
        try:
            reply = student.ask(30.0, ask="run", name="probe", source=source)
        except Ended as ended:
            return f"the process for student code ended: {ended}"
    return "" if reply["ok"] else str(reply.get("text"))
