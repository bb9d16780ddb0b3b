"""The KV cache by three methods: equal byte for byte, and different where a fault is planted."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
import turns
from places import ROOT
from transformers import (
    CONFIG_MAPPING,
    AutoModelForCausalLM,
    BertConfig,
    DynamicCache,
    LlamaConfig,
    MistralConfig,
    StaticCache,
    T5Config,
    WhisperForConditionalGeneration,
)

from course_tools.makers import kv_families, kv_variations, small_models
from helpers import kv_cache
from helpers.kv_cache import Refused, configs, layers, reading
from helpers.kv_cache import by_formula as FORMULA
from helpers.kv_cache.__main__ import main
from helpers.kv_cache.by_formula import RETURN_NOTHING, checked_families, is_checked, unchecked
from helpers.kv_cache.by_meta import meta_model
from helpers.language import say

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


def three_methods(family: str, shape: str, dtype: str, batch: int):
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


EACH = [  # each family in one of the runs; CI takes all
    pytest.param(family, *run.values[0], marks=run.marks)
    for n, family in enumerate(FAMILIES)
    for run in turns.by_turns(n, RUNS)
]


@pytest.mark.parametrize(("family", "shape", "dtype", "batch"), EACH)
def test_the_three_methods_agree_byte_for_byte(family, shape, dtype, batch):
    by_formula, by_meta, real = three_methods(family, shape, dtype, batch)
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


# --- planted faults: each makes a method differ --------------------------------------------------


def broken(monkeypatch, name, change):
    whole = getattr(layers, name)
    monkeypatch.setattr(layers, name, lambda *given: change(whole(*given), *given))


def float_states(layer: layers.Layer) -> layers.Layer:
    """Every state in the model's own dtype: what only a bfloat16 model shows."""
    return replace(layer, states=tuple(replace(s, is_float32=False) for s in layer.states))


def test_a_second_walk_sees_what_the_first_cannot(monkeypatch):
    """T5 with the encoder's depth, Falcon with its few heads: both agree at the default shape."""
    monkeypatch.setattr(layers, "LAYER_COUNTS", ("num_layers", *layers.LAYER_COUNTS))
    assert not kv_variations.examine("t5", quick=True).agrees
    monkeypatch.undo()
    assert kv_variations.examine("t5", quick=True).agrees
    monkeypatch.setattr(layers, "kv_heads", lambda c: 1 if c.multi_query else c.num_kv_heads)
    falcon = kv_variations.both_methods("falcon", "new_decoder_architecture", True)
    assert falcon and falcon[0] != falcon[1]


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
    by_formula, _, real = three_methods(family, "a", "bfloat16", 2)
    assert by_formula.total_bytes != real.total_bytes


def test_a_dropped_cross_cache_is_seen(monkeypatch):
    monkeypatch.setattr(FORMULA, "_cross", lambda *_: kv_cache.size.LayerBytes("cross", 0, {}))
    by_formula, _, real = three_methods("t5", "a", "float32", 1)
    assert by_formula.total_bytes < real.total_bytes


def test_a_wrong_state_dtype_shows_only_in_bfloat16(monkeypatch):
    broken(monkeypatch, "layer", lambda rule, *_: float_states(rule))
    in_float32, _, real = three_methods("mamba", "a", "float32", 1)
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


# --- real configs of unequal depth, of other heads, of several parts ------------------------------

BYT5_BASE = {
    "model_type": "t5",
    "d_model": 1536,
    "d_ff": 3968,
    "d_kv": 64,
    "num_heads": 12,
    "num_layers": 18,
    "num_decoder_layers": 6,
    "vocab_size": 384,
    "feed_forward_proj": "gated-gelu",
}
FALCON_40B = {
    "model_type": "falcon",
    "hidden_size": 8192,
    "num_hidden_layers": 60,
    "num_attention_heads": 128,
    "num_kv_heads": 8,
    "multi_query": True,
    "new_decoder_architecture": True,
    "vocab_size": 65024,
}


