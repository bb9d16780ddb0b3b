"""Planted faults for the claims of lesson 02: each makes its quantity red."""

from functools import cache, partial

import torch
from claim_faults import Fault
from lesson_cells import measured, run

from helpers import blueprint
from helpers.models import (
    block_tasks,
    decoder,
    encoder,
    encoder_decoder,
    norms,
    positions,
    real_blocks,
    recurrent,
    triad,
    weights,
)
from helpers.models.variants import Switches

LESSON = "02_block"
DEEP = {"depth": 8, "position": "learned"}
SIX = {"depth": 6, "position": "learned"}


@cache
def learned(task: str, steps: int, rate: float = 1e-2, seed: int = 0, **switches) -> float:
    """The accuracy of a model of these parts, as the lesson's `learned` says it."""
    model, _ = block_tasks.trained(task, Switches(**switches), steps, rate, seed)
    return block_tasks.accuracy(model, task)


# --- E01: attention alone ------------------------------------------------------------------------


def alike(how: str, name: str) -> float:
    scope = run(LESSON, "alone-code", "alone-guess", change=("x + out if add else out", how))
    if name == "alone":
        return scope["alone"]
    x = scope["start"][0]
    return scope["similarity"](scope["only_attention"](x, 4, add=True))


# --- E03: the residual stream --------------------------------------------------------------------


def stream(name: str, change: tuple[str, str]) -> float:
    scope = run(LESSON, "residual-parts", "residual-sum", "residual-gap", change=change)
    return {"sum_gap": scope["sum_gap"], "parts": len(scope["parts"]) - 1}[name]


# --- E04: norms ----------------------------------------------------------------------------------


def last_loss(warm_up: int, **switches) -> float:
    _, found = block_tasks.trained(
        "before", Switches(**SIX, **switches), 200, 1e-2, warm_up=warm_up
    )
    return sum(found.losses[-10:]) / 10


# --- E05: the feed-forward layer -----------------------------------------------------------------


def share_with_vectors() -> float:
    change = ('[m["weight"] for m in', "[t for m in")
    also = 'w["blocks"]["0"][part].values() for t in m.values()]'
    old = f'{change[0]} w["blocks"]["0"][part].values()]'
    scope = run(
        LESSON, "residual-parts", "residual-sum", "ffn-share", change=(old, f"{change[1]} {also}")
    )
    return scope["ffn_share"]


def compared(planted: str, name: str) -> float:
    """The lesson's accuracy under this name where another kind of layer is planted."""
    change = ("feed_forward=kind), 8", f'feed_forward="{planted}"), 8')
    scope = run(LESSON, "heads-code", "ffn-code", change=change)
    return scope["compared"](name, 0)


# --- E06: positions ------------------------------------------------------------------------------


@cache
def told(position: str, length: int) -> float:
    model, _ = block_tasks.trained("before", Switches(position=position), 200, 1e-2)
    return block_tasks.accuracy(model, "before", 100, length=length)


# --- E07: blocks of transformers, C01: the triad --------------------------------------------------


