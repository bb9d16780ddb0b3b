"""A task of one's own: a service with numbers drawn for each student, and its bench by formula."""

import functools
import hashlib
import html
import random
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from .. import kv_cache, progress, say, show
from . import costs
from .designs import Design

# 28 layers of these sizes are those of Llama 3.2 3B; with 24 key-value heads, 12 + 12 layers of an
# encoder-decoder have exactly as many weights, because 28 · 12 = 12 · 12 + 12 · 16.
DECODER = Design("decoder", 0, 28, 3072, 24, 24, 128, 8192, 3, 128_256)
ENCODER_DECODER = replace(DECODER, name="encoder_decoder", n_encoder=12, n_decoder=12)
DOCUMENTS = (16_384, 24_576, 32_768, 49_152, 65_536, 98_304)
SUMMARIES = (128, 256, 384, 512)
USERS = (2, 4, 8)
UPDATES = (1, 2, 8, 16, 32)
TARGETS = (0.5, 1.0, 2.0, 5.0)  # seconds
CARDS = ("l40s", "h100", "h200")
KV_HEADS = (8, 24)
NUMBER = 2  # bytes: bfloat16
PRODUCTS = {  # of a quantity and a number of the service, as a text may compute them
    "read_skipping": "users",
    "growing": "users",
    "last_part": "users",
    "write": "summary",
    "cache": "users",
}
CODE = re.compile(r"[0-9A-F]{4}")


@dataclass(frozen=True)
class Speed:
    """tflops: of bfloat16 matrix products, dense.  gb_per_second: of the card's memory."""

    tflops: float
    gb_per_second: float
    source: str


@dataclass(frozen=True)
class Quantity:
    """One line of the bench: what it is, and what both designs need.  Less is better."""

    name: str
    unit: str
    decoder: float
    encoder_decoder: float

    @property
    def label(self) -> str:
        return say.text("bottleneck", f"quantity_{self.name}")

    @property
    def ratio(self) -> float:
        return self.decoder / self.encoder_decoder


@dataclass(frozen=True)
class Scenario:
    """A service: documents of `document` tokens that arrive in `updates` equal parts, and a summary
    of `summary` tokens for each of `users` at a time.

    target: seconds from a new part to the first token (the rest of the summary is not in it)
    code: draws the same one again
    """

    code: str
    document: int
    summary: int
    users: int
    updates: int
    gpu: str
    target: float
    n_kv_heads: int

    @property
    def designs(self) -> tuple[Design, Design]:
        """The two candidates: decoder-only and encoder-decoder, of (about) equal size."""
        both = DECODER, ENCODER_DECODER
        first, second = (replace(design, n_kv_heads=self.n_kv_heads) for design in both)
        return first, second

    def bench(self) -> list[Quantity]:
        """All quantities of both designs, by the formulas of costs."""
        columns = [_needs(self, design) for design in self.designs]
        return [
            Quantity(name, unit, value, columns[1][name][0])
            for name, (value, unit) in columns[0].items()
        ]

    @property
    def possible(self) -> tuple[bool, bool]:
        """Which design the bench does not rule out: it fits the card, and reads the last part for
        one user within the target.  Both are lower bounds: True is no promise."""
        bench = {q.name: q for q in self.bench()}
        held, first = bench["held"], bench["first"]
        gib = kv_cache.gpus()[self.gpu].gib
        return (
            held.decoder <= gib and first.decoder <= self.target,
            held.encoder_decoder <= gib and first.encoder_decoder <= self.target,
        )

    def sentence(self) -> str:
        card = kv_cache.gpus()[self.gpu]
        kind = "once" if self.updates == 1 else "parts"
        arrives = say.text("bottleneck", f"arrives_{kind}", updates=self.updates)
        return say.text(
            "bottleneck",
            "scenario",
            code=self.code,
            document=f"{self.document:,}",
            summary=self.summary,
            users=self.users,
            arrives=arrives,
            gpu=f"{card.name} ({card.gib} GiB)",
            target=f"{self.target:g}",
            kv=self.n_kv_heads,
        )

    def table(self) -> tuple[str, str]:
        names = ("quantity", "decoder", "encoder_decoder", "ratio")
        rows = []
        for q in self.bench():
            needs = [_with_unit(value, q.unit) for value in (q.decoder, q.encoder_decoder)]
            rows.append([q.label, *needs, f"{q.ratio:.2f}"])
        return show.table([say.text("bottleneck", name) for name in names], rows)

    def __repr__(self) -> str:
        return f"{self.sentence()}\n{self.table()[1]}"

    def _repr_html_(self) -> str:
        body = f"<p>{html.escape(self.sentence())}</p>{self.table()[0]}"
        return f'<div lang="{say.html_lang()}">{body}</div>'


def scenario(code: str | None = None) -> Scenario:
    """The student's own scenario, always the same; or the one of a code that a student names.

    Drawn again until at least one design is possible.
    ValueError if the code is not four hexadecimal digits.
    """
    code = own_code() if code is None else f"{code}".strip().upper()
    if not CODE.fullmatch(code):
        raise ValueError(say.text("bottleneck", "no_code", got=code))
    draw = random.Random(f"bottleneck {code}").choice
    drawn = _draw(code, draw)
    while not any(drawn.possible):
        drawn = _draw(code, draw)
    return drawn


