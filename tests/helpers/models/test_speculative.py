"""Speculative decoding: what one pass gives, exact probabilities, the measure of misfit."""

from collections import Counter

import pytest
import torch

from helpers.models import decoder, speculative


@pytest.fixture(scope="module")
def target():
    return decoder.load()


def test_a_model_that_drafts_for_itself_is_never_refused(target):
    """p / q is 1 but for rounding, so each pass gives all drafted tokens and one more."""
    torch.manual_seed(0)
    start = speculative.beginning("ja")
    lengths = [len(speculative.speculate(target, target, start, k)) for k in (1, 2, 5) * 5]
    assert sum(lengths) >= 0.95 * 5 * (2 + 3 + 6) and max(lengths) == 6


def test_a_draft_that_knows_nothing_gives_little(target):
    torch.manual_seed(0)
    start = speculative.beginning("zh-tw")
    found = speculative.per_pass(target, decoder.new(), start, 4, n=5)
    assert 1 <= found < 1.3


def test_exact_pairs_are_the_models_own(target):
    start = speculative.beginning("ja")
    exact = speculative.exact_pairs(target, start)
    assert sum(exact.values()) == pytest.approx(1, abs=2e-3)
    pair = max(exact, key=lambda key: exact[key])
    ids = torch.cat([start, torch.tensor(pair)])[None]
    with torch.no_grad():
        logp = target(ids).logits[0].log_softmax(-1)
    n = len(start)
    want = (logp[n - 1, pair[0]] + logp[n, pair[1]]).exp().item()
    assert exact[pair] == pytest.approx(want, rel=1e-4)


def test_the_misfit_by_hand():
    """Three cells of which 50, 30 and 20 are expected; of a rest, none."""
    exact = {(0, 0): 0.5, (0, 1): 0.3, (1, 0): 0.2}
    counts = Counter({(0, 0): 50, (0, 1): 40, (1, 0): 10})
    expected = (10**2 / 30 + 10**2 / 20) / 2
    assert speculative.misfit(counts, exact) == pytest.approx(expected)
    fitting = Counter({(0, 0): 50, (0, 1): 30, (1, 0): 20})
    assert speculative.misfit(fitting, exact) == pytest.approx(0, abs=1e-9)
    rare = exact | {(1, 1): 1e-4}
    assert speculative.misfit(Counter({**fitting, (1, 1): 1}), rare) < 0.1
