"""The files in a zip file, whoever packed it: nothing is unpacked onto the disk."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path, PurePosixPath

from . import entries
from .entries import EMPTY, JUNK, SubmittedFile

MOST_FILES, LONGEST_NAME = 2_000, 1_000  # in a student's zip file; characters, with the folders
UNZIP = (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, RuntimeError)
FIRST_DAY = date(1980, 1, 1)
UNICODE_PATH = 0x7075  # Info-ZIP's extra field: the name in UTF-8


def in_zip(place: Path, lang: str) -> Iterator[SubmittedFile]:
    """Yield every file of an LMS' zip file, and of the zip files in it."""
    archive = zipfile.ZipFile(io.BytesIO(place.read_bytes()))
    return _entries(archive, lang, PurePosixPath(), lambda: archive)


def nested(zipped: SubmittedFile, lang: str) -> Iterator[SubmittedFile]:
    """Yield the files of a student's own zip file, which counts as a folder.

    It is not kept open: a class may have many.
    """
    whole = entries.held(zipped)  # OSError where the place itself cannot be read
    try:
        archive = zipfile.ZipFile(io.BytesIO(whole.read()))
    except (OSError, ValueError, *UNZIP):
        yield SubmittedFile(zipped.path, bytes, problem="broken_zip")
        return

    def anew() -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(zipped.read()))

    yield from _entries(archive, lang, zipped.path.with_suffix(""), anew, zipped.when)


def _entries(
    archive: zipfile.ZipFile,
    lang: str,
    above: PurePosixPath,
    again: Callable[[], zipfile.ZipFile],
    when: float = 0.0,
) -> Iterator[SubmittedFile]:
    """Yield the files of a zip file.  when: what counts in place of their own times."""
    if above.parts and len(archive.infolist()) > MOST_FILES:
        yield SubmittedFile(above, bytes, problem="large")
        return
    for info in archive.infolist():
        name = _decoded(info, lang).replace("\\", "/")
        parts = entries.composed(name).parts
        if not parts or any(JUNK.match(p) for p in parts if p != ".."):
            continue
        path, problem = _inspected(info, name)
        if info.is_dir():
            yield SubmittedFile(above / path / EMPTY, bytes, problem=problem or EMPTY)
            continue
        entry = SubmittedFile(above / path, _reader(again, info), when or _seconds(info), problem)
        if path.suffix.lower() == ".zip" and not problem and not above.parts:
            yield from nested(entry, lang)
        else:
            yield entry


def _inspected(info: zipfile.ZipInfo, name: str) -> tuple[PurePosixPath, str]:
    """Return the path to show, and why the file is not to be read; "" where it may be."""
    path = entries.composed(name)
    problem = "link" if stat.S_ISLNK(info.external_attr >> 16) else ""
    if name.startswith("/") or ".." in path.parts or ":" in path.parts[0]:
        problem = "odd_name"
        path = PurePosixPath(*(p for p in path.parts if p not in ("..", "/") and ":" not in p))
    if len(name) > LONGEST_NAME:
        problem, path = "odd_name", PurePosixPath(name[:40])
    if info.file_size > entries.LARGEST:
        problem = "large"
    if info.flag_bits & 1:
        problem = "encrypted"
    return path, problem


def _reader(again: Callable[[], zipfile.ZipFile], info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            return again().read(info)  # never more than file_size, which is not too large
        except UNZIP as error:
            raise ValueError(f"{type(error).__name__}: {error}") from None

    return read


def _seconds(info: zipfile.ZipInfo) -> float:
    """Return the time of a file in seconds since 1970, by this machine's clock; 0 for none.

    The format's first day, 1980-01-01, stands where a program knew no time.
    """
    try:
        when = datetime(*info.date_time)
    except ValueError:
        return 0.0
    return when.timestamp() if when.date() > FIRST_DAY else 0.0


def _decoded(info: zipfile.ZipInfo, lang: str) -> str:
    """Return the file's name; without the UTF-8 flag, by Info-ZIP's field or a code page."""
    if info.flag_bits & 0x800:
        return info.filename
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == UNICODE_PATH and size > 5:
            return extra[9 : 4 + size].decode("utf-8", "replace")
        extra = extra[4 + size :]
    raw = info.orig_filename.encode("cp437", "replace")
    return entries.in_code_page(raw, lang) or info.filename
