"""The triad page's forward pass in JavaScript against torch: logits, argmax, planted faults.

Node.js runs the page's own forward.js on the very files that the page reads.
"""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from course_tools.site import triad
from course_tools.site.triad import weights
from helpers.models import decoder, encoder, encoder_decoder
from helpers.world import corpus, tokenizer
from helpers.world.corpus import LANGUAGES

BROWSER = Path(triad.__file__).parent / "browser"
DRIVER = Path(__file__).with_name("triad_logits.mjs")
ALL = bool(os.environ.get("TRIAD_ALL"))
SENTENCES = 1000 if ALL else 30  # a language
GAP = 1e-4


@pytest.fixture(scope="module")
def events():
    return corpus.drawn(SENTENCES, 19)


@pytest.fixture(scope="module")
def cases(events):
    """{model: cases as the driver reads them}, of every event in both languages."""
    rng = random.Random(19)
    told = [(corpus.sentence(event, lang).text, lang) for event in events for lang in LANGUAGES]
    tagged = [tokenizer.tagged(*one) for one in told]
    ids = {m: weights.MODELS[m].TOKENIZER(tagged).input_ids for m in ("encoder", "decoder")}
    examples = [one for event in events for one in corpus.translations(event)]
    tokens = encoder_decoder.TOKENIZER
    sources, targets = (tokens([getattr(e, f) for e in examples]).input_ids for f in ("source", "target"))
    shifted = [[tokens.pad_token_id, *target[:-1]] for target in targets]
    return {
        "encoder": [hidden(row, rng) for row in ids["encoder"]],
        "decoder": ids["decoder"],
        "encoder_decoder": [list(pair) for pair in zip(sources, shifted, strict=True)],
    }


def hidden(row, rng):
    """A row with some characters behind [MASK], as the encoder is trained."""
    mask, special = encoder.TOKENIZER.mask_token_id, len(tokenizer.SPECIAL)
    return [mask if token >= special and rng.random() < encoder.MASK_RATE else token for token in row]


@torch.no_grad()
def by_torch(cases):
    """{model: logits (all tokens of all cases, vocabulary)}, sentence by sentence."""
    bert, gpt2, t5 = (weights.MODELS[name].load() for name in weights.MODELS)
    one = torch.tensor
    return {
        "encoder": torch.cat([bert(one([ids])).logits[0] for ids in cases["encoder"]]),
        "decoder": torch.cat([gpt2(one([ids])).logits[0] for ids in cases["decoder"]]),
        "encoder_decoder": torch.cat([
            t5(one([source]), decoder_input_ids=one([written])).logits[0]
            for source, written in cases["encoder_decoder"]
        ]),
    }  # fmt: skip


@pytest.fixture(scope="module")
def expected(cases):
    return by_torch(cases)


def by_node(folder, cases, browser=BROWSER):
    """{model: logits} of the page's code."""
    if not shutil.which("node"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Node.js is missing")
    index, numbers = weights.files()
    (folder / "models.json").write_text(json.dumps(index), encoding="utf-8")
    (folder / "weights.bin").write_bytes(numbers)
    (folder / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    subprocess.run(["node", DRIVER, browser, folder], check=True)
    vocabulary = len(index["vocabulary"])
    read = {name: np.fromfile(folder / f"{name}.f32", "float32") for name in cases}
    return {name: torch.from_numpy(x).view(-1, vocabulary) for name, x in read.items()}


def gaps(found, expected):
    """{model: the largest difference of a logit}"""
    return {name: (found[name] - x).abs().max().item() for name, x in expected.items()}


def test_logits_are_torchs_and_so_is_every_likeliest_token(tmp_path, cases, expected):
    found = by_node(tmp_path, cases)
    assert max(gaps(found, expected).values()) <= GAP, gaps(found, expected)
    for name, logits in expected.items():
        assert found[name].argmax(-1).equal(logits.argmax(-1)), name
