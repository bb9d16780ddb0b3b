"""How long a step of the triad page takes, and what another format of its weights would cost.

    PYTHONPATH=src python benchmarks/triad_page.py        needs Chromium; prints Markdown tables

A step: from the reader's choice to the drawn result, all six parts of the page being open, and open
again where the choice is a new question.  By the clock, and by the processor that the page's thread
used, which other programs hardly change.
"""

import functools
import http.server
import statistics
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright

from course_tools.checks.lab_driver import browser
from course_tools.site.triad import page, weights
from helpers.world import corpus, tokenizer

ROUNDS = 20
AWAKE = "document.documentElement.dataset.triad"
CLOSED = ".guess-first .doors:not([hidden]) button:not(.main)"  # without a guess
OPEN = "(doors) => document.querySelectorAll(doors).forEach((one) => one.click())"
CHOOSE = """async ([CLOSED, step, n]) => {
  const control = document.querySelectorAll(`[data-step=${step}] select`)[n];
  control.selectedIndex = (control.selectedIndex + 1) % control.options.length;
  const began = performance.now();
  control.dispatchEvent(new Event("change"));
  await new Promise((done) => setTimeout(done));  // behind all that was begun
  for (const door of document.querySelectorAll(CLOSED)) door.click();  // a question that is new
  document.body.getBoundingClientRect();  // lays out what was drawn
  return performance.now() - began;
}"""
STEPS = {"another sentence, all parts": ("sentence", 0), "another blank": ("blank", 0),
         "another word": ("change", 1), "another head": ("attention", 1),
         "another token in the block": ("block", 2)}  # fmt: skip


class Silent(http.server.SimpleHTTPRequestHandler):
    """Says nothing of what it serves."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Print both tables."""
    print("| step | median ms | slowest of", ROUNDS, "| median of processor, ms | most |")
    print("|---|---|---|---|---|")
    for name, both in in_browser().items():
        told = [
            f"{f(one):.0f}" for one in zip(*both, strict=True) for f in (statistics.median, max)
        ]
        print(f"| {name} | {' | '.join(told)} |")
    print("\n| numbers of | bytes | largest difference of a logit |\n|---|---|---|")
    for name, (size, gap) in formats().items():
        print(f"| {name} | {size:,} | {gap:.2g} |")


def in_browser() -> dict[str, list[tuple[float, float]]]:
    """Return {step: milliseconds by clock and by processor}, on the page without its frame."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in page.files().items():
            Path(folder, name).write_bytes(content)
        places = "".join(page._place(step, "ja") for step in page.STEPS)
        bare = f'<!doctype html><body>{places}<div class="triad-still"></div>'
        Path(folder, "index.html").write_text(
            f'{bare}<script type="module" src="page.js"></script>', encoding="utf-8"
        )
        return _measured(folder)


def _measured(folder: str) -> dict[str, list[tuple[float, float]]]:
    handler = functools.partial(Silent, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright, browser(playwright) as chromium:
            tab = chromium.new_page()
            tab.goto(f"http://127.0.0.1:{server.server_port}/index.html")
            tab.wait_for_function(AWAKE)
            tab.evaluate(OPEN, CLOSED)
            clock = processor(tab)
            found = {name: [_step(tab, where, clock) for _ in range(ROUNDS)]
                     for name, where in STEPS.items()}  # fmt: skip
        server.shutdown()
    return found


def processor(tab: Page) -> Callable[[], float]:
    """Return what reads the seconds that the page's thread has computed."""
    chromium = tab.context.new_cdp_session(tab)
    chromium.send("Performance.enable", {"timeDomain": "threadTicks"})

    def seconds() -> float:
        told = chromium.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in told if one["name"] == "TaskDuration")

    return seconds


def _step(tab: Page, where: tuple[str, int], clock: Callable[[], float]) -> tuple[float, float]:
    before = clock()
    took = tab.evaluate(CHOOSE, [CLOSED, *where])
    return took, (clock() - before) * 1000


@torch.no_grad()
def formats() -> dict[str, tuple[int, float]]:
    """Return {format: (bytes of the decoder's weights, its largest error on 100 sentences)}."""
    module = weights.MODELS["decoder"]
    texts = [tokenizer.tagged(corpus.sentence(e, "ja").text, "ja") for e in corpus.drawn(100, 3)]
    ids = module.TOKENIZER(texts, padding=True, return_tensors="pt").input_ids
    exact, found = module.load()(ids).logits, {}
    for bits in (32, 16, 8):
        model, size = module.load(), 0
        for tensor in model.parameters():
            size += tensor.numel() * bits // 8 + (4 * len(tensor) if bits == 8 else 0)
            tensor.copy_(_stored(tensor, bits))
        found[f"{bits} bits"] = size, (model(ids).logits - exact).abs().max().item()
    return found


def _stored(tensor: torch.Tensor, bits: int) -> torch.Tensor:
    """Round to what a format keeps; 8 bits with one scale a row."""
    if bits != 8:
        return tensor.half().float() if bits == 16 else tensor
    scale = tensor.abs().amax(-1, keepdim=True).clamp(min=1e-12) / 127
    return (tensor / scale).round() * scale


if __name__ == "__main__":
    main()
