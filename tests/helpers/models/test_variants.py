"""Blocks whose parts are taken out or exchanged: what they compute, what they are asked, learn."""

import itertools
import json
import math
import os
from dataclasses import replace

import pytest
import torch
import turns

from helpers import results
from helpers.models import block_tasks, recurrent, training, triad, variants
from helpers.models.block_tasks import TASKS
from helpers.models.variants import Switches, Transformer
from helpers.results import variants as long_run

PLAIN = [
    Switches(norm=norm, scale=scale, feed_forward=ffn, position=position)
    for (norm, scale), (ffn, position) in itertools.product(
        itertools.product(("pre", "post"), ("layer", "rms")),
        (("gelu", "none"), ("swiglu", "rope")),
    )
]


def drawn(task, size=40, seed=0, **asked):
    return TASKS[task].draw(torch.Generator().manual_seed(seed), size, **asked)


def shaken(model):
    """With norms and biases that differ from 1 and 0, so that a missing one is seen."""
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    return model


# --- the block --------------------------------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("switches", PLAIN, ids=str)
def test_a_block_with_all_its_parts_is_the_triad_s(switches):
    model = shaken(Transformer(switches, 8, 8)).double()
    (_, _, x), *_, (_, _, after) = model.steps(drawn("before")["input_ids"])
    want = triad.block(x, model.blocks[0], model.design)
    torch.testing.assert_close(after, want, atol=1e-9, rtol=0)
    for change in ({"residual": False}, {"norm": "none"}, {"one_matrix": True}):
        other = Transformer(replace(switches, **change), 8, 8).double()
        other.load_state_dict(model.state_dict(), strict=False)
        (_, _, x), *_, (_, _, after) = other.steps(drawn("before")["input_ids"])
        assert (after - want).abs().max() > 0.1


@torch.no_grad()
def test_without_a_residual_connection_the_output_replaces_the_stream():
    model = Transformer(Switches(depth=2, residual=False), 8, 8)
    steps = list(model.steps(drawn("before")["input_ids"]))
    assert [name for name, _, _ in steps] == ["embedding", *["attention", "ffn"] * 2]
    assert all(torch.equal(y, x) for _, y, x in steps)
    with_it = Transformer(Switches(depth=2), 8, 8)
    given = [y for _, y, _ in with_it.steps(drawn("before")["input_ids"])]
    *_, (_, _, last) = with_it.steps(drawn("before")["input_ids"])
    torch.testing.assert_close(last, sum(given), atol=1e-4, rtol=1e-4)


def test_what_is_compared_has_as_many_parameters():
    def count(**switches):
        return training.parameter_count(Transformer(Switches(width=48, **switches), 8, 8))

    assert count(heads=1) == count(heads=2) == count(heads=4)
    assert count(feed_forward="swiglu") == count(feed_forward="gelu")
    assert count(depth=3, feed_forward="none", norm="none") == count(norm="none")
    assert count() - count(one_matrix=True) == 48 * 48
    assert count() - count(feed_forward="none") == 8 * 48 * 48 + 2 * 48
    assert count(scale="layer") - count(scale="rms") == 3 * 48


@torch.no_grad()
@pytest.mark.parametrize("position", variants.POSITIONS)
def test_only_positions_tell_the_order(position):
    model = Transformer(Switches(depth=2, position=position), 8, 8).double()
    torch.nn.init.normal_(model.distances.weight)
    ids, order = drawn("before")["input_ids"], torch.randperm(block_tasks.LENGTH)
    other = (model(ids[:, order]).logits - model(ids).logits[:, order]).abs().max()
    assert other < 1e-9 if position == "none" else other > 1e-3


@torch.no_grad()
def test_what_is_masked_is_not_seen():
    ids = drawn("before")["input_ids"]
    changed = ids.clone()
    changed[:, -1] = (ids[:, -1] + 1) % block_tasks.SYMBOLS
    real = torch.ones_like(ids)
    real[:, -1] = 0

    def other(model, **more):
        one, two = (model(x, **more).logits[:, :-1] for x in (ids, changed))
        return (one - two).abs().max()

    both, causal = (Transformer(Switches(causal=causal), 8, 8) for causal in (False, True))
    assert other(both) > 1e-3
    assert other(both, attention_mask=real) == other(causal) == 0


def test_the_sinusoids_are_those_of_the_paper():
    found = variants.sinusoids(50, 32)
    for at, i in itertools.product((0, 7, 49), range(16)):
        angle = at / 10_000 ** (2 * i / 32)
        assert found[at, i] == pytest.approx(math.sin(angle), abs=1e-5)
        assert found[at, 16 + i] == pytest.approx(math.cos(angle), abs=1e-5)


