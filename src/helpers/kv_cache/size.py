"""The size of a cache, layer by layer, and its presentation to a student."""

import itertools
from collections import Counter
from dataclasses import dataclass

from ..display import show
from ..display.markup import Html
from ..language import say

GIB, GB = 2**30, 10**9
Notes = tuple[tuple[str, dict[str, object]], ...]


def remarks(notes: Notes) -> list[str]:
    """Return notes in the student's language."""
    return [say.text("kv_cache", name, **values) for name, values in notes]


@dataclass(frozen=True)
class LayerBytes:
    """The bytes of one layer.

    kind: full, window, latent, indexed, hybrid, state, cross or none.
    tokens     kept of each sequence     parts      {"keys": bytes, "values": bytes, "conv": …}
    per_token  bytes that one more token adds, over the whole batch; 0 where nothing grows
    """

    kind: str
    tokens: int
    parts: dict[str, int]
    per_token: int = 0

    @property
    def bytes(self) -> int:
        """The sum of all parts."""
        return sum(self.parts.values())


@dataclass(frozen=True)
class Held:
    """The bytes of a real cache.

    payload: bytes that the tensors show.  storage: bytes that they keep from being freed.
    """

    payload: int
    storage: int


@dataclass(frozen=True)
class CacheSize:
    """A cache of `batch_size` sequences of `seq_len` tokens, by one of the three methods.

    method: formula, on_meta or measured    encoder_len: tokens of the encoder's input, or None
    held: None for the formula, which knows no storage
    notes: message names of what the reader must know besides, each with its values
    """

    method: str
    model: str
    seq_len: int
    batch_size: int
    dtype: str
    layers: tuple[LayerBytes, ...]
    encoder_len: int | None = None
    held: Held | None = None
    notes: Notes = ()

    @property
    def total_bytes(self) -> int:
        """The sum over all layers."""
        return sum(layer.bytes for layer in self.layers)

    @property
    def bytes_per_token(self) -> int:
        """The bytes that one more token adds, at this length, over the whole batch."""
        return sum(layer.per_token for layer in self.layers)

    @property
    def parts(self) -> dict[str, int]:
        """Return the bytes by what they are; cross-attention's keys and values stand apart."""
        total: Counter[str] = Counter()
        for layer in self.layers:
            prefix = "cross_" if layer.kind == "cross" else ""
            total.update({prefix + name: size for name, size in layer.parts.items()})
        return dict(total)

    @property
    def gib(self) -> float:
        """The total in GiB (2³⁰ bytes)."""
        return self.total_bytes / GIB

    @property
    def gb(self) -> float:
        """The total in GB (10⁹ bytes)."""
        return self.total_bytes / GB

    def sentence(self) -> str:
        """Say the size in one sentence with all that it depends on, and the notes."""
        values: dict[str, object] = {
            "model": self.model,
            "dtype": self.dtype,
            "batch": f"{self.batch_size:,}",
            "tokens": f"{self.seq_len:,}",
            "total": amount(self.total_bytes),
        }
        if self.encoder_len is None:
            first = say.text("kv_cache", "sentence", **values)
        else:
            first = say.text("kv_cache", "sentence_cross", source=f"{self.encoder_len:,}", **values)
        more = [say.text("kv_cache", "growth", bytes=f"{self.bytes_per_token:,}")]
        if self.held and self.held.storage != self.held.payload:
            more.append(say.text("kv_cache", "held", bytes=f"{self.held.storage:,}"))
        return "".join([first, *more, *self.remarks()])

    def remarks(self) -> list[str]:
        """Return the notes in the student's language."""
        return remarks(self.notes)

    def rows(self) -> list[list[str]]:
        """Return a row for each run of equal layers, and one for the sum."""
        rows, first = [], 1
        for layer, group in itertools.groupby(self.layers):
            count = len(list(group))
            rows.append([span(first, count), *_cells(layer, count)])
            first += count
        words = [say.text("kv_cache", "all"), "", "", f"{self.bytes_per_token:,}"]
        return [*rows, [*words, f"{self.total_bytes:,}"]]

    def table(self) -> tuple[Html, str]:
        """Return (HTML, plain text) of the rows."""
        names = ("layer", "kind", "kept", "per_token", "bytes")
        return show.table([say.text("kv_cache", name) for name in names], self.rows())

    def __str__(self) -> str:
        return f"{self.sentence()}\n{self.table()[1]}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        whole = Html('<div lang="{}"><p>{}</p>{}</div>')
        return str(whole.format(say.html_lang(), self.sentence(), self.table()[0]))


def amount(size: float) -> str:
    """Write 1,073,741,824 bytes (1.07 GB, 1.00 GiB), in the student's language."""
    values = {"bytes": f"{size:,.0f}", "gb": f"{size / GB:,.2f}", "gib": f"{size / GIB:,.2f}"}
    return say.text("kv_cache", "amount" if size >= GB / 100 else "bytes_only", **values)


def span(first: int, count: int) -> str:
    """Write the numbers of a run of layers: "3", or "3–7"."""
    return f"{first}" if count == 1 else f"{first}–{first + count - 1}"


def _cells(layer: LayerBytes, count: int) -> list[str]:
    kind = say.text("kv_cache", f"kind_{layer.kind}")
    return [kind, f"{layer.tokens:,}", f"{layer.per_token * count:,}", f"{layer.bytes * count:,}"]
