"""Experiments with attention: by hand, with and without √d_k, n², and softmax tile by tile."""

import math
import time
from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F

from ..instruments import sharpness
from ..language import say
from . import table_row, tell

Vector = Sequence[float]


# --- attention --------------------------------------------------------------------------------


def by_hand(n: int = 5, d_k: int = 4, changed: int = 3) -> None:
    """Compare attention in plain Python with torch's; change token CHANGED under a causal mask."""
    tell("hand_about", n=n, d_k=d_k)
    q, k, v = torch.randn(3, n, d_k, generator=torch.Generator().manual_seed(0))
    rows = [attend(query, k.tolist(), v.tolist()) for query in q.tolist()]
    show_weights([weights for weights, _ in rows])
    gap = gap_to_torch([output for _, output in rows], q, k, v)
    tell("hand_gap", gap=f"{gap:.1e}")
    assert gap < 1e-5

    print()
    tell("hand_causal", token=changed + 1)
    before = causal_outputs(q, k, v)
    k[changed] += 1
    v[changed] += 1
    after = causal_outputs(q, k, v)
    moved = [max(map(distance, a, b)) for a, b in zip(before, after, strict=True)]
    for i, change in enumerate(moved, start=1):
        tell("hand_change", i=i, change=f"{change:.3f}" if change else "0.0")
    assert max(moved[:changed]) == 0.0 < min(moved[changed:])
    tell("hand_verdict", last=changed)


def attend(query: Vector, keys: Sequence[Vector], values: Sequence[Vector]):
    """Return the weights softmax(q·k / √d_k), (n,), and the values mixed by them, (d_v,)."""
    scores = [dot(query, key) / math.sqrt(len(query)) for key in keys]
    powers = [math.exp(score - max(scores)) for score in scores]
    weights = [power / sum(powers) for power in powers]
    return weights, [dot(weights, column) for column in zip(*values, strict=True)]


