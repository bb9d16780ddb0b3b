"""Heads on a pretrained body: what is copied, what is labelled, what a score counts; lesson 03's
label curves as shipped."""

import json
import random
from collections import Counter
from types import SimpleNamespace

import pytest
import torch
import turns

from helpers import results
from helpers.language import say
from helpers.language.say import LANGUAGES
from helpers.models import decoder, encoder, finetune, pretrained
from helpers.results import corruption
from helpers.results import labels as script
from helpers.world import corpus, moods, tokenizer


@pytest.fixture(autouse=True)
def japanese():
    say.use("ja")


@pytest.fixture(params=turns.by_turns(0, LANGUAGES))
def lang(request):
    return request.param


# --- heads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [finetune.tagger, finetune.classifier])
def test_the_body_is_that_of_the_pretrained_model_and_the_head_is_new(make):
    body = pretrained.new(5)
    model, other = make(body, seed=0), make(body, seed=1)
    for name, weight in body.bert.state_dict().items():
        assert torch.equal(model.bert.state_dict()[name], weight), name
    assert not torch.equal(model.classifier.weight, other.classifier.weight)
    scratch = make(None, seed=0).bert.embeddings.word_embeddings.weight
    assert not torch.equal(scratch, body.bert.embeddings.word_embeddings.weight)


def test_another_body_is_refused():
    for body in (decoder.new(), finetune.causal_tagger(), encoder.new()):
        with pytest.raises(ValueError, match=type(body).__name__):
            finetune.tagger(body)
    with pytest.raises(ValueError, match="BertForMaskedLM"):
        finetune.causal_tagger(encoder.new())


def test_only_the_causal_tagger_decides_before_it_has_read_on(lang):
    """Same name, another continuation: its logits at the first name are equal to the last bit.

    Both stand in the same row: another row of a batch may be rounded otherwise.
    """
    said = [s for s in finetune.named(lang, 200, 0) if s.opens]
    name = said[0].text[:2]
    two = next([a, b] for a in said for b in said if a.text[:2] == b.text[:2] and a.tags != b.tags)
    assert name
    for model, tokens, moved in (
        (finetune.causal_tagger(decoder.new(1)), decoder.TOKENIZER, False),
        (finetune.tagger(pretrained.new(1)), pretrained.TOKENIZER, True),
    ):
        rows = finetune.tag_rows(two, lang, tokens)
        with torch.no_grad():
            one, other = (
                model(ids, attention_mask=mask).logits[0, :4]  # start, language, two characters
                for ids, mask in (
                    (rows["input_ids"], rows["attention_mask"]),
                    (rows["input_ids"].flip(0), rows["attention_mask"].flip(0)),
                )
            )
        gap = (one - other).abs().max().item()
        assert (gap > 0) == moved


# --- labelled data ----------------------------------------------------------------------------


@pytest.mark.parametrize("tokens", [pretrained.TOKENIZER, decoder.TOKENIZER])
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
        finetune.tag_rows(said, lang, pretrained.TOKENIZER, asked)["labels"]
        for asked in finetune.ASKED
    )
    asked = torch.stack([opening, later]) != finetune.IGNORED
    assert asked.any(0).equal(everything > 0)
    assert not asked.all(0).any()
    assert asked[0].sum(1).tolist() == [2 * sentence.opens for sentence in said]
    with pytest.raises(ValueError, match="'first'"):
        finetune.tag_rows(said, lang, pretrained.TOKENIZER, "first")


def test_a_name_that_opens_the_sentence_is_as_often_a_person_as_a_place(lang):
    kinds = Counter(s.tags[0] for s in finetune.named(lang, 300, 5))
    assert kinds == {"PER": 100, "LOC": 100, "O": 100}


def named(sentences):
    """The names in them."""
    return {
        s.text[at : at + 2]
        for s in sentences
        for at, tag in enumerate(s.tags)
        if tag != "O" and s.tags[at - 1 : at] != [tag]
    }


