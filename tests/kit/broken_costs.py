"""The formulas of helpers/bottleneck/costs.py with faults planted in their source."""

import types

from places import ROOT

COSTS = (ROOT / "src/helpers/bottleneck/costs.py").read_text(encoding="utf-8")
FAULTS = {
    "cross cache forgotten": ('"cross": token * n}', '"cross": 0}'),
    "K without V": ("token = 2 * design.n_decoder", "token = design.n_decoder"),
    "encoder counted twice": (
        "encoder = design.n_encoder * (2 *",
        "encoder = 2 * design.n_encoder * (2 *",
    ),
    "cross keys made for each token": (
        "layer += 2 * design.q_and_o",
        "layer += 2 * (design.q_and_o + design.k_and_v)",
    ),
    "document not seen": ("attention_flops(design, n + t)", "attention_flops(design, t)"),
    "query heads kept": ("design.n_kv_heads * design.head_dim", "design.n_heads * design.head_dim"),
    "output scores forgotten": ("* layer + 2 * design.head", "* layer"),
}
CAUSAL_FAULTS = {
    "causal half taken twice": ("n * (n + 1) // 2 if", "n * (n + 1) // 4 if"),
    "causal half for old tokens too": ("n * known +", "n * known // 2 +"),
    "no pair with itself": ("n * (n + 1) // 2 if", "n * (n - 1) // 2 if"),
}


def with_fault(old: str, new: str) -> types.ModuleType:
    """The module, with `old` source replaced by `new`."""
    assert COSTS.count(old) >= 1
    module = types.ModuleType("helpers.bottleneck.costs")
    module.__package__ = "helpers.bottleneck"
    exec(compile(COSTS.replace(old, new), "costs", "exec"), vars(module))
    return module
