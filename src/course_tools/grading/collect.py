"""Who handed in what: from a folder of folders, a flat folder, or an LMS' zip file.

Nothing is unpacked onto the disk, no link is followed, nothing is written.
"""

import contextlib
import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath

from helpers.classroom import records

from . import matching
from .matching import Note
from .sheet import Sheet

LARGEST = 32 << 20  # bytes of one file
MOST_FILES, LONGEST_NAME = 2_000, 1_000  # in a student's zip file; characters, with the folders
UNZIP = (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, RuntimeError)
JUNK = re.compile(r"^(\.|__MACOSX$|__pycache__$|Thumbs\.db$|desktop\.ini$)")
MOODLE = re.compile(r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_(file|onlinetext)_")
CANVAS = re.compile(r"(?P<who>.+?)_(?:LATE_)?(?P<number>\d+)_\d+_(?P<rest>.+)$")
MARKED = re.compile(r"-[0-9a-f]{8}$")
ATTEMPT = re.compile(r"(?:\s*\((\d+)\)|[-_ ](\d{1,2}))$")
CODE_PAGES = {"ja": ("cp932", "cp950"), "zh-tw": ("cp950", "cp932")}
UNICODE_PATH = 0x7075  # Info-ZIP's extra field: the name in UTF-8


class NothingHandedIn(Exception):
    """No submission is in that place.  The message says what would be one."""


@dataclass(frozen=True)
class Entry:
    """A file as it was handed in.  read() may raise OSError or ValueError; problem: do not read."""

    path: PurePosixPath
    read: Callable[[], bytes]
    when: float = 0.0
    problem: str = ""


@dataclass
class Handed:
    """What one student handed in: one notebook, or none and the reason."""

    student: str
    file: str = ""
    data: bytes = b""
    notes: list[Note] = field(default_factory=list)
    human: list[Note] = field(default_factory=list)
    work: records.Work = field(default_factory=dict)

    @property
    def safe(self) -> str:
        """The student's name as the name of a file and in nbgrader."""
        name = re.sub(r"[^\w.-]+", "_", self.student).strip("._")[:60]
        mark = sha256(self.student.encode("utf-8", "replace")).hexdigest()[:8]
        alone = name == self.student and not MARKED.search(name)  # not like another's with a mark
        return name if alone else f"{name}-{mark}".strip("-")


def collect(place: Path, sheet: Sheet) -> list[Handed]:
    """Everybody's submission of one sheet, by student.  NothingHandedIn, or OSError."""
    if not place.exists():
        raise NothingHandedIn(f"{place} is not there")
    if place.is_dir():
        entries = list(_in_folder(place, sheet.lang))
    elif zipfile.is_zipfile(place):
        archive = zipfile.ZipFile(io.BytesIO(place.read_bytes()))
        entries = list(_in_zip(archive, sheet.lang, PurePosixPath(), lambda: archive))
    else:
        raise NothingHandedIn(f"{place} is neither a folder nor a zip file")
    students: dict[str, list[Entry]] = {}
    for entry in _without_common_folder(entries):
        students.setdefault(_student(entry.path, sheet.lesson), []).append(entry)
    made = [_handed(name, files, sheet) for name, files in sorted(students.items())]
    found = [one for one in made if one.file or one.human]
    if not found:
        raise NothingHandedIn(
            f"{place} holds no notebook; expected a folder for each student, NAME.ipynb files, "
            "or the zip file of Moodle, Canvas or NTU COOL"
        )
    return found


# --- files ------------------------------------------------------------------------------------


def _in_folder(place: Path, lang: str) -> Iterator[Entry]:
    for folder, names, files in os.walk(place, followlinks=False):
        names[:] = sorted(n for n in names if not JUNK.match(n))
        linked = [n for n in names if Path(folder, n).is_symlink()]
        for name in sorted([*(f for f in files if not JUNK.match(f)), *linked]):
            path = Path(folder, name)
            shown = _normal(_readable(path.relative_to(place).as_posix(), lang))
            entry = _file(path, shown)
            if path.suffix.lower() == ".zip" and not entry.problem:
                yield from _nested(entry, lang)
            else:
                yield entry


def _readable(name: str, lang: str) -> str:
    """A name that was unpacked in the code page of Windows is no UTF-8 on the disk."""
    try:
        name.encode("utf-8")
        return name
    except UnicodeEncodeError:
        return _in_code_page(os.fsencode(name), lang) or os.fsencode(name).decode(
            "ascii", "replace"
        )


def _in_code_page(raw: bytes, lang: str) -> str:
    """UTF-8, else what Windows writes where that language is spoken; "" if it is neither."""
    for encoding in ("utf-8", *CODE_PAGES.get(lang, ())):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return ""


def _nested(zipped: Entry, lang: str) -> Iterator[Entry]:
    """A student's own zip file counts as a folder.  It is not kept: a class may have many."""
    try:
        data = zipped.read()
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (OSError, ValueError, *UNZIP):
        yield Entry(zipped.path, bytes, problem="broken_zip")
        return

    def anew() -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(zipped.read()))

    yield from _in_zip(archive, lang, zipped.path.with_suffix(""), anew)