@pytest.mark.parametrize(
    ("config", "given", "expected"),
    [
        (BYT5_BASE, {"seq_len": 512, "encoder_len": 8192}, 160_432_128),
        (FALCON_40B, {"seq_len": 8192}, 16_106_127_360),
        (FALCON_40B | {"new_decoder_architecture": False}, {"seq_len": 8192}, 125_829_120),
    ],
)
def test_real_configs_that_the_small_ones_do_not_stand_for(config, given, expected):
    by_formula = kv_cache.formula(config, **given).total_bytes
    assert by_formula == kv_cache.on_meta(config, **given).total_bytes == expected


def test_whisper_has_both_caches_and_its_own_depth():
    """It reads sounds, so the walks see its decoder only."""
    config = small_models.small_config("whisper")
    config.decoder_layers, config.max_source_positions, config.num_mel_bins = 3, N, 8
    model = WhisperForConditionalGeneration(config).eval()
    sound, ids = torch.zeros(1, 8, 2 * N), torch.ones(1, OUTPUT, dtype=torch.long)
    out = model(input_features=sound, decoder_input_ids=ids, use_cache=True)
    by_formula = kv_cache.formula(config, OUTPUT, encoder_len=N, dtype="float32")
    assert kv_cache.measured(out.past_key_values).parts == by_formula.parts


def test_a_wrapper_is_counted_by_its_text_part_and_says_so():
    text = PASTED | {"head_dim": 16}
    wrapper = {"model_type": "llava", "text_config": text, "image_token_index": 3}
    size = kv_cache.formula(wrapper, 10)
    assert size.total_bytes == kv_cache.formula(text, 10).total_bytes
    assert size.total_bytes == kv_cache.on_meta(wrapper, 10).total_bytes
    assert "llama" in size.sentence() and "llama" not in kv_cache.formula(text, 10).remarks()


def test_fp8_keeps_one_byte_a_number_and_leaves_states_in_16_bits():
    llama, jamba = (small_models.small_config(f) for f in ("llama", "jamba"))
    whole, small = (kv_cache.formula(llama, N, dtype=d).total_bytes for d in ("bfloat16", "fp8"))
    assert small * 2 == whole
    parts = {d: kv_cache.formula(jamba, N, dtype=d).parts for d in ("bfloat16", "fp8")}
    assert parts["fp8"]["conv"] == parts["bfloat16"]["conv"] > 0
    with pytest.raises(Refused, match="fp8"):
        kv_cache.on_meta(llama, N, dtype="fp8")  # no model computes in it


def test_the_real_model_leaves_the_given_config_as_it_was():
    config = small_models.small_config("bart")
    before = config.pad_token_id
    kv_cache.on_meta(config, OUTPUT, encoder_len=N)
    assert config.pad_token_id == before is not None


# --- what the file does not say -------------------------------------------------------------------


def test_fields_that_the_class_supplies_are_named():
    given = {"model_type": "qwen3", "num_hidden_layers": 36, "hidden_size": 4096}
    told = kv_cache.formula(given | {"num_attention_heads": 32}, 100_000).sentence()
    assert "num_key_value_heads = 32" in told and "num_attention_heads" not in told
    assert (
        "sliding_window = 4096"
        in kv_cache.formula({"model_type": "mistral", "num_hidden_layers": 40}, 10).sentence()
    )
    assert "n_head = 12" in kv_cache.formula({"model_type": "gpt2", "n_layer": 2}, 10).sentence()


def test_a_file_that_says_everything_has_no_such_note():
    names = [name for name, _ in kv_cache.formula(PASTED, 10).notes]
    assert names == []  # head_dim follows from the width and the heads
    assert kv_cache.formula(LlamaConfig(**PASTED), 10).notes == ()