def _draw(code: str, draw: Callable) -> Scenario:
    return Scenario(
        code,
        document=draw(DOCUMENTS),
        summary=draw(SUMMARIES),
        users=draw(USERS),
        updates=draw(UPDATES),
        gpu=draw(CARDS),
        target=draw(TARGETS),
        n_kv_heads=draw(KV_HEADS),
    )


def own_code() -> str:
    """Four hexadecimal digits that say nothing else about the student."""
    return hashlib.sha256(progress.student_id().encode()).hexdigest()[:4].upper()


@functools.cache
def speeds() -> dict[str, Speed]:
    source = resources.files(__package__) / "speeds.toml"
    entries = tomllib.loads(source.read_text(encoding="utf-8"))
    return {key: Speed(**entry) for key, entry in entries.items() if key != "date"}


def _with_unit(value: float, unit: str) -> str:
    return f"{value:,.4g} {unit}" if value < 10_000 else f"{value:,.0f} {unit}"


def _needs(scenario: Scenario, design: Design) -> dict[str, tuple[float, str]]:
    """{quantity: (value, unit)} of one design.

    Times are lower bounds.  A user reads, then writes; of `users` at once all are read, then all
    write together.  A summary ends with a token that says so: `summary` steps follow the reading,
    if not one more.
    """
    n, t, speed = scenario.document, scenario.summary, speeds()[scenario.gpu]
    part = n // scenario.updates
    last = costs.read_flops(design, part, n - part, skipping=True)
    cache = sum(costs.cache_bytes(design, n, t, NUMBER).values())
    held = NUMBER * (design.weights + design.head) + scenario.users * cache
    first = last / (speed.tflops * 1e12)
    token, token_all = (_token_seconds(scenario, design, b) for b in (1, scenario.users))
    found: dict[str, tuple[float, str]] = {
        "weights": (design.weights / 1e9, "B"),
        "read": (costs.read_flops(design, n) / 1e12, "TFLOPs"),
        "read_skipping": (costs.read_flops(design, n, skipping=True) / 1e12, "TFLOPs"),
        "growing": (
            costs.growing_flops(design, n, scenario.updates, skipping=True) / 1e12,
            "TFLOPs",
        ),
        "last_part": (last / 1e12, "TFLOPs"),
        "write": (costs.write_flops(design, n, t) / 1e9, "GFLOPs"),
        "cache": (cache / 2**30, "GiB"),
        "held": (held / 2**30, "GiB"),
        "first": (first, "s"),
        "first_all": (scenario.users * first, "s"),
        "token": (1e3 * token, "ms"),
        "writing": (t * token, "s"),
        "writing_all": (t * token_all, "s"),
        "update": (first + t * token, "s"),
        "update_all": (scenario.users * first + t * token_all, "s"),
    }
    return found


def _token_seconds(scenario: Scenario, design: Design, batch: int) -> float:
    """One token for each of a batch: the weights are read once, the caches one by one.

    The first token's cache, the smallest.  The FLOPs of a batch of this size take less time.
    """
    cache = sum(costs.cache_bytes(design, scenario.document, 1, NUMBER).values())
    moved = NUMBER * (design.writing_weights + design.head) + batch * cache
    return moved / (speeds()[scenario.gpu].gb_per_second * 1e9)


def known_numbers(scenario: Scenario) -> list[tuple[str, float, str]]:
    """(label, value, unit) of all that follows from the bench: its numbers, ratios, products."""
    first, second = (say.text("bottleneck", name) for name in ("decoder", "encoder_decoder"))
    lines: list[tuple[str, float, str]] = []
    for q in scenario.bench():
        lines += [
            (f"{q.label}：{first}", q.decoder, q.unit),
            (f"{q.label}：{second}", q.encoder_decoder, q.unit),
            (f"{q.label}：{first}÷{second}", q.ratio, "×"),
            (f"{q.label}：{second}÷{first}", 1 / q.ratio, "×"),
        ]
        if times := PRODUCTS.get(q.name):
            label = f"{q.label}×{say.text('bottleneck', f'given_{times}')}"
            count = getattr(scenario, times)
            lines += [
                (f"{label}：{first}", count * q.decoder, q.unit),
                (f"{label}：{second}", count * q.encoder_decoder, q.unit),
            ]
    return lines


def given_numbers(scenario: Scenario) -> list[tuple[str, float, str]]:
    """(label, value, unit) of what the task says: to repeat it is no measurement."""
    card = kv_cache.gpus()[scenario.gpu]
    own: list[tuple[str, Any, str]] = [
        ("document", scenario.document, "tokens"),
        ("summary", scenario.summary, "tokens"),
        ("part", scenario.document // scenario.updates, "tokens"),
        ("target", scenario.target, "s"),
        ("card", card.gib, "GiB"),
    ]
    return [(say.text("bottleneck", f"given_{name}"), value, unit) for name, value, unit in own]
