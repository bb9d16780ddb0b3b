"""What a reader on a slow line with a slow computer waits for: when a page is there, what moves.

The throttle is that of Lighthouse for phones: "slow 4G", and a fourth of this processor's speed.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

LINE = {"offline": False, "latency": 562.5, "downloadThroughput": 1_474_560 / 8,
        "uploadThroughput": 675_000 / 8}  # fmt: skip  # ms, bytes a second
SLOWER = 4
# until the largest part in sight is there: later is poor (web.dev/lcp), earlier no slow line
PAINT_S = (0.5, 4.0)
BLOCKED_S = 2.0  # while the page takes no input, in tasks longer than 50 ms
SHIFT = 0.1  # cumulative layout shift that counts as good (web.dev/cls)
MOST = 4  # pages, the heaviest
QUIET_MS = 1000
FOUND = """(quiet) => new Promise((done) => {
  const seen = { paint: 0, blocked: 0, shift: 0 };
  const watch = (type, add) => new PerformanceObserver((list) => list.getEntries().forEach(add))
    .observe({ type, buffered: true });
  watch("largest-contentful-paint", (one) => { seen.paint = one.startTime / 1000; });
  watch("longtask", (one) => { seen.blocked += Math.max(0, one.duration - 50) / 1000; });
  const whole = performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd;
  watch("layout-shift", (one) => { if (one.startTime > whole) seen.shift += one.value; });
  setTimeout(() => done(seen), quiet);
})"""
MIDDLE = """(() => {
  const places = [...document.querySelectorAll("main [id^='c-']")];
  return places[Math.floor(places.length / 2)]?.id ?? "";
})()"""


class Waited(NamedTuple):
    """What a reader of one page waits for, in seconds, and what moves meanwhile."""

    paint: float  # until its largest part is there
    blocked: float  # while it takes no input
    shift: float  # of the page from its top
    middle: float  # of the page from an anchor in its middle


def faults(chromium: Any, address: str, pages: Iterable[str]) -> Iterator[str]:
    """Yield what takes too long, or moves, on these pages; what was measured goes to stderr."""
    for page in pages:
        got = waited(chromium, address + page)
        if list(too_slow(got)):  # what is slow is slow again; what waited for other programs is not
            got = Waited(*map(min, got, waited(chromium, address + page)))
        print(f"/{page} slow: largest paint after {got.paint:.1f} s, blocked {got.blocked:.2f} s, "
              f"shift {got.shift:.2f} and {got.middle:.2f}", file=sys.stderr)  # fmt: skip
        yield from (f"/{page} slow: {what}" for what in too_slow(got))


def too_slow(got: Waited) -> Iterator[str]:
    """Yield what is beyond its bound."""
    if got.paint < PAINT_S[0]:
        yield f"largest paint: {got.paint:.2f} s, at least {PAINT_S[0]} s: the line is not slow"
    for name, value, most, unit in (
        ("largest paint", got.paint, PAINT_S[1], " s"),
        ("blocked", got.blocked, BLOCKED_S, " s"),
        ("shift", got.shift, SHIFT, ""),
        ("shift from the middle", got.middle, SHIFT, ""),
    ):
        if value > most:
            yield f"{name}: {value:.2f}{unit}, at most {most}{unit}"


def waited(chromium: Any, address: str) -> Waited:
    """Open a page slowly, from its top and from an anchor in its middle."""
    top, middle = _opened(chromium, address)
    below = _opened(chromium, f"{address}#{middle}")[0] if middle else {"shift": 0.0}
    return Waited(top["paint"], top["blocked"], top["shift"], below["shift"])


def _opened(chromium: Any, address: str) -> tuple[dict[str, float], str]:
    context = chromium.new_context(viewport={"width": 400, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="networkidle")
    found = page.evaluate(f"({FOUND})({QUIET_MS})"), page.evaluate(MIDDLE)
    context.close()
    return found
