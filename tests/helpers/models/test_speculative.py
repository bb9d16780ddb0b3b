"""Speculative decoding: what one pass gives, exact probabilities, the measure of misfit."""

from collections import Counter

import pytest
import torch

from helpers import results
from helpers.models import decoder, speculative
from helpers.results import speculative as long_run
from helpers.world import corpus


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


def test_chi_square_and_its_p_value_are_those_of_the_tables():
    """10.83 with 1 degree of freedom and 29.59 with 10 are the limits of 0.001."""
    assert speculative.ChiSquare(10.828, 1).p == pytest.approx(0.001, rel=1e-3)
    assert speculative.ChiSquare(29.588, 10).p == pytest.approx(0.001, rel=1e-3)
    assert speculative.ChiSquare(9.342, 10).p == pytest.approx(0.5, rel=1e-3)


def test_no_cell_of_the_test_expects_fewer_than_five():
    exact = {(n,): 0.1 for n in range(9)} | {("rare",): 0.01}
    found = speculative.chi_square(Counter({(n,): 6 for n in range(9)}), exact)  # of 54
    assert found.freedom == 9  # 9 cells of 5.4, and one of all that is left


@pytest.mark.parametrize("lang", corpus.LANGUAGES)
def test_the_exact_probabilities_of_sentences_are_those_that_are_drawn(target, lang):
    """The sum is the share of valid sentences; log p as the decoder computes it."""
    begun = long_run.begun(lang)
    exact = speculative.exact_sentences(target, lang, begun)
    assert 0.8 < sum(exact.values()) <= 1 and len(exact) == 3 * len(corpus.PLACES)
    kept = [e for e, _ in corpus.events() if corpus.sentence(e, lang).text.startswith(begun)]
    some = [e for e in kept if (e.kind, e.place) == ("plain", kept[0].place)]
    texts = [corpus.sentence(e, lang).text for e in some]
    ids = decoder.beginnings([begun], lang)
    with torch.no_grad():
        logp = target(ids).logits[0].log_softmax(-1)
    given = sum(logp[n, ids[0, n + 1]].item() for n in range(1, ids.size(1) - 1))
    want = (decoder.log_probability(target, texts, lang) - given).exp().sum().item()
    assert exact["plain", kept[0].place] == pytest.approx(want, rel=1e-3)


def test_the_agreement_is_the_share_of_drafts_that_are_accepted(target):
    """Of a model with itself it is 1, of one that knows nothing almost 0."""
    assert speculative.agreement(target, target, "ja", n=5) == pytest.approx(1, abs=1e-5)
    assert speculative.agreement(target, decoder.new(), "ja", n=5) < 0.1
    assert speculative.expected(1, 4) == 5 and speculative.expected(0.5, 2) == 1.75


def test_a_wrong_rule_of_acceptance_is_refused_and_the_right_one_is_not():
    """The shipped runs: p-values of the χ² test over the sentences of the grammar."""
    shipped = results.load("speculative")
    made = [(fit["seed"], fit["lang"], fit["rule"]) for fit in shipped["fits"]]
    assert made == [(s, la, r) for s in long_run.SEEDS for la in corpus.LANGUAGES
                    for r in long_run.RULES]  # fmt: skip
    for fit in shipped["fits"]:
        assert fit["freedom"] >= 15 and fit["n"] == long_run.DRAWN
        assert (fit["p"] > 1e-3) == (fit["rule"] == "right"), fit


def test_whoever_agrees_more_gains_more_tokens_a_pass():
    shipped = results.load("speculative")["drafts"]
    for seed in long_run.SEEDS:
        mine = [draft for draft in shipped if draft["seed"] == seed]
        for ahead in ("2", "4"):
            rising = [(draft["agreement"], draft["tokens"][ahead]) for draft in mine]
            assert rising == sorted(rising) and len(rising) == len(long_run.DRAFTS)
