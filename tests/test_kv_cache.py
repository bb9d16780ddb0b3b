"""The KV cache by three roads: equal byte for byte, and seen to differ where a fault is planted."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import kv_families
import pytest
import small_models
import torch
from places import ROOT
from transformers import (
    AutoModelForCausalLM,
    BertConfig,
    DynamicCache,
    LlamaConfig,
    MistralConfig,
    StaticCache,
    T5Config,
)

from helpers import kv_cache, say
from helpers.kv_cache import Refused, configs, layers, reading, roads

FAMILIES = [  # every kind of layer that the lesson names, and what is built from them
    *("gpt2", "gpt_neox", "llama", "qwen3", "phi3", "falcon", "gpt_bigcode"),  # MHA, GQA, MQA
    *("mistral", "gemma2", "gemma3_text", "gpt_oss", "llama4_text"),  # windows, mixed layers
    *("deepseek_v3", "minicpm3", "deepseek_v32"),  # latent, indexed
    *("mamba", "falcon_mamba", "mamba2", "jamba", "qwen3_next", "falcon_h1", "lfm3"),  # states
    *("t5", "bart", "t5gemma"),  # cross-attention
    *("gemma3n_text", "nemotron_h"),  # layers that keep nothing
]
RUNS = [("a", "bfloat16", 1), ("b", "bfloat16", 2), ("a", "float32", 2), ("b", "float32", 1)]
N, OUTPUT = 29, 13  # longer than the windows; an encoder-decoder writes OUTPUT tokens
LLAMA_3_8B = LlamaConfig(
    vocab_size=128256,
    hidden_size=4096,
    intermediate_size=14336,
    num_hidden_layers=32,
    num_attention_heads=32,
    num_key_value_heads=8,
    max_position_embeddings=8192,
)


@pytest.fixture(autouse=True)
def quiet():
    say.use("ja")
    torch.set_num_threads(1)
    with torch.no_grad():
        yield


def three_roads(family: str, shape: str, dtype: str, batch: int):
    config = small_models.small_config(family, shape)
    model = small_models.small_model(config, getattr(torch, dtype))
    is_pair = small_models.is_seq2seq(config)
    sizes = {"batch_size": batch, "encoder_len": N if is_pair else None}
    length = OUTPUT if is_pair else N
    return (
        kv_cache.formula(config, length, dtype=dtype, **sizes),
        kv_cache.on_meta(config, length, dtype=dtype, **sizes),
        kv_cache.measured(model, length, **sizes),
    )


def test_there_are_enough_families_of_every_kind():
    kinds = {
        layer.kind
        for family in FAMILIES
        for layer in layers.of(configs.text(small_models.small_config(family)))
    }
    assert len(FAMILIES) >= 20
    assert kinds == {"full", "window", "latent", "indexed", "state", "hybrid", "none"}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("shape", "dtype", "batch"), RUNS)
def test_the_three_roads_agree_byte_for_byte(family, shape, dtype, batch):
    by_formula, by_meta, real = three_roads(family, shape, dtype, batch)
    assert real.total_bytes > 0
    for other in (by_formula, by_meta):
        assert other.total_bytes == real.total_bytes
        assert other.parts == real.parts
        assert [layer.bytes for layer in other.layers] == [layer.bytes for layer in real.layers]
        assert [layer.tokens for layer in other.layers] == [layer.tokens for layer in real.layers]
        assert other.bytes_per_token == real.bytes_per_token


@pytest.mark.parametrize("family", ["llama", "gemma2", "deepseek_v3", "jamba"])
def test_bytes_per_token_is_what_the_next_token_adds(family):
    config = small_models.small_config(family)
    sizes = [kv_cache.formula(config, n).total_bytes for n in (100, 101)]
    assert sizes[1] - sizes[0] == kv_cache.formula(config, 100).bytes_per_token > 0


# --- planted faults: each makes a road differ ----------------------------------------------------


def broken(monkeypatch, name, change):
    whole = getattr(layers, name)
    monkeypatch.setattr(layers, name, lambda *given: change(whole(*given), *given))


def float_states(layer: layers.Layer) -> layers.Layer:
    """Every state in the model's own dtype: what only a bfloat16 model shows."""
    return replace(layer, states=tuple(replace(s, is_float32=False) for s in layer.states))


