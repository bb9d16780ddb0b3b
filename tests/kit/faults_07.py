"""Planted faults for the claims of lesson 07: each makes its quantity red."""

from collections.abc import Callable
from typing import Any

import lesson_cells
import pytest
from claim_faults import Fault

from helpers.kv_cache import fitting, layers

LESSON = "07_kv_cache"
C19 = ("roads-measured", "linear-code", "pair-model", "pair-code", "c19")
C20 = (
    "hand-code",
    "window-figure",
    "kinds-numbers",
    "kinds-code",
    "kinds-table",
    "lengths-code",
    "c20",
)
C21 = ("c21-choices", "c21-code", "c21")


def code(claim: str, quantity: str, what: str, old: str, new: str) -> Fault:
    """The lesson's own cells with other code in them."""
    cells = {"C19": C19, "C20": C20, "C21": C21}[claim]

    def measure() -> float:
        return lesson_cells.measured(LESSON, claim, *cells, change=(old, new))[quantity]

    return Fault(claim, quantity, what, measure)


def helper(claim: str, quantity: str, what: str, owner: Any, name: str, put: Any) -> Fault:
    """The lesson's cells as they stand, with a function or number of the helpers broken."""
    cells = {"C19": C19, "C20": C20, "C21": C21}[claim]

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
NO_ACTIVATIONS = (fitting, "activations", lambda found, batch_size, at_once=512: 0)
QUERY_HEADS = (layers, "kv_heads", layers.query_heads)
ALWAYS_512 = (
    fitting,
    "activations",
    lambda found, batch_size, at_once=512, whole=fitting.activations: whole(found, batch_size, 512),
)
TABLES_TOO = (
    fitting,
    "weights",
    lambda key, bits: fitting.model(key).parameters * 1e9 * fitting.stored_bits(bits) / 8,
)
SHOWN_ONLY = (fitting, "behind_windows", lambda found, seq_len, at_once: 0)

FAULTS: list[Fault] = [
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
    helper("C20", "gib", "query heads for kv heads", *QUERY_HEADS),
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
]
