"""A prompt read in chunks gives what it gives at once, for every size of chunk."""

import inspect
import math

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from helpers.kv_cache import chunked
from helpers.models import decoder

N = 13
ROUNDING = 1e-4  # float32; a mask that is wrong by one moves the logits by more than 0.01


def trained():
    return decoder.load()


def grouped():
    """Rotary positions, and two query heads for each key."""
    torch.manual_seed(0)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=300, initializer_range=0.3, **small, **heads))


@pytest.fixture(params=[trained, grouped], ids=["GPT-2", "Llama"])
def model(request):
    return request.param().eval()


@pytest.fixture
def ids():
    return torch.randint(5, 140, (2, N), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_every_size_of_chunk_gives_the_same(model, ids, attention):
    model.set_attn_implementation(attention)
    gaps = [chunked.gap(model, ids, chunk) for chunk in range(1, N + 2)]
    assert max(gaps) < ROUNDING, gaps


def test_each_chunk_is_computed_once(model, ids, monkeypatch):
    lengths = []
    model.register_forward_pre_hook(
        lambda _, __, given: lengths.append(given["input_ids"].size(1)), with_kwargs=True
    )
    _, cache = chunked.prefill(model, ids, 5)
    assert lengths == [5, 5, 3] and cache.get_seq_length() == N


FAULTS = {  # where the mask begins → a chunk that shows it
    "the next token is seen": ("triu(kept + 1)", "triu(kept + 2)", 4),
    "a chunk's first token sees the second": ("triu(kept + 1)", "triu(kept + 1 + (kept > 0))", 4),
    "a token of a later chunk does not see itself": ("triu(kept + 1)", "triu(max(1, kept))", 4),
    "what is kept is hidden as in the first chunk": ("triu(kept + 1)", "triu(1)", 4),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_mask_that_is_wrong_at_the_edge_is_red(model, ids, fault):
    old, new, chunk = FAULTS[fault]
    source = inspect.getsource(chunked.prefill)
    assert source.count(old) == 1
    scope = dict(vars(chunked))
    exec(source.replace(old, new), scope)
    logits, _ = scope["prefill"](model, ids, chunk)
    with torch.no_grad():
        whole = model(input_ids=ids).logits
    found = (logits - whole).abs().max().item()
    assert found > 100 * ROUNDING or math.isnan(found)