def test_names_of_the_test_are_many_and_never_labelled(lang):
    found = {table: named(finetune.named(lang, 60, 6, table)) for table in corpus.NAMES}
    words = {t: set(corpus.LEXICON["names"][t][corpus.key(lang)].split()) for t in corpus.NAMES}
    assert all(found[table] <= words[table] for table in corpus.NAMES)
    assert len(set.union(*words.values())) == sum(map(len, words.values())) >= 40
    test = finetune.named(lang, script.TEST_ITEMS, "test", "never_labelled", test=True)
    assert named(test) == words["never_labelled"] and len(words["never_labelled"]) >= 10
    assert len({s.text for s in test}) == script.TEST_ITEMS


def read_in_pretraining():
    """The texts of the pre-training, without special tokens."""
    decoded = pretrained.TOKENIZER.batch_decode(pretrained.rows(), skip_special_tokens=True)
    return {text.replace("<ja>", "").replace("<zh-tw>", "") for text in decoded}


@turns.in_ci
def test_pretraining_reads_every_character_and_no_sentence_of_a_test():
    texts = read_in_pretraining()
    letters = set("".join(texts))
    for lang in LANGUAGES:
        tests = [
            finetune.named(lang, 150, "test", t, test=True) for t in ("labelled", "never_labelled")
        ]
        asked = {s.text for some in tests for s in some}
        assert not asked & texts and set("".join(asked)) <= letters
        assert not any(text.startswith(m.text(lang)) for m in moods.NEW for text in texts)
        labelled = {s.text for s in finetune.named(lang, 300, 0)}
        assert not labelled & asked and labelled & texts
    assert set("".join(m.text(lang) for m in moods.EVERY for lang in LANGUAGES)) <= letters


def alike(model, tokens):
    """Mean cosine of the vectors of different characters of which no event has one."""
    seen = set(encoder.rows(3000).unique().tolist())
    names = {
        c
        for both in corpus.LEXICON["names"].values()
        if isinstance(both, dict)
        for text in both.values()
        if isinstance(text, str)
        for c in text.replace(" ", "")
    }
    ids = [n for n in tokens.convert_tokens_to_ids(sorted(names)) if n not in seen]
    vectors = torch.nn.functional.normalize(model.get_input_embeddings().weight[ids], dim=1)
    return (vectors @ vectors.T).triu(1).sum().item() / (len(ids) * (len(ids) - 1) / 2)


def test_characters_that_pretraining_read_have_vectors_of_their_own():
    """Those that the first encoder never saw lie on one point: a name would be any other name."""
    assert alike(encoder.load(), encoder.TOKENIZER) > 0.99
    assert alike(pretrained.load(), pretrained.TOKENIZER) < 0.6


def test_moods_are_many_and_half_of_them_good():
    assert len(moods.LEXICON["adjective"]) >= 30
    assert {len({mood.text(lang) for mood in moods.EVERY}) for lang in LANGUAGES} == {192}
    for some in (moods.SEEN, moods.NEW):
        assert abs(sum(mood.positive for mood in some) / len(some) - 0.5) < 0.05


def test_the_adjective_alone_is_wrong_for_every_new_way():
    assert not any(moods.by_adjective(mood) == mood.positive for mood in moods.NEW)
    right = sum(moods.by_adjective(mood) == mood.positive for mood in moods.SEEN)
    assert 0.7 < right / len(moods.SEEN) < 0.9
    said = finetune.drawn_moods(100, 0)
    assert len(set(said)) == 100 and not any(mood.is_new for mood in said)


def test_what_stands_behind_an_unlabelled_mood_fits_it(lang):
    rng = random.Random(0)
    texts = {moods.unlabelled(rng, lang) for _ in range(500)}
    for mood in moods.SEEN:
        ends = {
            text.removeprefix(mood.text(lang)) for text in texts if text.startswith(mood.text(lang))
        }
        right = {
            end[corpus.key(lang)] for end in moods.LEXICON["after"][("bad", "good")[mood.positive]]
        }
        assert ends <= right


def test_more_characters_stand_behind_all_others():
    own, longer = encoder.TOKENIZER.get_vocab(), pretrained.TOKENIZER.get_vocab()
    assert own.items() <= longer.items() and len(longer) - len(own) == len(moods.characters())
    assert tokenizer.load("encoder").get_vocab() == own


