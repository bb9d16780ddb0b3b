"""What must hold for any Transformer, whoever trained it: four checks of a model of your own.

    any_model.check("ckiplab/bert-tiny-chinese")    # a model of the hub, a folder, or a model

Parameters to the unit, which token sees which, the bytes of the KV cache, what a place changes:
each follows from config.json and the architecture alone, and is measured on the weights.
"""

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from . import blueprint, kv_cache
from .display import show
from .display.markup import Html
from .instruments import causality
from .kv_cache import configs
from .language import say
from .models import real

TOKENS, SOURCE = 50, 20  # of a filled cache, and of an encoder's input
PLACES, SHIFT = 12, 32  # tokens that are moved, and by how many places
ROTATED, LEARNED = 1e-3, 1e-2  # what a shift may change at most, and must change at least
FAR = 100  # how many times as much doubled distances must change with RoPE
EXTRA = "pooler."  # a part that many checkpoints leave out


@dataclass(frozen=True)
class Finding:
    """One check of one model.

    name: parameters, causality, kv_bytes or shift   expected, measured: as they are shown
    holds: None where the check says nothing of this architecture; expected then says why
    """

    name: str
    expected: str
    measured: str = ""
    holds: bool | None = None


def check(model: Any) -> list[Finding]:
    """Show, and return, what findings() finds.

    model: a model of transformers, or whatever real.load takes
    """
    model = real.load(model) if isinstance(model, str | Path) else model
    found = findings(model)
    title = say.text("any_model", "title", name=type(model).__name__, size=_size(model))
    head = [say.text("any_model", name) for name in ("what", "expected", "measured", "result")]
    body, plain = show.table(head, [_row(finding) for finding in found])
    show.fragment(Html("<p>{}</p>{}").format(title, body), f"{title}\n{plain}")
    return found


@torch.no_grad()
def findings(model: Any) -> list[Finding]:
    """Run the four checks.  configs.Refused where transformers cannot build such a model."""
    was_training = model.training
    model.eval()  # dropout would change everything
    try:
        return [parameters(model), sight(model), kv_bytes(model), shift(model)]
    finally:
        model.train(was_training)


def _row(finding: Finding) -> list[str]:
    result = {True: "holds", False: "differs", None: "not_here"}[finding.holds]
    name, told = (say.text("any_model", key) for key in (finding.name, result))
    return [name, finding.expected, finding.measured, told]


def _size(model: Any) -> str:
    return f"{sum(p.numel() for p in model.parameters()):,}"


# --- parameters -------------------------------------------------------------------------


def parameters(model: Any) -> Finding:
    """Count the parameters of the body (without heads), and compare with what config.json says."""
    loaded = {name: tuple(p.shape) for name, p in model.named_parameters()}
    want, got = (_count(named, model) for named in (blueprint.shapes(model.config), loaded))
    return Finding("parameters", f"{want:,}", f"{got:,}", want == got)


def _count(named: dict[str, tuple[int, ...]], model: Any) -> int:
    """Add up the body: what stands below base_model_prefix, or all where nothing does."""
    prefix = f"{model.base_model_prefix}."
    body = {name: shape for name, shape in named.items() if name.startswith(prefix)} or named
    sizes = [torch.Size(shape).numel() for name, shape in body.items() if EXTRA not in name]
    return sum(sizes)


# --- which token sees which -------------------------------------------------------------


def sight(model: Any) -> Finding:
    """Change each token in turn: of a decoder, no earlier output may change, not by one bit."""
    found = causality.influence(model)
    if configs.is_encoder_only(model.config):
        holds = found.past > causality.ROUNDING * found.later > 0
        return Finding("causality", "> 0", _number(found.past), holds)
    exact = "0.0" if found.verdict != "rounding" else f"≤ {causality.ROUNDING * found.later:.1g}"
    return Finding("causality", exact, _number(found.past), found.verdict in ("causal", "rounding"))


def _number(value: float) -> str:
    return f"{value:.2g}" if value else "0.0"


# --- the KV cache -----------------------------------------------------------------------


def kv_bytes(model: Any) -> Finding:
    """Fill a cache with 50 tokens and compare its bytes with the formula's."""
    if configs.is_encoder_only(model.config):
        return Finding("kv_bytes", say.text("any_model", "keeps_nothing"))
    source = SOURCE if model.config.is_encoder_decoder else None
    try:
        want = kv_cache.formula(model.config, TOKENS, dtype=model.dtype, encoder_len=source)
        got = kv_cache.measured(model, TOKENS, encoder_len=source)
    except kv_cache.Refused as refusal:
        return Finding("kv_bytes", f"{refusal}")
    holds = want.total_bytes == got.total_bytes
    return Finding("kv_bytes", f"{want.total_bytes:,}", f"{got.total_bytes:,}", holds)


# --- places -----------------------------------------------------------------------------


def shift(model: Any) -> Finding:
    """Move all tokens by 32 places: with RoPE nothing changes, with a table of places it does.

    Measured: the largest change of an output, divided by the outputs' standard deviation.  With
    RoPE, other distances must change far more, or places would not come in at all.
    """
    rule = _rule(model)
    if rule is None:
        return Finding("shift", say.text("any_model", "no_places"))
    places = torch.arange(PLACES, device=model.device)[None]
    moved, spread = (_change(model, places, new) for new in (places + SHIFT, places * 2))
    told = {"moved": _number(moved), "spread": _number(spread)}
    measured = say.text("any_model", "moved", **told)
    if rule == "rotated":
        holds = moved <= ROTATED and spread > FAR * moved
        return Finding("shift", f"≤ {ROTATED:g}", measured, holds)
    return Finding("shift", f"≥ {LEARNED:g}", measured, moved >= LEARNED)


def _rule(model: Any) -> str | None:
    """Tell how places come in: "rotated", "learned", or None: neither, or they cannot be given."""
    if "position_ids" not in inspect.signature(model.forward).parameters:
        return None
    text = configs.text(model.config)
    if (getattr(text, "max_position_embeddings", None) or SHIFT * 2) < PLACES + SHIFT:
        return None
    if getattr(text, "rope_parameters", None):
        return "rotated"
    tables = [name for name, _ in model.named_parameters() if _is_table(name)]
    return "learned" if tables else None


def _is_table(name: str) -> bool:
    return any(word in name for word in ("position_embeddings", "wpe", "embed_positions"))


def _change(model: Any, places: torch.Tensor, new: torch.Tensor) -> float:
    """Return how much the outputs change when the same tokens stand at new places (1, PLACES)."""
    count = model.get_input_embeddings().num_embeddings
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(count, (1, PLACES), generator=generator).to(model.device)
    seen = torch.ones_like(ids)  # else a gap between places is taken for the start of a text
    inputs = {"input_ids": ids, "attention_mask": seen}
    before, after = (model(**inputs, position_ids=where)[0] for where in (places, new))
    return ((after - before).abs().max() / before.std()).item()
