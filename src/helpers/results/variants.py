"""Train blocks of every make: python -m helpers.results.variants [EXPERIMENT …]

Writes variants.json after every run: {"runs": [{experiment, task, switches, steps, warm_up, rate,
seed, losses, accuracy, beyond}], "steps": EVERY, "versions"}.
switches: those that differ from Switches()   losses: means of EVERY steps, None where not finite
accuracy: on new items   beyond: {length: accuracy} of longer ones, where an arm asks for them
Each arm tries its learning rates with the first seed and takes the best to the others.  Runs that
are there are not made again.  About 20 minutes of one CPU core (OMP_NUM_THREADS=1).
"""

import itertools
import json
import math
import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from ..models import block_tasks, encoder, training, variants
from ..models.variants import Switches, Transformer
from ..world import corpus, tokenizer
from . import load, versions, write

FILE = Path(__file__).with_suffix(".json")
EVERY = 5
RATES, SEEDS = (1e-2, 3e-3, 1e-3), (0, 1, 2)
DEPTHS, NORMS = (2, 8, 16), ("pre", "post", "none")
MAKES = ((1, "gelu"), (1, "swiglu"), (1, "none"), (3, "none"))  # depth, feed-forward
WARMED = [(norm, "layer", steps) for norm in NORMS[:2] for steps in (1, 50)]
WARMED += [(norm, "rms", 50) for norm in NORMS[:2]]  # norm, scale, steps of warm-up

Run = dict[str, Any]


@dataclass(frozen=True)
class Arm:
    """One side of a comparison: what is trained, on what, how long, at which rates.

    each: all seeds at every rate, where the rates themselves are compared
    """

    experiment: str
    task: str
    switches: Switches
    steps: int
    rates: tuple[float, ...] = RATES
    seeds: tuple[int, ...] = SEEDS
    warm_up: int = 20
    lengths: tuple[int, ...] = ()
    each: bool = False

    def named(self, rate: float, seed: int) -> Run:
        """Return what tells a run of this arm from every other."""
        plain = asdict(Switches())
        switches = {k: v for k, v in asdict(self.switches).items() if v != plain[k]}
        kept = {k: getattr(self, k) for k in ("experiment", "task", "steps", "warm_up")}
        return kept | {"switches": switches, "rate": rate, "seed": seed}


def arms() -> Iterator[Arm]:
    """List all arms."""
    for heads, ffn in itertools.product((1, 2), ("none", "gelu")):
        yield Arm("heads", "pair", Switches(heads=heads, feed_forward=ffn), 800, RATES[:2])
    for one, ffn in itertools.product((False, True), ("none", "gelu")):
        switches = Switches(heads=1, one_matrix=one, feed_forward=ffn)
        yield Arm("one_matrix", "next", switches, 400, RATES[:2])
    for position in variants.POSITIONS:
        switches = Switches(depth=2, position=position)
        yield Arm("length", "before", switches, 300, RATES[:2], lengths=(32, 64))
    for task, steps, makes in (("same", 1000, MAKES), ("one", 400, MAKES[::2])):
        for depth, ffn in makes:
            switches = Switches(depth=depth, feed_forward=ffn)
            yield Arm("feed_forward", task, switches, steps, RATES[:2])
    yield from grid("learned", RATES)
    for norm, scale, warm_up in WARMED:
        switches = Switches(depth=6, norm=norm, scale=scale, position="learned")
        yield Arm("warm_up", "before", switches, 150, RATES[:2], warm_up=warm_up, each=True)
    for depth, ffn in ((2, "gelu"), (2, "swiglu"), (2, "none"), (6, "none")):
        switches = Switches(depth, 64, 4, position="learned", feed_forward=ffn)
        yield Arm("world", "world", switches, 600, (4e-2, 2e-2, 1e-2, 5e-3, 2e-3), warm_up=50)
    for position in variants.POSITIONS:
        if position != "learned":
            yield from grid(position, RATES[1:2], ("pre",))


def grid(position: str, rates: tuple[float, ...], norms: tuple[str, ...] = NORMS) -> Iterator[Arm]:
    """List the arms of the explorer with these positions; three seeds where the lesson asks."""
    for norm, depth, residual in itertools.product(norms, DEPTHS, (True, False)):
        switches = Switches(depth=depth, norm=norm, residual=residual, position=position)
        seeds = SEEDS if (norm, position) == ("pre", "learned") else SEEDS[:1]
        yield Arm("grid", "before", switches, 100, rates, seeds)


