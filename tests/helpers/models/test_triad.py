"""The triad in one file against transformers: shipped models, whole Llamas, single blocks.

Equal is said in float64.  In float32 transformers' own two ways to compute attention differ by as
much as ours from either, so that there the bound is a part of the largest logit.
"""

import ast
import functools
import random
import types

import pytest
import torch
from places import ROOT
from transformers import BartConfig, LlamaConfig, LlamaForCausalLM, T5Config
from transformers.models.t5.modeling_t5 import T5Attention, T5LayerNorm

from helpers.models import (
    decoder,
    encoder,
    encoder_decoder,
    pretrained,
    real_blocks,
    triad,
    weights,
)
from helpers.models.real_blocks import WIDTH
from helpers.world import corpus, tokenizer
from helpers.world.corpus import LANGUAGES

SOURCE = (ROOT / "src/helpers/models/triad.py").read_text(encoding="utf-8")
MODELS = {
    "encoder": (encoder, "encoder"),
    "pretrained": (pretrained, "encoder"),
    "decoder": (decoder, "decoder"),
    "encoder_decoder": (encoder_decoder, "encoder_decoder"),
}
FLOAT64 = {"encoder": 1e-11, "pretrained": 1e-11, "decoder": 1e-11}  # measured: 4e-14
T5_FLOAT64 = 1e-5  # measured: 6.5e-6; its norm works out the mean square in float32
FLOAT32 = 1e-5  # of the largest logit; measured: 2e-6


@pytest.fixture(autouse=True)
def no_gradients():
    torch.set_num_threads(1)  # the models are tiny: a second thread only waits
    with torch.no_grad():
        yield


@functools.cache
def model(name, dtype=torch.float64):
    return MODELS[name][0].load().to(dtype)


@functools.cache
def inputs(name, lang):
    """What transformers' model reads: sentences of unequal lengths, and for T5 what it writes."""
    module, rng = MODELS[name][0], random.Random(0)
    if module is not encoder_decoder:
        drawn = [corpus.sentence(corpus.draw(rng), lang).text for _ in range(6)]
        made = module.TOKENIZER(
            [tokenizer.tagged(text, lang) for text in drawn], padding=True, return_tensors="pt"
        )
        return {"input_ids": made.input_ids, "attention_mask": made.attention_mask}
    chosen = [e for e in module.examples(4) if e.lang == lang]
    read, written = (
        module.TOKENIZER([getattr(e, side) for e in chosen], padding=True, return_tensors="pt")
        for side in ("source", "target")
    )
    same = {"input_ids": read.input_ids, "attention_mask": read.attention_mask}
    return same | {"decoder_input_ids": written.input_ids}


def by_hand(name, lang, w, d, code=triad):
    given = inputs(name, lang)
    ids = [given[key] for key in ("input_ids", "decoder_input_ids") if key in given]
    real = given["attention_mask"].bool()[:, None, None]
    assert not real.all()  # there is padding to be ignored
    return getattr(code, MODELS[name][1])(*ids, w, d, real)


@functools.cache
def theirs(name, lang, dtype=torch.float64):
    return model(name, dtype)(**inputs(name, lang)).logits


def gap(ours, theirs, name, lang):
    """The largest difference at what is no padding."""
    kept = inputs(name, lang)["attention_mask"].bool()
    there = (ours - theirs).abs()
    return (there if name == "encoder_decoder" else there[kept]).max().item()


def broken(*changes):
    """The module with planted faults: (as it stands, as it is broken), each found once."""
    source = SOURCE
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    code = types.ModuleType("broken_triad")
    exec(compile(source, "broken_triad", "exec"), code.__dict__)
    return code


# --- the file ----------------------------------------------------------------------------------


