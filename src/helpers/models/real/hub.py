"""Fetch a model's files from the hub, with the standard library alone.

What is asked: api/models/OWNER/NAME/revision/REVISION?blobs=true (sizes, hashes, licence), then
OWNER/NAME/resolve/COMMIT/FILE.  No token is sent, no log-in is asked for, nothing is reported.
A file that arrives in part stays as FILE.part; the next call asks for the rest.  What was fetched
whole is used from then on without a request.  $HF_ENDPOINT is another hub.
"""

import contextlib
import errno
import http.client
import json
import os
import re
import shutil
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path

from ...classroom import progress
from ...display import show
from ...display.markup import Html
from ...display.progress_bar import Meter
from ...files import write_whole
from ...language import say
from .entries import MB
from .listing import HubFile, Listing, read
from .refusals import Unavailable, refuse

HUB = "https://huggingface.co"
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
PATIENCE_S = 20.0  # for an answer, and between two pieces of a file
CHUNK = 1 << 18
TRIES = 3  # without a new byte
GATED, NO_REVISION = "GatedRepo", "RevisionNotFound"  # the hub's words, in X-Error-Code
AWAY = (
    urllib.error.URLError,
    http.client.HTTPException,
    TimeoutError,
    ConnectionError,
    ssl.SSLError,
)
AT_MOST_MB = 2_000.0


def endpoint() -> str:
    """Return the hub's address."""
    return os.environ.get("HF_ENDPOINT", HUB).rstrip("/")


def folder(repository: str) -> Path:
    """Return where a repository's files are kept, below the student's own folder."""
    return progress.data_dir() / "real" / repository.replace("/", "--")


def kept(repository: str, revision: str, role: str) -> Path | None:
    """Return the folder of a commit whose files for a role are all here; None else."""
    listing = _listing_here(repository, revision)
    if listing is None or _missing(repository, listing, role):
        return None
    return folder(repository) / listing.commit


def fetched(repository: str, revision: str, role: str, at_most_mb: float = AT_MOST_MB) -> Path:
    """Return the folder with a role's files, fetched where they are not here yet.

    Size and licence are shown before.  Unavailable says why it cannot be; what arrived is kept.
    """
    if found := kept(repository, revision, role):
        return found
    listing = _listing_here(repository, revision) or _ask(repository, revision)
    missing = _missing(repository, listing, role)
    _refuse_what_does_not_fit(repository, missing, at_most_mb)
    _announce(repository, listing, missing)
    try:
        _get_all(repository, listing, missing)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise
        raise _no_space(missing) from error
    return folder(repository) / listing.commit


# --- what there is ----------------------------------------------------------------------


def _ask(repository: str, revision: str) -> Listing:
    """Ask the hub what a repository holds, and keep its answer."""
    if not REPOSITORY.fullmatch(repository):
        raise refuse("no_repository", name=repository)
    path = f"/api/models/{repository}/revision/{urllib.parse.quote(revision, safe='')}?blobs=true"
    try:
        with _open(path) as answer:
            text = answer.read()
        fields = json.loads(text)
        listing = read(fields)
    except AWAY as error:
        raise _why(repository, error, revision=revision) from error
    except (ValueError, KeyError, TypeError) as error:  # a page to log in to the network, perhaps
        raise refuse("not_the_hub", hub=endpoint(), got=_first(text)) from error
    if listing.is_gated:
        raise refuse("gated", name=repository, page=f"{endpoint()}/{repository}")
    write_whole(_listing_path(repository, revision), json.dumps(fields))
    return listing


def _listing_path(repository: str, revision: str) -> Path:
    return folder(repository) / f"{urllib.parse.quote(revision, safe='')}.json"