# --- scores -----------------------------------------------------------------------------------


def test_a_score_counts_only_what_is_asked():
    logits = torch.nn.functional.one_hot(torch.tensor([[0, 1, 2, 1]]), 3).float()
    rows = {"input_ids": torch.zeros(1, 4), "labels": torch.tensor([[-100, 1, 0, -100]])}
    assert finetune.score(lambda **inputs: SimpleNamespace(logits=logits), rows) == 0.5


def test_few_steps_on_few_labels_are_learned():
    rows = finetune.class_rows(finetune.drawn_moods(6, 1), "ja")
    model = finetune.classifier()
    run = finetune.tune(model, rows, 0, 120, 2e-3)
    assert run.mean_loss(5) < 0.3 < run.losses[0]
    assert finetune.score(model, rows) == 1.0


def test_batches_are_repeatable_rows():
    rows = finetune.class_rows(finetune.drawn_moods(30, 2), "zh-tw")
    first, again = (finetune.next_batch(rows, 3)() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in rows)
    known = {tuple(row.tolist()) for row in rows["input_ids"]}
    assert {tuple(row.tolist()) for row in first["input_ids"]} <= known
    assert not torch.equal(first["input_ids"], finetune.next_batch(rows, 4)()["input_ids"])


# --- label curves -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def curves():
    return results.load("labels")


def test_the_curves_say_how_they_were_made(curves):
    settings = curves["settings"]
    assert len(settings["seeds"]) >= 5
    assert {"python", "torch", "transformers"} == set(settings["versions"])
    for task, lang, model, n in script.runs():
        for scores in curves[task][lang][model].values():
            assert len(scores[str(n)]) == len(settings["seeds"])
    assert max(script.LABELS) <= len(moods.SEEN)


def test_steps_and_rate_are_chosen_for_each_task_and_model(curves):
    """The best of what was tried, on words that are in no test."""
    for task, models in script.COUNTS.items():
        for model in models:
            found = curves["settings"]["chosen"][task][model]
            pace = f"{found['steps']} {found['learning_rate']:g}"
            assert found["tried"][pace] == max(found["tried"].values())
            assert len(found["tried"]) == len(script.STEPS) * len(script.RATES)


def test_pretraining_helps_most_where_labels_are_few(curves, lang):
    new = ("opening_new", "later_new")
    gains = [
        at(curves, "names", lang, "pretrained", n, *new)
        - at(curves, "names", lang, "scratch", n, *new)
        for n in script.LABELS
    ]
    assert gains[0] > 0.1 and gains[0] > gains[-1] > -0.05


def at(curves, task, lang, model, n, *measures):
    """Mean over measures and seeds for n labelled sentences."""
    return torch.tensor([curves[task][lang][model][m][str(n)] for m in measures]).mean().item()


def test_the_causal_tagger_is_at_chance_where_a_name_opens_the_sentence(curves, lang):
    most = max(script.LABELS)
    assert abs(at(curves, "names", lang, "decoder", most, "opening") - 0.5) < 0.1
    assert at(curves, "names", lang, "pretrained", most, "opening") > 0.9
    assert at(curves, "names", lang, "decoder", most, "later") > 0.9


def test_one_run_lands_among_the_shipped_ones(curves, lang):
    chosen = curves["settings"]["chosen"]["names"]["pretrained"]
    pace = chosen["steps"], chosen["learning_rate"]
    found = script.names("pretrained", pretrained.load(), lang, 30, 0, pace)
    for measure, score in found.items():
        shipped = curves["names"][lang]["pretrained"][measure]["30"]
        assert min(shipped) - 0.1 <= score <= max(shipped) + 0.1, measure


