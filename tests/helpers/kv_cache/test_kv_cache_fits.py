"""What fits where: the data files against the real model code, the lines, and numbers in print."""

import itertools
import os
import re

import house
import pytest
import torch
import turns
from places import ROOT
from transformers import DynamicCache

from course_tools.makers import kv_resolved, small_models
from helpers import kv_cache
from helpers.hardware.cards import Gpu
from helpers.kv_cache import Refused, configs, fitting
from helpers.kv_cache.size import GIB
from helpers.language import say

BOTH_4 = {"weight_bits": 4, "cache_bits": 4}
PAIRS = {"t5-base", "t5-11b", "mt5-xxl"}


@pytest.fixture(autouse=True)
def japanese():
    say.use("ja")


def length_of(key: str, n: int) -> dict:
    """An encoder-decoder reads n tokens and writes 512."""
    return {"seq_len": 512, "encoder_len": n} if key in PAIRS else {"seq_len": n}


def test_about_twenty_models_and_cards_of_every_size():
    assert len(kv_cache.models()) >= 20
    assert {8, 12, 16, 24, 32, 48, 80, 141} <= {gpu.gb for gpu in kv_cache.gpus().values()}
    for entry in (*kv_cache.models().values(), *kv_cache.gpus().values()):
        assert entry.source.startswith("https://") or entry.source in (
            "class defaults",
            "parameters",
        )


@pytest.mark.parametrize("key", kv_cache.models())
def test_every_model_with_a_limit_says_it(key):
    """Not the class's: DeepSeek-V3's own is 163,840, its class's 4,096."""
    decoder = configs.text(kv_cache.config(key))
    has_one = hasattr(decoder, "max_position_embeddings")
    assert has_one == configs.is_given(decoder, "max_position_embeddings")
    assert not kv_cache.models()[key].length or kv_cache.models()[key].length.startswith("https://")


def test_the_resolved_configs_are_those_of_transformers():
    remedy = "python -m course_tools.makers.kv_resolved"
    assert kv_resolved.FILE.read_text(encoding="utf-8") == kv_resolved.text(), remedy


@pytest.mark.parametrize("key", kv_cache.models())
def test_a_resolved_config_gives_the_same_cache(key):
    for length in (1, 5_000, 300_000):
        sizes = [
            kv_cache.formula(config, **length_of(key, length))
            for config in (kv_cache.config(key), fitting.resolved(key))
        ]
        assert sizes[0] == sizes[1] and f"{sizes[0]}" == f"{sizes[1]}"


def test_a_field_of_a_resolved_config_that_is_wrong_shows(monkeypatch):
    wrong = fitting.resolved("llama-3-8b").num_key_value_heads * 2
    monkeypatch.setattr(fitting.resolved("llama-3-8b"), "num_key_value_heads", wrong)
    sizes = [kv_cache.formula(f("llama-3-8b"), 100) for f in (kv_cache.config, fitting.resolved)]
    assert 2 * sizes[0].total_bytes == sizes[1].total_bytes


@pytest.mark.parametrize(
    "use", ["kv_cache.fits('llama-3-8b', 'h100', 8192)", "bottleneck.scenario('0000').sentence()"]
)
def test_what_fits_is_computed_without_torch_and_transformers(use):
    found = house.loaded(f"from helpers import bottleneck, kv_cache; {use}", ROOT / "src")
    assert "helpers" in found and found & house.HEAVY == set()


def test_deepseek_is_no_model_of_4096_tokens():
    config = kv_cache.config("deepseek-v3")
    assert "4,096" not in kv_cache.formula(config, 100_000).sentence()
    assert "163,840" in kv_cache.formula(config, 200_000).sentence()


@pytest.mark.parametrize("key", kv_cache.models())
def test_the_real_code_has_the_published_number_of_parameters(key):
    model = kv_cache.models()[key]
    counted = kv_cache.parameter_count(model.config) / 1e9
    assert counted + model.untied == pytest.approx(model.parameters, rel=0.015)


LOOPING = ("jamba-v0.1", "qwen3-next-80b", "mamba-2.8b")
SOME = ("gpt2-xl", "t5-11b", "llama-3-8b", "mistral-7b-v0.1", "gemma-3-27b", "deepseek-v3")