FAULTS = {
    "query heads for kv heads": ("llama", "kv_heads", lambda n, c: layers.query_heads(c)),
    "K without V": ("llama", "attention", lambda rule, c: replace(rule, values=0)),
    "W for W − 1": (
        "mistral",
        "layer",
        lambda rule, *_: replace(rule, window=rule.window and rule.window + 1),
    ),
    "window ignored": ("gemma2", "layer", lambda rule, *_: replace(rule, window=None)),
    "head_dim from the width": (
        "qwen3_moe",
        "head_size",
        lambda d, c: c.hidden_size // c.num_attention_heads + 1,
    ),
    "latent for every head": (
        "deepseek_v3",
        "attention",
        lambda rule, c: replace(rule, keys=rule.keys * c.num_attention_heads),
    ),
    "state dtype": ("jamba", "layer", lambda rule, *_: float_states(rule)),
    "state dtype (delta)": ("qwen3_next", "layer", lambda rule, *_: float_states(rule)),
    "index keys forgotten": (
        "deepseek_v32",
        "layer",
        lambda rule, *_: replace(rule, indexer=0),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_formula_is_seen(fault, monkeypatch):
    family, name, change = FAULTS[fault]
    broken(monkeypatch, name, change)
    by_formula, _, real = three_roads(family, "a", "bfloat16", 2)
    assert by_formula.total_bytes != real.total_bytes


def test_a_dropped_cross_cache_is_seen(monkeypatch):
    monkeypatch.setattr(roads, "_cross", lambda *_: kv_cache.size.LayerBytes("cross", 0, {}))
    by_formula, _, real = three_roads("t5", "a", "float32", 1)
    assert by_formula.total_bytes < real.total_bytes


def test_a_wrong_state_dtype_shows_only_in_bfloat16(monkeypatch):
    broken(monkeypatch, "layer", lambda rule, *_: float_states(rule))
    in_float32, _, real = three_roads("mamba", "a", "float32", 1)
    assert in_float32.total_bytes == real.total_bytes  # why the tests run bfloat16 too


# --- real sizes -----------------------------------------------------------------------------------


def test_llama_3_8b_at_its_real_size_without_memory():
    by_formula = kv_cache.formula(LLAMA_3_8B, 100_000)
    assert by_formula.total_bytes == kv_cache.on_meta(LLAMA_3_8B, 100_000).total_bytes
    assert by_formula.total_bytes == 100_000 * 128 * 1024
    assert kv_cache.parameter_count(LLAMA_3_8B) == 8_030_261_248  # published: 8.03 B


def test_a_window_keeps_one_token_less_and_stops_growing():
    mistral = MistralConfig(num_hidden_layers=4)
    short, long = (kv_cache.formula(mistral, n) for n in (8_192, 131_072))
    assert short.total_bytes == long.total_bytes == 4 * 2 * 8 * 128 * 2 * 4095
    assert long.bytes_per_token == 0


def test_cross_attention_is_fixed_by_the_input_and_self_attention_grows():
    t5 = T5Config(num_layers=2, num_decoder_layers=2)
    one, two = (kv_cache.formula(t5, n, encoder_len=256) for n in (8, 64))
    assert one.parts["cross_keys"] == two.parts["cross_keys"] > 0
    assert two.parts["keys"] == 8 * one.parts["keys"]


def test_an_encoder_keeps_nothing_and_as_a_decoder_it_does():
    assert kv_cache.formula(BertConfig(num_hidden_layers=2), 128).total_bytes == 0
    assert kv_cache.on_meta(BertConfig(num_hidden_layers=2), 128).total_bytes == 0
    decoder = BertConfig(num_hidden_layers=2, is_decoder=True)
    both = kv_cache.formula(decoder, 128).total_bytes, kv_cache.on_meta(decoder, 128).total_bytes
    assert both[0] == both[1] > 0


# --- payload and storage --------------------------------------------------------------------------


def test_a_window_after_a_long_prefill_holds_far_more_than_it_shows():
    config = small_models.small_config("mistral")
    model = small_models.small_model(config, torch.float32)
    cache = model(input_ids=torch.ones(1, 400, dtype=torch.long), use_cache=True).past_key_values
    prefill = kv_cache.measured(cache)
    model(input_ids=torch.ones(1, 1, dtype=torch.long), past_key_values=cache, use_cache=True)
    after = kv_cache.measured(cache)
    assert prefill.held.payload == after.held.payload == prefill.total_bytes
    assert prefill.held.storage > 20 * prefill.held.payload
    assert after.held.storage < 2 * after.held.payload


def test_a_cache_made_without_a_config_ignores_windows():
    config = small_models.small_config("mistral")
    model = small_models.small_model(config, torch.float32)
    cache = DynamicCache()
    model(input_ids=torch.ones(1, 64, dtype=torch.long), past_key_values=cache, use_cache=True)
    assert (
        kv_cache.measured(cache).total_bytes
        > kv_cache.formula(config, 64, dtype="float32").total_bytes
    )


def test_a_static_cache_costs_its_full_length_from_the_first_token():
    config = small_models.small_config("llama")
    model = small_models.small_model(config, torch.float32)
    cache = StaticCache(config=config, max_cache_len=256)
    model(input_ids=torch.ones(1, 8, dtype=torch.long), past_key_values=cache, use_cache=True)
    whole = kv_cache.formula(config, 256, dtype="float32").total_bytes
    assert kv_cache.measured(cache).total_bytes == whole


def test_one_storage_counts_once():
    whole = torch.zeros(4, 8)
    assert reading.held([whole[:1], whole[1:]]) == reading.Held(4 * 8 * 4, 4 * 8 * 4)
    assert reading.held([whole[:1]]) == reading.Held(8 * 4, 4 * 8 * 4)


# --- how it is told -------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "words"), [("ja", "バイト"), ("zh-tw", "個位元組")])
def test_a_size_tells_itself(lang, words):
    say.use(lang)
    size = kv_cache.formula(LLAMA_3_8B, 100_000)
    for shown in (str(size), repr(size), size._repr_html_()):
        assert "13,107,200,000" + {"ja": "", "zh-tw": " "}[lang] + words in shown
        assert "13.11 GB" in shown and "12.21 GiB" in shown
        assert "1–32" in shown and "131,072" in shown
        assert "8,192" in shown  # longer than the model was trained for
    assert f'lang="{say.html_lang()}"' in size._repr_html_()


def test_a_mixed_model_has_a_row_for_each_run_of_equal_layers():
    rows = kv_cache.formula(small_models.small_config("gemma3_text"), N).rows()
    assert [row[0] for row in rows] == ["1–5", "6", "合計"]
    assert sum(int(row[-1].replace(",", "")) for row in rows[:-1]) == int(
        rows[-1][-1].replace(",", "")
    )


# --- configs and refusals -------------------------------------------------------------------------

PASTED = {
    "model_type": "llama",
    "num_hidden_layers": 2,
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 96,
    "vocab_size": 128,
}


def test_a_config_comes_as_object_dict_text_file_or_folder(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(PASTED), encoding="utf-8")
    given = [LlamaConfig(**PASTED), PASTED, json.dumps(PASTED), str(file), file, tmp_path]
    sizes = {kv_cache.formula(config, 10).total_bytes for config in given}
    assert sizes == {2 * 2 * 2 * 16 * 10 * 2}


def without(name: str) -> dict:
    return {k: v for k, v in PASTED.items() if k != name}


@pytest.mark.parametrize(
    ("config", "word"),
    [
        (without("model_type"), "`model_type`"),
        (without("num_hidden_layers"), "`num_hidden_layers`"),
        (PASTED | {"model_type": "llama9"}, "llama9"),
        (PASTED | {"model_type": "deepseek_v4"}, "deepseek_v4"),
        (PASTED | {"num_attention_heads": "four"}, "num_attention_heads"),
        ('{"model_type": "llama",}', "1行目"),
        ("[1, 2]", "[1, 2]"),
        ("no/such/config.json", "no/such/config.json"),
        (7, "int"),
    ],
)
def test_what_is_missing_is_named(config, word):
    with pytest.raises(Refused, match=r"(?s).*" + word.replace("[", r"\[")):
        kv_cache.formula(config, 10)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"seq_len": 0}, "seq_len"),
        ({"seq_len": 10.5}, "seq_len"),
        ({"seq_len": 10, "batch_size": -1}, "batch_size"),
        ({"seq_len": 10, "dtype": "int8"}, "int8"),
        ({"seq_len": 10, "encoder_len": 5}, "encoder_len"),
    ],
)
def test_a_wrong_number_is_named(given, word):
    with pytest.raises(Refused, match=word):
        kv_cache.formula(PASTED, **given)


