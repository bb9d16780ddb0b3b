"""Quantised caches: transformers' own, byte for byte; and the plain one that students read."""

import importlib.util

import pytest
import torch
from transformers import QuantizedCache

from course_tools.makers import small_models
from helpers import kv_cache
from helpers.kv_cache import Refused, quantisation
from helpers.language import say

NO_HQQ = pytest.mark.skipif(
    importlib.util.find_spec("hqq") is None,
    reason="hqq is not installed (pip install -e .[quant])",
)


@pytest.fixture(autouse=True)
def quiet():
    say.use("ja")
    torch.set_num_threads(1)
    with torch.no_grad():
        yield


def real(family: str, dtype: str, batch: int, prefill: int, generated: int, **how) -> dict:
    """The parts of a QuantizedCache that a small model filled: a prompt, then token by token."""
    config = small_models.small_config(family)
    model = small_models.small_model(config, getattr(torch, dtype))
    cache = QuantizedCache(config=config, **how)
    lengths = [prefill, *[1] * generated]
    for length in lengths:
        ids = torch.ones(batch, length, dtype=torch.long)
        model(input_ids=ids, past_key_values=cache, use_cache=True)
    return kv_cache.measured(cache).parts


def ours(family: str, dtype: str, batch: int, prefill: int, generated: int, **how) -> dict:
    config = small_models.small_config(family)
    sizes = {"batch_size": batch, "dtype": dtype, "generated": generated}
    return kv_cache.quantised(config, prefill, **sizes, **how).parts


@pytest.mark.parametrize("family", ["gpt2", "llama", "mixtral"])
@pytest.mark.parametrize(("dtype", "batch"), [("float32", 1), ("bfloat16", 2)])
def test_fp8_is_one_byte_a_number_and_one_scale_a_tensor(family, dtype, batch):
    held = real(family, dtype, batch, 37, 5, backend="fp8")
    assert held == ours(family, dtype, batch, 37, 5, backend="fp8", bits=8)


@NO_HQQ
@pytest.mark.parametrize("family", ["gpt2", "llama", "deepseek_v3"])
@pytest.mark.parametrize("bits", [8, 4, 3, 2, 1])
@pytest.mark.parametrize(("dtype", "batch", "generated"), [("float32", 1, 0), ("bfloat16", 2, 5)])
def test_hqq_with_scales_zero_points_and_waiting_tokens(family, bits, dtype, batch, generated):
    held = real(family, dtype, batch, 64, generated, backend="hqq", nbits=bits)
    assert held == ours(family, dtype, batch, 64, generated, bits=bits)


@NO_HQQ
@pytest.mark.parametrize("generated", [3, 4, 5, 8, 9])
def test_when_enough_tokens_wait_everything_is_quantised_anew(generated):
    how = {"residual_length": 4}
    held = real("llama", "float32", 2, 64, generated, backend="hqq", nbits=4, **how)
    assert held == ours("llama", "float32", 2, 64, generated, bits=4, **how)


def test_the_split_of_quantised_and_waiting_tokens():
    assert quantisation.tokens_split(64, 0, 128) == (64, 0)
    assert quantisation.tokens_split(64, 127, 128) == (64, 127)
    assert quantisation.tokens_split(64, 128, 128) == (192, 0)
    assert quantisation.tokens_split(64, 300, 128) == (320, 44)


@pytest.mark.parametrize(("bits", "stored"), [(8, 8.5), (4, 4.5), (2, 2.5)])
def test_a_number_takes_more_than_its_bits(bits, stored):
    assert kv_cache.stored_bits(bits) == stored
    assert quantisation.tensor_bytes(64 * 1000, bits, 64, 2) * 8 / 64_000 == stored
    without_scales = 64 * 1000 * bits // 8
    assert quantisation.tensor_bytes(64 * 1000, bits, 64, 2) > without_scales


