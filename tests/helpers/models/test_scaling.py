"""The sizes of lesson 06: what is trained, how it is marked, and the law that is fitted to it."""

import json

import numpy as np
import pytest
import torch
import turns

from helpers import results
from helpers.instruments import measure
from helpers.language import say
from helpers.language.say import COMPLETE as LANGUAGES
from helpers.models import scaling, training
from helpers.results import blocks, compute
from helpers.results import scaling as long_run

SHORT = "a rose is a rose is a rose. " * 200
DATA = scaling.corpus(SHORT)
SIZES = [2e3, 5e3, 2e4, 6e4, 2e5, 7e5]


def noisy(law: scaling.Law, noise: float = 0.0, seed: int = 0):
    generator = np.random.default_rng(seed)
    return law(SIZES) + noise * generator.standard_normal(len(SIZES))


# --- the law ------------------------------------------------------------------------------


@pytest.mark.parametrize("law", [scaling.Law(1.2, 30.0, 0.4), scaling.Law(0.0, 8.0, 0.1)])
def test_a_law_is_found_again_from_its_own_values(law):
    found = scaling.fit(SIZES, law(SIZES))
    assert found.floor == pytest.approx(law.floor, abs=2e-2)
    assert found.exponent == pytest.approx(law.exponent, rel=2e-2)
    assert found([5e6])[0] == pytest.approx(law([5e6])[0], rel=1e-3)


def test_a_known_floor_is_kept_and_the_rest_is_a_straight_line_in_logarithms():
    y = noisy(scaling.Law(0.0, 8.0, 0.1), 0.005)
    found = scaling.fit(SIZES, y, floor=0)
    slope, _ = np.polyfit(np.log(SIZES), np.log(y), 1)
    assert found.floor == 0 and found.exponent == pytest.approx(-slope, abs=2e-3)


def test_a_fit_without_a_floor_promises_too_much():
    """The planted fault: where there is a floor, a law without one falls below it."""
    law = scaling.Law(1.2, 30.0, 0.4)
    y, far = noisy(law), 1e9
    with_floor, without = scaling.fit(SIZES, y), scaling.fit(SIZES, y, floor=0)
    assert abs(with_floor([far])[0] - law([far])[0]) < 0.01
    assert without([far])[0] < 0.7
    assert without.exponent < law.exponent / 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_too_few_sizes_are_refused_in_words(lang):
    say.use(lang)
    with pytest.raises(ValueError, match="4"):
        scaling.fit([1, 2, 3, 3], [4, 3, 2, 2])
    assert scaling.fit([1, 2, 3, 3], [4, 3, 2, 2], floor=0).exponent > 0


@turns.in_ci
def test_the_bands_hold_the_law_and_grow_with_the_noise():
    law = scaling.Law(1.2, 30.0, 0.4)
    widths = []
    for noise in (0.01, 0.05):
        n = SIZES * 2
        y = law(n) + noise * np.random.default_rng(3).standard_normal(len(n))
        low, high = scaling.band(scaling.bootstrapped(n, y, draws=60), [3e4])
        assert low[0] - noise <= law([3e4])[0] <= high[0] + noise
        widths.append(high[0] - low[0])
    assert widths[0] < widths[1]


def test_each_size_is_left_out_once_with_all_its_runs():
    law = scaling.Law(1.0, 20.0, 0.3)
    y = law(SIZES)
    y[2] += 1  # an outlier is harmless where it is left out
    laws = scaling.leave_one_out(SIZES * 2, [*y, *y])
    assert list(laws) == SIZES
    assert laws[SIZES[2]].exponent == pytest.approx(0.3, rel=0.02)
    assert abs(laws[SIZES[0]].exponent - 0.3) > 0.01


