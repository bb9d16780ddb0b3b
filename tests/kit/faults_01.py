"""Planted faults for the claims of lesson 01: each makes its quantity red."""

import functools

import torch
from claim_faults import Fault
from lesson_cells import measured, run

from helpers.instruments import measure

LESSON = "01_attention"
Change = tuple[str, str]  # old code, new code

SOFTMAX = ("softmax-naive-code", "softmax-stable-code")
ATTENTION = ("world-slots", "world", "embed-code", "qkv-code", *SOFTMAX, "attention")
MASKS = (
    *ATTENTION,
    "masks-code",
    "masks-count",
    "masks-check-code",
    "leak-changes",
    "leak",
    "leak-claim",
)
TRAINED = (
    *ATTENTION,
    "train-data",
    "train-model-code",
    "train-untrained",
    "train-loop-code",
    "train-run",
    "train-test",
)
KNOCKED = (
    *TRAINED,
    "knock-out-rank",
    "knock-out",
    "knock-out-result",
    "unseen-code",
    "unseen-result",
)
ORDER = (*KNOCKED, "masks-code", "masks-count", "leak-changes", "leak", "order-gap", "order-code")
TILES = (*ATTENTION, "tiles-code")

# --- C05: the formula ---------------------------------------------------------------------------

DIVISOR = "divisor = math.sqrt(d) if scaled else 1"
BY_D_K = (DIVISOR, "divisor = d if scaled else 1")
BY_A_POWER = (DIVISOR, "divisor = d**0.6 if scaled else 1")
BY_100 = (DIVISOR, "divisor = 100 if scaled else 1")
NEVER = (DIVISOR, "divisor = 1")
ALWAYS = (DIVISOR, "divisor = math.sqrt(d)")
NOT_NORMAL = ("torch.randn(n_keys", "torch.rand(n_keys")


@functools.cache
def _scales(change: Change) -> dict[str, float]:
    """{quantity and whether it was divided: value at d_k = 1024}"""
    scope = run(
        LESSON,
        *SOFTMAX,
        "variance-spread",
        "variance",
        "scale-quantities",
        "scale-gradients",
        "scale-measure",
        "scale-last",
        change=change,
    )
    return {f"{name.__name__} {scaled}": value for (name, scaled), value in scope["last"].items()}


def scale(name: str, change: Change) -> float:
    return _scales(change)[name]


def gap_to_torch(change: Change) -> float:
    return run(LESSON, *ATTENTION, "function-check-code", change=change)["torch_gap"]


def trained(change: Change, scaled: bool) -> float:
    return run(LESSON, *TRAINED, "unscaled-reached", "unscaled", change=change)["mean_reached"][
        256, scaled
    ]


# --- C01 and C04: masks, weights, order ---------------------------------------------------------

MASK_NAMES = "full_mask, causal_mask, prefix_mask, _ = masks.values()"
ADDED = ("scores.masked_fill(~mask, -math.inf)", "scores + mask")
IGNORED = ("if mask is not None:", "if False:")
ANY_WEIGHTS = ("scores = q @ k.mT /", "scores = 0 * q @ k.mT /")
ALWAYS_THE_TOP = ("order[:, rank : rank + 1]", "order[:, :1]")


def leak(name: str, as_mask: str, quantity: str) -> float:
    """One mask silently is another."""
    change = (MASK_NAMES, f"{MASK_NAMES}\n{name} = {as_mask}")
    return measured(LESSON, "C01", *MASKS, change=change)[quantity]


@functools.cache
def _trained_and_knocked(change: Change) -> dict[str, float]:
    scope = run(LESSON, *KNOCKED, change=change)
    scope["knocked_top"] = scope["knocked"][0]
    names = ("on_answer", "knocked_top", "knocked_others", "unseen_right", "unseen_on_particles")
    return {name: float(scope[name]) for name in names}


def knocked(quantity: str, change: Change) -> float:
    return _trained_and_knocked(change)[quantity]


def order(quantity: str, change: Change) -> float:
    return measured(LESSON, "C04", *ORDER, change=change)[quantity]


# --- C29: tiles ---------------------------------------------------------------------------------

UPDATE = "p, shrink = (s - m_new).exp(), (m - m_new).exp()"
KEEPS_ALL = (
    UPDATE,
    "tiled_attention.kept = getattr(tiled_attention, 'kept', []) + [s]\n            " + UPDATE,
)
NOT_RESCALED = ("a = a * shrink + p @", "a = a + p @")
NOT_CAUSAL = ("if causal:", "if False:")
HALF = ("in range(0, len(k), tile)", "in range(0, len(k) // 2, tile)")
WINDOW = ("in range(0, len(k), tile)", "in range(max(0, i - 256), i + tile, tile)")


