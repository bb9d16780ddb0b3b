"""Tokenizers, the training loop and the three models, before any of them has learned much."""

import math
import random

import pytest
import torch
import turns

from helpers.language import say
from helpers.models import decoder, encoder, encoder_decoder, training
from helpers.world import corpus, tokenizer

MODULES = (encoder, decoder, encoder_decoder)


@pytest.fixture(autouse=True)
def japanese():
    say.use("ja")


# --- tokenizer --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", tokenizer.FRAMES)
def test_a_character_is_a_token_and_comes_back(name):
    tokens = tokenizer.load(name)
    rng = random.Random(0)
    for lang in say.LANGUAGES:
        text = corpus.sentence(corpus.draw(rng), lang).text
        ids = tokens(tokenizer.tagged(text, lang)).input_ids
        before, after = tokenizer.FRAMES[name]
        assert len(ids) == len(before) + 1 + len(text) + len(after)
        assert tokens.decode(ids, skip_special_tokens=True) == text
        assert tokens.unk_token_id not in ids


def test_the_three_share_one_vocabulary():
    first, *others = (tokenizer.load(name).get_vocab() for name in tokenizer.FRAMES)
    assert all(vocabulary == first for vocabulary in others)
    assert len(first) == len(tokenizer.SPECIAL) + len(corpus.characters())


def test_special_tokens_are_found_inside_a_text():
    tokens = tokenizer.load("encoder_decoder")
    ids = tokens(f"{tokenizer.SENTINELS[0]}本{tokenizer.SENTINELS[1]}").input_ids
    assert tokens.convert_ids_to_tokens(ids) == ["<extra_id_0>", "本", "<extra_id_1>", "</s>"]


def test_an_unknown_character_and_an_unknown_architecture():
    tokens = tokenizer.load("decoder")
    assert tokens("Q").input_ids == [tokens.bos_token_id, tokens.unk_token_id, tokens.eos_token_id]
    with pytest.raises(ValueError, match=r"'gpt'.*encoder_decoder"):
        tokenizer.load("gpt")


def test_subwords_are_longer_than_characters_and_restore_the_text():
    rng = random.Random(0)
    texts = [corpus.sentence(corpus.draw(rng), "ja").text for _ in range(500)]
    pairs = tokenizer.subwords(texts, 400)
    assert len(pairs) == 400
    assert len(pairs.tokenize(texts[0])) < len(texts[0]) / 2
    assert "".join(pairs.tokenize(texts[0])) == texts[0]


# --- what is trained on -----------------------------------------------------------------------


@pytest.mark.parametrize("module", [encoder, decoder])
def test_training_rows_hold_no_held_out_pair(module):
    """The leaking split: read every row back with the exact parser."""
    ids = module.rows(300, seed=5)
    texts = module.TOKENIZER.batch_decode(ids, skip_special_tokens=True)
    events = [
        corpus.parse(text, lang) for text, lang in zip(texts, ["ja", "zh-tw"] * 300, strict=True)
    ]
    assert len(events) == 600
    assert not any(event is None or corpus.held_out(event) for event in events)


def test_a_leaking_split_would_be_seen(monkeypatch):
    everything = corpus.draw
    monkeypatch.setattr(corpus, "draw", lambda rng, split, kind=None: everything(rng, None, kind))
    with pytest.raises(AssertionError):
        test_training_rows_hold_no_held_out_pair(encoder)


def test_examples_of_the_two_splits_share_no_source():
    train, test = (encoder_decoder.examples(200, 1, split) for split in ("train", "test"))
    assert len(train) == len(test) == 1200
    assert not {e.source for e in train} & {e.source for e in test}


def test_only_hidden_characters_are_labels():
    ids = encoder.rows(200)
    batch = encoder.mask(ids, 0.4, torch.Generator().manual_seed(0))
    hidden = batch["labels"] != -100
    assert (batch["input_ids"][hidden] == encoder.TOKENIZER.mask_token_id).all()
    assert (batch["labels"][hidden] == ids[hidden]).all()
    assert (batch["input_ids"][~hidden] == ids[~hidden]).all()
    characters = ids >= len(tokenizer.SPECIAL)
    assert not (hidden & ~characters).any()
    share = hidden.sum().item() / characters.sum().item()
    assert abs(share - 0.4) < 4 * math.sqrt(0.24 / characters.sum().item())


def test_padding_is_no_label():
    batch = decoder.next_batch(decoder.rows(50))()
    padded = batch["input_ids"] == decoder.TOKENIZER.pad_token_id
    assert padded.any()
    assert (batch["labels"] == -100).equal(padded) and (batch["attention_mask"] == 0).equal(padded)
    both = encoder_decoder.next_batch(encoder_decoder.examples(20))()
    assert both["labels"][both["labels"] == -100].numel() > 0
    assert set(both) == {"input_ids", "attention_mask", "labels"}


# --- models -----------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_size_and_first_loss(module):
    """Nothing learned: the loss is about that of a uniform guess."""
    model = module.new(0)
    assert 100_000 < training.parameter_count(model) < 250_000
    data = module.examples(30) if module is encoder_decoder else module.rows(30)
    with torch.no_grad():
        loss = model(**module.next_batch(data)()).loss.item()
    if module is not encoder_decoder:  # T5's output is not scaled at the start
        assert abs(loss - math.log(len(module.TOKENIZER))) < 0.5


def test_the_compared_models_train_on_equal_flops():
    cost = {}
    for module in (encoder, decoder):
        batch = module.next_batch(module.rows(100))()
        cost[module] = training.step_flops(module.new(), batch) * module.STEPS
    assert cost[encoder] == pytest.approx(cost[decoder], rel=0.01)