@turns.in_ci
def test_the_script_writes_what_the_lesson_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "SEEDS", range(1))
    monkeypatch.setattr(script, "TEST_ITEMS", 6)
    monkeypatch.setattr(script, "STEPS", (1, 2))
    assert script.main(tmp_path / "labels.json") == 0
    found = json.loads((tmp_path / "labels.json").read_text(encoding="utf-8"))
    assert found.keys() == results.load("labels").keys()
    assert list(tmp_path.iterdir()) == [tmp_path / "labels.json"]
    for task, lang, model, n in script.runs():
        assert all(len(scores[str(n)]) == 1 for scores in found[task][lang][model].values())


# --- [MASK] alone, and 80/10/10 ---------------------------------------------------------------


def test_of_the_chosen_characters_eight_of_ten_are_masked_and_the_rest_of_two_kinds():
    rows = pretrained.rows(400)
    masked = encoder.mask(rows, 0.4, torch.Generator().manual_seed(0))
    changed = corruption.eighty_ten_ten(masked, torch.Generator().manual_seed(1))
    chosen, ids = masked["labels"] != finetune.IGNORED, changed["input_ids"]
    assert torch.equal(changed["labels"], masked["labels"])
    assert torch.equal(ids[~chosen], rows[~chosen])
    is_mask, same = ids == pretrained.TOKENIZER.mask_token_id, ids == rows
    shares = [part[chosen].float().mean().item() for part in (is_mask, same, ~is_mask & ~same)]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.01) and chosen.sum() > 5000
    others = ids[chosen & ~is_mask & ~same].unique()
    assert others.min() >= len(tokenizer.SPECIAL) and len(others) > 0.8 * len(pretrained.TOKENIZER)


def test_both_ways_choose_the_same_characters_of_the_same_rows():
    rows = pretrained.rows(50)
    mask, mixed = (corruption.next_batch(rows, name, 2) for name in corruption.CORRUPTIONS)
    for _ in range(3):
        assert torch.equal(mask()["labels"], mixed()["labels"])


def test_what_stands_there_is_told_in_plain_sight_and_not_behind_a_mask():
    def copies(input_ids, **_):
        logits = torch.nn.functional.one_hot(input_ids, len(pretrained.TOKENIZER)).float()
        return SimpleNamespace(logits=logits)

    rows = pretrained.rows(30)
    assert corruption.told(copies, rows, 0) == 1 and corruption.told(copies, rows, 0.15) == 0


def test_the_record_says_what_the_lesson_says():
    made = results.load("corruption")
    runs = {(run["corruption"], run["seed"]): run for run in made["runs"]}
    assert set(runs) == {(c, seed) for c in corruption.CORRUPTIONS for seed in corruption.SEEDS}
    assert made["settings"]["steps"] == corruption.STEPS
    mask, mixed = ([runs[c, seed] for seed in corruption.SEEDS] for c in corruption.CORRUPTIONS)
    assert all(0.35 < run["hidden"] < 0.45 for run in runs.values())
    assert max(run["visible"] for run in mask) < 0.3
    assert min(run["visible"] for run in mixed) > 0.7
    both = [
        (one["names"][lang], other["names"][lang])
        for one, other in zip(mask, mixed, strict=True)
        for lang in LANGUAGES
    ]
    means = [sum(scores) / len(scores) for scores in zip(*both, strict=True)]
    assert [f"{mean:.2f}" for mean in means] == ["0.80", "0.87"]
    assert sum(other < one for one, other in both) == 2


def test_the_script_writes_what_the_record_has(tmp_path, monkeypatch):
    pace = {"chosen": {"names": {"pretrained": {"steps": 1, "learning_rate": 1e-3}}}}
    monkeypatch.setattr(corruption, "load", lambda _: {"settings": pace})
    for name, small in (("SEEDS", range(1)), ("STEPS", 2), ("TRAINED", 20), ("TEST_ITEMS", 6)):
        monkeypatch.setattr(corruption, name, small)
    assert corruption.main(tmp_path / "corruption.json") == 0
    found = json.loads((tmp_path / "corruption.json").read_text(encoding="utf-8"))
    shipped = results.load("corruption")
    assert found.keys() == shipped.keys() and found["settings"].keys() == shipped["settings"].keys()
    assert [run.keys() for run in found["runs"]] == [run.keys() for run in shipped["runs"][::3]]
