"""What a reader of the built site would stumble over: python -m course_tools.site.audit OUT

Every page is opened in Chromium, light, dark and as on a phone, and once without scripts: axe,
sideways scroll, other hosts, what is missing, what moves while it loads, what it weighs.  The
heaviest are opened slowly, too (slow.py).
"""

import gzip
import statistics
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from helpers.language.say import COMPLETE

from .. import command
from ..checks import testing
from ..checks.lab_driver import browser
from . import apart, links, slow
from .served import LEVEL, SQUEEZED, served

AXE = "node_modules/axe-core/axe.min.js"
VIEWS = {"light": (1280, "light"), "dark": (1280, "dark"), "phone": (400, "light")}
KB = 1000
HTML_KB, PAGE_KB, MEDIAN_KB, SITE_MB = 75, 600, 300, 20  # as they travel
LARGER_KB = {"triad/": 2000}  # three models come with it
OPEN = """document.querySelectorAll("details").forEach((one) => { one.open = true });
for (const one of document.images) if (one.checkVisibility()) one.loading = "eager";"""
WIDER = "document.documentElement.scrollWidth - innerWidth"
# since the page was there as a whole: what it shows while it arrives depends on the line's speed
MOVED = """new Promise((done) => {
  const whole = performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd;
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) sum += one.startTime > whole ? one.value : 0;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 100);
})"""
BROKEN = """[...document.images].filter((one) => one.complete && !one.naturalWidth)
  .map((one) => one.getAttribute("src"))"""
# what is to be read, without what a script may replace by something alive
TEXT = """(() => {
  const main = document.querySelector("main")?.cloneNode(true);
  main?.querySelectorAll("*").forEach((one) => {
    if (/^(SCRIPT|STYLE|BUTTON)$|-/.test(one.tagName) || one.dataset.step) one.remove();
  });
  return (main?.textContent ?? "").replace(/\\s+/g, "");
})()"""


@dataclass
class Seen:
    """What was seen of one page in one view."""

    faults: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)  # paths on this host
    text: str = ""


def main(argv: list[str]) -> int:
    """Audit a folder; 1 where something is wrong."""
    made = command.parser("python -m course_tools.site.audit", __doc__)
    made.add_argument("out", type=Path, help="what start.py site wrote")
    made.add_argument("--base", default="/", help="the path of the site's address")
    made.add_argument("--only", default="", metavar="TEXT", help="pages whose path holds this")
    wanted = made.parse_args(argv)
    expected = [] if wanted.only else every_lesson(wanted.root)
    return 1 if told(wanted.out, wanted.base, expected, wanted.only) else 0


def every_lesson(root: Path) -> list[str]:
    """Return the path of each lesson in each language."""
    names = sorted(file.parent.name for file in (root / "lessons").glob("*/lesson.py"))
    return [f"{lang}/{name}/" for lang in COMPLETE for name in names]


def told(out: Path, base: str, expected: Iterable[str], only: str = "") -> list[str]:
    """Print every fault of the site, and return them; expected: pages that must be there."""
    testing.install_node()  # axe-core
    found = []
    for fault in faults(out, base, expected, only):
        found.append(fault)
        print(fault, flush=True)
    print(f"{len(found)} faults")
    return found


def faults(
    out: Path, base: str = "/", expected: Iterable[str] = (), only: str = ""
) -> Iterator[str]:
    """Yield every fault of the site: "PATH VIEW: RULE: what"."""
    for page in expected:
        if not (out / page / "index.html").is_file():
            yield f"{base}{page}: page: is not there"
    yield from links.faults(out, base)
    yield from apart.faults(out, command.ROOT / "lessons", base)
    size = weight(out, (f.relative_to(out).as_posix() for f in out.rglob("*") if f.is_file()))
    if size > SITE_MB * KB**2:
        yield f"{base}: site: {size / KB**2:.1f} MB, at most {SITE_MB}"
    pages = [file.relative_to(out).as_posix().removesuffix("index.html")
             for file in sorted(out.rglob("*.html")) if only in file.as_posix()]  # fmt: skip
    with chromium() as opened, served(out, base) as address:
        weights = dict[str, int]()
        yield from looked(opened, out, address, pages, weights=weights)
        heaviest = sorted(weights, key=weights.__getitem__)[-slow.MOST :]
        yield from slow.faults(opened, address, heaviest)


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the system's browser."""
    from playwright.sync_api import sync_playwright  # of the extra "test"

    with sync_playwright() as playwright, browser(playwright) as started:
        yield started