def test_an_encoder_decoder_needs_the_length_of_its_input():
    for road in (kv_cache.formula, kv_cache.on_meta):
        with pytest.raises(Refused, match="encoder_len"):
            road(T5Config(num_layers=2), 10)


def test_a_long_python_loop_is_refused_not_waited_for():
    with pytest.raises(Refused, match="mamba"):
        kv_cache.on_meta(small_models.small_config("mamba"), 100_000)


def test_a_model_needs_a_length_and_an_empty_cache_is_no_cache():
    model = small_models.small_model(small_models.small_config("gpt2"), torch.float32)
    with pytest.raises(Refused, match="seq_len"):
        kv_cache.measured(model)
    with pytest.raises(Refused, match="DynamicCache"):
        kv_cache.measured(DynamicCache())


def test_a_cache_that_would_not_fit_into_memory_is_a_number_not_a_dead_kernel():
    model = small_models.small_model(small_models.small_config("llama"), torch.float32)
    with pytest.raises(Refused, match="1,024,000,000,000"):
        kv_cache.measured(model, 1_000_000_000)


def test_an_unchecked_family_is_refused_even_where_a_rule_would_give_a_number():
    config = small_models.small_config("openai-gpt")  # returns no cache at all
    assert roads.unchecked(config, 10, 1, "float32", None).total_bytes > 0
    with pytest.raises(Refused, match="openai-gpt"):
        kv_cache.formula(config, 10)


