"""Draft for lesson 04's decoder: is the distribution its own, and what does agreement bring?

    python -m helpers.results.speculative

Writes speculative.json after every seed:
fits: [{rule, lang, seed, n, chi_square, freedom, p}]   whole sentences, counted by construction and
place, against the exact probabilities of all sentences of the grammar with the same beginning;
rules: the right one, and two wrong ones
drafts: [{steps, parameters, seed, agreement, tokens: {ahead: tokens of a pass}}]   one layer of
width 32 after so many steps
About 5 minutes of one CPU core (OMP_NUM_THREADS=1).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import GPT2LMHeadModel

from ..models import decoder, speculative, training
from ..world import corpus
from . import versions, write

FILE = Path(__file__).with_suffix(".json")
SEEDS, AHEAD, DRAWN, WRITTEN = (0, 1, 2), 4, 300, 40
DRAFTS = (25, 100, 400, 1600)  # steps
RULES: Mapping[str, speculative.Rule] = {
    "right": speculative.accepts,
    "all": lambda p, q: True,  # every drafted token
    "p": lambda p, q: torch.rand(()) < p,  # not p / q
}


def begun(lang: str) -> str:
    """Return a beginning that three constructions have: the first person, on the first day."""
    event = next(event for event, _ in corpus.events() if event.kind == "plain")
    spans = corpus.word_spans(event, lang)
    end = max(spans["person"].stop, spans["time"].stop)
    return corpus.sentence(event, lang).text[:end]


def fit(draft: GPT2LMHeadModel, rule: str, lang: str, seed: int) -> dict[str, Any]:
    """Compare sentences drawn by a rule of acceptance with the target's exact probabilities."""
    target = decoder.load()
    exact = speculative.exact_sentences(target, lang, begun(lang))
    torch.manual_seed(seed)
    counts = speculative.drawn_sentences(
        target, draft, lang, begun(lang), AHEAD, DRAWN, RULES[rule]
    )
    found = speculative.chi_square(counts, exact)
    told = {"chi_square": round(found.value, 2), "freedom": found.freedom, "p": found.p}
    return {"rule": rule, "lang": lang, "seed": seed, "n": DRAWN} | told


def measured(draft: GPT2LMHeadModel, seed: int) -> dict[str, Any]:
    """Return a draft's agreement and the tokens of a pass, the means of both languages."""
    target, both = decoder.load(), corpus.LANGUAGES
    agreement = [speculative.agreement(target, draft, lang, seed=seed) for lang in both]
    starts, tokens = [speculative.beginning(lang) for lang in both], {}
    for ahead in (2, AHEAD):
        torch.manual_seed(seed)
        each = [speculative.per_pass(target, draft, x, ahead, WRITTEN // 2) for x in starts]
        tokens[ahead] = round(sum(each) / len(each), 3)
    found = {"parameters": training.parameter_count(draft), "seed": seed, "tokens": tokens}
    return {"agreement": round(sum(agreement) / len(agreement), 4)} | found


def main(path: Path = FILE) -> int:
    """Make the seeds that are not there, and write after each."""
    made: dict[str, Any] = {"versions": versions(), "fits": [], "drafts": []}
    if path.is_file():
        made = json.loads(path.read_text(encoding="utf-8"))
    done = {draft["seed"] for draft in made["drafts"]}
    for seed in sorted(set(SEEDS) - done):
        drafts = {steps: speculative.drafter(steps, seed) for steps in DRAFTS}
        made["drafts"] += [{"steps": n} | measured(draft, seed) for n, draft in drafts.items()]
        for lang in corpus.LANGUAGES:
            made["fits"] += [fit(drafts[DRAFTS[-1]], rule, lang, seed) for rule in RULES]
        write(path, made)
        print(made["fits"][-1], made["drafts"][-1], flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
