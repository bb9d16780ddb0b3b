"""What a page's worker loads: Pyodide's files and one archive with the course's own Python."""

import gzip
import importlib.util
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ...command import ROOT

FOLDER = "live"
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip",
           "pyodide-lock.json")  # fmt: skip
SUFFIXES = {".py", ".toml", ".js", ".css"}
DATA = ("kv_cache/resolved.json", "results/variants.json", "data/course.json")
PACKAGES = ("filelock", "markupsafe", "platformdirs", "traitlets")  # pure Python, of helpers
KERNEL = "page_kernel.py"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever it is built


def files(project: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (path below the site's root, content); project: where npm put pyodide."""
    for name in PYODIDE:
        content = (project / "node_modules" / "pyodide" / name).read_bytes()
        yield f"{FOLDER}/pyodide/{name}", content
    yield f"{FOLDER}/helpers.zip", archive()


def megabytes(found: Iterable[bytes]) -> float:
    """Return the MB (10⁶ bytes) that a reader's browser loads, as a web server packs them."""
    return sum(len(gzip.compress(content, 6, mtime=0)) for content in found) / 1e6


def counted(found: Mapping[str, bytes]) -> int:
    """Return the bytes that a page counts while they arrive: unpacked, without what is imported."""
    return sum(len(content) for path, content in found.items() if not path.endswith(".mjs"))


def archive() -> bytes:
    """Return the archive: the kernel of a page, helpers, and the packages they import."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, path in contents():
            packed.writestr(
                zipfile.ZipInfo(name, EPOCH), path.read_bytes(), zipfile.ZIP_DEFLATED, 9
            )
    return written.getvalue()


def contents() -> list[tuple[str, Path]]:
    """Return (name in the archive, file) of all that it holds."""
    return sorted(_contents())


def _contents() -> Iterator[tuple[str, Path]]:
    helpers = ROOT / "src" / "helpers"
    yield KERNEL, Path(__file__).with_name(KERNEL)
    for path in helpers.rglob("*"):
        if path.suffix in SUFFIXES and "__pycache__" not in path.parts:
            yield f"helpers/{path.relative_to(helpers).as_posix()}", path
    yield from ((f"helpers/{name}", helpers / name) for name in DATA)
    for package in PACKAGES:
        folder = _folder(package)
        for path in folder.rglob("*.py"):
            if "tests" not in path.parts:
                yield f"{package}/{path.relative_to(folder).as_posix()}", path


def _folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    assert found and found.submodule_search_locations
    return Path(found.submodule_search_locations[0])
