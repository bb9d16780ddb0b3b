"""Files that an installed package ships; the package itself is never run."""

import hashlib
from importlib import metadata
from pathlib import Path

from .entries import Entry
from .refusals import refuse

CHECKED: dict[Path, str] = {}  # files whose hash was computed in this process


def path(entry: Entry) -> Path | None:
    """Return where an installed package has the weights; None where it is not installed."""
    try:
        found = metadata.distribution(entry.package).locate_file(entry.file)
    except metadata.PackageNotFoundError:
        return None
    return Path(str(found))


def checked(entry: Entry) -> Path:
    """Return the file of the weights, whole and as entries.toml describes it; else Unavailable."""
    found = path(entry)
    if found is None:
        raise refuse("no_package", name=entry.name, package=entry.package, mb=f"{entry.mb:.0f}")
    size = found.stat().st_size if found.is_file() else 0
    if size != entry.bytes:
        raise refuse(
            "wrong_size", file=found.name, got=f"{size:,}", want=f"{entry.bytes:,}",
            package=entry.package, version=entry.version,
        )  # fmt: skip
    if (got := sha256(found)) != entry.sha256:
        raise refuse(
            "wrong_hash", file=found.name, got=got[:12], want=entry.sha256[:12],
            package=entry.package, version=entry.version,
        )  # fmt: skip
    return found


def sha256(file: Path) -> str:
    """Return the hash of a file in hexadecimal; it is computed once in a process."""
    if file not in CHECKED:
        with file.open("rb") as opened:
            CHECKED[file] = hashlib.file_digest(opened, "sha256").hexdigest()
    return CHECKED[file]
