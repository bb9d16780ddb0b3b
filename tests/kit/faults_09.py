"""Planted faults for the claims of lesson 09: each makes its quantity red.

Of most quantities of real weights the fault is that the weights are random: the cells run on the
stand-ins.  Where random weights would pass too, the fault needs the real ones (long).
"""

from functools import cache, partial

import lesson_cells
import pytest
from claim_faults import Fault

from helpers.classroom import claims
from helpers.models import decoder, positions, real

LESSON = "09_real_models"
LOADED = ("tokens-guess", "tokens-table", "load-code")
SINK = (*LOADED, "norms-guess", "sink-guess", "sink-small")
CHAIN = (
    *LOADED, "tokens-claim", "bytes-guess", "same-code", "same-claim", *SINK[3:], "sink-claim",
    "lens-guess", "lens-claim", "heads-guess", "heads-claim", "sampling-code", "sampling-guess",
    "sampling-table", "encoder-load", "encoder-guess", "pairs-table", "roles-guess",
    "encoder-claim",
)  # fmt: skip


def measured(*keys: str, **options) -> dict[str, dict[str, float]]:
    """{claim: {quantity: value}} that the cells hand to claims.check; nothing is judged."""
    handed: dict[str, dict[str, float]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claims, "check", lambda claim, values: handed.update({claim: values}))
        lesson_cells.run(LESSON, *keys, **options)
    return handed


@cache
def on_stand_ins(change: tuple[str, str] = ("", "")) -> dict[str, dict[str, float]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIAD_REAL", "stand-in")
        return measured(*CHAIN, change=change)


def random_weights(claim: str, quantity: str) -> Fault:
    """The fault that the weights are random."""

    def measure() -> float:
        return float(on_stand_ins()[claim][quantity])

    return Fault(claim, quantity, "random weights", measure)


def planted(claim: str, quantity: str, what: str, old: str, new: str) -> Fault:
    """A fault in a cell; the stand-ins show it."""
    return Fault(claim, quantity, what, lambda: float(on_stand_ins((old, new))[claim][quantity]))


def on_real_weights(*keys: str, claim: str, quantity: str, change: tuple[str, str]) -> float:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TRIAD_REAL", raising=False)
        if not real.available("smollm2") or not real.available("e5"):
            pytest.skip("needs the real weights: python start.py real")
        return float(measured(*keys, change=change)[claim][quantity])


def long(claim: str, quantity: str, what: str, change: tuple[str, str], *keys: str) -> Fault:
    measure = partial(on_real_weights, *keys, claim=claim, quantity=quantity, change=change)
    return Fault(claim, quantity, what, measure, long=True)


def learned_positions() -> float:
    heads = positions.trained(decoder.load(), 20, 30)
    return max(positions.drift(head) / head.abs().max().item() for head in heads)


FAULTS = [
    *(
        random_weights(claim, quantity)
        for claim, quantities in {
            "E90": ("english", "japanese", "mandarin", "e5_japanese", "e5_mandarin"),
            "E91": ("parameters", "bytes"),
            "E92": ("ratio", "growth"),
            "E93": ("sink", "first"),
            "E94": ("half", "late"),
            "E95": ("accuracy", "lost", "target", "previous"),
            "E96": ("mandarin", "english"),
            "E97": ("fact", "story", "hot"),
        }.items()
        for quantity in quantities
    ),
    planted("E91", "bytes_gap", "other numbers", 'kept, dtype="float32"', 'kept, dtype="bfloat16"'),
    planted(
        "E91", "triad_gap", "another base of RoPE",
        "triad.decoder(prompt, *weights.take(lm))",
        "triad.decoder(prompt, weights.take(lm)[0], weights.take(lm)[1]._replace(theta=1e4))",
    ),
    planted("E91", "past", "an encoder", "influence(lm)", 'influence(real.load("e5"))'),
    planted("E91", "later", "one token alone", "influence(lm)", "influence(lm, length=1)"),
    Fault("E91", "rope_drift", "learned positions", learned_positions),
    planted(
        "E92", "small_ratio", "behind the last norm",
        "small_length = small.hidden_states[1]", "small_length = small.hidden_states[2]",
    ),
    long(
        "E93", "second", "the first token", ('"b": (1, start)', '"b": (0, start)'),
        *SINK, "sink-claim",
    ),
    long(
        "E93", "for_all", "from some on", ('"c": (0, 1)', '"c": (0, start)'), *SINK, "sink-claim"
    ),
    planted(
        "E93", "small_sink", "all tokens", "attentions)[..., since:, 0]",
        "attentions)[..., since:, :].sum(-1)",
    ),
    planted("E93", "small_first", "a token that tells", "hidden_key(n, 0,", "hidden_key(n, 2,"),
    planted(
        "E94", "small_half", "before the first layer",
        "ln_f(small.hidden_states[1])", "ln_f(small.hidden_states[0])",
    ),
    long(
        "E95", "lost_at_random", "the strongest ones",
        ("rest = [head for head in rest if head not in heads]", "rest = heads * 3"),
        *LOADED, "heads-guess", "heads-claim",
    ),
    planted("E96", "least", "a decoder", "influence(bert)", "influence(gpt2)"),
    planted(
        "E96", "letters_mandarin", "the same language", 'told["ja"], told[lang]',
        'told["ja"], told["ja"]',
    ),
    planted(
        "E96", "letters_english", "the same language", 'told["ja"], told[lang]',
        'told["ja"], told["ja"]',
    ),
    planted("E96", "roles", "nobody is exchanged", ".flip(1)", ""),
    planted("E96", "alike", "other sentences", "(right * wrong)", "(right * wrong.roll(8, 0))"),
]  # fmt: skip
