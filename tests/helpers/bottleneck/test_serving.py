"""The simulated service against queueing theory and cases by hand; faults planted in its source."""

import inspect
import types
from functools import partial

import numpy as np
import pytest

from helpers.bottleneck import serving
from helpers.bottleneck.serving import Request

SOURCE = inspect.getsource(serving)


def faulty(old: str, new: str) -> types.ModuleType:
    """The module, with `old` source replaced by `new`."""
    assert SOURCE.count(old) == 1
    module = types.ModuleType("helpers.bottleneck.serving")
    module.__package__ = "helpers.bottleneck"
    exec(
        compile(SOURCE.replace(old, new).replace("@dataclass", ""), "serving", "exec"), vars(module)
    )
    return module


def run(asked, slots=2, continuous=True, serve=serving.serve, reading=1.0, token=lambda b: 0.1 * b):
    serve(asked, slots, reading, token, continuous)
    return asked


def same_time(*lengths: int) -> list[Request]:
    return [Request(0.0, k) for k in lengths]


def as_by_hand(serve) -> bool:
    """Two slots.  Reading takes 1 s, a token 0.1 s for one and 0.2 s for two.

    static: both are read by 2 s, and run 3 tokens more: 2.6 s; the third is read by 3.6 s.
    continuous: the second is done at 2.2 s; the third enters and has its first token at 3.2 s.
    Who comes at 1.05 s, while one runs until 1.3 s: static from then on, continuous from 1.1 s.
    """
    static, continuous = (
        run(same_time(4, 2, 2), continuous=how, serve=serve) for how in (False, True)
    )
    found = [r.tokens[0] for r in static] + [r.tokens[0] for r in continuous]
    found += [static[0].tokens[-1], continuous[2].tokens[-1]]
    late = [
        run([Request(0.0, 4), Request(1.05, 2)], continuous=how, serve=serve)[1].tokens[0]
        for how in (False, True)
    ]
    return found + late == pytest.approx([1, 2, 3.6, 1, 2, 3.2, 2.6, 3.4, 2.3, 2.1])


def holds(serve) -> bool:
    """Every request gets its tokens, one after the other, none before it is asked for."""
    for continuous in (False, True):
        asked = run(serving.requests(60, 2.0, 0), 4, continuous, serve, 0.05, lambda b: 0.001 * b)
        for r in asked:
            steps = np.diff([r.arrives, *r.tokens])
            if len(r.tokens) != r.length or steps.min() <= 0:
                return False
        firsts = [r.tokens[0] for r in asked]
        alive = [sum(x.tokens[0] <= t < x.tokens[-1] for x in asked) for t in firsts]
        if firsts != sorted(firsts) or max(alive) > 4 or max(alive) < 2:
            return False
    return True


def waits_as_theory_says(serve) -> bool:
    """One slot, equal lengths: an M/D/1 queue, whose mean wait is ρ S / (2 (1 - ρ))."""
    draw = np.random.default_rng(1)
    service, load = 1.0, 0.6
    arrives = draw.exponential(service / load, 40_000).cumsum()
    asked = [Request(float(at), 3) for at in arrives]
    run(asked, 1, True, serve, 0.8, lambda b: 0.1)
    wait = np.mean([r.tokens[0] - 0.8 - r.arrives for r in asked])
    return bool(abs(wait / (load * service / (2 * (1 - load))) - 1) < 0.06)


def test_the_simulation_holds():
    assert as_by_hand(serving.serve) and holds(serving.serve)
    assert waits_as_theory_says(serving.serve)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("len(batch) < slots and", ""),
        ("waiting[0].arrives <= clock", "True"),
        ("clock += reading", "clock += 0"),
        ("if not request.is_done:", "if True:"),
        ("(continuous or not any", "(True or not any"),
        ("if continuous or all(", "if True or all("),
    ],
    ids=["no slots", "early", "reading is free", "writes on", "static fills up", "static shrinks"],
)
def test_a_planted_fault_is_red(old, new):
    serve = faulty(old, new).serve
    assert not (as_by_hand(serve) and holds(serve) and waits_as_theory_says(serve))