def tiled_gap(change: Change, causal: bool) -> float:
    scope = run(LESSON, *TILES, change=change)
    q, k, v = torch.randn(3, 256, 64, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(256, 256).tril().bool() if causal else None
    gap = scope["tiled_attention"](q, k, v, causal)[0] - scope["attention"](q, k, v, mask)[0]
    return gap.abs().max().item()


@functools.cache
def _spent(change: Change, function: str, n: int) -> measure.Cost:
    scope = run(LESSON, *TILES, change=change)
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
KEPT_WEIGHTS = (BACKWARD, "grads = torch.autograd.grad(attention(*leaves)[0], leaves, out_grad)")
WITHOUT_MEAN = (BACKWARD, BACKWARD.replace("out, lse", "0 * out, lse"))
FORWARD = "    out, lse = tiled_attention(q_, k_, v_)\n"


def training(name: str, change: Change) -> float:
    return run(LESSON, *TILES, "tiles-check-code", "tiles-gradient", change=change)[name]


FAULTS: list[Fault] = [
    Fault("C05", "torch_gap", "attention divides by d_k",
          lambda: gap_to_torch(("math.sqrt(q.size(-1))", "q.size(-1)"))),
    Fault("C05", "variance", "keys of another distribution",
          lambda: scale("spread False", NOT_NORMAL) / 1024),
    Fault("C05", "scaled_variance", "divides by d_k", lambda: scale("spread True", BY_D_K)),
    Fault("C05", "scaled_variance", "divides by d_k^0.6", lambda: scale("spread True", BY_A_POWER)),
    Fault("C05", "scaled_variance", "divides by 100", lambda: scale("spread True", BY_100)),
    Fault("C05", "entropy_raw", "divides anyway", lambda: scale("entropy False", ALWAYS)),
    Fault("C05", "entropy_scaled", "divides by d_k", lambda: scale("entropy True", BY_D_K)),
    Fault("C05", "entropy_scaled", "divides by d_k^0.6",
          lambda: scale("entropy True", BY_A_POWER)),
    Fault("C05", "entropy_scaled", "divides by 100", lambda: scale("entropy True", BY_100)),
    Fault("C05", "unreached_raw", "divides anyway", lambda: scale("unreached False", ALWAYS)),
    Fault("C05", "unreached_scaled", "never divides", lambda: scale("unreached True", NEVER)),
    Fault("C05", "trained_raw", "the division is not undone",
          lambda: trained(("if not scaled:", "if False:"), scaled=False), long=True),
    Fault("C05", "trained_scaled", "the division is always undone",
          lambda: trained(("if not scaled:", "if True:"), scaled=True), long=True),
    Fault("C01", "mask_gap", "the mask is added as 0 and 1",
          lambda: measured(LESSON, "C01", *MASKS, change=ADDED)["mask_gap"]),
    Fault("C01", "causal_leak", "the causal mask sees one token ahead",
          lambda: leak("causal_mask", "causal_mask.roll(1, 1) | causal_mask", "causal_leak")),
    Fault("C01", "prefix_leak", "the prefix mask is full",
          lambda: leak("prefix_mask", "full_mask", "prefix_leak")),
    Fault("C01", "prefix_inside", "the prefix mask is causal",
          lambda: leak("prefix_mask", "causal_mask", "prefix_inside")),
    Fault("C01", "full_leak", "the full mask is causal",
          lambda: leak("full_mask", "causal_mask", "full_leak")),
    Fault("C04", "on_answer", "weights that ignore the scores",
          lambda: knocked("on_answer", ANY_WEIGHTS)),
    Fault("C04", "knocked_top", "the mask is ignored", lambda: knocked("knocked_top", IGNORED)),
    Fault("C04", "knocked_others", "always the token of the largest weight is hidden",
          lambda: knocked("knocked_others", ALWAYS_THE_TOP)),
    Fault("C04", "knocked_others", "weights that ignore the scores",
          lambda: knocked("knocked_others", ANY_WEIGHTS)),
    Fault("C04", "unseen_right", "weights that ignore the scores",
          lambda: knocked("unseen_right", ANY_WEIGHTS)),
    Fault("C04", "unseen_on_particles", "weights that ignore the scores",
          lambda: knocked("unseen_on_particles", ANY_WEIGHTS)),
    Fault("C04", "unseen_on_particles", "the words are not hidden",
          lambda: knocked("unseen_on_particles", IGNORED)),
    Fault("C04", "shuffled", "a causal mask",
          lambda: order("shuffled", ("self_attention(x + position).flip(0)",
                                     "self_attention(x + position, causal_mask).flip(0)"))),
    Fault("C04", "with_positions", "positions move with their tokens",
          lambda: order("with_positions", ("self_attention(x.flip(0) + position)",
                                           "self_attention((x + position).flip(0))"))),
    Fault("C29", "tiled_gap", "the sum is not rescaled to the new maximum",
          lambda: tiled_gap(NOT_RESCALED, causal=False)),
    Fault("C29", "tiled_gap", "the causal mask is forgotten",
          lambda: tiled_gap(NOT_CAUSAL, causal=True)),
    Fault("C29", "gradient_gap", "softmax's gradient without its mean",
          lambda: training("gradient_gap", WITHOUT_MEAN)),
    Fault("C29", "peak_ratio", "every tile of scores is kept",
          lambda: ratio("peak_bytes", KEEPS_ALL)),
    Fault("C29", "peak_growth", "every tile of scores is kept",
          lambda: growth("peak_bytes", KEEPS_ALL)),
    Fault("C29", "flops_ratio", "half of the keys are left out", lambda: ratio("flops", HALF)),
    Fault("C29", "flops_growth", "a sliding window", lambda: growth("flops", WINDOW)),
    Fault("C29", "training_ratio", "the weights (n, n) are kept for the backward pass",
          lambda: training("training_ratio", (FORWARD + "    " + BACKWARD,
                                              "    " + KEPT_WEIGHTS[1]))),
]  # fmt: skip