def test_a_student_reads_it_on_two_screens_and_it_needs_torch_alone():
    assert len(SOURCE.splitlines()) <= 120
    nodes = list(ast.walk(ast.parse(SOURCE)))
    froms = {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    assert froms | plain == {"collections", "functools", "typing", "torch"}


# --- shipped models ----------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", MODELS)
def test_logits_are_those_of_the_shipped_model(name, lang):
    ours, real = by_hand(name, lang, *weights.take(model(name))), theirs(name, lang)
    assert gap(ours, real, name, lang) <= FLOAT64.get(name, T5_FLOAT64)
    single = by_hand(name, lang, *weights.take(model(name, torch.float32)))
    rounded = theirs(name, lang, torch.float32)
    assert gap(single, rounded, name, lang) <= FLOAT32 * real.abs().max()


def test_t5_differs_by_the_float32_inside_its_norm_alone(monkeypatch):
    def norm(self, x):
        return self.weight * torch.nn.functional.rms_norm(x, x.shape[-1:], eps=1e-6)

    monkeypatch.setattr(T5LayerNorm, "forward", norm)
    name, lang = "encoder_decoder", "ja"
    real = model(name)(**inputs(name, lang)).logits
    assert gap(by_hand(name, lang, *weights.take(model(name))), real, name, lang) <= 1e-11


# Planted in the source: (as it stands, as it is broken), and the models that must notice
FAULTS = {
    "no causal mask": (
        [(".tril(0 if causal else n)", ".tril(n)")],
        ("decoder", "encoder_decoder"),
    ),
    "a causal mask everywhere": (
        [(".tril(0 if causal else n)", ".tril()")],
        ("encoder", "encoder_decoder"),
    ),
    "padding is seen": ([(" & (real is None or real)", "")], ("encoder", "encoder_decoder")),
    "the encoder's padding is read": (
        [("memory=memory, memory_real=real)", "memory=memory)")],
        ("encoder_decoder",),
    ),
    "no √d_k": ([("q.size(-1) ** 0.5 if scaled else 1", "1")], ("encoder", "decoder")),
    "√d_k in T5": (
        [("q.size(-1) ** 0.5 if scaled else 1", "q.size(-1) ** 0.5")],
        ("encoder_decoder",),
    ),
    "no table of positions": ([('if "positions" in w', "if False")], ("encoder", "decoder")),
    "no bias of distances": ([('if "distances" in w', "if False")], ("encoder_decoder",)),
    "distances without a side": (
        [("if causal else row + side", "if True else row + side")],
        ("encoder_decoder",),
    ),
    "distances from the wrong end": (
        [("row + side * (distance > 0)", "row + side * (distance < 0)")],
        ("encoder_decoder",),
    ),
    "the stream is lost": (
        [("x = x + part(norm(", "x = part(norm(")],
        ("decoder", "encoder_decoder"),
    ),
    "the cross-attention reads itself": (
        [("multi_head(y, memory, w", "multi_head(y, y, w")],
        ("encoder_decoder",),
    ),
    "no shrinking before T5's logits": ([("x / x.size(-1) ** 0.5, ", "x, ")], ("encoder_decoder",)),
    "no last norm": (
        [('return norm(x, w["norm"], d) if d.norm_first else x', "return x")],
        ("decoder",),
    ),
    "no first norm": (
        [("x = x if d.norm_first else norm(", "x = x if True else norm(")],
        ("encoder",),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_source_shows_in_the_logits(fault):
    changes, noticed_by = FAULTS[fault]
    code = broken(*changes)
    for name in noticed_by:
        w, d = weights.take(model(name))
        try:
            ours = by_hand(name, "ja", w, d, code)
        except RuntimeError:  # a memory as long as what is written, or so
            continue
        assert not gap(ours, theirs(name, "ja"), name, "ja") <= 100 * T5_FLOAT64


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("choice", ["norm_first", "centred", "scaled"])
def test_each_choice_of_a_design_matters(name, choice):
    w, d = weights.take(model(name))
    other = d._replace(**{choice: not getattr(d, choice)})
    assert gap(by_hand(name, "zh-tw", w, other), theirs(name, "zh-tw"), name, "zh-tw") > 1e-3


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("encoder", {"activation": triad.gelu_tanh}),
        ("decoder", {"activation": torch.nn.functional.gelu}),
        ("encoder", {"eps": 1e-5}),
        ("decoder", {"eps": 1e-12}),
        ("encoder_decoder", {"activation": torch.nn.functional.gelu}),
        ("encoder_decoder", {"farthest": 128}),
        ("decoder", {"heads": 2}),
        ("encoder", {"theta": 1e4}),
    ],
)
def test_each_number_of_a_design_matters(name, change):
    w, d = weights.take(model(name))
    there = gap(by_hand(name, "ja", w, d._replace(**change)), theirs(name, "ja"), name, "ja")
    assert there > 10 * FLOAT64.get(name, T5_FLOAT64)


@pytest.mark.parametrize("name", MODELS)
def test_every_weight_that_is_taken_is_used(name):
    w, d = weights.take(model(name))
    leaves = dict(leaves_of(w))
    with torch.enable_grad():
        for tensor in leaves.values():
            tensor.requires_grad_()
        by_hand(name, "ja", w, d).square().sum().backward()
    assert [key for key, tensor in leaves.items() if tensor.grad is None] == []


def leaves_of(w, prefix=""):
    for key, value in w.items():
        if isinstance(value, dict):
            yield from leaves_of(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def test_a_family_that_has_no_names_is_refused():
    with pytest.raises(KeyError, match="bart"):
        weights.take(torch.nn.Linear(2, 2), BartConfig())


# --- Llama -------------------------------------------------------------------------------------


@functools.cache
def llama(tied=False, theta=500_000.0):
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 80, "num_hidden_layers": 2, "vocab_size": 50}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16}
    rope = {"rope_parameters": {"rope_theta": theta, "rope_type": "default"}}
    config = LlamaConfig(tie_word_embeddings=tied, initializer_range=0.3, **sizes, **heads, **rope)
    ids = torch.randint(50, (2, 30), generator=torch.Generator().manual_seed(0))
    return LlamaForCausalLM(config).eval(), ids


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("theta", [100.0, 500_000.0])
def test_logits_are_those_of_a_llama(tied, theta):
    real, ids = llama(tied, theta)
    w, d = weights.take(real)
    assert d.theta == theta
    theirs = real(ids).logits
    assert (triad.decoder(ids, w, d) - theirs).abs().max() <= FLOAT32 * theirs.abs().max()


