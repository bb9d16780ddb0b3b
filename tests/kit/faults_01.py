"""Planted faults for the claims of lesson 01: each makes its quantity red."""

import functools

from claim_faults import Fault
from lesson_cells import measured, run

LESSON = "01_attention"
Change = tuple[str, str]  # old code, new code

SOFTMAX = ("softmax-naive-code", "softmax-stable-code")
ATTENTION = ("world", "embed-code", "qkv-code", *SOFTMAX, "attention")
SCALE = (*SOFTMAX, "variance", "scale-measure")
ORDER = (*ATTENTION, "order-code")
MASKS = (*ORDER, "masks-code", "leak", "leak-claim")
TRAINED = (*ATTENTION, "train-model-code", "train-run")
KNOCKED = (*TRAINED, "knock-out")
SINKS = (*KNOCKED, "sink")
UNSEEN = (*TRAINED, "unseen-code", "unseen-claim")

# --- C05: the formula ---------------------------------------------------------------------------

DIVISOR = "divisor = math.sqrt(d) if scaled else 1"
BY_D_K = (DIVISOR, "divisor = d if scaled else 1")
BY_A_POWER = (DIVISOR, "divisor = d**0.6 if scaled else 1")
BY_100 = (DIVISOR, "divisor = 100 if scaled else 1")
NEVER = (DIVISOR, "divisor = 1")
ALWAYS = (DIVISOR, "divisor = math.sqrt(d)")
NOT_NORMAL = ("torch.randn(n_keys", "torch.rand(n_keys")
VARIANCE, ENTROPY, UNREACHED = range(3)  # the order of sharpness.of


@functools.cache
def _scales(change: Change) -> dict[bool, list[float]]:
    """{whether it was divided: quantities at d_k = 1024}"""
    return run(LESSON, *SCALE, change=change)["last"]


def scale(quantity: int, scaled: bool, change: Change) -> float:
    return _scales(change)[scaled][quantity]


def gap_to_torch(change: Change) -> float:
    return run(LESSON, *ATTENTION, "function-check-code", change=change)["torch_gap"]


def trained(change: Change, scaled: bool) -> float:
    scope = run(LESSON, *TRAINED, "unscaled", change=change)
    return scope["mean_reached"][256, scaled]


# --- C01, C04 and E11: masks, weights, order ----------------------------------------------------

MASK_NAMES = "full_mask, causal_mask, prefix_mask, _ = masks.values()"
ADDED = ("scores.masked_fill(~mask, -math.inf)", "scores + mask")
IGNORED = ("if mask is not None:", "if False:")
ANY_WEIGHTS = ("scores = q @ k.mT /", "scores = 0 * q @ k.mT /")
ALWAYS_THE_TOP = ("facts.hide(all_weights, rank)", "facts.hide(all_weights, 0)")
NEVER_ADDED = ("if add_question:", "if False:")
THE_SECOND = ("visible = facts.hide(weights, 0)", "visible = facts.hide(weights, 1)")
NOTHING_HIDDEN = ("without = visible & ~is_particle[:, None]", "without = visible")
WITHOUT_WEIGHTS = ("(all_weights[..., None] * (values_", "(0 * all_weights[..., None] + (values_")


def leak(name: str, as_mask: str, quantity: str) -> float:
    """One mask silently is another."""
    change = (MASK_NAMES, f"{MASK_NAMES}\n{name} = {as_mask}")
    return measured(LESSON, "C01", *MASKS, change=change)[quantity]


@functools.cache
def _knocked(change: Change) -> dict[str, float]:
    scope = run(LESSON, *KNOCKED, change=change)
    return {"knocked_top": scope["knocked"][0], "knocked_others": scope["knocked_others"]}


def knocked(quantity: str, change: Change) -> float:
    return _knocked(change)[quantity]


@functools.cache
def _sinks(change: Change) -> dict:
    return run(LESSON, *SINKS, change=change)


def sink(quantity: str, change: Change) -> float:
    return _sinks(change)[quantity]


@functools.cache
def _unseen(change: Change) -> dict[str, float]:
    return measured(LESSON, "E11", *UNSEEN, change=change)


def unseen(quantity: str, change: Change) -> float:
    return _unseen(change)[quantity]


def order(quantity: str, change: Change) -> float:
    return run(LESSON, *ORDER, change=change)[quantity]


FAULTS: list[Fault] = [
    Fault("C05", "torch_gap", "attention divides by d_k",
          lambda: gap_to_torch(("math.sqrt(q.size(-1))", "q.size(-1)"))),
    Fault("C05", "variance", "keys of another distribution",
          lambda: scale(VARIANCE, False, NOT_NORMAL) / 1024),
    Fault("C05", "scaled_variance", "divides by d_k", lambda: scale(VARIANCE, True, BY_D_K)),
    Fault("C05", "scaled_variance", "divides by d_k^0.6",
          lambda: scale(VARIANCE, True, BY_A_POWER)),
    Fault("C05", "scaled_variance", "divides by 100", lambda: scale(VARIANCE, True, BY_100)),
    Fault("C05", "entropy_raw", "divides anyway", lambda: scale(ENTROPY, False, ALWAYS)),
    Fault("C05", "entropy_scaled", "divides by d_k", lambda: scale(ENTROPY, True, BY_D_K)),
    Fault("C05", "entropy_scaled", "divides by d_k^0.6", lambda: scale(ENTROPY, True, BY_A_POWER)),
    Fault("C05", "entropy_scaled", "divides by 100", lambda: scale(ENTROPY, True, BY_100)),
    Fault("C05", "unreached_raw", "divides anyway", lambda: scale(UNREACHED, False, ALWAYS)),
    Fault("C05", "unreached_scaled", "never divides", lambda: scale(UNREACHED, True, NEVER)),
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
          lambda: sink("on_answer", ANY_WEIGHTS)),
    Fault("C04", "knocked_top", "the mask is ignored", lambda: knocked("knocked_top", IGNORED)),
    Fault("C04", "knocked_others", "always the token of the largest weight is hidden",
          lambda: knocked("knocked_others", ALWAYS_THE_TOP)),
    Fault("C04", "knocked_others", "weights that ignore the scores",
          lambda: sink("knocked_others", ANY_WEIGHTS)),
    Fault("C04", "sink_weight", "weights that ignore the scores",
          lambda: sink("sink_weight", ANY_WEIGHTS)),
    Fault("C04", "sink_hidden", "the question is not added to what is mixed",
          lambda: sink("sink_hidden", NEVER_ADDED)),
    Fault("C04", "asked_hidden", "the token of the second largest weight is hidden",
          lambda: sink("asked_hidden", THE_SECOND), long=True),
    Fault("C04", "shuffled", "scores that know where they stand",
          lambda: order("shuffled", ("scores = q @ k.mT /",
                                     "scores = torch.arange(len(k)) + q @ k.mT /"))),
    Fault("C04", "with_positions", "positions move with their tokens",
          lambda: order("with_positions", ("self_attention(x.flip(0) + position)",
                                           "self_attention((x + position).flip(0))"))),
    Fault("E11", "unseen_right", "weights that ignore the scores",
          lambda: unseen("unseen_right", ANY_WEIGHTS)),
    Fault("E11", "unseen_on_particles", "weights that ignore the scores",
          lambda: unseen("unseen_on_particles", ANY_WEIGHTS)),
    Fault("E11", "unseen_without", "the particles are not hidden",
          lambda: unseen("unseen_without", NOTHING_HIDDEN), long=True),
    Fault("E11", "same_top", "the values alone, without their weights",
          lambda: unseen("same_top", WITHOUT_WEIGHTS)),
]  # fmt: skip
