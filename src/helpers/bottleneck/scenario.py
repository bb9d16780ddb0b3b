"""A service and two candidate designs, drawn for one student, with their quantities by formula."""

import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..classroom import progress
from ..display import show
from ..display.markup import Html
from ..hardware import cards
from ..kv_cache import fitting
from ..language import say
from . import costs
from .designs import StackDesign

# 28 layers of these sizes are those of Llama 3.2 3B.  With 24 key-value heads a block has 12 d²
# weights and a block with cross-attention 16 d², so each split below has exactly as many as 28
# layers: 12 n_e + 16 n_d = 12 · 28.  With 8 key-value heads it has a few per cent less.
DECODER = StackDesign("decoder", 0, 28, 3072, 24, 24, 128, 8192, 3, 128_256)
ENCODER_DECODER = replace(DECODER, name="encoder_decoder", n_encoder=12, n_decoder=12)
SPLITS = ((4, 18), (12, 12), (20, 6))  # layers of encoder and decoder
DOCUMENTS = (16_384, 32_768, 65_536, 98_304)
SUMMARIES = (128, 256, 512)
USERS = (2, 4, 8)
UPDATES = (1, 2, 4, 16)
SHARED = (0, 75)  # percent of the document
TARGETS = {"first": (0.5, 1.0, 2.0, 5.0), "update": (2.0, 4.0, 8.0, 16.0)}  # {quantity: seconds}
KV_HEADS = (8, 24)
NUMBER = 2  # bytes: bfloat16
PRODUCTS = {  # of a quantity and a number of the service, as a text may compute them
    "read_skipping": "users",
    "growing": "users",
    "last_part": "users",
    "write": "summary",
    "cache": "users",
}
WEIGHED = ("first", "first_all", "update", "update_all", "held")  # what an argument may rest on
CODE = re.compile(r"[0-9A-F]{4}")


@dataclass(frozen=True)
class Need:
    """A quantity that the two designs differ in, with the need of each; less is better."""

    name: str
    unit: str
    decoder: float
    encoder_decoder: float

    @property
    def label(self) -> str:
        """The quantity's name in the student's language."""
        return say.text("bottleneck", f"quantity_{self.name}")

    @property
    def ratio(self) -> float:
        """How many times as much the decoder-only design needs."""
        return self.decoder / self.encoder_decoder


@dataclass(frozen=True)
class CitableNumber:
    """A number that a text may cite.

    owner: the design it belongs to, "" for a ratio or the task's
    topic: of which quantity
    """

    label: str
    value: float
    unit: str
    owner: str = ""
    topic: str = ""


