"""The triad page's forward pass in JavaScript against torch: logits, answers, attention, zeros.

Node.js runs the page's own modules on the very files that the page reads.
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
import turns

from course_tools.site.triad import page, sentences, weights
from helpers.models import decoder, encoder, encoder_decoder, triad
from helpers.models.weights import take
from helpers.world import corpus, tokenizer
from helpers.world.corpus import LANGUAGES

DRIVER = Path(__file__).with_name("triad_in_node.mjs")
ALL = bool(os.environ.get("TRIAD_ALL"))
SENTENCES = 1000 if ALL else 25  # a language
GAP = 1e-4
OUTPUTS = ("encoder", "decoder", "t5_encoder", "t5_decoder")


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """What the page's modules, or changed ones, say to a question: node(browser, **asked)"""
    if not shutil.which("node"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Node.js is missing")
    folder = tmp_path_factory.mktemp("triad")
    files = page.files()
    for name in ("models.json", "weights.bin"):
        (folder / name).write_bytes(files[name])

    def ask(browser=page.BROWSER, **asked):
        (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        subprocess.run(["node", DRIVER, browser, folder], check=True)
        found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
        if "logits" in asked:
            found["logits"] = {name: rows(folder / f"{name}.f32") for name in asked["logits"]}
        return found

    return ask


def rows(file):
    return torch.from_numpy(np.fromfile(file, "float32")).view(-1, len(encoder.TOKENIZER))


def cases(n, seed=19):
    """{model: token ids} of n events in both languages; the encoder's partly behind [MASK]."""
    rng, events = random.Random(seed), corpus.drawn(n, seed)
    texts = [tokenizer.tagged(corpus.sentence(e, la).text, la) for e in events for la in LANGUAGES]
    ids = {m: weights.MODELS[m].TOKENIZER(texts).input_ids for m in ("encoder", "decoder")}
    examples = [one for event in events for one in corpus.translations(event)]
    pairs = [[_ids(one.source), [0, *_ids(one.target)[:-1]]] for one in examples]
    ids["encoder"] = [hidden(row, rng) for row in ids["encoder"]]
    return ids | {"encoder_decoder": pairs}


def _ids(text):
    return encoder_decoder.TOKENIZER(text).input_ids


def hidden(row, rng):
    """A row with some characters behind [MASK], as the encoder is trained."""
    mask, special, rate = encoder.TOKENIZER.mask_token_id, len(tokenizer.SPECIAL), encoder.MASK_RATE
    return [mask if token >= special and rng.random() < rate else token for token in row]


@torch.no_grad()
def by_torch(asked):
    """{model: logits (all tokens of all cases, vocabulary)}, sentence by sentence.

    In float64: of 1,000 sentences' two likeliest tokens some lie 4e-5 apart, and what a processor
    rounds in float32 may exchange them.
    """
    bert, gpt2, t5 = (module.load().double() for module in weights.MODELS.values())
    one = torch.tensor
    pairs = [(one([source]), one([written])) for source, written in asked["encoder_decoder"]]
    return {
        "encoder": torch.cat([bert(one([ids])).logits[0] for ids in asked["encoder"]]),
        "decoder": torch.cat([gpt2(one([ids])).logits[0] for ids in asked["decoder"]]),
        "encoder_decoder": torch.cat([t5(s, decoder_input_ids=w).logits[0] for s, w in pairs]),
    }


def gaps(found, expected):
    """{model: the largest difference of a logit}"""
    return {name: (found[name] - x).abs().max().item() for name, x in expected.items()}


def test_logits_are_torchs_and_so_is_every_likeliest_token(node):
    asked = cases(SENTENCES)
    found, expected = node(logits=asked)["logits"], by_torch(asked)
    assert max(gaps(found, expected).values()) <= GAP, gaps(found, expected)
    for name, logits in expected.items():
        assert found[name].argmax(-1).equal(logits.argmax(-1)), name


TRANSPOSED = "{ ...w.o, weight: w.o.weight[0].map((_, n) => w.o.weight.map((row) => row[n])) }"
FAULTS = {  # what forward.js says -> (what it says wrongly, the models that this must show in)
    "s <= t + ahead;": ("s <= t + ahead + 1;", {"decoder", "encoder_decoder"}),
    "linear(joined, w.o)": (f"linear(joined, {TRANSPOSED})", set(weights.MODELS)),
    "moved.length + d.eps)": ("moved.length + 1e-4)", set(weights.MODELS)),
    "+ d.eps);": ("+ 1e-12);", {"decoder"}),  # T5's 1e-6 is too small to be missed
    "gelu: (x)": ("gelu_: (x) => x, gelu: (x) => ACTIVATIONS.gelu_tanh(x), erf: (x)", {"encoder"}),
    "d.scaled ?": ("!d.scaled ?", set(weights.MODELS)),
    "!causal && s > t": ("!causal && s < t", {"encoder_decoder"}),
    "distance < near ?": ("distance < near - 1 ?", {"encoder_decoder"}),
    "x = norm(x, w.norms[n], d);": (";", {"encoder"}),
    "value * scale))": ("value))", {"encoder_decoder"}),
    "plus(tokens, w.positions.weight)": (
        "plus(tokens, w.positions.weight.slice(1))",
        {"encoder", "decoder"},
    ),
}


@pytest.fixture(scope="module")
def few():
    asked = cases(3)
    return asked, by_torch(asked)


@pytest.mark.parametrize("said", turns.by_turns(0, FAULTS))
def test_a_fault_in_a_part_shows_in_the_models_that_have_it(node, few, tmp_path, said):
    wrong, models = FAULTS[said]
    browser = shutil.copytree(page.BROWSER, tmp_path / "browser")
    source = (browser / "forward.js").read_text(encoding="utf-8")
    assert source.count(said) == 1
    (browser / "forward.js").write_text(source.replace(said, wrong), encoding="utf-8")
    found = gaps(node(browser, logits=few[0])["logits"], few[1])
    assert {name for name, gap in found.items() if not gap <= 2 * GAP} == models


# --- answers --------------------------------------------------------------------------------------


def test_answers_are_torchs_whatever_is_guessed_first(node):
    examples = [one for event in corpus.drawn(4, 7) for one in corpus.translations(event)]
    expected = encoder_decoder.answer(encoder_decoder.load(), [one.source for one in examples])
    for guess in ([], [9] * 5, _ids(examples[0].target)):
        ids = node(answers=[{"source": _ids(e.source), "guess": guess} for e in examples])[
            "answers"
        ]
        assert encoder_decoder.TOKENIZER.batch_decode(ids, skip_special_tokens=True) == expected
        assert all(row[-1] == encoder_decoder.TOKENIZER.eos_token_id for row in ids)


def test_texts_become_the_tokenizers_numbers_even_unknown_ones(node):
    asked = [("昨日、猫は庭で📚を読みました。", "ja"), ("健太昨天在公園讀書。", "zh-tw")]
    for name in ("encoder", "decoder"):
        found = node(ids=[[text, name, lang] for text, lang in asked])["ids"]
        told = [tokenizer.tagged(*one) for one in asked]
        assert [one["ids"] for one in found] == weights.MODELS[name].TOKENIZER(told).input_ids
        assert {one["before"] for one in found} == {2}
    found = node(ids=[[text, "encoder_decoder", lang] for text, lang in asked])["ids"]
    assert [one["ids"] for one in found] == [_ids(sentences.prompts()[la] + x) for x, la in asked]


@pytest.mark.parametrize("temperature", [0.5, 1, 2])
def test_probabilities_and_draws_follow_the_temperature(node, temperature):
    row = [2.0, -1.0, 0.5, 0.0]
    shares = (torch.tensor(row) / temperature).softmax(-1)
    asked = {"row": row, "temperature": temperature, "n": 3}
    found = node(best=asked, samples=asked | {"n": 2000})
    best = shares.sort(descending=True)
    assert [one["id"] for one in found["best"]] == best.indices.tolist()[:3]
    assert [one["p"] for one in found["best"]] == pytest.approx(best.values.tolist()[:3], abs=1e-6)
    drawn = torch.tensor(found["samples"]).bincount(minlength=4) / 2000
    assert drawn.tolist() == pytest.approx(shares.tolist(), abs=1e-3)


# --- what moves, and what cannot ------------------------------------------------------------------


def changes(node, sentence, **state):
    """What the page shows when the sentence's place is exchanged, and where the first change is."""
    word = next(n for n, one in enumerate(sentence["words"]) if one["name"] == "place")
    state = {"word": word, "other": sentence["words"][word]["choices"][0], "mask": "causal"} | state
    found = node(changes=[{"sentence": sentence, "state": state}])["changes"][0]
    return found, 2 + sentence["words"][word]["at"]


@pytest.mark.parametrize("lang", turns.by_turns(0, LANGUAGES))
def test_what_a_word_cannot_reach_is_exactly_zero_and_all_else_moves(node, lang):
    found, first = changes(node, sentences.offered(lang)[0])
    still = {name: [t for t, c in enumerate(found[name]["changes"]) if c == 0] for name in OUTPUTS}
    assert still == {"encoder": [], "decoder": [*range(first)], "t5_encoder": [], "t5_decoder": []}


@pytest.mark.parametrize("mask, reach", [("one", 2), ("all", 99)])
def test_another_mask_lets_the_past_move(node, mask, reach):
    """One token ahead in each of two layers: two tokens (lesson 04, section 4)."""
    found, first = changes(node, sentences.offered("ja")[0], mask=mask)
    still = [t for t, change in enumerate(found["decoder"]["changes"]) if change == 0]
    assert still == [*range(max(0, first - reach))]


@pytest.mark.parametrize("lang", turns.by_turns(0, LANGUAGES))
def test_what_moves_moves_as_in_torch(node, lang):
    sentence = sentences.offered(lang)[1]
    found, _ = changes(node, sentence)
    word = next(one for one in sentence["words"] if one["name"] == "place")
    pair = [sentence["text"], sentences.exchanged(sentence["text"], word)]
    for name in ("encoder", "decoder"):
        module = weights.MODELS[name]
        ids = module.TOKENIZER([tokenizer.tagged(x, lang) for x in pair]).input_ids
        with torch.no_grad():
            before, after = (module.load()(torch.tensor([row])).logits[0] for row in ids)
        expected = (before - after).abs().amax(-1)
        assert found[name]["changes"] == pytest.approx(expected.tolist(), abs=2 * GAP)
    model, prompt = encoder_decoder.load(), sentences.prompts()[lang]
    assert found["translations"] == encoder_decoder.answer(model, [prompt + x for x in pair])


# --- attention and the block ----------------------------------------------------------------------


@pytest.mark.parametrize("lang", turns.by_turns(0, LANGUAGES))
def test_attention_weights_are_torchs(node, lang):
    sentence = sentences.offered(lang)[0]
    found = node(attention=[sentence])["attention"][0]
    tagged = tokenizer.tagged(sentence["text"], lang)
    for name in ("encoder", "decoder"):
        model = weights.MODELS[name].load()
        model.set_attn_implementation("eager")
        ids = weights.MODELS[name].TOKENIZER(tagged, return_tensors="pt").input_ids
        with torch.no_grad():
            expected = torch.cat(model(ids, output_attentions=True).attentions)
        assert (torch.tensor(found[name]) - expected).abs().max() <= 1e-5
    model = encoder_decoder.load()
    model.set_attn_implementation("eager")
    source, target = sentences.prompts()[lang] + sentence["text"], sentence["translation"]
    asked = {"input_ids": torch.tensor([_ids(source)]), "labels": torch.tensor([_ids(target)])}
    with torch.no_grad():
        out = model(**asked, output_attentions=True)
    for name in ("encoder", "decoder", "cross"):
        expected = torch.cat(out[f"{name}_attentions"])
        shown = torch.tensor(found["cross" if name == "cross" else f"t5_{name}"])
        assert (shown - expected).abs().max() <= 1e-5


@torch.no_grad()
def test_the_blocks_numbers_are_those_of_lesson_02(node):
    """The lesson's cells residual-parts and residual-gap, on the sentence that it takes."""
    w, design = take(decoder.load())
    ids = decoder.rows(1)[:1]
    parts = [w["embedding"]["weight"][ids] + w["positions"]["weight"][: ids.size(1)]]
    mask = torch.ones(ids.size(1), ids.size(1)).tril().bool()
    for layer in w["blocks"].values():
        x = triad.norm(sum(parts), layer["norms"]["0"], design)
        parts.append(triad.multi_head(x, x, layer["attention"], design, mask))
        x = triad.norm(sum(parts), layer["norms"]["1"], design)
        parts.append(triad.feed_forward(x, layer["ffn"], design))
    expected = [[part.norm(dim=-1).mean().item() for part in (one, sum(parts[: n + 1]))]
                for n, one in enumerate(parts)]  # fmt: skip
    offered = sentences.offered("zh-tw")[-1]
    assert ids[0].tolist() == decoder.TOKENIZER(tokenizer.tagged(offered["text"], "ja")).input_ids
    found = node(lengths=ids[0].tolist())["lengths"]
    shown = [[one["added"], one["total"]] for one in found]
    assert torch.tensor(shown).allclose(torch.tensor(expected), atol=1e-4)
    assert [one["name"] for one in found] == ["embedding", "attention", "ffn", "attention", "ffn"]
