"""Files that are written whole or not at all."""

import contextlib
import os
import secrets
import shutil
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that whoever reads it finds the old content or the new, never a part.

    Text is written in UTF-8 as it is, without another ending of lines.  Missing folders are made,
    an existing file's permissions are kept.  OSError or UnicodeError leaves the old file as it was.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    # in the same folder, because a rename across file systems is a copy; no two writers share it
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # the name must not reach the disk before the content
        if path.exists():
            with contextlib.suppress(PermissionError):  # a file system that knows no permissions
                shutil.copymode(path, part)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
