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

from filelock import FileLock

from helpers.classroom import records
from helpers.files import write_whole
from helpers.language.say import COMPLETE, LANGUAGES

from ..checks import npm
from ..checks.processes import step
from ..command import ROOT
from . import figures, kept, lighter, target, words
from .pages import Page

SOURCES = ROOT / "tools" / "site"
NODE = (22, 12)  # what Astro 7 needs
TITLE = "Transformer Triad"
PROGRESS = {"course": records.COURSE, "format": records.FORMAT, "renamed": records.RENAMED}
SAID = ("search", "found", "none", "progress")  # how the names begin of texts that scripts say
NOWHERE = "https://example.invalid/"  # where no address is published


def node(project: Path) -> str:
    """Return a Node.js that is new enough: the system's, else the one among the packages."""
    own = project / "node_modules" / ".bin" / "node"
    for program in (shutil.which("node"), str(own) if own.exists() else None):
        if program and _version(program) >= NODE:
            return program
    raise npm.NoNode(f"Node.js {NODE[0]}.{NODE[1]} or newer is not there: install it (nodejs.org)")


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "--version"], capture_output=True, encoding="utf-8").stdout
    return tuple(int(part) for part in said.strip().lstrip("v").split(".") if part.isdigit())


def alone(project: Path) -> FileLock:
    """Return a lock: of two builds in one project, the second waits for the first one's end."""
    project.mkdir(parents=True, exist_ok=True)
    return FileLock(project / "lock")


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
    for name in ("src", "public", ".astro"):
        shutil.rmtree(project / name, ignore_errors=True)
    forget(project, address)
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
    _put(project / "progress.json", json.dumps(PROGRESS))
    for lang in COMPLETE:
        found = [{"page": page.name} | asdict(one) for page in pages if page.lang == lang
                 for one in page.found]  # fmt: skip
        _put(project / "public" / f"search-{lang}.json", json.dumps(found, ensure_ascii=False))


def forget(project: Path, address: str) -> None:
    """Remove the pages that Astro keeps, unless they were set as they would be now.

    It keeps each whose source is unchanged, whatever its configuration says.
    """
    rendered = project / "node_modules" / ".astro"
    now = kept.digest([*kept.below(SOURCES), json.dumps(settings(address)).encode()])
    said = rendered / "configuration"
    if not said.is_file() or said.read_text(encoding="ascii") != now:
        shutil.rmtree(rendered, ignore_errors=True)
        write_whole(said, now)


def settings(address: str) -> dict[str, Any]:
    """Return what astro.config.mjs reads."""
    parts = urlsplit(address or NOWHERE)
    locales = {lang: {"label": words.text("language", lang), "lang": LANGUAGES[lang]}
               for lang in COMPLETE}  # fmt: skip
    site, base = f"{parts.scheme}://{parts.netloc}", f"{parts.path.rstrip('/')}/"
    said = {LANGUAGES[lang]: _frame_words(lang) for lang in COMPLETE}
    return {"site": site, "base": base, "title": TITLE, "locales": locales, "words": said}


def _frame_words(lang: str) -> dict[str, str]:
    """Return the words of the frame that are ours, by Starlight's keys."""
    return {
        "heading.anchorLabel": words.text("frame_section", lang),
        "page.previousLink": words.text("frame_previous", lang),
        "page.nextLink": words.text("frame_next", lang),
    }


def _words() -> dict[str, dict[str, str]]:
    names = [name for name in words.catalogue() if name.startswith(SAID)]
    return {lang: {name: words.text(name, lang) for name in names} for lang in COMPLETE}


def _put(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def build(project: Path, out: Path) -> None:
    """Have Astro write the site; once all is built, put it into its place.

    CommandFailed with Astro's last lines; target.NotAPlace.
    """
    program = project / "node_modules" / "astro" / "bin" / "astro.mjs"
    made = (project / "dist").resolve()
    step("astro build", [node(project), program, "build", "--outDir", made], project)
    lighter.pages(made)
    target.put(made, out)