def causal_outputs(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> list[Vector]:
    """Compute every query's output from the keys up to its own."""
    keys, values = k.tolist(), v.tolist()
    return [attend(x, keys[: i + 1], values[: i + 1])[1] for i, x in enumerate(q.tolist())]


def gap_to_torch(outputs: list, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> float:
    """Return the largest difference from torch's scaled_dot_product_attention."""
    want = F.scaled_dot_product_attention(q, k, v)
    return (torch.tensor(outputs) - want).abs().max().item()


def show_weights(weights: Sequence[Vector]) -> None:
    """Print the weights as a table: a row for each query, with its sum."""
    key, query = (say.text("experiments", name) for name in ("hand_key", "hand_query"))
    numbers = range(1, len(weights) + 1)
    widths = [12, *(8 for _ in numbers), 8]
    total = say.text("experiments", "hand_sum")
    table_row(["", *(f"{key}{i}" for i in numbers), total], widths)
    for i, row in zip(numbers, weights, strict=True):
        table_row([f"{query}{i}", *(f"{w:.3f}" for w in row), f"{sum(row):.3f}"], widths)


def dot(a: Vector, b: Vector) -> float:
    """Return the dot product of two vectors."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def distance(a: float, b: float) -> float:
    """Return |a − b|."""
    return abs(a - b)


# --- scaling-by-d_k ---------------------------------------------------------------------------


def scaling(n_queries: int = 256, n_keys: int = 32) -> None:
    """Compare softmax of q·k with that of q·k / √d_k, for random q and k of variance 1."""
    tell("scaling_about", n_keys=n_keys, bits=f"{math.log2(n_keys):.0f}")
    widths = [6, 12, 18, 14, 20]
    names = ("d_k", "scaling_variance", "scaling_raw", "scaling_scaled", "scaling_largest")
    table_row([x if x == "d_k" else say.text("experiments", x) for x in names], widths)
    entropies = []
    for d_k in (4, 16, 64, 256, 1024, 4096):
        g = torch.Generator().manual_seed(d_k)
        q, k = (torch.randn(n, d_k, generator=g) for n in (n_queries, n_keys))
        scores = q @ k.T  # (n_queries, n_keys)
        raw, scaled = scores.softmax(-1), (scores / math.sqrt(d_k)).softmax(-1)
        entropies.append(tuple(sharpness.bits(w).item() for w in (raw, scaled)))
        largest = raw.amax(-1).mean().item()
        cells = [f"{scores.var().item():.1f}", *(f"{bits:.2f}" for bits in entropies[-1])]
        table_row([f"{d_k}", *cells, f"{largest:.3f}"], widths)
    assert entropies[-1][0] < 1 < 4 < entropies[-1][1]
    tell("scaling_verdict")


# --- n-squared --------------------------------------------------------------------------------


def squared(d_k: int = 64, target: int = 100_000) -> None:
    """Compare the bytes of the score matrix, 4 n², with the storage measured, for growing n."""
    tell("squared_about", d_k=d_k)
    widths = [8, 16, 16, 10, 10]
    names = ("squared_predicted", "squared_measured", "squared_ratio", "squared_seconds")
    table_row(["n", *(say.text("experiments", name) for name in names)], widths)
    previous = 0
    for n in (256, 512, 1024, 2048, 4096):
        q, k = torch.randn(2, n, d_k)
        measured = (q @ k.T).untyped_storage().nbytes()  # the first run also warms up
        seconds = min(_seconds(q, k) for _ in range(3))
        ratio = f"{measured / previous:.2f}" if previous else "–"
        cells = [f"{4 * n * n:,}", f"{measured:,}", ratio, f"{seconds:.4f}"]
        table_row([f"{n:,}", *cells], widths)
        assert measured == 4 * n * n
        previous = measured
    tell("squared_verdict", n=f"{target:,}", gib=f"{4 * target**2 / 2**30:.1f}")


def _seconds(q: torch.Tensor, k: torch.Tensor) -> float:
    start = time.perf_counter()
    q @ k.T
    return time.perf_counter() - start


# --- online-softmax ---------------------------------------------------------------------------


def online(n: int = 2**19, tile: int = 2**12, d: int = 64) -> None:
    """Compare m, l, a after each tile with a softmax over all scores, for one query and n keys."""
    tell("online_about", n=f"{n:,}", tile=f"{tile:,}", count=n // tile)
    query = 20 * torch.randn(d, generator=torch.Generator().manual_seed(0)) / math.sqrt(d)
    m, l, a = -math.inf, 0.0, torch.zeros(d)  # noqa: E741  the papers' letter
    seen, records = [], 0
    for i, (k, v) in enumerate(tiles(n // tile, tile, d), start=1):
        s = k @ query  # (tile,)
        m_new = max(m, s.max().item())
        records += m_new > m
        shrink, p = math.exp(m - m_new), (s - m_new).exp()
        l, a, m = l * shrink + p.sum().item(), a * shrink + p @ v, m_new  # noqa: E741
        seen.append(s)
        step = say.text("experiments", "online_step", i=i, m=f"{m:.2f}", l=f"{l:.3f}")
        print(f"\r{step}", end="", flush=True)
    print()
    expected = sum(
        1 / i for i in range(1, len(seen) + 1)
    )  # the i-th of equals is the largest so far
    tell("online_records", records=records, count=len(seen), expected=f"{expected:.1f}")
    compare_at_once(torch.cat(seen), a / l, tile, d)


def tiles(count: int, tile: int, d: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Draw keys and values (tile, d) tile by tile: at no time are all of them there."""
    for i in range(count):
        k, v = torch.randn(2, tile, d, generator=torch.Generator().manual_seed(i + 1))
        yield k, v


def compare_at_once(s: torch.Tensor, out: torch.Tensor, tile: int, d: int) -> None:
    """Compare the tiled output with a softmax over all scores at once."""
    tell("online_once")
    weights = s.double().softmax(-1).split(tile)
    whole = tiles(len(weights), tile, d)
    want = sum(w @ v.double() for w, (_, v) in zip(weights, whole, strict=True))
    gap = (out - want).abs().max().item()
    naive = s.exp() / s.exp().sum()
    tell("online_gap", gap=f"{gap:.1e}")
    tell("online_naive", largest=f"{s.max().item():.1f}", naive=f"{naive.max().item()}")
    tell("online_held", once=f"{s.numel():,}", tiled=f"{tile + d + 2:,}")
    assert gap < 1e-4
