"""Planted faults for the claims of lesson 08: each makes its quantity red."""

import functools
import inspect
import math
from collections.abc import Callable
from functools import partial

import lesson_cells
import pytest
from broken_costs import CAUSAL_FAULTS, with_fault
from broken_costs import FAULTS as FORMULA_FAULTS
from claim_faults import Fault

from helpers import bottleneck
from helpers.models import speculative

LESSON = "08_bottleneck_challenge"
DESIGNS = ("designs-guess", "designs-code")
GROWING = (*DESIGNS, "growing-states", "growing-figure", "c30")
CELLS = {  # those that a claim's numbers come from
    "C24": GROWING,
    "C25": (*DESIGNS, "reading-ratios", "c25"),
    "C26": (*DESIGNS, "c26"),
    "C27": ("engineering-code", "engineering-t5-model", "engineering-t5-code", "c27"),
    "C28": (*DESIGNS, "growing-states", "c28"),
    "C30": GROWING,
    "E80": ("roofline-intensity", "roofline-guess", "roofline-claim"),
    "E83": ("speculative-source", "speculative-guess", "speculative-claim"),
    "E84": ("speculative-table", "speculative-agreement"),
    "E82": (*DESIGNS, "merged-guess", "merged-claim"),
    "E81": ("roofline-intensity", "serving-source", "serving-guess", "serving-claim"),
}
FORMULAS = ("read_flops", "first_token_flops", "write_flops", "summary_flops", "growing_flops")
BROKEN = FORMULA_FAULTS | CAUSAL_FAULTS | {
    "encoder appends": ("    n += known\n", ""),
    "cross query and output forgotten": ("layer += 2 * design.q_and_o", "layer += 0"),
}  # fmt: skip


def changed(claim: str, quantity: str, *change: str) -> float:
    """What the lesson's own cells measure when `old` code is replaced by `new`."""
    return lesson_cells.measured(LESSON, claim, *CELLS[claim], change=change)[quantity]


def broken(claim: str, quantity: str, name: str) -> float:
    """What the lesson's own cells measure with a fault in the formulas."""
    faulty = with_fault(*BROKEN[name])
    with pytest.MonkeyPatch.context() as patch:
        for formula in (*FORMULAS, "cache_bytes", "batch_bytes"):
            patch.setattr(bottleneck, formula, vars(faulty)[formula])
        return lesson_cells.measured(LESSON, claim, *CELLS[claim])[quantity]


def flag(name: str, *change: str) -> float:
    return lesson_cells.run(LESSON, "engineering-code", change=change)["flash"][name]


def peak_growth(encoder: int, attention: str, short: int) -> float:
    """C29: the peak of twice the length over that of the shorter."""
    device = "meta" if attention == "eager" else "cpu"
    thin = bottleneck.plain("", encoder, 2)
    sizes = [bottleneck.peak_of_reading(thin, n, attention, device) for n in (short, 2 * short)]
    return sizes[1] / sizes[0]


def without_bias() -> float:
    """C27: a T5 that adds no bias to its scores."""
    from transformers.models.t5 import modeling_t5

    def none(self, query_length, key_length, *args, **kwargs):
        return self.relative_attention_bias.weight.new_zeros(1, self.n_heads, 1, 1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modeling_t5.T5Attention, "compute_bias", none)
        return lesson_cells.measured(LESSON, "C27", *CELLS["C27"])["t5_growth"]


def half_of_reading() -> float:
    """C29: the causal half taken twice."""
    faulty = with_fault(*BROKEN["causal half taken twice"])
    deep = bottleneck.plain("", 0, 14, 3_072, 24)
    return faulty.read_flops(deep, 131_072, skipping=True) / faulty.read_flops(deep, 131_072)


DRAFTER = functools.cache(speculative.drafter)  # trained once: no fault is in it
PASSES, PAIRS = ("per_pass",), ("exact_pairs", "drawn_pairs", "misfit")