def test_a_limit_is_told_only_where_it_was_given():
    assert "note_too_long" not in dict(kv_cache.formula(PASTED, 100_000).notes)
    given = PASTED | {"max_position_embeddings": 4096}
    for config in (given, LlamaConfig(**given)):
        assert ("note_too_long", {"tokens": "4,096"}) in kv_cache.formula(config, 5_000).notes


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
        ("x" * 300, "…xxx"),
        ("{\n  'single': 1\n}", "2行目"),
        ("these are\nsome words", "1行目"),
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
    for method in (kv_cache.formula, kv_cache.on_meta):
        with pytest.raises(Refused, match="encoder_len"):
            method(T5Config(num_layers=2), 10)


def test_a_long_python_loop_is_refused_not_waited_for():
    with pytest.raises(Refused, match="mamba"):
        kv_cache.on_meta(small_models.small_config("mamba"), 100_000)


def test_a_model_needs_a_length_and_an_empty_cache_is_no_cache():
    model = small_models.small_model(small_models.small_config("gpt2"), torch.float32)
    with pytest.raises(Refused, match="seq_len"):
        kv_cache.measured(model)
    with pytest.raises(Refused, match="DynamicCache"):
        kv_cache.measured(DynamicCache())


@pytest.mark.parametrize("family", RETURN_NOTHING)
def test_a_model_that_returns_no_cache_is_refused_by_every_method(family):
    config = small_models.small_config(family)
    with pytest.raises(Refused) as refused:
        kv_cache.measured(small_models.small_model(config, torch.float32), 10)
    assert refused.value.reason == "no_cache"
    for method in (kv_cache.formula, kv_cache.on_meta):
        with pytest.raises(Refused) as refused:
            method(config, 10)
        assert refused.value.reason == "no_cache"


def test_a_cache_that_would_not_fit_into_memory_is_a_number_not_a_dead_kernel():
    model = small_models.small_model(small_models.small_config("llama"), torch.float32)
    with pytest.raises(Refused, match="1,024,000,000,000"):
        kv_cache.measured(model, 1_000_000_000)


def test_an_unchecked_family_is_refused_even_where_a_rule_would_give_a_number():
    config = small_models.small_config("xlnet")  # keeps whole layers' outputs, no keys
    assert unchecked(config, 10, 1, "float32", None).total_bytes > 0
    with pytest.raises(Refused, match="xlnet"):
        kv_cache.formula(config, 10)


def test_an_unknown_kind_of_layer_is_refused_by_name():
    config = LlamaConfig(num_hidden_layers=1)
    config.layer_types = ["dream_attention"]
    with pytest.raises(Refused, match="dream_attention"):
        kv_cache.formula(config, 10)


def test_a_refusal_is_one_sentence_in_a_notebook():
    with pytest.raises(Refused) as refused:
        kv_cache.formula("no/such/config.json", 10)
    lines = refused.value._render_traceback_()
    assert lines == [f"{refused.value}"] and "no/such/config.json" in lines[0]


def test_a_file_as_it_is_published_can_be_pasted_whole():
    pasted = "\ufeff\n" + json.dumps(PASTED | {"sliding_window": None}, indent=2) + "\n\n"
    assert "null" in pasted
    assert kv_cache.formula(pasted, 10).total_bytes == kv_cache.formula(PASTED, 10).total_bytes


def test_a_file_that_is_no_text_is_told(tmp_path):
    file = tmp_path / "model.safetensors"
    file.write_bytes(bytes([0x93, 0xFF, 0xFE]) * 50)
    with pytest.raises(Refused, match=r"model\.safetensors") as refused:
        kv_cache.formula(file, 10)
    assert refused.value.reason == "not_text"


def test_the_model_class_is_the_real_one():
    model = meta_model(small_models.small_config("llama"))
    assert type(model) is type(AutoModelForCausalLM.from_config(LlamaConfig(**PASTED)))
    assert {p.device.type for p in model.parameters()} == {"meta"}


# --- on the command line --------------------------------------------------------------------------


