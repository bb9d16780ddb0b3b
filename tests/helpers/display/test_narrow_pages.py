"""On a page of 400 pixels, each text of a drawing is at least 9 pixels high, or left out there."""

import re

import pytest

from helpers import kv_cache
from helpers.bottleneck import two_bars
from helpers.display import block_diagrams, head_diagrams, svg
from helpers.kv_cache import diagram
from helpers.language import say

PAGE = 400 - 32  # pixels of a drawing on a page of 400


@pytest.fixture(params=say.COMPLETE, autouse=True)
def lang(request):
    before = say.language()
    say.use(request.param)
    yield
    say.use(before)


def shown(drawn):
    """Each text of a drawing with its size in pixels on a narrow page."""
    drawn = drawn.split("<details>")[0]
    left_out = "triad-fine" in drawn
    [size] = re.findall(r'<svg viewBox="0 0 ([\d.]+) [\d.]+" width="([\d.]+)"', drawn)
    width, natural = map(float, size)
    scale = min(natural, PAGE) / width
    texts = re.findall(r'<text[^>]*font-size="([\d.]+)"([^>]*)>([^<]*)', drawn)
    return [
        (scale * float(font), text)
        for font, more, text in texts
        if not (left_out and "aria-hidden" in more)
    ]


def heat_map(n, label="語"):
    return svg.heat_map([[1 / n] * n] * n, [label] * n, [label] * n, "")


def waterfall(model="llama-3-8b", card="rtx-4060"):
    fit = kv_cache.fits(model, card, 100_000)
    return kv_cache.waterfall(fit, list(kv_cache.gpus().values()), fit)


def bars():
    rows = [svg.Bar("言語モデル" * 2, 0.3, before=0.5), svg.Bar("b", 1.0)]
    return svg.bars(rows, "", 0.5, say.text("svg", "table"))


def curve():
    return svg.curve([("1", 0.5), ("300", 2.0)], "", 3, 1.0, say.text("svg", "table"))


def pair():
    label = say.text("bottleneck", "quantity_update_h100")
    return two_bars.comparison([two_bars.Row(label, (1.0, 2.0), ("1,000.00 TFLOPs",) * 2)] * 2, "")


def panels():
    drawn = block_diagrams.family(), block_diagrams.block("pre", "post"), head_diagrams.sharing()
    return [panel.svg() for diagram in drawn for panel in diagram.panels]


DRAWINGS = {
    **{f"heat map of {n}": lambda n=n: heat_map(n) for n in (3, 12, 13, 20, 27, 33, 40)},
    "heat map of words": lambda: heat_map(7, "token12"),
    "waterfall": waterfall,
    "a long name": lambda: waterfall("llama-3-8b", "h200"),
    "bars": bars,
    "curve": curve,
    "two designs": pair,
}


@pytest.mark.parametrize("drawing", DRAWINGS.values(), ids=DRAWINGS)
def test_texts_are_9_pixels_high(drawing):
    found = shown(drawing())
    assert len(found) >= 4 and min(found)[0] >= 8.95, min(found)


def test_texts_of_diagrams_are_9_pixels_high():
    for drawn in panels():
        found = shown(str(drawn))
        assert min(found)[0] >= 9


@pytest.mark.parametrize(
    "module, name, value, drawing",
    [
        (diagram, "LENGTH", 360, waterfall),
        (two_bars, "LENGTH", 300, pair),
        (svg, "label_size", lambda *_: svg.FONT, lambda: heat_map(27)),
        (svg, "LEGIBLE", 0, lambda: heat_map(27)),
    ],
)
def test_a_text_that_is_too_small_would_be_seen(monkeypatch, module, name, value, drawing):
    monkeypatch.setattr(module, name, value)
    assert min(shown(drawing()))[0] < 8.5


def test_numbers_that_are_left_out_stand_in_the_labels_and_in_the_table():
    few, many = heat_map(3), heat_map(27)
    assert "triad-fine" not in few and "triad-fine" in many
    for drawn in (few, many):
        assert "<title>" in drawn and "<td>" in drawn
