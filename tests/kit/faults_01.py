"""Planted faults for the claims of lesson 01: each makes its quantity red."""

import functools

from claim_faults import Fault
from lesson_cells import measured, run

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
]  # fmt: skip