def _file(path: Path, shown: PurePosixPath) -> Entry:
    seen = path.lstat()
    problem = "link" if stat.S_ISLNK(seen.st_mode) else ""
    if not problem and not stat.S_ISREG(seen.st_mode):
        problem = "no_file"
    if not problem and seen.st_size > LARGEST:
        problem = "large"
    return Entry(shown, lambda: _read(path, seen), seen.st_mtime, problem)


def _read(path: Path, seen: os.stat_result) -> bytes:
    """Not through a link that was put there since it was looked at."""
    with path.open("rb") as file:
        if not os.path.samestat(os.fstat(file.fileno()), seen):
            raise ValueError("the file was replaced while it was read")
        return file.read(LARGEST + 1)


def _in_zip(
    archive: zipfile.ZipFile,
    lang: str,
    above: PurePosixPath,
    again: Callable[[], zipfile.ZipFile],
) -> Iterator[Entry]:
    if above.parts and len(archive.infolist()) > MOST_FILES:
        yield Entry(above, bytes, problem="large")
        return
    for info in archive.infolist():
        name = _decoded(info, lang).replace("\\", "/")
        path = _normal(name)
        if info.is_dir() or not path.parts or any(JUNK.match(p) for p in path.parts if p != ".."):
            continue
        problem = "link" if stat.S_ISLNK(info.external_attr >> 16) else ""
        if name.startswith("/") or ".." in path.parts or ":" in path.parts[0]:
            problem = "odd_name"
            path = PurePosixPath(*(p for p in path.parts if p not in ("..", "/") and ":" not in p))
        if len(name) > LONGEST_NAME:
            problem, path = "odd_name", PurePosixPath(name[:40])
        if info.file_size > LARGEST:
            problem = "large"
        if info.flag_bits & 1:
            problem = "encrypted"
        entry = Entry(above / path, _reader(again, info), _seconds(info), problem)
        if path.suffix.lower() == ".zip" and not problem and not above.parts:
            yield from _nested(entry, lang)
        else:
            yield entry