LLAMA_FAULTS = {
    "pairs side by side": [
        ("x.chunk(2, -1)", "(x[..., ::2], x[..., 1::2])"),
        (
            "torch.cat([a * cos - b * sin, b * cos + a * sin], -1)",
            "torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)",
        ),
    ],
    "turned the other way": [("b * cos + a * sin", "b * cos - a * sin")],
    "queries alone are turned": [
        ("for y in (q, k))\n    k, v", "if y is q else y for y in (q, k))\n    k, v")
    ],
    "heads shared in turn": [
        ("y.repeat_interleave(d.heads // y.size(1), 1)", "y.repeat(1, d.heads // y.size(1), 1, 1)")
    ],
    "no gate": [
        ('w["gate" if "gate" in w else "up"]', 'w["up"]'),
        ('inner * F.linear(x, **w["up"]) if "gate" in w else inner', "inner"),
    ],
    "the gate is not bent": [
        ('w["gate" if "gate" in w else "up"]', 'w["up"]'),
        ('F.linear(x, **w["up"]) if', 'F.linear(x, **w["gate"]) if'),
    ],
    "the embedding for logits": [
        ('real=real), **w["logits"])', 'real=real), w["embedding"]["weight"])')
    ],
}


@pytest.mark.parametrize("fault", LLAMA_FAULTS)
def test_a_fault_in_the_source_shows_in_a_llama(fault):
    real, ids = llama()
    ours = broken(*LLAMA_FAULTS[fault]).decoder(ids, *weights.take(real))
    assert not (ours - real(ids).logits).abs().max() <= 1e-2


# --- T5's distances ----------------------------------------------------------------------------


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("buckets", "farthest"), [(32, 128), (32, 64), (16, 100), (8, 16)])
def test_distances_fall_into_t5s_buckets(buckets, farthest, causal):
    config = T5Config(
        num_heads=1,
        relative_attention_num_buckets=buckets,
        relative_attention_max_distance=farthest,
        is_decoder=causal,
    )
    real = T5Attention(config, has_relative_attention_bias=True, layer_idx=0)
    table = torch.arange(buckets, dtype=torch.float32)[:, None]
    real.relative_attention_bias.weight.copy_(table)
    theirs = real.compute_bias(300, 300)[0]
    ours = triad.distance_bias(300, table, triad.T5._replace(farthest=farthest), causal)
    seen = torch.ones(300, 300, dtype=torch.bool).tril(0 if causal else 300)
    assert torch.equal(ours[0][seen], theirs[0][seen])
    assert len(ours.unique()) > buckets // 2


