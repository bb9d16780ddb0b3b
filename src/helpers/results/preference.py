"""Tune lesson 06's assistant on preferences, with the loss that sheet 06 asks for.

    python -m helpers.results.preference

The assistant is results/assistant.py's "mixed" one; its own wrong answers are the rejected ones.
Writes preference.json after every seed: {"before": [one a seed], "runs": [those after it]}, each
{seed, how, wins, chosen, rejected, divergence, exact: {task: share}, valid, text_loss}.
how: a beta, or "chosen" (as many steps on the right answers alone).  wins: of held-out pairs.
chosen, rejected: their mean log p.  The loss is the model answer's, so the instructor's copy is
needed, or main(loss=one's own).  About 6 minutes of one CPU core (OMP_NUM_THREADS=1).
"""

import copy
import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..models import assistant, preference, training
from ..models.preference import Pair
from . import versions, write
from .assistant import marked, trained

FILE = Path(__file__).with_suffix(".json")
SEEDS, BETAS, N_TRAIN, N_TEST = (0, 1, 2), (0.1, 0.3, 1.0), 700, 100
CHOSEN = "chosen"


def tuned(
    before: Any, data: Sequence[Pair], how: float | str, loss: preference.Loss, seed: int
) -> Any:
    """Tune a copy of the assistant on pairs, or teach it the right answers of the same pairs."""
    model = copy.deepcopy(before)
    if isinstance(how, str):
        right = assistant.next_questions([pair.chosen for pair in data], seed)
        training.train(model, right, preference.STEPS, preference.LEARNING_RATE)
    else:
        preference.tune(model, data, loss, how, seed)
    return model


def judged(model: Any, before: Any, held_out: Sequence[Pair]) -> dict[str, Any]:
    """Return what a model answers, prefers and has forgotten."""
    chosen, rejected = zip(*held_out, strict=True)
    sides = {"chosen": chosen, "rejected": rejected}
    log_p = {name: preference.log_probability(model, side).mean() for name, side in sides.items()}
    found = {name: round(value.item(), 3) for name, value in log_p.items()}
    found["divergence"] = round(preference.divergence(model, before, chosen), 4)
    return {"wins": preference.wins(model, held_out)} | found | marked(model)


def main(path: Path = FILE, loss: preference.Loss | None = None) -> int:
    """Make the seeds that are not there, and write after each."""
    made: dict[str, Any] = {"versions": versions(), "before": [], "runs": []}
    if path.is_file():
        made = json.loads(path.read_text(encoding="utf-8"))
    loss = loss or importlib.import_module("model_answers").preference_loss()
    for seed in SEEDS[len(made["before"]) :]:
        before = trained("mixed", seed)
        data = preference.pairs(before, N_TRAIN, 1000 + seed)
        held_out = preference.pairs(before, N_TEST, 99, "test")
        first = {"seed": seed, "pairs": len(data), "held_out": len(held_out)}
        made["before"].append(first | judged(before, before, held_out))
        for how in (*BETAS, CHOSEN):
            model = tuned(before, data, how, loss, seed)
            made["runs"].append({"seed": seed, "how": how} | judged(model, before, held_out))
            print(made["runs"][-1], flush=True)
        write(path, made)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