@torch.no_grad()
def block_gap(name: str, **planted) -> float:
    block, config = real_blocks.make(name)
    (w, d), n = weights.take(block, config), 10
    x = torch.randn(2, n, real_blocks.WIDTH, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(n, n).tril().bool() if real_blocks.is_causal(block, config) else None
    table = w["distances"]["weight"] if "distances" in w else None
    bias = 0.0 if table is None else triad.distance_bias(n, table, d, causal=False)
    ours = triad.block(x, w, d._replace(**planted), mask, bias)
    return (ours - real_blocks.run(block, config, x)).abs().max().item()


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


@torch.no_grad()
def bert_reads_padding() -> float:
    batch = encoder.next_batch(encoder.rows(50))()
    bert, ids, filled = encoder.load(), batch["input_ids"], batch["attention_mask"]
    return relative(triad.encoder(ids, *weights.take(bert)), bert(ids, filled).logits)


@torch.no_grad()
def gpt2_with_another_gelu() -> float:
    gpt2, ids = decoder.load(), decoder.rows(1)[:1]
    w, d = weights.take(gpt2)
    d = d._replace(activation=torch.nn.functional.gelu)
    return relative(triad.decoder(ids, w, d), gpt2(ids).logits)


@torch.no_grad()
def t5_scaled() -> float:
    batch = encoder_decoder.next_batch(encoder_decoder.examples(50))()
    t5, seen = encoder_decoder.load(), batch["attention_mask"].bool()
    written = t5._shift_right(batch["labels"])
    w, d = weights.take(t5)
    d = d._replace(scaled=True)
    ours = triad.encoder_decoder(batch["input_ids"], written, w, d, seen[:, None, None])
    return relative(ours, t5(batch["input_ids"], seen, decoder_input_ids=written).logits)


# --- E08: the blueprint, E09: recurrent networks -----------------------


def parameters(name: str, **planted) -> int:
    return sum(blueprint.parts(blueprint.config(name) | planted).values())


def shapeless() -> int:
    """Another field in the place of rope_theta: it does set shapes."""
    keys = ("cost-guess", "cost-table", "cost-claim")
    change = ('"rope_theta", "rms', '"intermediate_size", "rms')
    return int(measured(LESSON, "E08", *keys, change=change)["shapeless"])


def chain(kind: str) -> float:
    found = []
    for n in (16, 64):
        x = torch.randn(1, n, 32, requires_grad=True)
        states = recurrent.recurrent(x, torch.nn.RNNCell(32, 32))
        found.append(states if kind == "rnn" else triad.attention(x, x, x)[0])
    few, many = map(recurrent.longest_chain, found)
    return many / few


FAULTS = [
    Fault("E01", "alone", "it is added", partial(alike, "x + out", "alone")),
    Fault("E01", "added", "it is not added", partial(alike, "out", "added")),
    Fault(
        "E02",
        "one_head",
        "two heads",
        partial(learned, "pair", 400, heads=2, feed_forward="none"),
    ),
    Fault(
        "E02",
        "two_heads",
        "one head",
        partial(learned, "pair", 400, heads=1, feed_forward="none"),
    ),
    Fault(
        "E02",
        "one_matrix",
        "two matrices",
        partial(learned, "next", 400, heads=1, feed_forward="none"),
    ),
    Fault(
        "E02",
        "two_matrices",
        "one matrix",
        partial(learned, "next", 400, heads=1, feed_forward="none", one_matrix=True),
    ),
    Fault(
        "E03",
        "sum_gap",
        "the feed-forward layer does not see what attention added",
        partial(stream, "sum_gap", ("norm(stream + attended", "norm(stream")),
    ),
    Fault(
        "E03",
        "parts",
        "only what attention adds is kept",
        partial(
            stream,
            "parts",
            (
                "added_by(sum(parts), layer, design, torch.ones(n, n).tril().bool())",
                "added_by(sum(parts), layer, design, torch.ones(n, n).tril().bool())[:1]",
            ),
        ),
    ),
    Fault("E03", "with", "no residual", partial(learned, "before", 150, residual=False, **DEEP)),
    Fault("E03", "without", "a residual", partial(learned, "before", 150, **DEEP)),
    Fault(
        "E03", "shallow", "eight layers", partial(learned, "before", 150, residual=False, **DEEP)
    ),
    Fault("E04", "layer_scaled", "eps", lambda: norms.effects(eps=1e-5)["LayerNorm"]["3x"]),
    Fault("E04", "layer_shifted", "no mean", lambda: norms.effects()["RMSNorm"]["x + 1"]),
    Fault("E04", "rms_scaled", "eps", lambda: norms.effects(eps=1e-5)["RMSNorm"]["3x"]),
    Fault("E04", "rms_shifted", "the mean", lambda: norms.effects()["LayerNorm"]["x + 1"]),
    Fault("E04", "pre", "no residual", partial(last_loss, 1, residual=False)),
    Fault("E04", "post", "warm-up", partial(last_loss, 100, norm="post")),
    Fault("E04", "post_warm", "no warm-up", partial(last_loss, 1, norm="post")),
    Fault("E05", "share", "with the added vectors", share_with_vectors),
    Fault("E05", "none", "the layer is there", partial(compared, "gelu", "none")),
    Fault("E05", "gelu", "no layer", partial(compared, "none", "gelu")),
    Fault("E05", "swiglu", "no layer", partial(compared, "none", "swiglu")),
    Fault(
        "E06", "rope_drift", "another kind", lambda: positions.drift(positions.scores("sinusoidal"))
    ),
    Fault("E06", "sinusoidal_drift", "RoPE", lambda: positions.drift(positions.scores("rotary"))),
    Fault("E06", "none", "with positions", partial(told, "learned", 16)),
    Fault("E06", "trained", "without positions", partial(told, "none", 16)),
    Fault("E06", "learned", "at the trained length", partial(told, "learned", 16)),
    Fault("E06", "best", "at the trained length", partial(told, "bias", 16)),
    Fault("E07", "BertLayer", "pre-norm", partial(block_gap, "BertLayer", norm_first=True)),
    Fault(
        "E07",
        "GPT2Block",
        "the exact GELU",
        partial(block_gap, "GPT2Block", activation=torch.nn.functional.gelu),
    ),
    Fault("E07", "T5Block", "scores divided", partial(block_gap, "T5Block", scaled=True)),
    Fault(
        "E07",
        "LlamaDecoderLayer",
        "no rotation",
        partial(block_gap, "LlamaDecoderLayer", theta=0.0),
    ),
    Fault("C01", "bert", "padding is read", bert_reads_padding),
    Fault("C01", "gpt2", "the exact GELU", gpt2_with_another_gelu),
    Fault("C01", "t5", "scores divided", t5_scaled),
    Fault("E08", "bert", "one segment", partial(parameters, "bert-base", type_vocab_size=1)),
    Fault("E08", "t5", "narrower keys", partial(parameters, "t5-base", d_kv=32)),
    Fault("E08", "llama", "no GQA", partial(parameters, "llama-3-8b", num_key_value_heads=32)),
    Fault("E08", "shapeless", "a field that sets shapes", shapeless),
    Fault(
        "E08",
        "matrices",
        "Llama's block",
        lambda: sum(blueprint.block(blueprint.config("llama-3-8b")).values()) / 4096**2,
    ),
    Fault(
        "E08",
        "equal_at",
        "Llama's block",
        lambda: blueprint.crossover(blueprint.config("llama-3-8b")) / 4096,
    ),
    Fault("E09", "recurrent", "attention", partial(chain, "attention")),
    Fault("E09", "attention", "a recurrent network", partial(chain, "rnn")),
]
