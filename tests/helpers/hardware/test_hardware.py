"""The table of graphics cards: one row is all that a card needs."""

import pytest

from helpers import bottleneck, kv_cache
from helpers.bottleneck.scenario import seconds_of_reading
from helpers.hardware import cards
from helpers.language import say

ROW = """
[a-card]
name = "A card"
gib = 20
source = "https://example.org/memory"
mib = 20470
driver = "output of nvidia-smi"
tflops = 100
gb_per_second = 500
speed_source = "https://example.org/speed"
drawn = true
"""


@pytest.fixture
def add(tmp_path, monkeypatch):
    """A function that adds rows to the table; without them afterwards."""
    say.use("ja")

    def added(row: str) -> None:
        table = tmp_path / "gpus.toml"
        table.write_text(cards.TABLE.read_text(encoding="utf-8") + row, encoding="utf-8")
        monkeypatch.setattr(cards, "TABLE", table)
        cards.gpus.cache_clear()

    yield added
    cards.gpus.cache_clear()


def test_the_cards_with_a_speed_and_those_of_the_tasks():
    gpus = cards.gpus()
    speeds = {key: (gpu.tflops, gpu.gb_per_second) for key, gpu in gpus.items() if gpu.tflops}
    assert speeds == {
        "rtx-4090": (165.2, 1008),
        "l40s": (362.05, 864),
        "h100": (989.4, 3350),
        "h200": (989, 4800),
    }
    assert all(gpus[key].speed_source.startswith("https://") for key in speeds)
    assert cards.drawn() == ("l40s", "h100", "h200")


def test_a_row_is_all_that_a_new_card_needs(add):
    add(ROW)
    fit = kv_cache.fits("llama-3-8b", "a-card", 8_192)
    assert kv_cache.gpus()["a-card"] == fit.gpu and "A card" in fit.sentence()
    assert ">A card<" in kv_cache.waterfall(fit, list(kv_cache.gpus().values()))
    assert kv_cache.smallest("llama-3-8b", 8_192) == fit.gpu
    drawn = [bottleneck.scenario(f"{n:04X}") for n in range(40)]
    assert {"a-card", "h100"} <= {scenario.gpu for scenario in drawn}
    [one, *_] = [scenario for scenario in drawn if scenario.gpu == "a-card"]
    assert "A card" in one.sentence() and "20" in one.sentence()
    reading = seconds_of_reading(one.designs[0], 65_536, 0, "h100")
    assert seconds_of_reading(one.designs[0], 65_536, 0, "a-card") == pytest.approx(9.894 * reading)


@pytest.mark.parametrize("line", ["tflops = 100", 'speed_source = "https://example.org/speed"'])
def test_a_card_that_is_drawn_needs_its_speed_and_the_source(add, line):
    add(ROW.replace(line, ""))
    with pytest.raises(ValueError, match="A card: tflops, gb_per_second and speed_source"):
        cards.gpus()


def test_a_speed_that_nobody_stated_is_not_used():
    card = cards.gpus()["rtx-4060"]
    for speed in ("flops_per_second", "bytes_per_second"):
        with pytest.raises(ValueError, match="no speed of GeForce RTX 4060"):
            getattr(card, speed)