def test_step_flops_against_a_count_by_hand():
    """One linear layer: forward 2 m n k, backward twice that (less the unused input gradient)."""

    class Line(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(8, 16, bias=False)

        def forward(self, x):
            return type("Output", (), {"loss": self.layer(x).sum()})()

    assert training.step_flops(Line(), {"x": torch.ones(4, 8)}) == 2 * (2 * 4 * 8 * 16)


@pytest.mark.parametrize("module", [encoder, decoder])
def test_guesses_are_characters_of_the_slot(module):
    events = corpus.exam("counted", 5)
    for slot in ("verb", "counter", "time"):
        for lang in say.LANGUAGES:
            found = module.guesses(module.new(), events, slot, lang)
            assert len(found) == 5 and set(found) <= set(corpus.candidates(lang, slot))


def test_the_decoders_guess_does_not_depend_on_what_stands_right():
    """It reads the left text alone: events that differ to the right get the same guess."""
    event = corpus.exam("counted", 1)[0]
    others = [event._replace(object=o) for o, p in corpus.PAIRS if p == event.place]
    found = decoder.guesses(decoder.new(3), others, "verb", "zh-tw")
    assert len(others) > 3 and len(set(found)) == 1


def test_log_probability_is_the_sum_over_the_next_tokens():
    """One token after the other, in passes of their own."""
    model, tokens = decoder.new(1), decoder.TOKENIZER
    text = corpus.sentence(corpus.exam("plain", 1)[0], "ja").text
    ids = tokens(tokenizer.tagged(text, "ja"), return_tensors="pt").input_ids
    total = 0.0
    with torch.no_grad():
        for t in range(2, ids.size(1)):
            logp = model(ids[:, :t], attention_mask=torch.ones(1, t)).logits[0, -1].log_softmax(-1)
            total += logp[ids[0, t]].item()
    got = decoder.log_probability(model, [text, text + "本本"], "ja")
    assert got[0].item() == pytest.approx(total, abs=1e-3)


def test_rescoring_picks_the_likeliest_sentence():
    model, event = decoder.new(2), corpus.exam("counted", 1)[0]
    told = corpus.sentence(event, "zh-tw")
    options = corpus.candidates("zh-tw", "verb")
    scores = [
        decoder.log_probability(model, [told.filled("verb", c)], "zh-tw").item() for c in options
    ]
    best = options[max(range(len(options)), key=scores.__getitem__)]
    assert decoder.rescored(model, [event], "verb", "zh-tw") == [best]


def test_samples_are_repeatable_and_start_as_told():
    model = decoder.new(0)
    first, again = (decoder.sample(model, "ja", 3, seed=4, start="昨日") for _ in range(2))
    assert first == again and all(text.startswith("昨日") for text in first)
    assert decoder.sample(model, "ja", 3, seed=5, start="昨日") != first


def test_exact_match_counts_whole_answers(monkeypatch):
    data = encoder_decoder.examples(2, split="test")
    answers = [e.target for e in data]
    answers[0] = answers[0][:-1]
    monkeypatch.setattr(encoder_decoder, "answer", lambda model, sources: answers)
    found = encoder_decoder.exact_match(None, data)
    assert found == {"to_zh_tw": 0.5, "to_ja": 1.0, "summary": 1.0, "sentiment": 1.0}


# --- training ---------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_weights_to_the_bit():
    def weights(seed):
        model = decoder.new(seed)
        training.train(model, decoder.next_batch(decoder.rows(50), seed), 5, 5e-3)
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    first = weights(0)
    assert first.equal(weights(0)) and not first.equal(weights(1))


@pytest.mark.parametrize("module", turns.by_turns(1, MODULES))
def test_training_lowers_the_loss(module):
    data = module.examples(100) if module is encoder_decoder else module.rows(200)
    run = training.train(module.new(), module.next_batch(data), 60, module.LEARNING_RATE)
    assert len(run.losses) == 60 and not run.stopped
    assert run.mean_loss(10) < 0.8 * sum(run.losses[:5]) / 5


def test_an_interrupted_model_keeps_what_it_learned():
    model, before = decoder.new(), decoder.new()

    def stop(step):
        if step == 3:
            raise KeyboardInterrupt

    batches = decoder.next_batch(decoder.rows(50))
    run = training.train(model, batches, 50, 5e-3, after_step=stop)
    assert run.stopped and len(run.losses) == 3 and not model.training
    assert not torch.equal(model.lm_head.weight, before.lm_head.weight)


def test_the_pace_warms_up_and_ends_low():
    paces = [training.learning_rate_share(n, 1000) for n in range(1000)]
    assert paces[0] == pytest.approx(1 / training.WARM_UP, rel=0.01)
    assert max(paces) > 0.99 and paces.index(max(paces)) == training.WARM_UP - 1
    assert paces[-1] == pytest.approx(training.FLOOR, rel=0.01)


# --- what the decoder writes ------------------------------------------------------------------


def test_a_start_is_continued_and_the_likeliest_token_needs_no_seed():
    model = decoder.new()
    starts = ["昨日", "明日"]
    drawn = decoder.continued(model, "ja", starts, do_sample=False)
    assert [text[:2] for text in drawn] == starts
    assert drawn == decoder.continued(model, "ja", starts, seed=1, do_sample=False)
    assert decoder.sample(model, "ja", 2, start="昨") == decoder.continued(model, "ja", ["昨"] * 2)
    with pytest.raises(ValueError):
        decoder.continued(model, "ja", ["昨", "明日"])
