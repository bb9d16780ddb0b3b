"""The site's frame, Astro Starlight: its packages, its sources, its run.

Sources stand in tools/site; packages and what is generated, in .venv/site.
"""

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from helpers.language.say import COMPLETE, LANGUAGES

from ..checks.processes import step
from ..command import ROOT
from . import figures, words
from .pages import Page

SOURCES = ROOT / "tools" / "site"
NODE = (22, 12)  # what Astro 7 needs
TITLE = "Transformer Triad"
NOWHERE = "https://example.invalid/"  # where no address is published


class NoNode(Exception):
    """Node.js or npm is missing, or too old."""


def install(project: Path) -> None:
    """Install the packages that the lock names, once.  NoNode without npm; CommandFailed."""
    lock, stamp = (SOURCES / "package-lock.json").read_bytes(), project / "installed"
    if stamp.is_file() and stamp.read_bytes() == lock:
        return
    npm = shutil.which("npm")
    if not npm:
        raise NoNode("npm is not there: it comes with Node.js (nodejs.org)")
    project.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(SOURCES / name, project / name)
    # not `npm ci`, which refuses a lock without an optional package of another system
    words = [npm, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
    step("npm install: Astro Starlight, KaTeX", [*words, "--prefix", project])
    stamp.write_bytes(lock)


def node(project: Path) -> str:
    """Return a Node.js that is new enough: the system's, else the one among the packages."""
    own = project / "node_modules" / ".bin" / "node"
    for program in (shutil.which("node"), str(own) if own.exists() else None):
        if program and _version(program) >= NODE:
            return program
    raise NoNode(f"Node.js {NODE[0]}.{NODE[1]} or newer is not there: install it (nodejs.org)")


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "--version"], capture_output=True, encoding="utf-8").stdout
    return tuple(int(part) for part in said.strip().lstrip("v").split(".") if part.isdigit())


def write(
    project: Path,
    pages: Iterable[Page],
    extra: Mapping[str, str],
    address: str,
    public: Iterable[tuple[str, bytes]] = (),
) -> None:
    """Write what is built: sources, pages, figures, search.

    extra: {file: content} of docs   public: (path below the site's root, content)
    """
    # Astro would keep a page whose source is unchanged, whatever its configuration says now
    for name in ("src", "public", ".astro", "node_modules/.astro"):
        shutil.rmtree(project / name, ignore_errors=True)
    shutil.copytree(SOURCES, project, dirs_exist_ok=True)
    docs = project / "src" / "content" / "docs"
    pages = list(pages)
    for order, page in enumerate(pages):
        _put(docs / page.lang / f"{page.name}.md", page.markdown(order))
        for name, content in page.pictures.items():
            _put(project / "public" / figures.FOLDER / name, content)
    for file, text in extra.items():
        _put(docs / file, text)
    for file, content in public:
        _put(project / "public" / file, content)
    _put(project / "site.json", json.dumps(settings(address), ensure_ascii=False))
    _put(project / "words.json", json.dumps(_words(), ensure_ascii=False))
    for lang in COMPLETE:
        found = [{"page": page.name} | asdict(one) for page in pages if page.lang == lang
                 for one in page.found]  # fmt: skip
        _put(project / "public" / f"search-{lang}.json", json.dumps(found, ensure_ascii=False))


def settings(address: str) -> dict[str, Any]:
    """Return what astro.config.mjs reads."""
    parts = urlsplit(address or NOWHERE)
    locales = {lang: {"label": words.text("language", lang), "lang": LANGUAGES[lang]}
               for lang in COMPLETE}  # fmt: skip
    site = f"{parts.scheme}://{parts.netloc}"
    return {"site": site, "base": parts.path or "/", "title": TITLE, "locales": locales}


def _words() -> dict[str, dict[str, str]]:
    names = ("search", "found", "none")
    return {lang: {name: words.text(name, lang) for name in names} for lang in COMPLETE}


def _put(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def build(project: Path, out: Path) -> None:
    """Have Astro write the site.  CommandFailed with its last lines."""
    program = project / "node_modules" / "astro" / "bin" / "astro.mjs"
    step("astro build", [node(project), program, "build", "--outDir", out.resolve()], project)
