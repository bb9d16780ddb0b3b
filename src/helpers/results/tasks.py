"""How four tasks are learned, and how adjectives are answered that training never negates.

    python -m helpers.results.tasks [RECIPE SEED]

RECIPE: one of RECIPES, all of RUNS by default (3 CPU-minutes each, one thread).  A run replaces
that of the same name and seed in tasks.json; the others stay.
"""

import argparse
import itertools
import json
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..models import encoder_decoder, training
from ..models.encoder_decoder import BATCH_SIZE, LEARNING_RATE, STEPS
from ..world import corpus
from ..world.corpus import LANGUAGES, Example, Story
from . import versions, write

FILE = Path(__file__).with_suffix(".json")
ADJECTIVES = range(len(corpus.LEXICON["feeling"]["adjective"]))
WITHHELD = encoder_decoder.NEVER_NEGATED
EVERY, N_CURVE, N_CELL = 250, 100, 50
SEEDS = {"all": 2, "withheld": 5, "steps": 2, "translated": 2}
RUNS = [(recipe, seed) for recipe, n in SEEDS.items() for seed in range(n)]


def in_steps(story: Story) -> list[Example]:
    """Return a story's examples; the one on sentiment first says adjective and negation."""
    plain, frames = story._replace(negated=False), corpus.LEXICON["story"]["steps"]
    found = []
    for example in corpus.readings(story):
        if example.task == "sentiment":
            frame = frames[story.negated][corpus.key(example.lang)]
            said = frame.format(word=plain.label(example.lang), label=example.target)
            example = example._replace(target=said)
        found.append(example)
    return found


def with_translation(story: Story, rng: random.Random) -> list[Example]:
    """Return a story's examples, and the translations of a last sentence.

    It has any adjective: here every adjective is negated, too.
    """
    any_end = story._replace(
        adjective=rng.choice(ADJECTIVES), frame=rng.randrange(2), negated=rng.random() < 0.5
    )
    ja, zh = (any_end.feeling(lang) for lang in LANGUAGES)
    return [
        *corpus.readings(story),
        Example("to_zh_tw", "ja", corpus.prompt("to_zh_tw", "ja", ja), zh),
        Example("to_ja", "zh-tw", corpus.prompt("to_ja", "zh-tw", zh), ja),
    ]


# recipe -> (adjectives never negated, examples of a story)
RECIPES: dict[str, tuple[tuple[int, ...], Callable[[Story, random.Random], list[Example]]]] = {
    "all": ((), lambda story, rng: corpus.readings(story)),
    "withheld": (WITHHELD, lambda story, rng: corpus.readings(story)),
    "steps": (WITHHELD, lambda story, rng: in_steps(story)),
    "translated": (WITHHELD, with_translation),
}


def examples(recipe: str, n: int, seed: int, split: str = "train") -> list[Example]:
    """Draw n events and n stories, and a story's examples by the recipe."""
    never_negated, of_story = RECIPES[recipe]
    rng, other = random.Random(seed), random.Random(f"{recipe} {seed}")
    found = []
    for _ in range(n):
        found += corpus.translations(corpus.draw(rng, split))
        found += of_story(corpus.draw_story(rng, split, never_negated), other)
    return found


def run(recipe: str, seed: int, steps: int = STEPS) -> dict[str, Any]:
    """Train one model; return its learning curve and its cells."""
    model = encoder_decoder.new(seed)
    data, test = examples(recipe, 8000, seed), examples(recipe, N_CURVE, 99, "test")
    curve: dict[str, list] = {"step": [], **{task: [] for task in corpus.TASKS}}
    spent = 0.0

    def look(step: int) -> None:
        nonlocal spent
        if step % EVERY == 0:
            started = time.process_time()
            model.eval()
            curve["step"].append(step)
            for task, share in encoder_decoder.exact_match(model, test).items():
                curve[task].append(share)
            model.train()
            print(recipe, seed, {name: values[-1] for name, values in curve.items()}, flush=True)
            spent += time.process_time() - started

    started = time.process_time()
    batch = encoder_decoder.next_batch(data, seed)
    trained = training.train(model, batch, steps, LEARNING_RATE, look)
    cpu_seconds = round(time.process_time() - started - spent)
    return {
        "recipe": recipe,
        "seed": seed,
        "steps": steps,
        "cpu_seconds": cpu_seconds,
        "loss": round(trained.mean_loss(), 5),
        "curve": curve,
        "cells": cells(model, recipe),
        "versions": versions(),
    }