def _reader(again: Callable[[], zipfile.ZipFile], info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            return again().read(info)  # never more than file_size, which is not too large
        except UNZIP as error:
            raise ValueError(f"{type(error).__name__}: {error}") from None

    return read


def _seconds(info: zipfile.ZipInfo) -> float:
    year, month, day, hour, minute, second = info.date_time
    days = (year * 12 + month) * 31 + day
    return float(((days * 24 + hour) * 60 + minute) * 60 + second)


def _decoded(info: zipfile.ZipInfo, lang: str) -> str:
    """A name without the UTF-8 flag: Info-ZIP's extra field, UTF-8, or the code page of Windows."""
    if info.flag_bits & 0x800:
        return info.filename
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == UNICODE_PATH and size > 5:
            return extra[9 : 4 + size].decode("utf-8", "replace")
        extra = extra[4 + size :]
    raw = info.orig_filename.encode("cp437", "replace")
    return _in_code_page(raw, lang) or info.filename


def _normal(name: str) -> PurePosixPath:
    """macOS takes letters apart (NFD): か and ゛ for が."""
    return PurePosixPath(unicodedata.normalize("NFC", name))


# --- students ---------------------------------------------------------------------------------


def _without_common_folder(entries: list[Entry]) -> list[Entry]:
    """Some zip files put everybody into one folder more."""
    tops = {entry.path.parts[0] for entry in entries}
    if len(tops) != 1 or not all(len(entry.path.parts) > 1 for entry in entries):
        return entries
    seconds = {entry.path.parts[1] for entry in entries}
    named = [name for name in seconds if MOODLE.match(name + "_") or CANVAS.match(name)]
    if named or (len(seconds) > 1 and all(len(entry.path.parts) > 2 for entry in entries)):
        return [Entry(_below(e.path), e.read, e.when, e.problem) for e in entries]
    return entries


def _below(path: PurePosixPath) -> PurePosixPath:
    return PurePosixPath(*path.parts[1:])


def _student(path: PurePosixPath, lesson: str) -> str:
    """From the folder's name, or from the file's where there is no folder."""
    name = path.parts[0] if len(path.parts) > 1 else path.stem
    if found := MOODLE.match(path.parts[0] + "_") or CANVAS.match(name):
        return f"{found['who']}_{found['number']}"
    if len(path.parts) > 1:
        return name
    rest = re.sub(rf"[-_ ]*{re.escape(lesson)}[-_ ]*", "", ATTEMPT.sub("", _brackets(name)))
    return rest or _brackets(name)


def _brackets(name: str) -> str:
    """（1） is (1)."""
    return name.translate({0xFF08: "(", 0xFF09: ")"}).strip()


def _attempt(path: PurePosixPath) -> int:
    found = ATTEMPT.search(_brackets(path.stem))
    return int(found[1] or found[2]) if found else 0


def _handed(student: str, entries: list[Entry], sheet: Sheet) -> Handed:
    made = Handed(student)
    for entry in entries:
        if entry.problem:
            made.human.append((entry.problem, {"file": str(entry.path)}))
    whole = [entry for entry in entries if not entry.problem]
    notebooks = [e for e in whole if e.path.suffix.lower() == ".ipynb"]
    _add_work(made, [e for e in whole if e.path.suffix.lower() == ".json"])
    if not notebooks and not made.human:
        names = ", ".join(str(e.path.name) for e in whole)[:80]
        made.human.append(("no_notebook", {"files": names}))
    if notebooks:
        _choose(made, notebooks, sheet)
    return made


def _choose(made: Handed, notebooks: list[Entry], sheet: Sheet) -> None:
    """Of several, those that are named like the lesson, else like it inside; of these the last."""
    named = [e for e in notebooks if sheet.lesson.lower() in e.path.name.lower()]
    fitting = named or (_alike(notebooks, sheet) if len(notebooks) > 1 else notebooks)
    last = max(fitting, key=lambda e: (_attempt(e.path), e.when, str(e.path)))
    made.file = str(last.path)
    if len(fitting) > 1:
        made.notes.append(("attempts", {"n": len(fitting), "file": last.path.name}))
    try:
        made.data = last.read()
    except (OSError, ValueError) as error:
        made.human.append(("unreadable", {"reason": f"{type(error).__name__}: {error}"[:120]}))
    else:
        if not made.data:
            made.human.append(("unreadable", {"reason": "the file is empty"}))


def _alike(notebooks: Iterable[Entry], sheet: Sheet) -> list[Entry]:
    """Those in which most of the sheet's cells are found."""
    counts: list[tuple[int, Entry]] = []
    for entry in notebooks:
        try:
            cells, _ = matching.read(entry.read())
            found = {c.key for c in matching.keyed(cells, sheet) if c.key}
        except (OSError, ValueError, matching.Unreadable):
            found = set()
        counts.append((len(found), entry))
    most = max(n for n, _ in counts)
    return [entry for n, entry in counts if n == most]


def _add_work(made: Handed, files: list[Entry]) -> None:
    """Exported progress: several files of one student are one record."""
    for entry in files:
        try:
            made.work = records.merged(made.work, records.loads(entry.read()))
        except (OSError, ValueError):
            made.notes.append(("no_progress", {"file": entry.path.name}))
