"""The table of graphics cards: one row is all that a card needs."""

from collections.abc import Iterator, Mapping
from datetime import date

import pytest

from helpers import bottleneck, kv_cache
from helpers.bottleneck.scenario import seconds_of_reading
from helpers.hardware import cards
from helpers.language import say

ROW = """
[a-card]
name = "A card"
gb = 20
source = "https://example.org/memory"
date = "2026-11-24"
mib = 20470
driver = "output of nvidia-smi"
driver_date = "2026-11-28"
tflops = 100
gb_per_second = 500
speed_source = "https://example.org/speed"
speed_date = "2026-11-24"
in_tasks = true
"""
FIRST = "2026-11-01"  # no source was opened before the course was begun


@pytest.fixture
def add(tmp_path, monkeypatch):
    """A function that puts a row of 20 GiB at its place in the table; without it afterwards."""
    say.use("ja")

    def added(row: str) -> None:
        table = tmp_path / "gpus.toml"
        before, larger, after = cards.TABLE.read_text(encoding="utf-8").partition("[rtx-4090]")
        assert larger
        table.write_text(f"{before}{row}\n{larger}{after}", encoding="utf-8")
        monkeypatch.setattr(cards, "TABLE", table)
        cards.gpus.cache_clear()

    yield added
    cards.gpus.cache_clear()


# --- what every row keeps to --------------------------------------------------------------------


def faults(gpus: Mapping[str, cards.Gpu]) -> Iterator[str]:
    """What is wrong with a table: its order, or a row."""
    sizes = [gpu.gb for gpu in gpus.values()]
    if sizes != sorted(sizes):
        yield f"not sorted by memory: {sizes}"
    if len({gpu.name for gpu in gpus.values()}) != len(gpus):
        yield "a card stands there twice"
    for key, gpu in gpus.items():
        yield from (f"{key}: {fault}" for fault in [*source_faults(gpu), *number_faults(gpu)])


def source_faults(gpu: cards.Gpu) -> Iterator[str]:
    """Each number has its page, and the day on which it was read."""
    read = [(gpu.source, gpu.date), (gpu.driver, gpu.driver_date)]
    read += [(gpu.speed_source, gpu.speed_date)] if gpu.tflops else []
    for n, (source, day) in enumerate(read):
        if not source.startswith("https://") and (n, source) != (1, "output of nvidia-smi"):
            yield f"{source!r} is no page"
        if not FIRST <= day <= f"{date.today()}" or f"{date.fromisoformat(day)}" != day:
            yield f"{day!r} is no day on which a page can have been read"


def number_faults(gpu: cards.Gpu) -> Iterator[str]:
    """Sizes in the wrong unit, or with sparsity, are outside what any card of these years has."""
    if not 0.93 * gpu.gb < gpu.real_gib <= gpu.gb:
        yield f"the driver reports {gpu.real_gib:.2f} of {gpu.gb} GiB"
    if gpu.gb_per_second and not 15 <= gpu.gb_per_second / gpu.gb <= 60:
        yield f"{gpu.gb_per_second} GB/s read {gpu.gb} GiB in an unlikely time"
    if gpu.tflops and not 100 <= 1000 * gpu.tflops / gpu.gb_per_second <= 450:
        yield f"{gpu.tflops} TFLOPS are unlikely beside {gpu.gb_per_second} GB/s"


def test_every_row_of_the_table_is_sound():
    assert list(faults(cards.gpus())) == []
    assert cards.gpus()["l40s"].real_gib == pytest.approx(44.99, abs=0.01)


def test_a_sound_row_alone_is_green(add):
    add(ROW)
    assert "a-card" in cards.gpus() and list(faults(cards.gpus())) == []


@pytest.mark.parametrize(
    "right, wrong",
    [
        ("gb = 20", "gb = 40"),
        ("gb = 20", "gb = 2"),
        ("mib = 20470", "mib = 20"),
        ("mib = 20470", "mib = 20580"),
        ("A card", "H100 SXM"),
        ("https://example.org/memory", "the maker"),
        ("https://example.org/memory", "output of nvidia-smi"),
        ("https://example.org/speed", "a table"),
        ('\ndate = "2026-11-24"', '\ndate = "2026-11-31"'),
        ('\ndate = "2026-11-24"', '\ndate = ""'),
        ('\ndate = "2026-11-24"', ""),
        ('driver_date = "2026-11-28"', 'driver_date = "2126-11-28"'),
        ('speed_date = "2026-11-24"', 'speed_date = "November"'),
        ("tflops = 100", "tflops = 0.1"),
        ("tflops = 100", "tflops = 400"),
        ("gb_per_second = 500", "gb_per_second = 0.5"),
        ("gb_per_second = 500", "gb_per_second = 4000"),
        ("tflops = 100", 'speed = "fast"'),
    ],
)
def test_a_wrong_row_is_red(add, right, wrong):
    add(ROW.replace(right, wrong))
    try:
        found = list(faults(cards.gpus()))
    except (TypeError, ValueError) as refused:
        found = [f"{refused}"]
    assert found


def test_a_row_at_the_wrong_place_is_red(add):
    gpus = cards.gpus()
    assert list(faults({key: gpus[key] for key in reversed(gpus)})) != []


def test_the_speeds_and_the_cards_of_the_tasks_that_the_lessons_were_written_with():
    """Others may come; a card of the tasks that goes, or a speed that changes, changes tasks."""
    speeds = {key: (gpu.tflops, gpu.gb_per_second) for key, gpu in cards.gpus().items()}
    assert speeds | WRITTEN_WITH == speeds
    assert {"l40s", "h100", "h200"} <= set(cards.cards_of_tasks())


WRITTEN_WITH = {
    "rtx-4090": (165.2, 1008),
    "l40s": (362.05, 864),
    "h100": (989.4, 3350),
    "h200": (989, 4800),
}


# --- what a row is used for ---------------------------------------------------------------------


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


@pytest.mark.parametrize(
    "line",
    ["tflops = 100", 'speed_source = "https://example.org/speed"', 'speed_date = "2026-11-24"'],
)
def test_a_card_of_the_tasks_needs_its_speed_and_the_source(add, line):
    add(ROW.replace(line, ""))
    with pytest.raises(ValueError, match="A card: tflops, gb_per_second and speed_source"):
        cards.gpus()


def test_a_speed_that_nobody_stated_is_not_used():
    card = cards.gpus()["rtx-4060"]
    for speed in ("flops_per_second", "bytes_per_second"):
        with pytest.raises(ValueError, match="no speed of GeForce RTX 4060"):
            getattr(card, speed)