def _listing_here(repository: str, revision: str) -> Listing | None:
    """Return what the hub said before; None where it was not asked, or the file is damaged."""
    try:
        return read(json.loads(_listing_path(repository, revision).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _missing(repository: str, listing: Listing, role: str) -> list[HubFile]:
    """Return the files that are not here whole: one gets its name when size and hash are right."""
    place = folder(repository) / listing.commit
    return [file for file in listing.of(role) if not _is_whole(place / file.name, file.bytes)]


def _is_whole(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _first(text: bytes) -> str:
    return " ".join(text[:60].decode("utf-8", "replace").split())


def _refuse_what_does_not_fit(repository: str, files: Iterable[HubFile], at_most_mb: float) -> None:
    """Raise Unavailable for more than the limit, or more than is free on the disk."""
    size = sum(file.bytes for file in files)
    if size > at_most_mb * MB:
        raise refuse("too_large", name=repository, got=_mb(size), most=_mb(at_most_mb * MB))
    if size > _free():
        raise _no_space(files)


def _free() -> int:
    place = progress.data_dir()
    there = next(path for path in (place, *place.parents) if path.exists())
    return shutil.disk_usage(there).free


def _no_space(files: Iterable[HubFile]) -> Unavailable:
    want = _mb(sum(file.bytes for file in files))
    return refuse("no_space", want=want, free=_mb(_free()), place=progress.data_dir())


def _mb(size: float) -> str:
    """Write a number of bytes in MB: 1,234 or 46 or 0.021."""
    return f"{size / MB:,.0f}" if size >= 10 * MB else f"{size / MB:.2g}"


def _announce(repository: str, listing: Listing, files: list[HubFile]) -> None:
    """Say size and licence before anything is fetched."""
    licence = listing.licence or say.text("real", "no_licence")
    mb = _mb(sum(file.bytes for file in files))
    values = {"name": repository, "mb": mb, "licence": licence, "hub": endpoint()}
    text = say.text("real", "fetching", **values)
    show.fragment(Html("<p>{}</p>").format(text), text)


# --- files ------------------------------------------------------------------------------


def _get_all(repository: str, listing: Listing, files: list[HubFile]) -> None:
    total = sum(file.bytes for file in files)
    before = 0
    with Meter(max(1, total // MB)) as meter:
        for file in sorted(files, key=lambda file: file.bytes):
            _get(repository, listing, file, meter, before)
            before += file.bytes


def _get(repository: str, listing: Listing, file: HubFile, meter: Meter, before: int) -> None:
    """Fetch one file; what is here of it already is not asked for again."""
    path = folder(repository) / listing.commit / file.name
    part = path.with_name(f"{file.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.touch()
    tries, had, error = TRIES, -1, Exception()
    while (size := part.stat().st_size) < file.bytes:
        tries, had = TRIES if size > had else tries - 1, max(size, had)
        if not tries:
            raise _why(repository, error, part) from error
        try:
            _append(repository, listing, file, part, lambda n: meter.show((before + n) // MB))
        except urllib.error.HTTPError as answer:
            raise _why(repository, answer) from answer
        except AWAY as lost:
            error = lost
    if (got := file.hash_of(part)) != file.hash:
        part.unlink()
        raise refuse("damaged", file=file.name, got=got[:12], want=file.hash[:12])
    os.replace(part, path)


def _append(
    repository: str, listing: Listing, file: HubFile, part: Path, tell: Callable[[int], object]
) -> None:
    """Ask for what is missing of a file, and write it behind what is here."""
    size = part.stat().st_size if part.exists() else 0
    path = f"/{repository}/resolve/{listing.commit}/{urllib.parse.quote(file.name)}"
    with _open(path, size) as answer:
        if answer.status != 206:  # everything from the start, asked for or not
            part.write_bytes(b"")
        with part.open("ab") as out:
            # read1: what is there; read would wait for more, and lose it when nothing comes
            while chunk := answer.read1(CHUNK):
                out.write(chunk)
                tell(out.tell())
                if out.tell() > file.bytes:
                    break


def _open(path: str, start: int = 0) -> http.client.HTTPResponse:
    headers = {"User-Agent": "transformer-triad", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(endpoint() + path, headers=headers)
    return urllib.request.urlopen(request, timeout=PATIENCE_S, context=_certificates())


def _certificates() -> ssl.SSLContext:
    """Return the system's certificates, and certifi's: Python for macOS comes without any."""
    context = ssl.create_default_context()
    with contextlib.suppress(ImportError):
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _why(
    repository: str, error: Exception, part: Path | None = None, revision: str = ""
) -> Unavailable:
    """Return the sentence for what went wrong on the way."""
    if isinstance(error, urllib.error.HTTPError):
        return _what_the_hub_said(repository, error, revision)
    if part is not None and part.exists() and part.stat().st_size:
        return refuse("broken_off", file=part.stem, got=_mb(part.stat().st_size))
    return refuse("no_network", hub=endpoint(), why=_line(error))


def _what_the_hub_said(
    repository: str, error: urllib.error.HTTPError, revision: str
) -> Unavailable:
    code = error.headers.get("X-Error-Code", "")
    if code == NO_REVISION:
        return refuse("no_revision", name=repository, hub=endpoint(), revision=revision[:12])
    if code == GATED:
        return refuse("gated", name=repository, page=f"{endpoint()}/{repository}")
    if error.code in (401, 403, 404):  # without a token the hub says 401 of what is not there
        return refuse("not_found", name=repository, hub=endpoint())
    return refuse("hub_failed", hub=endpoint(), code=error.code)


def _line(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return f"{type(reason).__name__}: {' '.join(str(reason).split())[:100]}"