def looked(
    chromium: Any,
    out: Path,
    address: str,
    pages: Iterable[str],
    views: Iterable[str] = VIEWS,
    weights: dict[str, int] | None = None,
) -> Iterator[str]:
    """Yield the faults of pages that are served at the address, each in these views.

    weights: gets what each page weighs
    """
    weights, base = {} if weights is None else weights, urlsplit(address).path
    for page in pages:
        found = {name: look(chromium, address + page, *VIEWS[name]) for name in views}
        bare = without_scripts(chromium, address + page)
        if any(bare.text != seen.text for seen in found.values()):
            bare.faults.append("text: differs from the text with scripts")
        for name, seen in {**found, "without scripts": bare}.items():
            yield from (f"/{page} {name}: {fault}" for fault in seen.faults)
        asked = [{path.removeprefix(base) for path in seen.asked} for seen in found.values()]
        weights[page] = max(weight(out, paths) for paths in asked)
        yield from _too_heavy(out, page, weights[page])
    yield from _all_too_heavy(weights)


def _too_heavy(out: Path, page: str, whole: int) -> Iterator[str]:
    file = page if page.endswith(".html") else f"{page}index.html"
    html = weight(out, {file})
    print(f"/{page}: {whole / KB:.0f} kB, its HTML {html / KB:.0f} kB", file=sys.stderr)
    page_kb = next((kb for end, kb in LARGER_KB.items() if page.endswith(end)), PAGE_KB)
    for name, size, most in (("HTML", html, HTML_KB), ("page", whole, page_kb)):
        if size > most * KB:
            yield f"/{page}: {name}: {size / KB:.0f} kB, at most {most}"


def _all_too_heavy(weights: dict[str, int]) -> Iterator[str]:
    median = statistics.median(weights.values()) if weights else 0
    print(f"median of {len(weights)} pages: {median / KB:.0f} kB", file=sys.stderr)
    if median > MEDIAN_KB * KB:
        yield f"/: median: {median / KB:.0f} kB, at most {MEDIAN_KB}"


def weight(out: Path, files: Iterable[str]) -> int:
    """Add up the bytes of files as a host sends them: texts squeezed, pictures as they are."""
    return sum(_sent(out / file) for file in files)


def _sent(file: Path) -> int:
    file = file / "index.html" if file.is_dir() else file
    content = file.read_bytes() if file.is_file() else b""
    return len(gzip.compress(content, LEVEL)) if file.suffix in SQUEEZED else len(content)


def look(chromium: Any, address: str, width: int, scheme: str) -> Seen:
    """Open a page in one view, unfold and load all of it, and ask axe."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page, seen = context.new_page(), Seen()
    listen(page, address, seen)
    page.goto(address, wait_until="load")
    seen.text, moved = page.evaluate(TEXT), page.evaluate(MOVED)
    if moved > slow.SHIFT:  # a browser's very first page may be drawn late: what moves, moves again
        page.reload(wait_until="load")
        moved = min(moved, page.evaluate(MOVED))
    page.evaluate(OPEN)
    page.wait_for_load_state("networkidle")
    seen.faults += _measured(page, moved) + _axe(page)
    context.close()
    return seen


def listen(page: Any, address: str, seen: Seen) -> None:
    """Note what the page asks for, what it does not get, and errors of its scripts."""
    host = urlsplit(address).netloc
    origin = f"http://{host}"

    def asked(request: Any) -> None:
        whole = urlsplit(request.url)
        if whole.netloc == host:
            seen.asked.add(unquote(whole.path))
        elif whole.scheme not in ("data", "blob"):
            seen.faults.append(f"other host: {request.url}")

    def answered(response: Any) -> None:
        if response.status >= 400:
            seen.faults.append(f"missing: {response.status} {response.url.removeprefix(origin)}")

    page.on("request", asked)
    page.on("response", answered)
    page.on("pageerror", lambda error: seen.faults.append(f"script: {error}"))


def _measured(page: Any, moved: float) -> list[str]:
    found = [f"picture: {src} is broken" for src in page.evaluate(BROKEN)]
    if (wider := page.evaluate(WIDER)) > 0:
        found.append(f"sideways: {wider} pixels wider than the window")
    if moved > slow.SHIFT:
        found.append(f"shift: {moved:.2f}, at most {slow.SHIFT}")
    return found


def _axe(page: Any) -> list[str]:
    page.evaluate((testing.NODE / AXE).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [f"axe: {one['id']}: {len(one['nodes'])} × {one['nodes'][0]['html'][:120]}"
            for one in found]  # fmt: skip


def without_scripts(chromium: Any, address: str) -> Seen:
    """Open a page as a browser without scripts shows it."""
    context = chromium.new_context(java_script_enabled=False)
    page, seen = context.new_page(), Seen()
    listen(page, address, seen)
    page.goto(address, wait_until="load")
    seen.text = page.evaluate(TEXT)
    if page.locator(".katex-error").count():
        seen.faults.append("formula: one is not set")
    context.close()
    return seen


if __name__ == "__main__":
    command.run(main)
