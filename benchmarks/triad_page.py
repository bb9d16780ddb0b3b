"""How long a step of the triad page takes, and what another format of its weights would cost.

    PYTHONPATH=src python benchmarks/triad_page.py        needs Chromium; prints Markdown tables

A step: from the reader's choice to the drawn result, all six parts of the page being open.
"""

import functools
import http.server
import statistics
import tempfile
import threading
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from course_tools.checks.lab_driver import browser
from course_tools.site.triad import page, weights
from helpers.world import corpus, tokenizer

ROUNDS = 20
AWAKE = "document.documentElement.dataset.triad"
CHOOSE = """async ([step, n, rounds]) => {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const control = document.querySelectorAll(`[data-step=${step}] select`)[n];
    control.selectedIndex = (control.selectedIndex + 1) % control.options.length;
    const began = performance.now();
    control.dispatchEvent(new Event("change"));
    await new Promise((done) => setTimeout(done));  // behind all that was begun
    document.body.getBoundingClientRect();  // lays out what was drawn
    times.push(performance.now() - began);
  }
  return times;
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
    print("| step | median ms | slowest of", ROUNDS, "|\n|---|---|---|")
    for name, times in in_browser().items():
        print(f"| {name} | {statistics.median(times):.0f} | {max(times):.0f} |")
    print("\n| numbers of | bytes | largest difference of a logit |\n|---|---|---|")
    for name, (size, gap) in formats().items():
        print(f"| {name} | {size:,} | {gap:.2g} |")


def in_browser() -> dict[str, list[float]]:
    """Return {step: milliseconds}, on the bare page without the site's frame."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in page.files().items():
            Path(folder, name).write_bytes(content)
        places = "".join(page._place(step, "ja") for step in page.STEPS)
        bare = f'<!doctype html><body>{places}<div class="triad-still"></div>'
        Path(folder, "index.html").write_text(
            f'{bare}<script type="module" src="page.js"></script>', encoding="utf-8"
        )
        return _measured(folder)


def _measured(folder: str) -> dict[str, list[float]]:
    handler = functools.partial(Silent, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright, browser(playwright) as chromium:
            tab = chromium.new_page()
            tab.goto(f"http://127.0.0.1:{server.server_port}/index.html")
            tab.wait_for_function(AWAKE)
            for door in tab.locator(".guess-first .doors button:not(.main)").all():
                if door.is_visible():
                    door.click()
            found = {name: tab.evaluate(CHOOSE, [*where, ROUNDS]) for name, where in STEPS.items()}
        server.shutdown()
    return found


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
