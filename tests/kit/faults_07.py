"""Planted faults for the claims of lesson 07: each makes its quantity red."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import lesson_cells
import pytest
import torch
from claim_faults import Fault

from helpers.instruments import measure
from helpers.kv_cache import chunked, fitting, layers, paged

LESSON = "07_kv_cache"
C19 = (
    "hand-code",
    "roads-measured",
    "linear-code",
    "window-figure",
    "pair-code",
    "lengths-code",
    "c19-c20",
)
C21 = ("c21",)
E71 = ("hand-code", "paged-reserve", "paged-code", "prefix-code", "paged-claim")
E72 = {  # what the lesson hands to the claim, by the name that it has there: the cells it needs
    "absorb_gap": ("absorb-code",),
    "absorb_ratio": ("absorb-code",),
    "across_ratio": ("across-code",),
    "evict_ratio": ("quant-write", "evict-code"),
    "loaded_seconds": ("hand-code", "quant-write", "evict-code", "evict-table"),
}
E73 = ("why-ways", "why-code", "phases-code", "chunked-code")
CELLS = {"E73": E73, "C19": C19, "C20": C19, "C21": C21, "E71": E71}


def code(claim: str, quantity: str, what: str, old: str, new: str) -> Fault:
    """The lesson's own cells with other code in them."""
    cells = CELLS[claim]

    def measure() -> float:
        return lesson_cells.measured(LESSON, claim, *cells, change=(old, new))[quantity]

    return Fault(claim, quantity, what, measure)


def compressed(quantity: str, what: str, old: str, new: str) -> Fault:
    """E72, of which each part is measured alone."""

    def measure() -> float:
        return lesson_cells.run(LESSON, *E72[quantity], change=(old, new))[quantity]

    return Fault("E72", quantity, what, measure)


def helper(claim: str, quantity: str, what: str, owner: Any, name: str, put: Any) -> Fault:
    """The lesson's cells as they stand, with a function or number of the helpers broken."""
    cells = CELLS[claim]

    def measure() -> float:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, name, put)
            return lesson_cells.measured(LESSON, claim, *cells)[quantity]

    return Fault(claim, quantity, what, measure)


def no_window(whole: Callable[..., layers.Layer]) -> Callable[..., layers.Layer]:
    """Every window layer keeps every token."""

    def layer(config: Any, kind: str, index: int) -> layers.Layer:
        return whole(config, kind.replace("sliding_attention", "full_attention"), index)

    return layer


IGNORED = (layers, "layer", no_window(layers.layer))
NO_SCALES = (fitting, "stored_bits", lambda bits, group_size=64: 8 if bits == "fp8" else bits)
NO_ACTIVATIONS = (fitting, "activations", lambda *_: 0)
QUERY_HEADS = (layers, "kv_heads", layers.query_heads)
ALWAYS_512 = (
    fitting,
    "activations",
    lambda *sizes, whole=fitting.activations: whole(*sizes[:3], 512, sizes[4]),
)
TABLES_TOO = (
    fitting,
    "weights",
    lambda key, bits: fitting.model(key).parameters * 1e9 * fitting.stored_bits(bits) / 8,
)
SHOWN_ONLY = (fitting, "behind_windows", lambda found, seq_len, at_once: 0)

# --- C29: tiles ---------------------------------------------------------------------------------

UPDATE = "p, shrink = (s - m_new).exp(), (m - m_new).exp()"
TILES = ("tiles-small", "tiles-code")
Change = tuple[str, str]  # old code, new code
KEEPS_ALL = (
    UPDATE,
    "tiled_attention.kept = getattr(tiled_attention, 'kept', []) + [s]\n            " + UPDATE,
)
NOT_RESCALED = ("a = a * shrink + p @", "a = a + p @")
NOT_CAUSAL = ("if causal:", "if False:")
HALF = ("in range(0, len(k), tile)", "in range(0, len(k) // 2, tile)")
WINDOW = ("in range(0, len(k), tile)", "in range(max(0, i - 256), i + tile, tile)")


