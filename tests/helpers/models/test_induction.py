"""In-context copying: what is asked, what is taught, and what the attention is read for."""

import pytest
import torch

from helpers import results
from helpers.models import induction, training
from helpers.results import induction as long_run


def test_a_string_stands_twice_and_its_symbols_are_different():
    ids = induction.repeated(9, 20, torch.Generator().manual_seed(0))
    assert torch.equal(ids[:, :9], ids[:, 9:])
    assert all(len(set(row[:9].tolist())) == 9 for row in ids)


def test_only_what_the_context_tells_is_taught():
    batch = induction.next_batch()()
    ids, labels = batch["input_ids"], batch["labels"]
    n = ids.size(1) // 2
    assert (labels[:, : n + 1] == -100).all()
    assert torch.equal(labels[:, n + 1 :], ids[:, n + 1 :])


def test_an_untrained_model_guesses():
    assert induction.accuracy(induction.new(2), 12) < 0.2


class Copies(torch.nn.Module):
    """Says what followed the last appearance of a symbol; looks at it with all of its weight."""

    def forward(self, input_ids, output_attentions=False):
        n = input_ids.size(1) // 2
        guess = input_ids.roll(n - 1, 1)  # at position q: the symbol at q - n + 1
        logits = torch.nn.functional.one_hot(guess, induction.SYMBOLS).float()
        looks = torch.zeros(len(input_ids), 1, 2 * n, 2 * n)
        q = torch.arange(n, 2 * n - 1)
        looks[:, :, q, q - n + 1] = 1
        return type("Out", (), {"logits": logits, "attentions": (looks,)})


def test_a_model_that_copies_by_hand_is_right_and_looks_at_its_target():
    assert induction.accuracy(Copies(), 8) == 1
    seen = induction.attention(Copies(), 8)
    assert seen["target"].item() == pytest.approx(1)
    assert seen["previous"].item() < 0.1


@pytest.mark.parametrize("n", [3, 12])
def test_chance_is_what_guessing_gives(n):
    """By hand: one who guesses among all symbols of the string, one among those not yet used."""
    generator = torch.Generator().manual_seed(0)
    ids = induction.repeated(n, 4000, generator)
    hits = {"any": [], "unused": []}
    for string in ids[:, n:].tolist():
        for at in range(1, n):
            for name, left in (("any", string), ("unused", string[at:])):
                guess = left[int(torch.randint(len(left), (1,), generator=generator))]
                hits[name].append(guess == string[at])
    for name, chance in induction.chance(n).items():
        assert sum(hits[name]) / len(hits[name]) == pytest.approx(chance, abs=0.02)


def test_the_shipped_runs_are_those_that_are_planned():
    shipped = results.load("induction")["runs"]
    made = {(run["layers"], run["steps"], run["seed"]) for run in shipped}
    assert made == {(n, long_run.STEPS[n], seed) for n in long_run.STEPS for seed in long_run.SEEDS}
    assert all(list(run["accuracy"]) == [str(n) for n in long_run.LENGTHS] for run in shipped)


def test_the_long_run_makes_only_what_is_missing(tmp_path, monkeypatch):
    seen, path = [], tmp_path / "induction.json"
    monkeypatch.setattr(
        long_run,
        "run",
        lambda n, steps, seed: (
            seen.append((n, seed)) or {"layers": n, "steps": steps, "seed": seed}
        ),
    )
    for most in (2, 99, 99):
        long_run.main(path, most)
    assert len(seen) == len(set(seen)) == 6


def test_training_starts_to_copy():
    model = induction.new(2)
    run = training.train(model, induction.next_batch(size=8), 20, induction.LEARNING_RATE)
    assert len(run.losses) == 20 and all(loss == loss for loss in run.losses)