def run(arm: Arm, rate: float, seed: int) -> Run:
    """Train one model and test it."""
    if arm.task == "world":
        model, trained, reached = in_the_world(arm, rate, seed)
    else:
        task, switches = arm.task, arm.switches
        model, trained = block_tasks.trained(task, switches, arm.steps, rate, seed, arm.warm_up)
        reached = {"accuracy": round(block_tasks.accuracy(model, arm.task), 4)}
    if arm.lengths:
        asked = {n: block_tasks.accuracy(model, arm.task, 100, length=n) for n in arm.lengths}
        reached["beyond"] = {str(n): round(share, 4) for n, share in asked.items()}
    parameters = {"parameters": training.parameter_count(model)}
    return arm.named(rate, seed) | {"losses": curve(trained.losses)} | reached | parameters


def curve(losses: list[float]) -> list[float | None]:
    """Return the means of every EVERY losses; None where one is not finite."""
    means = [sum(losses[n : n + EVERY]) / EVERY for n in range(0, len(losses), EVERY)]
    return [round(mean, 4) if math.isfinite(mean) else None for mean in means]


def in_the_world(arm: Arm, rate: float, seed: int) -> tuple[Transformer, training.Run, Run]:
    """Train to fill blanks of the mini world as the encoder does, and test on held-out sentences.

    loss: nats a blank   accuracy: of the blanks that a sentence decides, mean of their cells
    """
    words = len(encoder.TOKENIZER)
    model = Transformer(arm.switches, words, words, seed)
    batches = encoder.next_batch(encoder.rows(4000), seed)
    trained = training.train(model, batches, arm.steps, rate, warm_up=arm.warm_up)
    asked = encoder.mask(unseen(), encoder.MASK_RATE, torch.Generator().manual_seed(1))
    with torch.no_grad():
        loss = model(**asked).loss.item()
    shares = corpus.grade(lambda *blank: encoder.guesses(model, *blank), n=50)  # type: ignore
    mean = sum(shares.values()) / len(shares)
    return model, trained, {"accuracy": round(mean, 4), "loss": round(loss, 4)}


def unseen(n: int = 300) -> torch.Tensor:
    """Return the ids of n held-out events in both languages, (2 n, T), padded."""
    rng = random.Random(1)
    told = [(corpus.draw(rng, "test"), lang) for _ in range(n) for lang in corpus.LANGUAGES]
    texts = [tokenizer.tagged(corpus.sentence(event, lang).text, lang) for event, lang in told]
    return encoder.TOKENIZER(texts, padding=True, return_tensors="pt").input_ids


def best(runs: Iterable[Run]) -> float:
    """Return the rate of the run with the highest accuracy, and then the lowest last loss."""

    def merit(made: Run) -> tuple[float, float]:
        last = made["losses"][-1]
        return made["accuracy"], -math.inf if last is None else -last

    return max(runs, key=merit)["rate"]


def best_runs(experiment: str, **wanted: Any) -> list[Run]:
    """Return the shipped runs of one arm at its best rate, one for each seed.

    wanted: switches of the arm, or its steps or warm_up
    """
    shipped = [run for run in load(FILE.stem)["runs"] if run["experiment"] == experiment]
    arm = [run for run in shipped if wanted.items() <= flat(run).items()]
    rate = best(run for run in arm if run["seed"] == SEEDS[0])
    return [run for run in arm if run["rate"] == rate]


def flat(run: Run) -> Run:
    """Return a run's own values and all its switches in one dict."""
    return run | asdict(Switches()) | run["switches"]


def main(path: Path = FILE, experiments: Iterable[str] = (), most: int = 999) -> int:
    """Make the runs that are not there, at most so many, of all experiments or of some."""
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    chosen = [arm for arm in arms() if arm.experiment in (list(experiments) or EXPERIMENTS)]
    for arm in chosen:
        for rate, seed in wanted(arm, runs):
            if most <= 0:
                return 0
            runs.append(run(arm, rate, seed))
            most -= 1
            write(path, {"runs": runs, "every": EVERY, "versions": versions()}, indent=None)
            print({k: v for k, v in runs[-1].items() if k != "losses"}, flush=True)
    return 0


def wanted(arm: Arm, runs: list[Run]) -> Iterator[tuple[float, int]]:
    """Yield (rate, seed) of the runs of an arm that are not among `runs`, which grow meanwhile."""
    for seed, rate in itertools.product(arm.seeds if arm.each else arm.seeds[:1], arm.rates):
        if not made(arm, runs, rate, seed):
            yield rate, seed
    first = [found for rate in arm.rates for found in made(arm, runs, rate, arm.seeds[0])]
    for seed in () if arm.each else arm.seeds[1:]:
        if not made(arm, runs, best(first), seed):
            yield best(first), seed


def made(arm: Arm, runs: list[Run], rate: float, seed: int) -> list[Run]:
    """Return the runs of an arm at a rate and a seed: one, or none."""
    name = arm.named(rate, seed)
    return [found for found in runs if name.items() <= found.items()]


EXPERIMENTS = list(dict.fromkeys(arm.experiment for arm in arms()))

if __name__ == "__main__":
    raise SystemExit(main(experiments=sys.argv[1:]))