# --- four blocks -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", real_blocks.BLOCKS)
def test_one_function_is_four_blocks(name, seed):
    block, config = real_blocks.make(name, seed)
    for n in (1, 2, 40):
        x = torch.randn(2, n, WIDTH, generator=torch.Generator().manual_seed(seed))
        theirs = real_blocks.run(block, config, x)
        assert (real_blocks.by_hand(block, config, x) - theirs).abs().max() <= 1e-5
        assert theirs.std() > 0.1


@pytest.mark.parametrize("name", real_blocks.BLOCKS)
@pytest.mark.parametrize("choice", ["norm_first", "centred", "scaled", "heads"])
def test_a_block_of_another_design_is_another_block(name, choice, monkeypatch):
    block, config = real_blocks.make(name)
    x, take, causal = torch.randn(2, 20, WIDTH), weights.take, real_blocks.is_causal(block, config)

    def other(*given):
        w, d = take(*given)
        value = d.heads // 2 if choice == "heads" else not getattr(d, choice)
        return w, d._replace(**{choice: value})

    theirs = real_blocks.run(block, config, x)
    monkeypatch.setattr(real_blocks, "is_causal", lambda *_: causal)
    monkeypatch.setattr(weights, "take", other)
    if (name, choice) == ("T5Block", "heads"):  # its table has a column for each head
        with pytest.raises(RuntimeError, match="size of tensor"):
            real_blocks.by_hand(block, config, x)
    else:
        assert (real_blocks.by_hand(block, config, x) - theirs).abs().max() > 1e-2


def test_the_four_differ_as_their_papers_say():
    table = real_blocks.differences()
    assert list(table) == ["BertLayer", "GPT2Block", "T5Block", "LlamaDecoderLayer"]
    columns = {key: [row[key] for row in table.values()] for key in table["T5Block"]}
    d, inner = WIDTH, 3 * WIDTH
    assert columns == {
        "norm": ["LayerNorm", "LayerNorm", "T5LayerNorm", "LlamaRMSNorm"],
        "subtracts_mean": [True, True, False, False],
        "norms_first": [False, True, True, True],
        "is_causal": [False, True, False, True],
        "knows_order": [False, False, True, True],
        "divisor": [4.0, 4.0, 1.0, 4.0],
        "adds_vectors": [True, True, False, False],
        "kv_heads": [4, 4, 4, 2],
        "activation": ["gelu", "gelu_new", "relu", "silu"],
        "ffn_matrices": [2, 2, 2, 3],
        "parameters": [
            12 * d**2 + 13 * d,
            12 * d**2 + 13 * d,
            12 * d**2 + 2 * d + 32 * 4,
            3 * d**2 + 3 * d * inner + 2 * d,
        ],
        "ffn_parameters": [8 * d**2 + 5 * d, 8 * d**2 + 5 * d, 8 * d**2, 3 * d * inner],
    }


def test_the_designs_say_what_the_blocks_do():
    for name in real_blocks.BLOCKS:
        block, config = real_blocks.make(name)
        _, d = weights.take(block, config)
        assert d.norm_first == real_blocks.norms_first(block, config)
        assert d.centred == real_blocks.subtracts_mean(block, config)
        assert d.scaled == (real_blocks.divisor(block, config) > 1)


def test_a_probe_sees_what_a_block_does_and_not_its_name():
    block, config = real_blocks.make("T5Block")
    block.layer[0].SelfAttention.relative_attention_bias.weight.zero_()
    assert not real_blocks.knows_order(block, config)
    block.layer[0].SelfAttention.is_causal = True
    assert real_blocks.is_causal(block, config)
    block.layer[0].SelfAttention.scaling = 0.25
    assert real_blocks.divisor(block, config) == 4
    block.layer[0].layer_norm = torch.nn.LayerNorm(WIDTH)
    assert real_blocks.subtracts_mean(block, config)
    block.register_forward_hook(lambda *call: (call[2][0] * 2, *call[2][1:]))
    assert not real_blocks.norms_first(block, config)