@dataclass(frozen=True)
class Scenario:
    """A service: for each of `users` a document and a summary of so many tokens.

    shared: percent of the document, its beginning, that all users have in common and that has been
    read before; the rest arrives in `updates` equal parts
    metric: the quantity that `target` seconds are about, "first" (token) or "update" (its end)
    split: layers of the second candidate's encoder and decoder
    code: draws the same one again
    """

    code: str
    document: int
    summary: int
    users: int
    updates: int
    shared: int
    gpu: str
    metric: str
    target: float
    split: tuple[int, int]
    kv_decoder: int
    kv_pair: int

    @property
    def designs(self) -> tuple[StackDesign, StackDesign]:
        """The two candidates: decoder-only and encoder-decoder, of (about) equal size."""
        encoder, decoder = self.split
        pair = replace(ENCODER_DECODER, n_encoder=encoder, n_decoder=decoder)
        return replace(DECODER, n_kv_heads=self.kv_decoder), replace(pair, n_kv_heads=self.kv_pair)

    @property
    def shared_tokens(self) -> int:
        """Number of tokens in the shared beginning."""
        return self.document * self.shared // 100

    @property
    def part(self) -> int:
        """Number of tokens that arrive at a time."""
        return (self.document - self.shared_tokens) // self.updates

    @property
    def room(self) -> float:
        """GiB for weights, caches and activations.

        As in lesson 07: what an engine uses of the card, less 1 GiB for CUDA.
        """
        return (fitting.usable(cards.gpus()[self.gpu]) - fitting.OVERHEAD) / 2**30

    def fit(self, design: StackDesign) -> fitting.Fit:
        """Hold a design against the card by the rule of lesson 07, while a document is read.

        Documents are read one after the other: by an encoder each as a whole, else in chunks.
        """
        whole = design.is_encoder_decoder
        caches = costs.batch_bytes(
            design, self.document, self.summary, self.users, self.shared_tokens, NUMBER
        )
        widths = design.d_model, design.d_ff, design.vocab_size
        tokens = self.document if whole else min(self.part, fitting.CHUNK)
        lines = {
            "weights": NUMBER * (design.weights + design.head),
            "cache": caches,
            "activations": fitting.activations(*widths, tokens, self.users),
            "overhead": fitting.OVERHEAD,
        }
        chunk = None if whole else fitting.CHUNK
        return fitting.Fit(_say(design.name), cards.gpus()[self.gpu], lines, chunk)

    def bench(self) -> list[Need]:
        """Compute all quantities of both designs by the formulas of costs."""
        columns = [_needs(self, design) for design in self.designs]
        return [
            Need(name, unit, value, columns[1][name][0])
            for name, (value, unit) in columns[0].items()
        ]

    @property
    def possible(self) -> tuple[bool, bool]:
        """Tell for each design whether the formulas leave it possible.

        It fits the card as in lesson 07, and its time for one user is within the target.
        That time is a lower bound: True is no promise.
        """
        [time] = [q for q in self.bench() if q.name == self.metric]
        decoder, pair = (self.fit(design).fits for design in self.designs)
        return (
            decoder and time.decoder <= self.target,
            pair and time.encoder_decoder <= self.target,
        )

    @property
    def is_arguable(self) -> bool:
        """Tell whether there is something to argue.

        A number rules one design out, or both are possible and each needs less of something that
        an argument may rest on.
        """
        if not all(self.possible):
            return any(self.possible)
        return len({q.ratio < 1 for q in self.bench() if q.name in WEIGHED}) == 2

    def sentence(self) -> str:
        """State the task in the student's language."""
        card, (encoder, decoder) = cards.gpus()[self.gpu], self.split
        arrives = "once" if self.updates == 1 else "parts"
        parts = (
            _say("shared" if self.shared else "nothing_shared", shared=f"{self.shared_tokens:,}"),
            _say(f"arrives_{arrives}", updates=self.updates, part=f"{self.part:,}"),
            _say("card", gpu=card.name, gb=card.gb, gib=f"{card.real_gib:.2f}",
                 room=f"{self.room:.1f}", chunk=fitting.CHUNK),
            _say(f"target_{self.metric}", target=f"{self.target:g}"),
            _say("candidates", encoder=encoder, decoder=decoder, kv_decoder=self.kv_decoder,
                 kv_pair=self.kv_pair),
        )  # fmt: skip
        service = _say(
            "scenario",
            code=self.code,
            document=f"{self.document:,}",
            widths=f"{self.document / DECODER.d_model:.1f}",
            summary=self.summary,
            users=self.users,
        )
        return "".join((service, *parts))

    def table(self) -> tuple[Html, str]:
        """Return (HTML, plain text) of all quantities, both needs and their ratio."""
        names = ("quantity", "decoder", "encoder_decoder")
        header = [say.text("bottleneck", name) for name in names]
        header.append(
            say.text("bottleneck", "ratio", widths=f"{self.document / DECODER.d_model:.1f}")
        )
        rows = []
        for q in self.bench():
            needs = [_with_unit(value, q.unit) for value in (q.decoder, q.encoder_decoder)]
            label = _say("aim", label=q.label) if q.name == self.metric else q.label
            rows.append([label, *needs, f"{q.ratio:.2f}"])
        return show.table(header, rows)

    def __repr__(self) -> str:
        return f"{self.sentence()}\n{self.table()[1]}"

    def _repr_html_(self) -> str:
        whole = Html('<div lang="{}"><p>{}</p>{}</div>')
        return str(whole.format(say.html_lang(), self.sentence(), self.table()[0]))


def scenario(code: str | None = None) -> Scenario:
    """Draw the student's own scenario, always the same, or that of a code which a student names.

    Drawn again until one design is possible, and there is something to argue.
    ValueError if the code is not four hexadecimal digits.
    """
    code = own_code() if code is None else f"{code}".strip().upper()
    if not CODE.fullmatch(code):
        raise ValueError(say.text("bottleneck", "no_code", got=code))
    draw = random.Random(f"bottleneck {code}").choice
    drawn = _draw(code, draw)
    while not drawn.is_arguable:
        drawn = _draw(code, draw)
    return drawn


def _draw(code: str, draw: Callable) -> Scenario:
    metric = draw(tuple(TARGETS))
    return Scenario(
        code,
        document=draw(DOCUMENTS),
        summary=draw(SUMMARIES),
        users=draw(USERS),
        updates=draw(UPDATES),
        shared=draw(SHARED),
        gpu=draw(cards.cards_of_tasks()),
        metric=metric,
        target=draw(TARGETS[metric]),
        split=draw(SPLITS),
        kv_decoder=draw(KV_HEADS),
        kv_pair=draw(KV_HEADS),
    )


def own_code() -> str:
    """Return four hexadecimal digits that say nothing else about the student."""
    return hashlib.sha256(progress.student_id().encode()).hexdigest()[:4].upper()


def _with_unit(value: float, unit: str) -> str:
    return f"{value:,.4g} {unit}" if value < 10_000 else f"{value:,.0f} {unit}"


