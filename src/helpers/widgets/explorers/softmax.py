"""An explorer of softmax(q·k) and softmax(q·k / √d_k) of one query and a few keys, as d_k grows."""

import math
import random
from functools import lru_cache
from itertools import accumulate

from ...display.svg import Bar, bars
from ...language import say
from ..explorer.controls import Check, Number, Range
from ..explorer.widget import Explorer
from .distribution import entropy, softmax

KEYS = 16
SIZES = [2**n for n in range(11)]  # 1 … 1024


@lru_cache(maxsize=8)
def _products(seed: int) -> list[list[float]]:
    """Return (KEYS, 1024): q·k over the first 1, 2, … dimensions, with independent N(0, 1)."""
    draw = random.Random(seed)
    q = [draw.gauss(0, 1) for _ in range(SIZES[-1])]
    return [list(accumulate(x * draw.gauss(0, 1) for x in q)) for _ in range(KEYS)]


def weights(d_k: int, scaled: bool, seed: int = 0) -> list[float]:
    """Return softmax(q·k) over KEYS keys, or softmax(q·k / √d_k) with scaled; d_k: 1 … 1024."""
    divisor = math.sqrt(d_k) if scaled else 1
    return softmax([sums[d_k - 1] / divisor for sums in _products(seed)])


class SoftmaxExplorer(Explorer):
    """An explorer of d_k, with or without division by √d_k, and the seed of q and the keys."""

    def __init__(self, title: str = "") -> None:
        names = ("d_k", "scaled", "seed")
        label = {name: say.text("softmax_explorer", name) for name in names}
        super().__init__(
            title or say.text("softmax_explorer", "title"),
            softmax_view,
            Range("d_k", label["d_k"], SIZES, 4),
            Check("scaled", label["scaled"]),
            Number("seed", label["seed"], 0, 0, 999, whole=True),
        )


def softmax_view(d_k: int, scaled: bool, seed: int) -> tuple[str, str]:
    """Draw (SVG, sentence): one bar a key, and the even share as a line."""
    shares = weights(int(d_k), scaled, seed)
    key = say.text("softmax_explorer", "key")
    rows = [Bar(f"{key} {n}", share) for n, share in enumerate(shares, 1)]
    even = say.text("softmax_explorer", "even")
    picture = bars(rows, say.text("softmax_explorer", "picture"), 1 / KEYS, even)
    shown = {
        "d_k": f"{d_k:,}",
        "place": shares.index(max(shares)) + 1,
        "largest": f"{max(shares):.3f}",
        "bits": f"{entropy(shares):.2f}",
        "keys": KEYS,
        "most": f"{math.log2(KEYS):g}",
    }
    how = say.text("softmax_explorer", "divided" if scaled else "raw")
    return picture, how + say.text("softmax_explorer", "sentence", **shown)