@pytest.mark.parametrize(
    ("family", "prefill", "how", "word"),
    [
        ("mistral", 64, {}, "window"),
        ("jamba", 64, {}, "state"),
        ("llama", 7, {}, "64"),
        ("llama", 64, {"bits": 5}, "hqq"),
        ("llama", 64, {"backend": "fp8", "bits": 4}, "fp8"),
    ],
)
def test_what_transformers_does_not_quantise_is_refused(family, prefill, how, word):
    config = small_models.small_config(family)
    if family == "llama" and prefill == 7:
        config.num_key_value_heads, config.head_dim = 1, 8
    with pytest.raises(Refused, match=word):
        kv_cache.quantised(config, prefill, **how)


# --- the plain one --------------------------------------------------------------------------------


def keys_with_loud_channels() -> torch.Tensor:
    """(B, H, T, d) = (2, 3, 128, 64), four channels ten times as large: what KIVI found in keys."""
    x = torch.randn(2, 3, 128, 64, generator=torch.Generator().manual_seed(0))
    x[..., :4] *= 10
    return x


@pytest.mark.parametrize("per", ["token", "channel"])
@pytest.mark.parametrize("bits", [8, 4, 2])
def test_no_number_is_off_by_more_than_half_a_step(bits, per):
    x = keys_with_loud_channels()
    packed = kv_cache.quantise(x, bits, per=per)
    off = (packed.restore() - x).abs()
    assert off.shape == x.shape
    assert int(packed.codes.max()) < 2**bits and off.max() <= packed.scale.max() / 2 + 1e-5
    assert packed.bytes == x.numel() * (bits / 8 + 2 * 4 / 64)


@pytest.mark.parametrize("bits", [4, 2])
def test_loud_channels_are_better_quantised_by_channel(bits):
    x = keys_with_loud_channels()
    error = {
        per: (kv_cache.quantise(x, bits, per=per).restore() - x).square().mean().item()
        for per in ("token", "channel")
    }
    assert error["channel"] < error["token"] / 3


def test_fewer_bits_are_worse_and_a_constant_group_is_exact():
    x = keys_with_loud_channels()
    errors = [(kv_cache.quantise(x, b).restore() - x).square().mean().item() for b in (8, 4, 2)]
    assert errors[0] * 10 < errors[1] and errors[1] * 3 < errors[2]
    same = torch.full((1, 64), 3.5)
    assert torch.equal(kv_cache.quantise(same, 2).restore(), same)


def test_groups_must_be_whole_and_the_direction_known():
    with pytest.raises(Refused, match="64"):
        kv_cache.quantise(torch.zeros(2, 48), 4)
    with pytest.raises(Refused, match="row"):
        kv_cache.quantise(torch.zeros(2, 64), 4, per="row")


# --- planted faults -------------------------------------------------------------------------------


def without_scales(numbers: int, bits: int, group_size: int, number: int) -> int:
    return numbers * bits // 8


def plain_bytes(family: str, prefill: int, bits: int) -> float:
    """What a student's own groups of 64 hold, summed over the layers: an independent count."""
    config = small_models.small_config(family)
    shape = (prefill, config.num_key_value_heads * config.hidden_size // config.num_attention_heads)
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(0)).half().view(-1, 64)
    return 2 * config.num_hidden_layers * kv_cache.quantise(x, bits).bytes


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_scales_that_are_dropped_are_seen(bits, monkeypatch):
    config = small_models.small_config("llama")

    def total() -> int:
        return kv_cache.quantised(config, 64, bits=bits, dtype="float16").total_bytes

    assert total() == plain_bytes("llama", 64, bits)
    monkeypatch.setattr(quantisation, "tensor_bytes", without_scales)
    assert total() < plain_bytes("llama", 64, bits)


@NO_HQQ
def test_dropped_scales_and_a_forgotten_residual_are_seen_in_a_real_cache(monkeypatch):
    held = real("llama", "float32", 1, 64, 5, backend="hqq", nbits=4)
    monkeypatch.setattr(quantisation, "tensor_bytes", without_scales)
    assert held != ours("llama", "float32", 1, 64, 5, bits=4)
    monkeypatch.undo()
    monkeypatch.setattr(quantisation, "tokens_split", lambda prefill, new, _: (prefill, 0))
    assert held != ours("llama", "float32", 1, 64, 5, bits=4)