# --- the models ----------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_weights():
    one, two = (scaling.new("decoder", 8, 20, seed=3) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


@pytest.mark.parametrize("kind", scaling.KINDS)
def test_both_are_marked_on_the_same_characters_after_their_true_predecessors(kind):
    model = scaling.new(kind, 8, len(DATA.characters))
    loss, hits = scaling.exam(model, kind, DATA)
    windows = (len(DATA.test) - scaling.READ) // scaling.WRITTEN
    assert hits.shape == (windows, scaling.WRITTEN)
    window = DATA.test[: scaling.READ + scaling.WRITTEN][None]
    batch = scaling.batch_of(kind, window)
    with torch.no_grad():
        logits = model(**batch).logits[0, -scaling.WRITTEN - (kind == "decoder") :]
    logits = logits[:-1] if kind == "decoder" else logits
    assert torch.equal(hits[0], logits.argmax(-1) == window[0, scaling.READ :])
    assert 0 < loss < 10


def test_an_encoder_decoder_reads_the_context_once():
    """The planted fault: FLOPs of an encoder that runs twice are not those that are counted."""
    model = scaling.new("encoder_decoder", 16, 20, layers=1)
    windows = torch.randint(20, (4, scaling.READ + scaling.WRITTEN))
    batch = scaling.batch_of("encoder_decoder", windows)
    once = training.step_flops(model, batch)
    math_only = torch.nn.attention.SDPBackend.MATH
    with torch.nn.attention.sdpa_kernel(math_only), measure.cost() as spent:
        model.encoder(input_ids=batch["input_ids"]).last_hidden_state.sum().backward()
    weights = sum(p.numel() for p in model.encoder.block.parameters() if p.ndim == 2)
    tokens = batch["input_ids"].numel()
    assert spent.flops >= 6 * (weights - 32 * 1) * tokens * 0.95
    decoder = sum(p.numel() for p in model.decoder.block.parameters() if p.ndim == 2)
    head = model.lm_head.weight.numel()
    by_hand = 6 * tokens * (weights + decoder + head)
    attention = 3 * 3 * 4 * 4 * scaling.READ**2 * 16  # scores and values, forward and backward
    assert once == pytest.approx(by_hand + attention, rel=0.06)
    assert abs(once + spent.flops - (by_hand + attention)) > 0.2 * once


def test_the_encoder_decoder_is_taught_half_of_the_characters():
    windows = torch.randint(20, (4, scaling.READ + scaling.WRITTEN))
    for kind in scaling.KINDS:
        labels = scaling.batch_of(kind, windows)["labels"]
        given = labels.numel() - (4 if kind == "decoder" else 0)  # the first has no predecessor
        assert given == 4 * scaling.characters_with_loss(kind)


def test_exact_match_of_one_is_the_accuracy_and_never_rises_with_k():
    hits = torch.rand(50, 64, generator=torch.Generator().manual_seed(0)) < 0.8
    shares = [scaling.exact_match(hits, k) for k in (1, 2, 4, 8)]
    assert shares[0] == pytest.approx(hits.double().mean().item())
    assert shares == sorted(shares, reverse=True)
    assert shares[2] == pytest.approx(0.8**4, abs=0.06)


def test_a_file_of_ones_own_is_read_and_long_rules_are_cut(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("題\n" + "*" * 40 + "\n本文", encoding="utf-8")
    assert scaling.text(path) == "題\n***\n本文"
    with pytest.raises(FileNotFoundError):
        scaling.text(tmp_path / "none.txt")


def test_a_few_steps_of_training_beat_chance():
    model = scaling.new("decoder", 16, len(DATA.characters))
    before, _ = scaling.exam(model, "decoder", DATA)
    training.train(model, scaling.next_batch("decoder", DATA, size=8), 30, 0.03)
    assert scaling.exam(model, "decoder", DATA)[0] < before - 0.5


# --- what ships -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return results.load("scaling")


def test_the_shipped_runs_are_those_that_are_planned(shipped):
    made = {(run["kind"], run["width"], run["seed"]) for run in shipped["runs"]}
    assert made == {(*size, seed) for size in long_run.sizes() for seed in long_run.SEEDS}
    vocabulary = shipped["settings"]["different_characters"]
    for run in shipped["runs"]:
        model = scaling.new(run["kind"], run["width"], vocabulary)
        assert training.parameter_count(model) == run["parameters"]
        shares = list(run["exact"].values())
        assert shares == sorted(shares, reverse=True)


def test_each_size_has_a_rate_between_two_worse_ones(shipped):
    for kind, width in long_run.sizes():
        rows = [r for r in shipped["sweep"] if (r["kind"], r["width"]) == (kind, width)]
        losses = {row["rate"]: row["training_loss"] for row in rows}
        best = min(losses, key=losses.get)
        assert min(losses) < best < max(losses)
        used = {r["rate"] for r in shipped["runs"] if (r["kind"], r["width"]) == (kind, width)}
        assert used == {best}


def test_both_kinds_are_taught_and_spend_as_much(shipped):
    """What makes the comparison fair: losses at as many characters, FLOPs by the same rule."""
    runs = shipped["runs"]
    taught = {kind: {r["taught"] for r in runs if r["kind"] == kind} for kind in scaling.KINDS}
    (decoder,), (both,) = taught.values()
    assert decoder == pytest.approx(both, rel=0.01)
    each = {(r["kind"], r["width"]): r["flops"] / r["parameters"] for r in runs}
    for pair in zip(
        scaling.WIDTHS["decoder"][3:], scaling.WIDTHS["encoder_decoder"][3:], strict=True
    ):
        decoder, both = (each[size] for size in zip(scaling.KINDS, pair, strict=True))
        assert decoder == pytest.approx(both, rel=0.06)


def test_losses_fall_with_size_until_the_steps_are_too_few(shipped):
    """The largest encoder-decoder is as good as the next one; all others are better than theirs."""
    for kind in scaling.KINDS:
        means = [
            np.mean([r["loss"] for r in shipped["runs"] if (r["kind"], r["width"]) == (kind, w)])
            for w in scaling.WIDTHS[kind]
        ]
        assert means[0] - min(means) > 0.5
        assert means[:-1] == sorted(means[:-1], reverse=True)
        assert means[-1] < means[-2] + 0.02


# --- the same blocks on both sides --------------------------------------------------------------


def test_the_blocks_are_those_of_the_decoder():
    """With the weights of a Llama the blocks compute what it computes."""
    llama = scaling.new("decoder", 16, len(DATA.characters))
    model = blocks.StackedModel("decoder", 16, len(DATA.characters)).eval()
    with torch.no_grad():
        model.embedding.weight[: len(DATA.characters)] = llama.model.embed_tokens.weight
        for block, layer in zip(model.decoder, llama.model.layers, strict=True):
            for name in "qkvo":
                weight = getattr(layer.self_attn, f"{name}_proj").weight
                getattr(block.attention, name).weight.copy_(weight)
            for name in ("gate", "up", "down"):
                getattr(block, name).weight.copy_(getattr(layer.mlp, f"{name}_proj").weight)
        batch = scaling.batch_of("decoder", DATA.test[: scaling.READ + scaling.WRITTEN][None])
        ours, theirs = model(**batch), llama(**batch)
    assert torch.allclose(ours.logits, theirs.logits, atol=1e-3)
    assert ours.loss.item() == pytest.approx(theirs.loss.item(), rel=1e-4)


@pytest.mark.parametrize("wiring", blocks.WIRINGS)
def test_the_wiring_reads_all_and_writes_from_left_to_right(wiring):
    model = blocks.StackedModel(wiring, 16, len(DATA.characters)).eval()
    window = DATA.test[: scaling.READ + scaling.WRITTEN][None]

    def changed(at):
        """Which of the written characters are told otherwise once character `at` is another."""
        other = window.clone()
        other[0, at] = (other[0, at] + 1) % len(DATA.characters)
        with torch.no_grad():
            one, two = (
                model(**scaling.batch_of("encoder_decoder", w)).logits[0] for w in (window, other)
            )
        return (one != two).any(-1)

    assert changed(3).all() and changed(scaling.READ - 1).all()
    written = changed(scaling.READ + 10)
    assert not written[:11].any() and written[11:].all()


def test_the_runs_with_the_same_blocks_are_those_that_are_planned():
    made = results.load("blocks")["runs"]
    for task in blocks.tasks(made):
        assert sum(task.items() <= run.items() for run in made) == 1
    for wiring in blocks.WIRINGS:
        tried, best = blocks.tried(made, wiring), blocks.best(made, wiring)
        assert min(tried) < best < max(tried)
        assert {run["seed"] for run in blocks.best_runs(wiring)} == {0, 1, 2}
        assert {run["product"] for run in blocks.best_runs(wiring)} == {best}


def test_runs_with_the_same_blocks_that_are_there_are_not_made_again(tmp_path, monkeypatch):
    seen, path = [], tmp_path / "blocks.json"

    def run(task, *_):
        seen.append(task)
        return task | {"training_loss": abs(np.log(task["product"] / 1.6))}

    monkeypatch.setattr(scaling, "text", lambda: SHORT)
    monkeypatch.setattr(blocks, "run", run)
    for most in (2, 99, 99):
        blocks.main(path, most=most)
    paces = [(task["seed"], task["product"]) for task in seen if "product" in task]
    each = [(0, 0.4), (0, 0.8), (0, 1.6), (0, 3.2), (1, 1.6), (2, 1.6)]
    assert paces[:12] == each * 2 and len(seen) == 14


def test_the_lesson_has_the_best_of_the_first_weights_that_were_tried():
    lesson = {
        r["kind"]: r["loss"]
        for r in results.load("scaling")["runs"]
        if (r["kind"], r["width"], r["seed"]) in (("decoder", 64, 0), ("encoder_decoder", 40, 0))
    }
    for run in results.load("blocks")["runs"]:
        if "spread" in run:
            assert run["spread"] != scaling.SPREAD[run["kind"]]
            assert run["loss"] > lesson[run["kind"]]


# --- how the long run searches ----------------------------------------------------------------


@pytest.mark.parametrize("best", [0.05, 0.4, 0.8, 6.4])
def test_the_search_ends_when_the_best_rate_is_between_two_worse_ones(best):
    tried = []
    found = long_run.searched(
        lambda product: tried.append(product) or product, lambda p: abs(np.log(p / best))
    )
    assert sorted(found) == sorted(tried) and len(tried) == len(set(tried))
    nearest = min(found, key=lambda product: abs(np.log(product / best)))
    assert nearest == pytest.approx(best) and min(found) < nearest < max(found)


@turns.in_ci
def test_the_long_run_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(scaling, "WIDTHS", {"decoder": (8,), "encoder_decoder": (8,)})
    monkeypatch.setattr(scaling, "text", lambda: SHORT)
    monkeypatch.setattr(long_run, "START", (0.2, 0.4))
    monkeypatch.setattr(long_run, "SEEDS", (0, 1))
    path, steps = tmp_path / "scaling.json", {"decoder": 2, "encoder_decoder": 4}
    said = []
    long_run.main(path, steps, jobs=1, say=said.append)
    whole = json.loads(path.read_text(encoding="utf-8"))
    assert len(said) == 2 and len(whole["runs"]) == 4
    kept = [run for run in whole["runs"] if run["kind"] == "decoder"]
    path.write_text(json.dumps(whole | {"runs": kept}), encoding="utf-8")
    said.clear()
    long_run.main(path, steps, jobs=1, say=said.append)
    again = json.loads(path.read_text(encoding="utf-8"))
    assert len(said) == 1 and [r["loss"] for r in again["runs"]] == [
        r["loss"] for r in whole["runs"]
    ]


def test_the_published_numbers_have_a_date_and_a_source():
    found = scaling.published()
    for entry in found["event"] + found["law"]:
        assert entry["source"] and len(entry["date"]) == 7
    assert [e["date"] for e in found["event"]] == sorted(e["date"] for e in found["event"])


# --- the size that D = 20 N asks for ----------------------------------------------------------


def test_the_best_size_by_the_rule_is_that_of_its_two_formulas():
    n = 1e5
    assert compute.best_size(6 * n * (20 * n)) == pytest.approx(n)
    assert compute.best_size(6 * n * (5 * n), tokens=5) == pytest.approx(n)


def test_the_runs_of_the_rule_cost_what_the_largest_model_cost():
    shipped = results.load("compute")["runs"]
    [cost] = {r["flops"] for r in results.load("scaling")["runs"] if r["width"] == 112}
    assert [run["seed"] for run in shipped] == list(compute.SEEDS)
    for run in shipped:
        assert abs(run["flops"] - cost) <= run["flops"] / run["steps"] / 2
        assert 0.8 < run["parameters"] / compute.best_size(cost) < 1