def paced_as_by_hand(tpot) -> bool:
    """The case of as_by_hand: a document that is read holds up whoever is writing.

    static: 1 s to 2.6 s for three tokens more; continuous: the third is read in between, to 3.5 s.
    One slot: a token of one.  n at once, L tokens each: the i-th waits while n - 1 - i are read.
    """
    static, continuous = (run(same_time(4, 2, 2), continuous=how)[0] for how in (False, True))
    alone = run(serving.requests(9, 1.0, 0), 1)
    found = [tpot(static), tpot(continuous), *map(tpot, alone)]
    want = [1.6 / 3, 2.5 / 3, *[0.1] * 9]
    for how in (False, True):
        found += [tpot(r) for r in run(same_time(*[6] * 5), 5, how)]
        want += [((4 - i) * 1.0 + 5 * 0.5) / 5 for i in range(5)]
    return found == pytest.approx(want)


def test_the_time_of_an_output_token_is_that_behind_the_first():
    assert paced_as_by_hand(lambda request: request.tpot)
    assert run(same_time(4, 2))[1].ttft == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/ (len(self.tokens) - 1)", "/ len(self.tokens)"),
        ("(self.tokens[-1] - self.tokens[0])", "(self.tokens[-1] - self.arrives)"),
    ],
    ids=["the first counted", "from the request on"],
)
def test_a_wrong_time_of_an_output_token_is_red(old, new):
    assert not paced_as_by_hand(faulty(old, new).Request.tpot.fget)


def test_where_nothing_waits_for_the_longest_both_are_alike():
    """One slot, or all lengths equal and asked for together."""
    for slots, lengths in ((1, (5, 9, 2)), (2, (4, 4, 4, 4))):
        both = [[r.tokens for r in run(same_time(*lengths), slots, how)] for how in (False, True)]
        assert both[0] == both[1]


def test_requests_are_drawn_as_said():
    asked = serving.requests(20_000, 5.0, 3)
    gaps = np.diff([r.arrives for r in asked])
    lengths = np.array([r.length for r in asked])
    assert gaps.mean() == pytest.approx(0.2, rel=0.03) and gaps.std() == pytest.approx(
        0.2, rel=0.05
    )
    assert (lengths.min(), lengths.max()) == serving.LENGTHS
    assert lengths.mean() == pytest.approx(272, rel=0.02)
    assert {r.arrives for r in serving.requests(9, 0, 0)} == {0.0}


def test_what_is_shown_fits_a_screen():
    assert len(inspect.getsource(serving.serve).splitlines()) <= 60


def test_a_report_is_of_its_requests():
    """Throughput and percentiles by another way, for one design of the challenge."""
    from helpers.bottleneck.scenario import DECODER, seconds_of_reading, seconds_of_token

    found = serving.served(DECODER, 8_192, "h100", True, slots=3, n=20, rate=2.0, seed=4)
    asked = serving.requests(20, 2.0, 4)
    token = partial(seconds_of_token, DECODER, 8_192, gpu="h100")
    run(asked, 3, True, serving.serve, seconds_of_reading(DECODER, 8_192, 0, "h100"), token)
    waits = sorted(r.tokens[0] - r.arrives for r in asked)
    each = sorted(np.diff(r.tokens).mean() for r in asked)
    for name, values in (("ttft", waits), ("tpot", each)):
        assert values[9] <= found[f"{name}_p50"] <= values[10]
        assert values[18] <= found[f"{name}_p95"] <= values[19]
    last = max(r.tokens[-1] for r in asked)
    total = sum(r.length for r in asked)
    assert found["throughput"] == pytest.approx(total / (last - asked[0].arrives))
