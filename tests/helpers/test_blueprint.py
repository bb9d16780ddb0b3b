"""What a config.json decides: counts to the unit, shapes field by field, FLOPs as torch counts."""

import tomllib

import pytest
import torch
from places import ROOT
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    BertConfig,
    GPT2Config,
    LlamaConfig,
    T5Config,
)

from helpers import blueprint, kv_cache
from helpers.models import triad

DATA = tomllib.loads((ROOT / "src/helpers/blueprint.toml").read_text(encoding="utf-8"))
NAMES = ("bert-base", "gpt2", "t5-base", "llama-3-8b")
CLASSES = {
    "bert-base": (AutoModel, BertConfig),
    "gpt2": (AutoModelForCausalLM, GPT2Config),
    "t5-base": (AutoModelForSeq2SeqLM, T5Config),
    "llama-3-8b": (AutoModelForCausalLM, LlamaConfig),
}


def test_every_model_has_its_source():
    assert set(DATA) - {"date"} == set(NAMES)
    assert all("https://" in DATA[name]["source"] for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_parameters_are_counted_to_the_unit(name):
    make, kind = CLASSES[name]
    fields = {k: v for k, v in DATA[name]["config"].items() if k != "model_type"}
    with torch.device("meta"):
        model = make.from_config(kind(**fields))
    real = sum(p.numel() for p in model.parameters())
    assert sum(blueprint.parts(blueprint.config(name)).values()) == real == DATA[name]["parameters"]


@pytest.mark.parametrize("name", NAMES)
def test_the_sizes_are_those_of_the_other_table(name):
    other, own = kv_cache.config(name).to_dict(), blueprint.config(name)
    given = kv_cache.models()[name].config
    assert {k: own.get(k, other[k]) for k in given} == {k: other[k] for k in given}


def test_the_parts_follow_from_the_fields():
    d, v, n, inner = 768, 30522, 512, 3072
    norms = 2 * d * (2 * 12 + 1)
    assert blueprint.parts(blueprint.config("bert-base")) == {
        "embedding": v * d,
        "positions": (n + 2) * d,
        "norms": norms,
        "attention": 12 * (4 * d**2 + 4 * d),
        "ffn": 12 * (2 * d * inner + inner + d),
        "head": d**2 + d,
    }
    d, v, kv, inner = 4096, 128_256, 1024, 14_336
    assert blueprint.parts(blueprint.config("llama-3-8b")) == {
        "embedding": v * d,
        "attention": 32 * (2 * d**2 + 2 * d * kv),
        "ffn": 32 * 3 * d * inner,
        "norms": (2 * 32 + 1) * d,
        "head": v * d,
    }


def test_two_thirds_of_a_block_are_its_feed_forward_layer():
    d = 768
    for name in ("bert-base", "gpt2"):
        assert blueprint.block(blueprint.config(name)) == {"attention": 4 * d**2, "ffn": 8 * d**2}
    t5 = blueprint.block(blueprint.config("t5-base"))
    assert t5 == {"attention": 4 * d**2, "cross_attention": 4 * d**2, "ffn": 8 * d**2}
    llama = blueprint.block(blueprint.config("llama-3-8b"))
    assert llama == {"attention": 2 * 4096 * (4096 + 1024), "ffn": 3 * 4096 * 14_336}


def test_a_parameter_of_no_part_is_not_left_out():
    with pytest.raises(ValueError, match="router"):
        blueprint.part("model.layers.0.router.weight")


# Fields that set no shape; every other field of the files sets one
NO_SHAPE = {
    "bert-base": {
        "num_attention_heads",
        "hidden_act",
        "layer_norm_eps",
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
        "initializer_range",
        "pad_token_id",
    },
    "gpt2": {
        "n_head",
        "activation_function",
        "layer_norm_epsilon",
        "resid_pdrop",
        "embd_pdrop",
        "attn_pdrop",
        "initializer_range",
        "bos_token_id",
        "eos_token_id",
    },
    "t5-base": {
        "relative_attention_max_distance",
        "layer_norm_epsilon",
        "dropout_rate",
        "tie_word_embeddings",  # transformers 5.23 takes T5's output matrix from the embedding
        "initializer_factor",
        "pad_token_id",
        "eos_token_id",
    },
    "llama-3-8b": {
        "hidden_act",
        "max_position_embeddings",
        "rope_theta",
        "rms_norm_eps",
        "attention_dropout",
        "initializer_range",
        "bos_token_id",
        "eos_token_id",
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_a_field_sets_the_shapes_that_change_with_it(name):
    found = blueprint.changes(blueprint.config(name))
    assert set(found) == set(blueprint.config(name)) - {"model_type"}
    assert {field for field, changed in found.items() if not changed} == NO_SHAPE[name]


def test_a_change_names_the_matrices():
    llama = blueprint.changes(blueprint.config("llama-3-8b"))
    d, layer = 4096, "model.layers.0."
    assert llama["tie_word_embeddings"] == {"lm_head.weight": ((128_256, d), None)}
    kv = {f"self_attn.{letter}_proj.weight" for letter in "kv"}
    for field in ("num_key_value_heads", "num_attention_heads"):
        assert {name.removeprefix(layer) for name in llama[field] if layer in name} == kv
    assert llama["intermediate_size"][f"{layer}mlp.up_proj.weight"] == ((14_336, d), (28_672, d))
    bert = blueprint.changes(blueprint.config("bert-base"))
    assert bert["max_position_embeddings"] == {
        "embeddings.position_embeddings.weight": ((512, 768), (1024, 768))
    }


def test_a_field_that_a_model_does_not_read_sets_nothing():
    small = {"model_type": "gpt2", "n_embd": 64, "n_head": 4, "n_layer": 2, "vocab_size": 100}
    found = blueprint.sets(small | {"unread": 3, "architectures": ["GPT2LMHeadModel"]})
    assert found.pop("n_head") == "result"
    assert found.pop("unread") == "nothing"
    assert found == dict.fromkeys(("n_embd", "n_layer", "vocab_size"), "shape")


# Of the fields without a shape, those that change what is computed; the others change nothing
RESULT = {
    "bert-base": {"num_attention_heads", "hidden_act", "layer_norm_eps"},
    "gpt2": {"n_head", "activation_function", "layer_norm_epsilon"},
    # Untied, T5's logits are no longer divided by √d
    "t5-base": {"relative_attention_max_distance", "layer_norm_epsilon", "tie_word_embeddings"},
    "llama-3-8b": {"hidden_act", "rope_theta", "rms_norm_eps"},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_field_without_a_shape_changes_the_result_or_nothing(name):
    found = blueprint.sets(blueprint.config(name))
    assert {field for field, kind in found.items() if kind == "result"} == RESULT[name]
    nothing = {field for field, kind in found.items() if kind == "nothing"}
    assert nothing == NO_SHAPE[name] - RESULT[name]


@pytest.mark.parametrize("d", [64, 768, 4096])
@pytest.mark.parametrize("length", ["128", "6 d", "20 d"])
def test_the_flops_of_a_block_are_what_torch_counts(d, length):
    n = {"128": 128, "6 d": 6 * d, "20 d": 20 * d}[length]
    linear, quadratic = blueprint.flops(n, d)
    assert blueprint.counted(n, d) == linear + quadratic
    assert linear == quadratic if n == 6 * d else (linear > quadratic) == (n < 6 * d)


def test_the_count_sees_a_block_without_its_feed_forward_layer(monkeypatch):
    monkeypatch.setattr(triad, "feed_forward", lambda x, w, d: x)
    assert blueprint.counted(128, 64) == sum(blueprint.flops(128, 64)) - 16 * 128 * 64**2


def test_scores_cost_as_much_as_matrices_near_6_d():
    lengths = {name: blueprint.crossover(blueprint.config(name)) for name in NAMES}
    assert lengths == {"bert-base": 4608, "gpt2": 4608, "t5-base": 4608, "llama-3-8b": 26_624}
