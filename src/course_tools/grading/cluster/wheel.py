"""The course as a wheel: helpers and course_tools of this edition, no lessons and no answers."""

import base64
import hashlib
import io
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("helpers", "course_tools")


def wheel(src: Path, project: Path) -> bytes:
    """Return a wheel of the packages in SRC, with the name and version in PROJECT's table."""
    about = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    name = f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    made = {file.relative_to(src).as_posix(): file.read_bytes() for file in files(src)}
    made[f"{name}/METADATA"] = _metadata(about).encode()
    made[f"{name}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    made[f"{name}/RECORD"] = "".join([*map(_line, made.items()), f"{name}/RECORD,,\n"]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in made.items():
            archive.writestr(path, data)
    return packed.getvalue()


def files(src: Path) -> Iterator[Path]:
    """Yield the files of both packages, without what Python has compiled."""
    for package in PACKAGES:
        for path in sorted((src / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _metadata(about: dict) -> str:
    needs = "".join(f"Requires-Dist: {line}\n" for line in about["dependencies"])
    return f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n{needs}"


def _line(entry: tuple[str, bytes]) -> str:
    """Return a file's line in RECORD."""
    path, data = entry
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(data)}\n"