@pytest.mark.parametrize(
    "key", kv_cache.models() if os.environ.get("TRIAD_ALL") else turns.by_turns(0, SOME)
)
def test_formula_and_real_code_agree_at_real_size(key):
    config = kv_cache.config(key)
    n = {"bert-base": 512}.get(key, 1_000 if key in LOOPING else 100_000)
    by_formula = kv_cache.formula(config, **length_of(key, n))
    assert by_formula.total_bytes == kv_cache.on_meta(config, **length_of(key, n)).total_bytes


@pytest.mark.parametrize(
    ("key", "growth"),
    [("llama-3-8b", 12.207), ("mistral-7b-v0.1", 1.0), ("gemma-3-27b", 7.8), ("mamba-2.8b", 1.0)],
)
def test_from_8192_to_100000_tokens_a_cache_grows_as_its_layers_allow(key, growth):
    short, long = (kv_cache.formula(kv_cache.config(key), n) for n in (8_192, 100_000))
    assert long.total_bytes / short.total_bytes == pytest.approx(growth, abs=0.03)


@pytest.mark.parametrize("key", kv_cache.published())
def test_numbers_in_print_right_and_wrong(key):
    entry = kv_cache.published()[key]
    config = kv_cache.config(entry.model)
    size = kv_cache.formula(config, max(entry.tokens, 2))
    ours = size.bytes_per_token if entry.tokens == 1 else size.total_bytes
    assert entry.says_bytes / ours == pytest.approx(entry.factor, rel=0.002)


def test_at_least_three_in_print_are_right_and_two_wrong():
    factors = [entry.factor for entry in kv_cache.published().values()]
    assert sum(abs(f - 1) < 0.01 for f in factors) >= 3
    assert sum(f > 2 for f in factors) >= 2


def test_each_line_stands_alone():
    fit = kv_cache.fits("llama-3-8b", "rtx-4090", 100_000)
    assert list(fit.lines) == ["weights", "cache", "activations", "overhead"]
    assert fit.lines["weights"] == pytest.approx(16.06e9)
    assert fit.lines["cache"] == 13_107_200_000
    assert not fit.fits and fit.total_bytes == sum(fit.lines.values())


def test_each_quantisation_touches_its_own_line():
    whole = kv_cache.fits("llama-3-8b", "rtx-4090", 100_000)
    weights = kv_cache.fits("llama-3-8b", "rtx-4090", 100_000, weight_bits=4)
    cache = kv_cache.fits("llama-3-8b", "rtx-4090", 100_000, cache_bits=8)
    assert weights.lines["cache"] == whole.lines["cache"]
    tables = 2 * 128256 * 4096  # embedding and head, which stay in 16 bits
    assert weights.lines["weights"] == pytest.approx((8.03e9 - tables) * 4.5 / 8 + tables * 2)
    assert cache.lines["weights"] == whole.lines["weights"]
    assert cache.lines["cache"] == pytest.approx(whole.lines["cache"] * 8.5 / 16)
    assert weights.fits and not cache.fits
    fp8 = kv_cache.fits("llama-3-8b", "rtx-4090", 100_000, cache_bits="fp8")
    assert fp8.lines["cache"] == whole.lines["cache"] / 2
    assert kv_cache.stored_bits("fp8") == 8
    with pytest.raises(Refused, match="fp4"):
        kv_cache.stored_bits("fp4")


def test_a_model_with_one_matrix_for_both_ends_keeps_it_once():
    gemma = kv_cache.config("gemma-2-9b")
    assert gemma.tie_word_embeddings
    kept = gemma.vocab_size * gemma.hidden_size
    assert fitting.weights("gemma-2-9b", 4) == pytest.approx((9.24e9 - kept) * 4.5 / 8 + kept * 2)


# --- how the prompt is read -----------------------------------------------------------------------


@pytest.mark.parametrize("key", ["mistral-7b-v0.1", "gemma-3-27b"])
def test_a_prompt_read_at_once_holds_what_the_real_code_holds(key):
    n, config = 20_000, kv_cache.config(key)
    held = kv_cache.on_meta(config, n).held
    at_once = kv_cache.fits(key, "h200", n, chunk=None)
    assert at_once.lines["cache"] == held.payload
    assert at_once.lines["cache"] + at_once.lines["hidden"] == held.storage
    in_chunks = kv_cache.fits(key, "h200", n)
    assert 0 < in_chunks.lines["hidden"] < at_once.lines["hidden"] / 20
    assert "hidden" not in kv_cache.fits("llama-3-8b", "h200", n, chunk=None).lines


