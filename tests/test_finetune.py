"""Heads on a pretrained body: what is copied, what is labelled, what a score counts; lesson 02's
label curves as shipped."""

import json
from collections import Counter
from types import SimpleNamespace

import pytest
import torch

from helpers import corpus, decoder, encoder, finetune, results, say
from helpers.results import labels as script
from helpers.say import LANGUAGES


@pytest.fixture(autouse=True)
def japanese():
    say.use("ja")


@pytest.fixture(params=LANGUAGES)
def lang(request):
    return request.param


# --- heads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [finetune.tagger, finetune.classifier])
def test_the_body_is_that_of_the_pretrained_model_and_the_head_is_new(make):
    body = encoder.new(5)
    model, other = make(body, seed=0), make(body, seed=1)
    for name, weight in body.bert.state_dict().items():
        assert torch.equal(model.bert.state_dict()[name], weight), name
    assert not torch.equal(model.classifier.weight, other.classifier.weight)
    scratch = make(None, seed=0).bert.embeddings.word_embeddings.weight
    assert not torch.equal(scratch, body.bert.embeddings.word_embeddings.weight)


def test_another_body_is_refused():
    for body in (decoder.new(), finetune.causal_tagger()):
        with pytest.raises(ValueError, match=type(body).__name__):
            finetune.tagger(body)
    with pytest.raises(ValueError, match="BertForMaskedLM"):
        finetune.causal_tagger(encoder.new())


def test_only_the_causal_tagger_decides_before_it_has_read_on(lang):
    """Same name, another continuation: its logits at the first name are equal to the last bit."""
    said = [s for s in finetune.named(lang, 200, 0) if s.opens]
    name = said[0].text[:2]
    two = next([a, b] for a in said for b in said if a.text[:2] == b.text[:2] and a.tags != b.tags)
    assert name
    for model, tokens, moved in (
        (finetune.causal_tagger(decoder.new(1)), decoder.TOKENIZER, False),
        (finetune.tagger(encoder.new(1)), encoder.TOKENIZER, True),
    ):
        rows = finetune.tag_rows(two, lang, tokens)
        with torch.no_grad():
            logits = model(rows["input_ids"], attention_mask=rows["attention_mask"]).logits
        gap = (logits[0, :4] - logits[1, :4]).abs().max().item()  # start, language, two characters
        assert (gap > 0) == moved


# --- labelled data ----------------------------------------------------------------------------


@pytest.mark.parametrize("tokens", [encoder.TOKENIZER, decoder.TOKENIZER])
def test_each_character_gets_its_own_tag(lang, tokens):
    said = finetune.named(lang, 50, 3)
    rows = finetune.tag_rows(said, lang, tokens)
    for sentence, ids, tags in zip(said, rows["input_ids"], rows["labels"], strict=True):
        labelled = tags != finetune.IGNORED
        assert "".join(tokens.convert_ids_to_tokens(ids[labelled].tolist())) == sentence.text
        assert [corpus.ENTITIES[t] for t in tags[labelled].tolist()] == sentence.tags


def test_opening_and_later_names_make_up_all_names(lang):
    said = finetune.named(lang, 200, 4)
    everything, opening, later = (
        finetune.tag_rows(said, lang, encoder.TOKENIZER, asked)["labels"]
        for asked in finetune.ASKED
    )
    asked = torch.stack([opening, later]) != finetune.IGNORED
    assert asked.any(0).equal(everything > 0)
    assert not asked.all(0).any()
    assert asked[0].sum(1).tolist() == [2 * sentence.opens for sentence in said]
    with pytest.raises(ValueError, match="'first'"):
        finetune.tag_rows(said, lang, encoder.TOKENIZER, "first")


def test_a_name_that_opens_the_sentence_is_as_often_a_person_as_a_place(lang):
    kinds = Counter(s.tags[0] for s in finetune.named(lang, 4000, 5) if s.opens)
    assert abs(kinds["PER"] / sum(kinds.values()) - 0.5) < 0.04


def test_names_of_the_test_are_never_labelled(lang):
    def words(sentences):
        return {
            s.text[at : at + 2]
            for s in sentences
            for at, tag in enumerate(s.tags)
            if tag != "O" and s.tags[at - 1 : at] != [tag]
        }

    train, test = (words(finetune.named(lang, 500, 6, never)) for never in (False, True))
    assert len(train) >= 5 and len(test) == 3 and not train & test


def shared(train, test, lang):
    """Sentences, and (person, place) pairs, that stand in both."""
    texts = [{story.feeling(lang) for story in some} for some in (train, test)]
    pairs = [{(story.event.person, story.event.place) for story in some} for some in (train, test)]
    return texts[0] & texts[1], pairs[0] & pairs[1]


