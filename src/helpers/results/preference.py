"""Tune lesson 06's assistant on preferences, with the loss that sheet 06 asks for.

    python -m helpers.results.preference

The assistants are results/assistant.py's "mixed" ones.  No assistant meets its own wrong answers:
it learns from those of one other seed, and is tested on those of a third.
Seed 0 is tuned at all RATES; the others at those that are best for seed 0, by each of RULES.
Writes preference.json after every run: {"runs": [{seed, how, rate, choice: {wins, right,
text_loss}, wins, chosen, rejected, divergence, exact: {task: share}, valid, text_loss}]}.
how: a beta, "chosen" (as many right answers, no wrong one) or "before".  wins: of pairs.
choice: on questions that are not tested and sentences drawn anew, for best().
chosen, rejected: mean log p.
The loss is the model answer's, so the instructor's copy is needed, or main(loss=one's own).
About 15 minutes of one CPU core (OMP_NUM_THREADS=1); runs that are there are not made again.
"""

import copy
import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from ..models import assistant, preference, training
from ..models.preference import Pair
from ..world import corpus
from . import versions, write
from .assistant import marked, trained

FILE = Path(__file__).with_suffix(".json")
SEEDS, N_TRAIN, N_TEST = (0, 1, 2), 700, 100
BEFORE, CHOSEN = "before", "chosen"
RATES: dict[float | str, tuple[float, ...]] = {
    BEFORE: (0.0,),
    0.1: (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
    1.0: (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
    CHOSEN: (3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
}
RULES = "wins", "right"
MOST_PAID = 1.1  # of the text loss before: a rate chosen by right answers may cost no more


class Pairs(NamedTuple):
    """What one seed learns from, what its rate is chosen by, what it is tested on."""

    learn: list[Pair]
    choose: list[Pair]
    test: list[Pair]


def pairs_for(seed: int, models: Sequence[Any]) -> Pairs:
    """Take the wrong answers of the two assistants that are not tuned."""
    one, other = (models[(SEEDS.index(seed) + n) % len(models)] for n in (1, 2))
    tested = set(assistant.questions(N_TEST, 99, "test"))
    choose = preference.pairs(one, N_TEST, 98, "test")
    return Pairs(
        preference.pairs(one, N_TRAIN, 1000 + seed),
        [pair for pair in choose if pair.chosen not in tested],
        preference.pairs(other, N_TEST, 99, "test"),
    )


def tuned(
    before: Any,
    data: Sequence[Pair],
    how: float | str,
    rate: float,
    loss: preference.Loss,
    seed: int,
) -> Any:
    """Tune a copy of the assistant on pairs, or teach it the right answers of the same pairs."""
    model = copy.deepcopy(before)
    if how == CHOSEN:
        chosen = [pair.chosen for pair in data]
        right = assistant.next_questions(chosen, seed, preference.BATCH_SIZE)
        training.train(model, right, preference.STEPS, rate)
    elif not isinstance(how, str):
        preference.tune(model, data, loss, how, rate, seed)
    return model


def tried(model: Any, pairs: Sequence[Pair]) -> dict[str, float]:
    """Return what a rate is chosen by: wins, right answers, loss of plain sentences."""
    tested = set(assistant.questions(N_TEST, 99, "test"))
    asked = assistant.questions(N_TEST // 2, 98, "test", assistant.TAUGHT)
    right = assistant.share_right(model, [one for one in asked if one not in tested])
    told = assistant.text_loss(model, corpus.drawn(2 * N_TEST, 8, "test"))
    return {
        "wins": preference.wins(model, pairs),
        "right": fmean(right.values()),
        "text_loss": round(told, 4),
    }


def judged(model: Any, before: Any, held_out: Sequence[Pair]) -> dict[str, Any]:
    """Return what a model answers, prefers and has forgotten."""
    chosen, rejected = zip(*held_out, strict=True)
    sides = {"chosen": chosen, "rejected": rejected}
    log_p = {name: preference.log_probability(model, side).mean() for name, side in sides.items()}
    found = {name: round(value.item(), 3) for name, value in log_p.items()}
    found["divergence"] = round(preference.divergence(model, before, chosen), 4)
    return {"wins": preference.wins(model, held_out)} | found | marked(model)


def runs_of(runs: Sequence[dict[str, Any]], how: float | str, rate: float) -> list[dict[str, Any]]:
    """Return one run a seed."""
    return [run for run in runs if (run["how"], run["rate"]) == (how, rate)]


def best(runs: Sequence[dict[str, Any]], how: float | str, by: str) -> float:
    """Return a way's rate with the highest choice[by] of seed 0; of equal ones the lowest.

    by "right": of the rates that keep the text loss below MOST_PAID times what it was; ValueError
    where none does.
    """
    tried = {(run["how"], run["rate"]): run["choice"] for run in runs if run["seed"] == SEEDS[0]}
    most = MOST_PAID * tried[BEFORE, 0.0]["text_loss"] if by == "right" else float("inf")
    rates = [rate for rate in RATES[how] if tried[how, rate]["text_loss"] <= most]
    return max(rates, key=lambda rate: tried[how, rate][by])


def planned(seed: int, runs: Sequence[dict[str, Any]]) -> list[tuple[float | str, float]]:
    """List the ways and rates of a seed; those of all but seed 0 follow from its runs."""
    if seed == SEEDS[0]:
        return [(how, rate) for how, rates in RATES.items() for rate in rates]
    rates_of = {how: {best(runs, how, by) for by in RULES} for how in RATES}
    return [(how, rate) for how, rates in rates_of.items() for rate in sorted(rates)]


def main(path: Path = FILE, loss: preference.Loss | None = None) -> int:
    """Make the runs that are not there, and write after each."""
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    loss = loss or importlib.import_module("model_answers").preference_loss()
    models = [trained("mixed", seed) for seed in SEEDS]
    for seed, before in zip(SEEDS, models, strict=True):
        data = pairs_for(seed, models)
        made = [(run["how"], run["rate"]) for run in runs if run["seed"] == seed]
        for how, rate in (one for one in planned(seed, runs) if one not in made):
            model = tuned(before, data.learn, how, rate, loss, seed)
            run = {"seed": seed, "how": how, "rate": rate, "choice": tried(model, data.choose)}
            runs.append(run | judged(model, before, data.test))
            write(path, {"versions": versions(), "runs": runs})
            print(runs[-1], flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