# --- the tasks --------------------------------------------------------------------------------


def test_the_token_before_is_asked():
    batch = drawn("before", length=9)
    for ids, labels in zip(batch["input_ids"].tolist(), batch["labels"].tolist(), strict=True):
        assert labels == [-100, *ids[:-1]] and len(ids) == 9


@pytest.mark.parametrize("question", ["one", "pair", "same"])
def test_the_answers_about_people_stand_in_the_facts(question):
    people = block_tasks.PEOPLE
    batch = drawn(question, 200)
    for (*told, asked), labels in zip(*(batch[k].tolist() for k in batch), strict=True):
        colour = {person: mixed - people for person, mixed in told}
        assert sorted(colour) == list(range(people))
        first, second = (feature - people - block_tasks.COLOURS for feature in asked)
        a, b = colour[first], colour[second - people]
        assert first != second - people
        want = {"one": a, "pair": [a, b], "same": int(a == b)}[question]
        nothing = [-100, -100] if question == "pair" else -100
        assert labels == [nothing] * people + [want]


def test_each_place_of_the_circle_is_asked_for_the_gift_of_the_next():
    batch = drawn("next", 50)
    for told, labels in zip(*(batch[k].tolist() for k in batch), strict=True):
        gift = {place: mixed - block_tasks.PLACES for place, mixed in told}
        assert sorted(gift) == list(range(block_tasks.PLACES))
        assert labels == [gift[(place + 1) % block_tasks.PLACES] for place, _ in told]


@pytest.mark.parametrize("task", TASKS)
def test_chance_is_what_the_commonest_answer_gives(task):
    labels = (
        drawn(task, 4000)["labels"].flatten(2) if task == "pair" else drawn(task, 4000)["labels"]
    )
    asked = labels[(labels != -100).all(-1)] if task == "pair" else labels[labels != -100]
    _, counts = asked.unique(dim=0, return_counts=True)
    assert counts.max() / len(asked) == pytest.approx(TASKS[task].chance, abs=0.025)


class Knows(torch.nn.Module):
    """Answers the question about two people by hand: the first, and the second if it knows."""

    def __init__(self, second):
        super().__init__()
        self.second = second

    def forward(self, ids):
        people, colours = block_tasks.PEOPLE, block_tasks.COLOURS
        asked = ids[:, -1] - people - colours - torch.tensor([0, people])
        place = (ids[:, None, :-1, 0] == asked[..., None]).long().argmax(-1)
        found = ids[:, :-1, 1].gather(1, place) - people
        found = found if self.second else found[:, [0, 0]]
        logits = torch.zeros(len(ids), people + 1, 2 * colours)
        logits[:, -1] = torch.nn.functional.one_hot(found, colours).flatten(1).float()
        return type("Out", (), {"logits": logits})


def test_of_a_pair_both_answers_must_be_right():
    assert block_tasks.accuracy(Knows(second=True), "pair") == 1
    assert block_tasks.accuracy(Knows(second=False), "pair", 4000) == pytest.approx(0.25, abs=0.03)


def test_what_is_read_off_last_is_what_the_model_says():
    model, _ = block_tasks.trained("one", Switches(depth=2), 30, 1e-2)
    names, shares = zip(*block_tasks.read_outs(model, "one"), strict=True)
    assert names == ("embedding", *["attention", "ffn"] * 2)
    assert shares[-1] == block_tasks.accuracy(model, "one")
    assert shares[0] == pytest.approx(TASKS["one"].chance, abs=0.07)


# --- what the lesson trains ---------------------------------------------------------------------

SEEDS = range(3) if os.environ.get("TRIAD_ALL") else range(1)


def reached(task, steps, seed=0, lr=1e-2, **switches):
    model, _ = block_tasks.trained(task, Switches(**switches), steps, lr, seed)
    return block_tasks.accuracy(model, task)


@turns.in_ci
@pytest.mark.parametrize("seed", SEEDS)
def test_one_head_without_a_feed_forward_layer_gets_one_of_two_facts(seed):
    one, two = (reached("pair", 400, seed, heads=n, feed_forward="none") for n in (1, 2))
    assert 0.18 < one < 0.4 and two > 0.95


@turns.in_ci
@pytest.mark.parametrize("seed", SEEDS)
def test_one_matrix_for_queries_and_keys_cannot_tell_next_from_previous(seed):
    two, one = (
        reached("next", 300, seed, heads=1, feed_forward="none", one_matrix=one)
        for one in (False, True)
    )
    assert two > 0.95 and 0.45 < one < 0.75