def _needs(scenario: Scenario, design: StackDesign) -> dict[str, tuple[float, str]]:
    """Compute {quantity: (value, unit)} of one design.

    Times are lower bounds.  A user reads, then writes; of `users` at once all are read, then all
    write together.  A summary ends with a token that says so: `summary` steps follow the reading,
    if not one more.
    """
    n, t, part, gpu = scenario.document, scenario.summary, scenario.part, scenario.gpu
    last = costs.read_flops(design, part, n - part, skipping=True)
    whole = costs.growing_flops(
        design, n, scenario.updates, skipping=True, known=scenario.shared_tokens
    )
    first = seconds_of_reading(design, part, n - part, gpu)
    token, token_all = (seconds_of_token(design, n, b, gpu) for b in (1, scenario.users))
    found: dict[str, tuple[float, str]] = {
        "weights": (design.weights / 1e9, "B"),
        "read": (costs.read_flops(design, n) / 1e12, "TFLOPs"),
        "read_skipping": (costs.read_flops(design, n, skipping=True) / 1e12, "TFLOPs"),
        "growing": (whole / 1e12, "TFLOPs"),
        "last_part": (last / 1e12, "TFLOPs"),
        "write": (costs.write_flops(design, n, t) / 1e9, "GFLOPs"),
        "cache": (costs.batch_bytes(design, n, t, 1, 0, NUMBER) / 2**30, "GiB"),
        "held": ((scenario.fit(design).total_bytes - fitting.OVERHEAD) / 2**30, "GiB"),
        "first": (first, "s"),
        "first_all": (scenario.users * first, "s"),
        "token": (1e3 * token, "ms"),
        "writing": (t * token, "s"),
        "writing_all": (t * token_all, "s"),
        "update": (first + t * token, "s"),
        "update_all": (scenario.users * first + t * token_all, "s"),
    }
    return found


def seconds_of_reading(design: StackDesign, new: int, known: int, gpu: str) -> float:
    """Compute a lower bound of the seconds that reading the document takes.

    The longer of what the FLOPs take, and the weights (and the cache of what is known, where it
    stays valid).
    """
    flops = costs.read_flops(design, new, known, skipping=True)
    moved = NUMBER * design.reading_weights
    if not design.is_encoder_decoder:
        moved += costs.cache_bytes(design, known, 0, NUMBER)["self"]
    card = cards.gpus()[gpu]
    return max(flops / card.flops_per_second, moved / card.bytes_per_second)


def seconds_of_token(design: StackDesign, document: int, batch: int, gpu: str) -> float:
    """Compute a lower bound of the seconds for one more token of each sequence of a batch.

    Weights are read once, caches one by one.
    The first token's cache, the smallest.  The FLOPs of a batch of this size take less time.
    """
    cache = sum(costs.cache_bytes(design, document, 1, NUMBER).values())
    moved = NUMBER * (design.writing_weights + design.head) + batch * cache
    return moved / cards.gpus()[gpu].bytes_per_second


def known_numbers(scenario: Scenario) -> list[CitableNumber]:
    """List all numbers that follow from the formulas: quantities, ratios, products."""
    return [number for q in scenario.bench() for number in _of_quantity(q, scenario)]


def _of_quantity(q: Need, scenario: Scenario) -> list[CitableNumber]:
    values = {"decoder": q.decoder, "encoder_decoder": q.encoder_decoder}
    first, second = (_say(name) for name in values)
    lines = [
        CitableNumber(f"{q.label}：{_say(name)}", value, q.unit, name, q.name)
        for name, value in values.items()
    ]
    lines.append(CitableNumber(f"{q.label}：{first}÷{second}", q.ratio, "×"))
    lines.append(CitableNumber(f"{q.label}：{second}÷{first}", 1 / q.ratio, "×"))
    if times := PRODUCTS.get(q.name):
        label, count = f"{q.label}×{_say(f'given_{times}')}", getattr(scenario, times)
        lines += [
            CitableNumber(f"{label}：{_say(name)}", count * value, q.unit, name, q.name)
            for name, value in values.items()
        ]
    return lines


def given_numbers(scenario: Scenario) -> list[CitableNumber]:
    """List the numbers that the task itself states: to repeat one is no measurement."""
    card = cards.gpus()[scenario.gpu]
    own: list[tuple[str, float, str]] = [
        ("document", scenario.document, "tokens"),
        ("widths", round(scenario.document / DECODER.d_model, 1), "×"),
        ("summary", scenario.summary, "tokens"),
        ("shared", scenario.shared_tokens, "tokens"),
        ("part", scenario.part, "tokens"),
        ("target", scenario.target, "s"),
        ("card", card.gb, "GB"),
        ("card", round(card.real_gib, 2), "GiB"),
        ("room", round(scenario.room, 1), "GiB"),
    ]
    return [CitableNumber(_say(f"given_{name}"), value, unit) for name, value, unit in own]


def _say(name: str, **values: object) -> str:
    return say.text("bottleneck", name, **values)