def test_a_prompt_read_in_chunks_holds_a_chunk_behind_the_window():
    config = small_models.small_config("mistral")  # W = 16
    model = small_models.small_model(config, torch.bfloat16)
    cache = DynamicCache(config=config)
    with torch.no_grad():
        for _ in range(4):
            ids = torch.ones(1, 10, dtype=torch.long)
            model(input_ids=ids, past_key_values=cache, use_cache=True)
    held = kv_cache.measured(cache).held
    assert held.storage - held.payload == fitting.behind_windows(config, 40, 10) > 0


def test_a_whole_prompt_needs_far_more_for_its_activations():
    chunks, at_once = (
        kv_cache.fits("llama-3-8b", "rtx-4090", 100_000, chunk=c) for c in (512, None)
    )
    assert chunks.lines["activations"] < 0.1 * GIB < 11 * GIB < at_once.lines["activations"]
    assert "512" in chunks.sentence() and "512" not in at_once.sentence()
    with pytest.raises(Refused, match="chunk"):
        kv_cache.fits("llama-3-8b", "rtx-4090", 100, chunk=0)


def test_a_step_is_shared_by_all_prompts():
    """What an engine computes at once is a number of tokens, however many prompts they are of."""
    for batch in (1, 8):
        small, large = (
            kv_cache.fits("llama-3-8b", "h200", 1_000, batch_size=batch, chunk=c).lines
            for c in (512, None)
        )
        step = small["activations"] - batch * 128_256 * 4
        assert step == 512 * (4 * 4_096 + 3 * 14_336) * 2
        whole = large["activations"] - batch * 128_256 * 4
        assert whole == pytest.approx(batch * 1_000 / 512 * step)


def test_beyond_the_models_own_length_a_fit_says_so():
    """As the size of its cache does; Llama 3 8B was trained for 8,192 tokens."""
    inside, beyond = (kv_cache.fits("llama-3-8b", "h200", n) for n in (8_192, 8_193))
    note = kv_cache.formula(kv_cache.config("llama-3-8b"), 8_193).remarks()[-1]
    assert "8,192" in note
    assert beyond.sentence().endswith(note) and note not in inside.sentence()
    assert note in beyond._repr_html_()


def test_an_encoder_reads_its_whole_input():
    """Chunks need a causal mask: without one, a token must see those that are yet to come."""
    for key, lengths in (("t5-11b", {"encoder_len": 100_000}), ("bert-base", {})):
        n = 128 if lengths else 512
        in_chunks, at_once = (kv_cache.fits(key, "h100", n, chunk=c, **lengths) for c in (16, None))
        assert in_chunks.lines == at_once.lines
        assert in_chunks.sentence() == at_once.sentence()


def test_a_fit_is_within_what_an_engine_uses_of_what_the_driver_reports():
    card = Gpu("x", 48, "https://x", "", 10 * 1024, "https://y", "")
    inside, edge = (fitting.Fit("m", card, {"weights": n * GIB}) for n in (9, 9.01))
    assert inside.fits and not edge.fits and "9.0" in edge.sentence()
    assert fitting.usable(card) == 9 * GIB


@pytest.mark.parametrize(
    ("how", "gb"),
    [({}, 32), ({"cache_bits": 8}, 32), ({"weight_bits": 4}, 24), (BOTH_4, 12)],
)
def test_the_smallest_card_for_llama_3_8b_at_100000_tokens(how, gb):
    assert kv_cache.smallest("llama-3-8b", 100_000, **how).gb == gb


def test_what_fits_nowhere_says_so_and_unknown_names_list_the_known():
    assert kv_cache.smallest("deepseek-v3", 8_192) is None
    with pytest.raises(Refused, match="llama-3-8b"):
        kv_cache.fits("llama-4", "h100", 10)
    with pytest.raises(Refused, match="rtx-4090"):
        kv_cache.fits("llama-3-8b", "rtx-9090", 10)