def test_an_unknown_kind_of_layer_is_refused_by_name():
    config = LlamaConfig(num_hidden_layers=1)
    config.layer_types = ["dream_attention"]
    with pytest.raises(Refused, match="dream_attention"):
        kv_cache.formula(config, 10)


def test_the_model_class_is_the_real_one():
    model = roads.meta_model(small_models.small_config("llama"))
    assert type(model) is type(AutoModelForCausalLM.from_config(LlamaConfig(**PASTED)))
    assert {p.device.type for p in model.parameters()} == {"meta"}


# --- on the command line --------------------------------------------------------------------------


def command(*words: str, lang: str = "ja_JP.UTF-8") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "helpers.kv_cache", *words],
        cwd=ROOT / "src",
        env=os.environ | {"LC_ALL": lang, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
    )


def test_the_command_prints_the_table(tmp_path):
    file = tmp_path / "設定.json"
    file.write_text(json.dumps(PASTED), encoding="utf-8")
    done = command(str(file), "--tokens", "100000", "--lang", "zh-tw")
    assert done.returncode == 0, done.stderr
    assert f"{2 * 2 * 2 * 16 * 100_000 * 2:,} 個位元組" in done.stdout and "1–2" in done.stdout


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["nowhere.json", "--tokens", "10"], "nowhere.json"),
        (["nowhere.json", "--tokens", "ten"], "ten"),
        ([], "--tokens"),
    ],
)
def test_the_command_says_what_is_wrong_without_a_traceback(words, problem):
    done = command(*words)
    assert done.returncode == 2
    assert problem in done.stderr and "Traceback" not in done.stderr


# --- every family ---------------------------------------------------------------------------------


@pytest.mark.skipif(not os.environ.get("TRIAD_ALL"), reason="TRIAD_ALL=1 runs it")
def test_every_family_that_transformers_maps():
    """A family that transformers added is in the page, and red nowhere."""
    found = kv_families.walk(small_models.FAMILIES)
    kv_families.PAGE.write_text(kv_families.page(found), encoding="utf-8")
    ran = [road for road in found if road.family in roads.checked_families() and road.bytes]
    assert len(ran) >= 150
    assert [road.family for road in ran if road.bytes["measured"] != road.bytes["formula"]] == []


def test_the_walk_tells_equal_from_different():
    same = kv_families.Road("x", {"measured": [4, 8], "formula": [4, 8], "on_meta": [4, 8]})
    other = kv_families.Road("y", {"measured": [4, 8], "formula": [4, 9]})
    absent = kv_families.Road("z", why_not={"measured": "ImportError: timm | needed"})
    assert [road.is_checked for road in (same, other, absent)] == [True, False, False]
    page = kv_families.page([same, other, absent])
    assert "| x | 4 / 8 | = | = |" in page and "| y | 4 / 8 | [4, 9] | – |" in page
    assert "ImportError: timm / needed" in page
    assert '"x"' in kv_families.checked_list([same, other]) and '"y"' not in page.split("|")[0]