def tiled_gap(change: Change, causal: bool) -> float:
    scope = lesson_cells.run(LESSON, *TILES, change=change)
    q, k, v = torch.randn(3, 256, 64, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(256, 256).tril().bool() if causal else None
    gap = scope["tiled_attention"](q, k, v, causal)[0] - scope["attention"](q, k, v, mask)[0]
    return gap.abs().max().item()


@functools.cache
def _spent(change: Change, function: str, n: int) -> measure.Cost:
    scope = lesson_cells.run(LESSON, *TILES, change=change)
    q, k, v = torch.randn(3, n, 64)
    with measure.cost() as spent:
        scope[function](q, k, v)
    return spent


def ratio(what: str, change: Change) -> float:
    """Tiled ÷ plain at n = 2048."""
    tiled, plain = (_spent(change, f, 2048) for f in ("tiled_attention", "attention"))
    return getattr(tiled, what) / getattr(plain, what)


def growth(what: str, change: Change) -> float:
    """Tiled, from n = 1024 to n = 2048."""
    small, large = (_spent(change, "tiled_attention", n) for n in (1024, 2048))
    return getattr(large, what) / getattr(small, what)


BACKWARD = "grads = tiles.backward(q_, k_, v_, out, lse, out_grad)"
KEPT_WEIGHTS = "grads = torch.autograd.grad(attention(*leaves)[0], leaves, out_grad)"
WITHOUT_MEAN = (BACKWARD, BACKWARD.replace("out, lse", "0 * out, lse"))
FORWARD = "    out, lse = tiled_attention(q_, k_, v_)\n"


def training(name: str, change: Change) -> float:
    cells = (*TILES, "tiles-check-code", "tiles-gradient")
    return lesson_cells.run(LESSON, *cells, change=change)[name]


COPIED = (
    paged.PagedCache,
    "begin",
    lambda self, name, like="", whole=paged.PagedCache.begin: (
        whole(self, name),
        [self.append(name, token) for token in (self.read(like) if like else ())],
    ),
)


def prefill(quantity: str, what: str, old: str, new: str) -> Fault:
    """E73: chunked.prefill with other code in it; the 2,048 tokens of section 1 are not read."""

    def measure() -> float:
        source = inspect.getsource(chunked.prefill)
        assert source.count(old) == 1
        scope = dict(vars(chunked))
        exec(source.replace(old, new), scope)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(chunked, "prefill", scope["prefill"])
            patch.setattr(inspect, "getsource", str)
            short = ("(256, 512, 1024, 2048)", "(256, 512)")
            return lesson_cells.measured(LESSON, "E73", *E73, change=short)[quantity]

    return Fault("E73", quantity, what, measure)


FAULTS: list[Fault] = [
    prefill("gap", "the next token is seen", "triu(kept + 1)", "triu(kept + 2)"),
    prefill(
        "gap",
        "a chunk's first token sees the next",
        "triu(kept + 1)",
        "triu(kept + 1 + (kept > 0))",
    ),
    prefill(
        "peak",
        "read at once all the same",
        "cache, logits = DynamicCache(), []",
        "cache, logits, chunk = DynamicCache(), [], 1024",
    ),
    code(
        *("C19", "residual", "one size is 64 bytes too large"),
        *("for n in lengths]\nslope", "for n in lengths]\nsizes[2] += 64\nslope"),
    ),
    helper("C19", "window_growth", "the window is ignored", *IGNORED),
    code(
        *("C19", "cross_growth", "the input grows, not the output"),
        *('parts[256, 64]["cross_keys"] /', 'parts[512, 8]["cross_keys"] /'),
    ),
    code(
        *("C19", "own_growth", "the input grows, not the output"),
        *('parts[256, 64]["keys"] /', 'parts[512, 8]["keys"] /'),
    ),
    code("C20", "full", "8,000 tokens for 8,192", "(8_192, 100_000)", "(8_000, 100_000)"),
    helper("C20", "mixed", "the window is ignored", *IGNORED),
    helper("C20", "window", "the window is ignored", *IGNORED),
    code("C20", "gib", "GB for GiB", "(llama, 100_000).gib", "(llama, 100_000).gb"),
    helper("C21", "none", "activations left out", *NO_ACTIVATIONS),
    helper("C21", "none", "query heads for kv heads", *QUERY_HEADS),
    code("C21", "none", "GB for GiB", '["overhead"]) / 2**30', '["overhead"]) / 10**9'),
    code("C21", "none", "the overhead counted", ' - fit.lines["overhead"])', ")"),
    helper("C21", "weights4", "embedding and head in 4 bits too", *TABLES_TOO),
    helper("C21", "weights4", "scales of the weights left out", *NO_SCALES),
    helper("C21", "cache8", "scales of the cache left out", *NO_SCALES),
    helper("C21", "cache8", "activations left out", *NO_ACTIVATIONS),
    helper("C21", "both4", "scales left out", *NO_SCALES),
    helper("C21", "both4", "activations left out", *NO_ACTIVATIONS),
    helper("C21", "one_shot", "activations of 512 tokens only", *ALWAYS_512),
    code("C21", "one_shot", "read in chunks all the same", '{"chunk": None}', '{"chunk": 512}'),
    helper("C21", "window", "the window is ignored", *IGNORED),
    helper("C21", "window", "held bytes left out", *SHOWN_ONLY),
    helper("C21", "window_one_shot", "held bytes left out", *SHOWN_ONLY),
    helper("C21", "window_one_shot", "activations of 512 tokens only", *ALWAYS_512),
    Fault(
        "C29",
        "tiled_gap",
        "the sum is not rescaled to the new maximum",
        lambda: tiled_gap(NOT_RESCALED, causal=False),
    ),
    Fault(
        "C29",
        "tiled_gap",
        "the causal mask is forgotten",
        lambda: tiled_gap(NOT_CAUSAL, causal=True),
    ),
    Fault(
        "C29",
        "gradient_gap",
        "softmax's gradient without its mean",
        lambda: training("gradient_gap", WITHOUT_MEAN),
    ),
    Fault(
        "C29", "peak_ratio", "every tile of scores is kept", lambda: ratio("peak_bytes", KEEPS_ALL)
    ),
    Fault(
        "C29",
        "peak_growth",
        "every tile of scores is kept",
        lambda: growth("peak_bytes", KEEPS_ALL),
    ),
    Fault("C29", "flops_ratio", "half of the keys are left out", lambda: ratio("flops", HALF)),
    Fault("C29", "flops_growth", "a sliding window", lambda: growth("flops", WINDOW)),
    Fault(
        "C29",
        "training_ratio",
        "the weights (n, n) are kept for the backward pass",
        lambda: training(
            "training_ratio",
            (FORWARD + "    " + BACKWARD, "    with torch.enable_grad():\n        " + KEPT_WEIGHTS),
        ),
    ),
    code("E71", "reserved", "room for 800 tokens only", "* 2048)", "* 800)"),
    code("E71", "reserved", "every sequence is long", "(6, 0.8)", "(7.4, 0.1)"),
    code("E71", "paged", "blocks of 256 tokens", "(64 * 128, 16)", "(64 * 128, 256)"),
    code("E71", "paged", "no block: one token each", "(64 * 128, 16)", "(64 * 2048, 1)"),
    helper("E71", "shared", "the prompt is copied for each user", *COPIED),
    code("E71", "shared", "the prompt's own last block stays", 'cache.end("prompt")', "pass"),
    compressed(
        "absorb_gap", "keys' matrix in the values' place", "@ latent @ w_v", "@ latent @ w_k"
    ),
    compressed("absorb_ratio", "the values are rebuilt", "@ latent @ w_v", "@ (latent @ w_v)"),
    compressed(
        "across_ratio",
        "every layer keeps its own",
        "shared_layers[15].total",
        "shared_layers[0].total",
    ),
    compressed(
        "evict_ratio",
        "the first token is dropped twice",
        'dropped[7]["kl"]',
        'dropped[0]["kl"]',
    ),
    compressed("loaded_seconds", "bits for bytes", "128 / 130 / 8", "128 / 130"),
]
