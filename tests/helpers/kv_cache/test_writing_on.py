"""A decoder whose cache is changed writes on: against generate, a mask and torch's own KL."""

import pytest
import torch
from torch.nn.functional import kl_div

from helpers.kv_cache import writing_on
from helpers.language import say
from helpers.models import decoder


@pytest.fixture(scope="module", params=say.COMPLETE)
def before(request):
    return request.param, writing_on.write(request.param)


def noisy(keys, values):
    generator = torch.Generator().manual_seed(0)
    return keys + torch.randn(keys.shape, generator=generator), values


def test_nothing_changed_is_what_generate_writes(before):
    lang, written = before
    model, ids = decoder.load(), writing_on._beginnings(lang)[:20]
    out = model.generate(ids, max_new_tokens=writing_on.WRITTEN, do_sample=False)
    told = [text.split("</s>")[0].split(">")[-1] for text in decoder.TOKENIZER.batch_decode(out)]
    assert told == written.answers[:20]
    assert written.attention.shape == (2, writing_on.SENTENCES, 64)
    assert not any(block.attn._forward_hooks for block in model.transformer.h)
    same = writing_on.differences(written, writing_on.write(lang), lang)
    assert same["valid"] == 1 and {v for k, v in same.items() if k != "valid"} == {0}


def test_what_is_off_is_said_part_by_part(before):
    lang, written = before
    after = writing_on.write(lang, noisy)
    found = writing_on.differences(written, after, lang)
    assert found["values"] == 0 < found["keys"] and found["attention"] > 0
    args = {"reduction": "batchmean", "log_target": True}
    assert found["kl"] == pytest.approx(kl_div(after.log_p, written.log_p, **args).item(), rel=1e-3)
    reverse = kl_div(written.log_p, after.log_p, **args).item()
    assert found["kl"] != pytest.approx(reverse, rel=0.01)
    assert 0 < found["changed"] <= 1


def test_a_token_that_is_left_out_keeps_the_places_of_the_others(before):
    """The last of the read tokens left out: the new one is still at place READ."""
    lang, written = before
    first = writing_on.write(lang, lambda k, v: (k[:, :, :-1], v[:, :, :-1]))
    found = writing_on.differences(written, first, lang)
    assert "keys" not in found and found["kl"] > 0.01
    model, ids = decoder.load(), writing_on._beginnings(lang)
    with torch.no_grad():
        mask = torch.ones_like(ids)
        mask[:, writing_on.READ - 1] = 0
        places = torch.arange(ids.size(1)).expand_as(ids)
        out = model(input_ids=ids, attention_mask=mask, position_ids=places)
    expected = out.logits[:, -1].log_softmax(-1)
    assert (first.log_p - expected).abs().max() < 1e-4