def test_ways_of_saying_and_pairs_of_the_test_are_never_labelled(lang):
    train, test = (finetune.stories(600, 0, split) for split in ("train", "test"))
    assert shared(train, test, lang) == (set(), set())
    ways = {(story.adjective, story.negated, story.negated or story.frame) for story in train}
    adjectives = Counter(adjective for adjective, *_ in ways)
    assert adjectives == dict.fromkeys(range(6), 2)
    assert len({story.feeling(lang) for story in test}) == 6
    for told in (train, test):
        assert abs(sum(story.positive for story in told) / len(told) - 0.5) < 0.2


def test_a_leaking_split_would_be_seen(monkeypatch, lang):
    everything = corpus.draw_story
    monkeypatch.setattr(corpus, "draw_story", lambda rng, split: everything(rng, None))
    train, test = (finetune.stories(600, 0, split) for split in ("train", "test"))
    assert shared(train, test, lang)[1]
    leaky = [everything(finetune.random.Random(0)) for _ in range(200)]
    leaky += [everything(finetune.random.Random(n)) for n in range(200)]
    assert shared(leaky, test, lang)[0]


# --- scores -----------------------------------------------------------------------------------


def test_a_score_counts_only_what_is_asked():
    logits = torch.nn.functional.one_hot(torch.tensor([[0, 1, 2, 1]]), 3).float()
    rows = {"input_ids": torch.zeros(1, 4), "labels": torch.tensor([[-100, 1, 0, -100]])}
    assert finetune.score(lambda **inputs: SimpleNamespace(logits=logits), rows) == 0.5


def test_few_steps_on_few_labels_are_learned():
    rows = finetune.class_rows(finetune.stories(6, 1), "ja")
    model = finetune.classifier(encoder.new(0))
    run = finetune.tune(model, rows, steps=120)
    assert run.mean_loss(5) < 0.3 < run.losses[0]
    assert finetune.score(model, rows) == 1.0


def test_batches_are_repeatable_rows():
    rows = finetune.class_rows(finetune.stories(30, 2), "zh-tw")
    first, again = (finetune.next_batch(rows, 3)() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in rows)
    known = {tuple(row.tolist()) for row in rows["input_ids"]}
    assert {tuple(row.tolist()) for row in first["input_ids"]} <= known
    assert not torch.equal(first["input_ids"], finetune.next_batch(rows, 4)()["input_ids"])


# --- label curves -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def curves():
    return results.load("labels")


def mean(curves, task, lang, model, *measures):
    table = curves[task][lang][model]
    return torch.tensor([list(table[m].values()) for m in measures]).mean().item()


def test_the_curves_say_how_they_were_made(curves):
    settings = curves["settings"]
    assert settings["steps"] == finetune.STEPS and settings["labels"] == list(script.LABELS)
    assert len(settings["seeds"]) >= 5
    assert {"python", "torch", "transformers"} == set(settings["versions"])
    for task, lang, model, n in script.runs():
        for scores in curves[task][lang][model].values():
            assert len(scores[str(n)]) == len(settings["seeds"])


def test_pretraining_helps_most_with_words_that_no_label_showed(curves, lang):
    new, old = ("opening_new", "later_new"), ("opening", "later")
    gain, smaller = (
        mean(curves, "names", lang, "encoder", *these)
        - mean(curves, "names", lang, "scratch", *these)
        for these in (new, old)
    )
    assert gain > 0.1 and gain > smaller


def test_the_causal_tagger_is_at_chance_where_a_name_opens_the_sentence(curves, lang):
    for scores in curves["names"][lang]["decoder"]["opening"].values():
        assert abs(sum(scores) / len(scores) - 0.5) < 0.1
    assert mean(curves, "names", lang, "encoder", "opening") > 0.9
    later = curves["names"][lang]["decoder"]["later"]["400"]
    assert sum(later) / len(later) > 0.9


def test_one_run_lands_among_the_shipped_ones(curves, lang):
    body = encoder.load()
    found = script.names("encoder", body, lang, 30, seed=0)
    for measure, score in found.items():
        shipped = curves["names"][lang]["encoder"][measure]["30"]
        assert min(shipped) - 0.1 <= score <= max(shipped) + 0.1, measure


def test_the_script_writes_what_the_lesson_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "SEEDS", range(1))
    monkeypatch.setattr(script, "TEST_ITEMS", 4)
    monkeypatch.setattr(finetune, "STEPS", 1)
    assert script.main(tmp_path / "labels.json") == 0
    found = json.loads((tmp_path / "labels.json").read_text(encoding="utf-8"))
    assert found.keys() == results.load("labels").keys()
    assert list(tmp_path.iterdir()) == [tmp_path / "labels.json"]
    for task, lang, model, n in script.runs():
        assert all(len(scores[str(n)]) == 1 for scores in found[task][lang][model].values())