@turns.in_ci
@pytest.mark.parametrize("seed", SEEDS)
def test_eight_layers_without_residual_connections_learn_nothing(seed):
    kept, removed = (
        reached("before", 60, seed, depth=8, position="learned", residual=residual)
        for residual in (True, False)
    )
    assert kept > 0.9 and removed < 0.35


@pytest.mark.parametrize("seed", SEEDS)
def test_positions_beyond_the_trained_length(seed):
    far = {}
    for position in ("learned", "bias"):
        model, _ = block_tasks.trained("before", Switches(position=position), 200, 1e-2, seed)
        assert block_tasks.accuracy(model, "before", 100) > 0.95
        far[position] = block_tasks.accuracy(model, "before", 100, length=32)
    assert far["bias"] > 0.9 and 0.45 < far["learned"] < 0.7


# --- what is read from a model -------------------------------------------------------------------


@torch.no_grad()
def test_likeness_is_the_mean_cosine_of_two_tokens():
    model, ids = Transformer(Switches(depth=2), 8, 8), drawn("before", 3)["input_ids"]
    *_, (_, _, x) = model.steps(ids)
    pairs = itertools.permutations(range(ids.size(1)), 2)
    want = [torch.cosine_similarity(x[:, i], x[:, j], -1).mean().item() for i, j in pairs]
    assert variants.likeness(model, ids)[-1] == pytest.approx(sum(want) / len(want), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_without_residual_connections_all_tokens_become_one(seed):
    ids = drawn("before", 50)["input_ids"]
    kept, removed = (
        variants.likeness(Transformer(Switches(depth=16, residual=r), 8, 8, seed), ids)
        for r in (True, False)
    )
    assert len(kept) == 17 and kept[0] == pytest.approx(removed[0])
    assert min(removed[4:]) > 0.98 and max(kept) < 0.95


def test_what_a_part_adds_is_its_length():
    model, ids = Transformer(Switches(norm="none"), 8, 8), drawn("before")["input_ids"]
    with torch.no_grad():
        model.blocks[0]["ffn"]["down"]["weight"].zero_()
    (_, first, stream), (_, added, after), (_, nothing, last) = variants.added(model, ids)
    assert first == stream > 0 and added > 0 and nothing == 0 and last == after != stream


@torch.no_grad()
@pytest.mark.parametrize("kind", ["RNN", "GRU"])
def test_the_loop_computes_what_torch_does(kind):
    whole, cell = (getattr(torch.nn, name)(8, 8) for name in (kind, f"{kind}Cell"))
    for name, parameter in cell.named_parameters():
        parameter.copy_(getattr(whole, f"{name}_l0"))
    x = torch.randn(2, 5, 8)
    want, _ = whole(x.transpose(0, 1))
    torch.testing.assert_close(recurrent.recurrent(x, cell).transpose(0, 1), want)


def test_the_longest_chain_counts_what_waits():
    x = torch.ones(3, requires_grad=True)
    short = recurrent.longest_chain(x * 2)
    assert recurrent.longest_chain(((x * 2) * 2) * 2) == short + 2
    assert recurrent.longest_chain((x * 2) + (x * 3) * 4) == short + 2
    assert recurrent.longest_chain(torch.stack([x * n for n in range(50)])) == short + 1


def test_a_recurrent_network_waits_for_every_token_and_attention_for_none():
    def chain(n, function):
        return recurrent.longest_chain(function(torch.randn(2, n, 8, requires_grad=True)))

    cell = torch.nn.RNNCell(8, 8)
    for function, grows in (
        (lambda x: recurrent.recurrent(x, cell), True),
        (lambda x: triad.attention(x, x, x)[0], False),
    ):
        first, second, third = (chain(n, function) for n in (8, 16, 24))
        assert second - first == third - second
        assert (second - first >= 8) if grows else (second == first)


# --- the long run ---------------------------------------------------------------------------------


def test_without_a_warm_up_the_rate_is_full_from_the_first_step():
    assert training.learning_rate_share(0, 100, 1) == 1
    assert training.learning_rate_share(0, 100) == pytest.approx(1 / training.WARM_UP)
    assert training.learning_rate_share(9, 100, 10) == training.learning_rate_share(9, 100, 1)


def test_losses_are_averaged_and_what_is_no_number_is_none():
    assert long_run.curve([1.0] * 5 + [2.0] * 4 + [3.0] + [1.0, math.nan]) == [1.0, 2.2, None]


def test_the_best_rate_is_the_most_accurate_then_the_lowest_loss():
    def made(rate, accuracy, last):
        return {"rate": rate, "accuracy": accuracy, "losses": [2.0, last]}

    assert long_run.best([made(1, 0.5, 0.1), made(2, 0.9, 0.2), made(3, 0.9, 0.1)]) == 3
    assert long_run.best([made(1, 0.5, None), made(2, 0.5, 1.0)]) == 2


def test_the_long_run_goes_on_where_it_stopped_and_takes_the_best_rate(tmp_path, monkeypatch):
    arm = long_run.Arm("heads", "pair", Switches(), 8, (0.1, 0.2))
    each = long_run.Arm("warm_up", "pair", Switches(heads=1), 8, (0.1, 0.2), each=True)
    seen, path = [], tmp_path / "variants.json"

    def run(arm, rate, seed):
        seen.append((arm.experiment, rate, seed))
        return arm.named(rate, seed) | {"accuracy": rate, "losses": [1.0]}

    monkeypatch.setattr(long_run, "arms", lambda: [arm, each])
    monkeypatch.setattr(long_run, "run", run)
    for most in (1, 2, 99, 99):
        long_run.main(path, most=most)
    heads = [(rate, seed) for name, rate, seed in seen if name == "heads"]
    assert heads == [(0.1, 0), (0.2, 0), (0.2, 1), (0.2, 2)]
    assert len(seen) == len(set(seen)) == 4 + 6
    assert len(json.loads(path.read_text(encoding="utf-8"))["runs"]) == 10


@pytest.mark.parametrize("task", ["one", "world"])
def test_a_run_has_what_its_file_promises(task):
    switches = Switches(width=16, position="learned" if task == "world" else "none")
    made = long_run.run(long_run.Arm("x", task, switches, 6), 1e-3, 0)
    assert len(made["losses"]) == 2 and 0 <= made["accuracy"] <= 1
    assert made["switches"]["width"] == 16 and "depth" not in made["switches"]
    assert ("loss" in made) == (task == "world")


# --- what ships -----------------------------------------------------------------------------------

ARMS, SHIPPED = list(long_run.arms()), results.load("variants")["runs"]


def test_no_shipped_run_is_unplanned_or_there_twice():
    for made in SHIPPED:
        rate, seed = made["rate"], made["seed"]
        (arm,) = (arm for arm in ARMS if arm.named(rate, seed).items() <= made.items())
        assert len(long_run.made(arm, SHIPPED, rate, seed)) == 1
        assert rate in arm.rates and seed in arm.seeds
        assert len(made["losses"]) == made["steps"] / long_run.EVERY


# {experiment, heads, feed-forward: lowest and highest accuracy at the best rate}
EXPECTED = {
    ("heads", 1, "none"): (0.18, 0.4),
    ("heads", 1, "gelu"): (0.95, 1),
    ("heads", 2, "none"): (0.95, 1),
    ("heads", 2, "gelu"): (0.95, 1),
}


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm.experiment == "heads"], ids=str)
def test_the_shipped_heads_are_as_the_lesson_says(arm):
    missing = [r for r in arm.rates if not long_run.made(arm, SHIPPED, r, 0)]
    if missing or list(long_run.wanted(arm, SHIPPED)):
        pytest.skip("not all runs are there: python -m helpers.results.variants heads")
    rate = long_run.best(long_run.made(arm, SHIPPED, r, 0)[0] for r in arm.rates)
    low, high = EXPECTED["heads", arm.switches.heads, arm.switches.feed_forward]
    for seed in arm.seeds:
        (made,) = long_run.made(arm, SHIPPED, rate, seed)
        assert low <= made["accuracy"] <= high


def test_the_best_runs_are_those_of_one_rate_and_switches():
    runs = long_run.best_runs("heads", heads=1, feed_forward="gelu")
    assert sorted(run["seed"] for run in runs) == [0, 1, 2]
    assert {run["rate"] for run in runs} == {3e-3}
    assert all(run["switches"] == {"heads": 1} for run in runs)


def test_in_the_mini_world_attention_alone_reaches_the_lowest_loss_as_the_lesson_says():
    full, small, deep = (
        long_run.best_runs("world", depth=depth, feed_forward=ffn)
        for depth, ffn in ((2, "gelu"), (2, "none"), (6, "none"))
    )
    assert max(run["loss"] for run in small) < min(run["loss"] for run in full + deep)
    assert small[0]["parameters"] < 0.55 * full[0]["parameters"]
    assert deep[0]["parameters"] == pytest.approx(full[0]["parameters"], rel=0.01)


@pytest.mark.parametrize("scale", ["layer", "rms"])
def test_before_the_parts_both_norms_learn_as_the_lesson_says(scale):
    runs = long_run.best_runs("warm_up", norm="pre", scale=scale, warm_up=50)
    assert len(runs) == 3 and min(run["accuracy"] for run in runs) > 0.99