@pytest.mark.parametrize(("lang", "word"), [("ja", "収まりません"), ("zh-tw", "放不下")])
def test_a_fit_tells_itself(lang, word):
    say.use(lang)
    fit = kv_cache.fits("llama-3-8b", "rtx-4090", 100_000)
    for shown in (str(fit), fit._repr_html_()):
        assert "512" in shown and "23.99" in shown
        assert word in shown and "13,107,200,000" in shown and "12.21 GiB" in shown


def bars(svg: str) -> list[tuple[float, float]]:
    return [
        (float(x), float(w))
        for x, w in re.findall(r'rect class="cell" x="([\d.]+)".*?width="([\d.]+)"', svg)
    ]


@pytest.mark.parametrize("gpu", ["rtx-4060", "rtx-4090", "h200"])
def test_in_the_waterfall_each_bar_begins_where_the_last_one_ended(gpu):
    fit = kv_cache.fits("llama-3-8b", gpu, 100_000)
    svg = kv_cache.waterfall(fit, list(kv_cache.gpus().values()))
    drawn = bars(svg)
    assert len(drawn) == 4
    for (x, width), (following, _) in itertools.pairwise(drawn):
        assert following == pytest.approx(x + width, abs=1.1)  # a bar is at least 1 wide
    sizes = list(fit.lines.values())
    assert drawn[0][1] / drawn[1][1] == pytest.approx(sizes[0] / sizes[1], rel=0.01)
    lines = [float(x) for x in re.findall(r'<path d="M([\d.]+) ', svg)]
    assert (
        lines and min(b - a for a, b in itertools.pairwise(sorted(lines))) >= 23
        if len(lines) > 1
        else lines
    )
    assert f">{fit.gpu.gb}<" in svg and "14.96 GiB" in svg


def test_the_prompt_read_at_once_stands_beside_the_chunks():
    cards = list(kv_cache.gpus().values())
    fit, one_shot = (kv_cache.fits("llama-3-8b", "rtx-5090", 100_000, chunk=c) for c in (512, None))
    svg = kv_cache.waterfall(fit, cards, one_shot)
    drawn = bars(svg)
    assert len(drawn) == 5 and drawn[4][0] == drawn[0][0]
    whole = sum(width for _, width in drawn[:4])
    assert drawn[4][1] / whole == pytest.approx(one_shot.total_bytes / fit.total_bytes, rel=0.01)
    assert say.text("kv_cache", "one_shot") in svg and "39.2" in svg
    assert say.text("kv_cache", "over") in svg and fit.fits  # only what is read at once is over
    assert say.text("kv_cache", "one_shot") not in kv_cache.waterfall(fit, cards)


def test_the_waterfall_marks_the_chosen_card_and_what_lies_behind_it():
    cards = list(kv_cache.gpus().values())
    over = kv_cache.waterfall(kv_cache.fits("llama-3-8b", "rtx-4060", 100_000), cards)
    inside = kv_cache.waterfall(kv_cache.fits("llama-3-8b", "h200", 1_000), cards)
    for svg, name in ((over, "rtx-4060"), (inside, "h200")):
        assert svg.count('stroke-width="3"') == 1 and f">{kv_cache.gpus()[name].name}<" in svg
        fills = re.findall(r'rect class="cell"[^>]*fill="(#\w+)"', svg)
        assert len(set(fills)) == len(fills), "each part has a tone of its own"
        assert say.text("kv_cache", "axis") in svg and "GiB" in say.text("kv_cache", "axis")
    striped = re.findall(r'<rect x="([\d.]+)" y="\d+" height="20" width="([\d.]+)"', over)
    [line] = re.findall(r'<path d="M([\d.]+) [^>]*stroke-width="3"', over)
    assert striped and min(float(x) for x, _ in striped) == pytest.approx(float(line), abs=0.2)
    drawn = sum(width for _, width in bars(over))
    end = max(x + width for x, width in bars(over))
    assert sum(float(w) for _, w in striped) == pytest.approx(end - float(line), abs=1)
    assert drawn > sum(float(w) for _, w in striped)
    assert say.text("kv_cache", "over") in over and say.text("kv_cache", "over") not in inside
    assert "url(#triad-over)" not in inside.replace(inside[: inside.index("</defs>")], "")