def pairs_for(quantity: str, draw: Callable = speculative.drawn_pairs) -> Callable:
    """All of the lesson's draws for `misfit`; a tenth tells a misfit of 1 from one of 8."""

    def drawn_pairs(target, draft, ids, ahead, n):
        whole = quantity == "misfit" and target is not draft
        return draw(target, draft, ids, ahead, n if whole else n // 10)

    return drawn_pairs


def speculated(quantity: str, *change: str, **planted: Callable) -> float:
    """E83 from the lesson's cells; what the quantity does not need is not measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speculative, "drawn_pairs", pairs_for(quantity))
        for name in PASSES if quantity.startswith("misfit") else PAIRS:
            patch.setattr(speculative, name, lambda *_: math.nan)
        for name, function in {"drafter": DRAFTER, **planted}.items():
            patch.setattr(speculative, name, function)
        patch.setattr(inspect, "getsource", str)
        change = change or ("", "")
        return lesson_cells.measured(LESSON, "E83", *CELLS["E83"], change=change)[quantity]


def speculation(quantity: str, *change: str) -> float:
    """E83: `speculate` with a fault in its source."""
    source = inspect.getsource(speculative.speculate)
    assert source.count(change[0]) == 1
    scope = dict(vars(speculative))
    exec(source.replace(*change), scope)
    return speculated(quantity, speculate=scope["speculate"])


def lines(claim: str, quantity: str, what: str, *change: str) -> Fault:
    return Fault(claim, quantity, what, partial(changed, claim, quantity, *change))


def formula(claim: str, quantity: str, name: str) -> Fault:
    return Fault(claim, quantity, name, partial(broken, claim, quantity, name))


def other(claim: str, quantity: str, what: str, measure: Callable[[], float]) -> Fault:
    return Fault(claim, quantity, what, measure)


TWO_ENDS = "states(decoder, text)[:, :48], states(decoder, other_end)[:, :48]"
ENCODED = "states(encoder, text)[:, :48], states(encoder, other_end)[:, :48]"
WHO = "kind._supports_flash_attn"
FAULTS: list[Fault] = [
    lines("C24", "at_once", "causal half not skipped", "updates, skipping=True", "updates"),
    lines("C24", "at_once", "deep encoder", "6, 6, d, heads", "10, 3, d, heads"),
    lines("C24", "growing", "causal half not skipped", "updates, skipping=True", "updates"),
    formula("C24", "growing", "encoder appends"),
    lines("C25", "naive", "skipped", "(deep, n) /", "(deep, n, skipping=True) /"),
    formula("C25", "skipping", "causal half taken twice"),
    lines("C25", "skipping", "d = 96 for a real width", "3_072, 24", "96, 6"),
    lines("C25", "same_depth", "not skipped", "shallow, n, skipping=True", "shallow, n"),
    lines("C25", "same_depth", "d = 96 for a real width", "3_072, 24", "96, 6"),
    formula("C25", "deep_encoder", "encoder counted twice"),
    lines("C26", "whole_job", "causal half not skipped", "n, t, skipping=True", "n, t"),
    formula("C26", "whole_job", "encoder counted twice"),
    lines("C26", "whole_job_same_depth", "d = 96 for a real width", "3_072, 24", "96, 6"),
    lines("C26", "whole_job_same_depth", "not skipped", "n, t, skipping=True", "n, t"),
    formula("C26", "write", "cross keys made for each token"),
    formula("C26", "write", "document not seen"),
    formula("C26", "write_same_depth", "cross query and output forgotten"),
    formula("C26", "cache", "cross cache forgotten"),
    formula("C26", "cache_same_depth", "cross cache forgotten"),
    other("C27", "t5_flash", "FlexAttention's flag read",
          partial(flag, "T5ForConditionalGeneration", WHO, "kind._supports_flex_attn")),
    other("C27", "bart_flash", "T5 asked for every model",
          partial(flag, "BartForConditionalGeneration", "getattr(transformers, name)",
                  "transformers.T5ForConditionalGeneration")),
    other("C27", "merged_flash", "sdpa's flag read",
          partial(flag, "T5Gemma2ForConditionalGeneration", WHO, "kind._supports_sdpa")),
    other("C27", "t5_growth", "no bias", without_bias),
    lines("C27", "bart_growth", "naive", 'n, "sdpa")', 'n, "eager")'),
    lines("C28", "kinds", "a cross cache counted", "len([cache])", "len([cache, cache])"),
    lines("C28", "kinds_pair", "no cross cache", ", cache.cross_attention_cache", ""),
    lines("C28", "document_sees_question", "a leaking mask", TWO_ENDS,
          TWO_ENDS.replace("decoder", "encoder")),
    lines("C28", "question_first", "the same question", "text[:, 48:], other_end[:, 48:]",
          "text[:, 48:], text[:, 48:]"),
    lines("C28", "encoder_sees_question", "causal", ENCODED, ENCODED.replace("encoder", "decoder")),
    other("C29", "naive_growth", "measured with sdpa", partial(peak_growth, 0, "sdpa", 1_024)),
    other("C29", "decoder_growth", "naive", partial(peak_growth, 0, "eager", 4_096)),
    other("C29", "pair_growth", "naive", partial(peak_growth, 2, "eager", 4_096)),
    other("C29", "decoder_flops", "causal half taken twice", half_of_reading),
    lines("C30", "causal", "a leaking mask", TWO_ENDS, TWO_ENDS.replace("decoder", "encoder")),
    lines("C30", "chunk", "the cache forgotten", ", past_key_values=before.past_key_values)", ")"),
    lines("C30", "encoder", "causal", ENCODED, ENCODED.replace("encoder", "decoder")),
    formula("C30", "skipping_growth", "causal half for old tokens too"),
    formula("C30", "encoder_growth", "encoder appends"),
    formula("C30", "ratio", "encoder counted twice"),
    lines("E80", "prefill", "causal half not skipped", "design, n, skipping=True", "design, n"),
    lines("E80", "decode", "weights of one byte", "(2 * weights", "(weights"),
    lines("E80", "decode_batch", "one cache for all", "batch * cache)", "cache)"),
    lines("E80", "enough", "weights of one byte", "(2 * weights", "(weights"),
    formula("E80", "enough_128", "K without V"),
    formula("E80", "most_512", "K without V"),
    lines("E81", "gain", "both continuous", "for how in (False, True))\noptions",
          "for how in (True, True))\noptions"),
    lines("E81", "wait", "all at once", "how, rate=3)", "how)"),
    lines("E81", "wait", "static overloaded", "how, rate=3)", "how, rate=5)"),
    lines("E81", "wait", "both continuous", "how, rate=3) for how in (False, True)",
          "how, rate=3) for how in (True, True)"),
    lines("E81", "tpot", "all at once", "how, rate=3)", "how)"),
    lines("E81", "tpot", "both continuous", "how, rate=3) for how in (False, True)",
          "how, rate=3) for how in (True, True)"),
    lines("E81", "tpot_full", "both continuous", "for how in (False, True))\noptions",
          "for how in (True, True))\noptions"),
    lines("E81", "tpot_full", "waiting for the first token counted", 'continuous["tpot_p50"]',
          'continuous["ttft_p50"]'),
    lines("E81", "pair", "the same design twice", "simulated(grouped_pair", "simulated(grouped"),
    lines("E82", "layers", "not merged", "bottleneck.merged(pair)", "pair"),
    lines("E82", "read", "causal half not skipped", "(x, n, skipping=True)", "(x, n)"),
    lines("E82", "write", "not merged", "bottleneck.merged(pair)", "pair"),
    formula("E82", "cache", "cross cache forgotten"),
    other("E83", "misfit_draft", "the target's own",
          partial(speculated, "misfit_draft", "(draft, draft,", "(target, target,")),
    other("E83", "misfit", "held against its own counts",
          partial(speculated, "misfit", "misfit(drawn, exact)",
                  "misfit(drawn, {k: n / drawn.total() for k, n in drawn.items()})",
                  drawn_pairs=pairs_for("one"))),
    Fault("E83", "misfit", "every draft accepted",
          partial(speculation, "misfit", "if not accepts(p[k, x], q[k][x])", "if False"),
          long=True),
    other("E83", "misfit", "replaced from p",
          partial(speculation, "misfit", "(p[k] - q[k]).clamp(min=0)", "p[k]")),
    other("E83", "one", "no token for a pass in which all are accepted",
          partial(speculation, "one", "torch.cat([text[n:], drawn(p[ahead])])", "text[n:]")),
    other("E83", "four", "one token drafted",
          partial(speculated, "four", "start, ahead)", "start, 1)")),
    lines("E84", "right", "every draft accepted", 'min(p_values["right"])', 'min(p_values["all"])'),
    lines("E84", "all", "the right rule", 'max(p_values["all"])', 'max(p_values["right"])'),
    lines("E84", "p", "the right rule", 'max(p_values["p"])', 'max(p_values["right"])'),
    lines("E84", "least", "the best draft", "counted[25][1]", "counted[1600][1]"),
    lines("E84", "most", "the poorest draft", "counted[1600][1]", "counted[25][1]"),
    lines("E84", "formula", "three tokens drafted", "expected(agreement, 4)",
          "expected(agreement, 3)"),
]  # fmt: skip
