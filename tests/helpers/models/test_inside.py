"""A key that is hidden, heads that add nothing: against a decoder's own masks and weights."""

import pytest
import torch

from helpers.models import induction, inside, real


@pytest.fixture(scope="module")
def lm():
    return real.stand_in("smollm2")


IDS = torch.arange(40).reshape(2, 20) * 7 % 500


def test_without_a_hidden_key_the_mask_is_the_models_own(lm):
    own = inside.loss(lm, IDS, 5)
    assert inside.loss(lm, IDS, 5, inside.hidden_key(20, 0, 20)) == pytest.approx(own, abs=1e-5)
    with torch.no_grad():
        logits = lm(IDS).logits[:, 5:-1]
    wanted = torch.nn.functional.cross_entropy(logits.flatten(0, 1), IDS[:, 6:].flatten())
    assert own == pytest.approx(wanted.item(), abs=1e-5)


def test_a_hidden_key_gets_no_weight_from_where_it_is_hidden():
    mask = inside.hidden_key(6, 1, 3)
    assert not mask[3:, 1].any() and mask[1:3, 1].all()
    assert mask.diagonal().all() and not mask.triu(1).any()
    assert inside.hidden_key(4, 2, 0).diagonal().all()  # a query always sees itself


def test_hiding_the_first_token_from_all_is_the_same_as_leaving_it_out(lm):
    """RoPE knows distances alone, so what is left must not change."""
    hidden = inside.loss(lm, IDS, 5, inside.hidden_key(20, 0, 1))
    assert hidden == pytest.approx(inside.loss(lm, IDS[:, 1:], 4), abs=1e-5)
    assert abs(hidden - inside.loss(lm, IDS, 5)) > 1e-5


@torch.no_grad()
def test_a_silenced_head_is_one_whose_columns_of_the_last_matrix_are_zero(lm):
    changed, d_k = real.stand_in("smollm2"), lm.config.head_dim
    for layer, head in [(0, 2), (3, 8), (3, 0)]:
        out = changed.model.layers[layer].self_attn.o_proj.weight
        out[:, head * d_k : (head + 1) * d_k] = 0
    before = lm(IDS).logits
    with inside.silenced(lm, [(0, 2), (3, 8), (3, 0)]):
        silent = lm(IDS).logits
    assert torch.allclose(silent, changed(IDS).logits, atol=1e-6)
    assert not torch.allclose(silent, before, atol=1e-6)
    assert torch.equal(lm(IDS).logits, before)  # nothing is left behind


def test_the_strongest_heads_come_first():
    scores = torch.tensor([[0.1, 0.9, 0.3], [0.8, 0.2, 0.0]])
    assert inside.strongest(scores, 3) == [(0, 1), (1, 0), (0, 2)]


def test_strings_of_other_symbols_keep_to_their_range():
    ids = induction.repeated(6, 30, torch.Generator().manual_seed(0), range(100, 110))
    assert ids.min() >= 100 and ids.max() <= 109 and torch.equal(ids[:, :6], ids[:, 6:])