def stories(adjective: int, negated: bool, n: int = N_CELL) -> list[Story]:
    """Draw stories of held-out (person, place) pairs that end with an adjective, negated or not."""
    rng, found = random.Random(f"{adjective} {negated}"), list[Story]()
    while len(found) < n:
        story = corpus.draw_story(rng, "test")
        if (story.adjective, story.negated) == (adjective, negated):
            found.append(story)
    return found


def cells(model: Any, recipe: str) -> list[dict[str, Any]]:
    """Return exact match by task, language, adjective, negation, and by the last character only."""
    _, of_story = RECIPES[recipe]
    found = []
    for adjective, negated in itertools.product(ADJECTIVES, (False, True)):
        asked: dict[tuple[str, str], list[Example]] = {}
        for story in stories(adjective, negated):
            for example in of_story(story, random.Random(0)):
                if example.task in ("summary", "sentiment"):
                    asked.setdefault((example.task, example.lang), []).append(example)
        for (task, lang), group in asked.items():
            answers = encoder_decoder.answer(model, [e.source for e in group])
            pairs = list(zip(answers, group, strict=True))
            found.append(
                {
                    "task": task,
                    "lang": lang,
                    "adjective": adjective,
                    "negated": negated,
                    "n": len(group),
                    "exact": sum(a == e.target for a, e in pairs),
                    "label": sum(a[-1:] == e.target[-1:] for a, e in pairs),
                }
            )
    return found


def share(entry: dict[str, Any], task: str, withheld: bool, negated: bool) -> tuple[float, int]:
    """Return (share of right answers, their number) over both languages.

    Right in sentiment: the last character, whatever stands before it.
    """
    chosen = [
        cell
        for cell in entry["cells"]
        if (cell["task"], cell["negated"]) == (task, negated)
        and (cell["adjective"] in WITHHELD) == withheld
    ]
    n = sum(cell["n"] for cell in chosen)
    return sum(cell["label" if task == "sentiment" else "exact"] for cell in chosen) / n, n


def right(entry: dict[str, Any], task: str) -> list[bool]:
    """Are most stories of a withheld adjective's negation answered rightly, in each language?

    A cell asks one and the same last sentence N_CELL times: cells are counted, not stories.
    """
    scored = "label" if task == "sentiment" else "exact"
    found = {
        (cell["lang"], cell["adjective"]): 2 * cell[scored] > cell["n"]
        for cell in entry["cells"]
        if (cell["task"], cell["negated"]) == (task, True)
    }
    return [found[lang, adjective] for lang in LANGUAGES for adjective in WITHHELD]


def add(entry: dict[str, Any], path: Path = FILE) -> None:
    """Write a run in place of the same recipe's and seed's; an interruption leaves the old file."""
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    name = entry["recipe"], entry["seed"]
    runs = [r for r in runs if (r["recipe"], r["seed"]) != name] + [entry]
    runs.sort(key=lambda r: (list(RECIPES).index(r["recipe"]), r["seed"]))
    kept = {"batch_size": BATCH_SIZE, "learning_rate": LEARNING_RATE, "withheld": WITHHELD}
    write(path, kept | {"runs": runs}, indent=None)


def main(arguments: Iterable[str] | None = None) -> int:
    """Make the run that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="python -m helpers.results.tasks")
    parser.add_argument("recipe", nargs="?", choices=RECIPES)
    parser.add_argument("seed", nargs="?", type=int, default=0)
    options = parser.parse_args(None if arguments is None else list(arguments))
    for recipe, seed in [(options.recipe, options.seed)] if options.recipe else RUNS:
        add(run(recipe, seed))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