@turns.in_ci
def test_the_command_prints_the_table(tmp_path):
    file = tmp_path / "設定.json"
    file.write_text(json.dumps(PASTED), encoding="utf-8")
    words = [str(file), "--tokens", "100000", "--lang", "zh-tw"]
    done = subprocess.run(
        [sys.executable, "-m", "helpers.kv_cache", *words],
        cwd=ROOT / "src",
        env=os.environ | {"LC_ALL": "ja_JP.UTF-8", "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
    )
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
def test_the_command_says_what_is_wrong_without_a_traceback(words, problem, capsys):
    try:
        status = main(words)
    except SystemExit as end:  # argparse's way; any other exception is a traceback
        status = end.code
    assert status == 2 and problem in capsys.readouterr().err


# --- every family ---------------------------------------------------------------------------------


@pytest.mark.skipif(not os.environ.get("TRIAD_ALL"), reason="TRIAD_ALL=1 runs it")
def test_every_family_that_transformers_maps():
    """A family that transformers added is in the page, and red nowhere."""
    found = kv_families.examine_all(small_models.FAMILIES)
    kv_families.PAGE.write_text(kv_families.page(found), encoding="utf-8")
    ran = [road for road in found if road.family in checked_families() and road.bytes]
    assert len(ran) >= 150
    assert [road.family for road in ran if not road.is_checked] == []


QUICK = ("t5", "mt5", "bart", "falcon", "prophetnet", "qwen3", "gemma2", "deepseek_v3", "lfm2")


@turns.in_ci
@pytest.mark.parametrize("family", QUICK)
def test_other_depths_and_switches_agree_too(family):
    """A few families whole; TRIAD_ALL walks all of them."""
    second = kv_variations.examine(family)
    assert second.differ == [] and second.compared >= 3


def test_the_checked_list_is_of_families_that_exist():
    assert checked_families() <= set(small_models.FAMILIES)
    assert not checked_families() & set(RETURN_NOTHING)


WRAPPERS = ("llava", "qwen3_vl", "mistral3")


@pytest.mark.parametrize(
    "family", kv_variations.wrappers() if os.environ.get("TRIAD_ALL") else WRAPPERS
)
def test_a_wrapper_s_own_code_keeps_what_the_formula_says(family):
    """At the default size of its class; some cannot be run on text alone."""
    config = CONFIG_MAPPING[family]()
    by_formula = kv_cache.formula(config, N).total_bytes
    try:
        with kv_variations.time_limit(60):
            real = kv_cache.on_meta(config, N).total_bytes
    except Refused as refusal:
        pytest.skip(f"{refusal}")
    assert by_formula == real > 0


def test_the_text_parts_that_people_paste_are_checked():
    pasted = ("llama4", "gemma3n", "gemma4", "qwen2_5_vl", "qwen3_vl", "qwen3_5", "mistral3")
    assert all(is_checked(CONFIG_MAPPING[family]()) for family in (*pasted, "mistral4"))
    assert not is_checked(CONFIG_MAPPING["vision-text-dual-encoder"]())  # writes nothing


def test_the_walk_tells_equal_from_different():
    same = kv_families.FamilyCheck("x", {"measured": [4, 8], "formula": [4, 8], "on_meta": [4, 8]})
    assert same.is_equal and not same.is_checked  # not before the second walk
    same.second = kv_variations.VariationsCheck("x", compared=3)
    other = kv_families.FamilyCheck("y", {"measured": [4, 8], "formula": [4, 9]})
    absent = kv_families.FamilyCheck("z", why_not={"measured": "ImportError: timm | needed"})
    assert [road.is_checked for road in (same, other, absent)] == [True, False, False]
    page = kv_families.page([same, other, absent])
    assert "| x | 4 / 8 | = | = | 3 |" in page and "| y | 4 / 8 | [4, 9] | – | – |" in page
    assert "ImportError: timm / needed" in page
    same.second.differ.append("n = 3: formula 1, real 2")
    assert not same.is_checked and "n = 3: formula 1" in kv_families.page([same])
    same.second.differ.clear()
    assert '"x"' in kv_families.checked_list([same, other]) and '"y"' not in page.split("|")[0]
