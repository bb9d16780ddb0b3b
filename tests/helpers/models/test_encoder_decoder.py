"""Lesson 05: cross-attention, the data of the four tasks, the shipped results, span corruption."""

import random

import lesson_cells
import pytest
import torch
import turns

from helpers import results
from helpers.language import say
from helpers.language.say import LANGUAGES
from helpers.models import alignment, encoder_decoder, spans
from helpers.results import tasks
from helpers.world import corpus

NEGATED = ("楽しくない", "寂しくない", "不開心", "不寂寞")  # of encoder_decoder.NEVER_NEGATED
RECIPES = sorted(set(tasks.RECIPES) - {"all"})


@pytest.fixture(autouse=True)
def japanese():
    say.use("ja")


@pytest.fixture(scope="module")
def model():
    return encoder_decoder.load()


# --- words and where they are -----------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_span_holds_the_word_of_the_lexicon(lang):
    key = corpus.key(lang)
    for event, _ in corpus.events():
        text, spans = corpus.sentence(event, lang).text, corpus.word_spans(event, lang)
        found = {word: text[span.start : span.stop] for word, span in spans.items()}
        thing = corpus.LEXICON["object"][event.object]
        verb = corpus.LEXICON["verb"][thing["verb"]]
        want = {
            "person": corpus.LEXICON["person"][event.person][key],
            "time": corpus.LEXICON["time"][event.time][key],
            "place": corpus.LEXICON["place"][event.place][key],
            "object": thing["name"][key],
            "verb": verb[key] + (verb["stem"] if lang == "ja" else ""),
        }
        if event.number is not None:
            want["number"] = corpus.LEXICON["number"][event.number][key]
            want["counter"] = thing["counter"][key]
        assert found == want


def by_hand(model, source, target, keys):
    """Weights of the last layer from its own matrices; keys: "encoder" or "decoder" (a fault)."""
    seen = {}
    attention = model.decoder.block[-1].layer[1].EncDecAttention
    hooks = [
        matrix.register_forward_pre_hook(lambda _, x, name=name: seen.update({name: x[0]}))
        for name, matrix in (("q", attention.q), ("k", attention.k))
    ]
    ids = encoder_decoder.TOKENIZER(target, return_tensors="pt").input_ids
    with torch.no_grad():
        model(**encoder_decoder.TOKENIZER(source, return_tensors="pt"), labels=ids)
        states = seen["k" if keys == "encoder" else "q"]
        for hook in hooks:
            hook.remove()
        q, k = (
            y.unflatten(-1, (attention.n_heads, -1)).transpose(1, 2)[0]
            for y in (attention.q(seen["q"]), attention.k(states))
        )
        return (q @ k.mT).softmax(-1)


@pytest.fixture
def example():
    return corpus.translations(corpus.exam("counted", 1)[0])[0]


def test_cross_attention_looks_from_the_decoder_into_the_encoder(model, example):
    before = model.config._attn_implementation
    got = encoder_decoder.cross_attentions(model, example.source, example.target)
    assert got.shape == (2, 4, len(example.target) + 1, len(example.source) + 1)
    assert torch.allclose(got.sum(-1), torch.ones(got.shape[:-1]), atol=1e-5)
    want = by_hand(model, example.source, example.target, "encoder")
    assert torch.allclose(got[-1], want, atol=1e-5)
    assert model.config._attn_implementation == before


def test_keys_from_the_wrong_side_would_be_seen(model, example):
    got = encoder_decoder.cross_attentions(model, example.source, example.target)
    wrong = by_hand(model, example.source, example.target, "decoder")
    assert wrong.shape != got[-1].shape
    same_length = corpus.prompt("to_ja", "zh-tw", example.source)[: len(example.target)]
    got = encoder_decoder.cross_attentions(model, same_length, example.target)
    wrong = by_hand(model, same_length, example.target, "decoder")
    assert wrong.shape == got[-1].shape and not torch.allclose(got[-1], wrong, atol=0.1)


def by_the_weights(model, event, lang):
    """{word: does most weight of its first character lie in the word of the same meaning?}"""
    [example] = [e for e in corpus.translations(event) if e.lang == lang]
    other = next(name for name in LANGUAGES if name != lang)
    here, there = (corpus.word_spans(event, name) for name in (lang, other))
    weights = encoder_decoder.cross_attentions(model, example.source, example.target)[-1].mean(0)
    prompt = len(example.source) - len(corpus.sentence(event, lang).text)
    at = {word: int(weights[there[word].start].argmax()) - prompt for word in there}
    return {word: at[word] in here[word] for word in there if word != "counter"}


def test_a_map_says_where_each_word_stands_and_is_looked_at(model):
    for event in corpus.exam("counted", 5):
        for lang in LANGUAGES:
            seen = alignment.of(model, event, lang, 2)
            assert seen.weights.shape == (len(seen.target), len(seen.source))
            text = corpus.sentence(event, lang).text
            for word, span in corpus.word_spans(event, lang).items():
                there = "".join(seen.source[seen.here[word].start : seen.here[word].stop])
                assert there == text[span.start : span.stop]
            assert {w: seen.hits(w) for w in alignment.WORDS} == by_the_weights(model, event, lang)


def test_only_a_trained_model_looks_at_the_word_it_translates(model):
    events = corpus.exam("counted", 20)
    trained, raw = (alignment.score(m, events, 2) for m in (model, encoder_decoder.new(1)))
    assert trained.aligned > 0.6 > 0.3 > raw.aligned
    assert trained.turned > 0.7 > raw.turned
    assert 0.05 < trained.chance == raw.chance < 0.12
    pairs = len(trained.kept) + len(trained.swapped)
    assert pairs == 40 * 15  # of six words


# --- what is trained on -----------------------------------------------------------------------


def loss_by_hand(model, batch, shift):
    """Cross-entropy with decoder inputs that are, or (a fault) are not, one token behind."""
    labels = batch["labels"]
    shown = labels.masked_fill(labels == -100, encoder_decoder.TOKENIZER.pad_token_id)
    if shift:
        start = torch.full_like(shown[:, :1], encoder_decoder.TOKENIZER.pad_token_id)
        shown = torch.cat([start, shown[:, :-1]], 1)
    with torch.no_grad():
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
        logits = model(**inputs, decoder_input_ids=shown).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()).item()


def test_the_decoder_reads_the_labels_one_token_behind(model):
    batch = encoder_decoder.next_batch(encoder_decoder.examples(20, split="test"))()
    with torch.no_grad():
        loss = model(**batch).loss.item()
    assert loss_by_hand(model, batch, shift=True) == pytest.approx(loss, abs=1e-5)
    assert loss_by_hand(model, batch, shift=False) > loss + 1  # labels not shifted


def leaks(examples):
    """Sentences of the examples, and those of a held-out (person, place)."""
    texts = [
        (e.target, "zh-tw" if e.task == "to_zh_tw" else "ja")
        for e in examples
        if e.task.startswith("to_")
    ]
    events = [event for text, lang in texts if (event := corpus.parse(text, lang))]
    return len(events), [event for event in events if corpus.held_out(event)]


@pytest.mark.parametrize("recipe", tasks.RECIPES)
def test_no_held_out_pair_is_trained_on(recipe, monkeypatch):
    n, leaked = leaks(tasks.examples(recipe, 100, 0))
    assert n == 200 and not leaked
    everything = corpus.draw
    monkeypatch.setattr(corpus, "draw", lambda rng, split, kind=None: everything(rng, None, kind))
    assert leaks(tasks.examples(recipe, 100, 0))[1]  # a leaking split would be seen


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_answers_on_withheld_negations_are_never_shown(recipe):
    shown = [e for e in tasks.examples(recipe, 400, 1) if any(n in e.source for n in NEGATED)]
    assert all(e.task.startswith("to_") for e in shown)
    assert bool(shown) == (recipe == "translated")
    seen = [e for e in tasks.examples("all", 400, 1) if any(n in e.source for n in NEGATED)]
    assert {e.task for e in seen} == {"summary", "sentiment"}  # the same test, red


def test_the_plain_recipes_are_what_the_shipped_models_are_trained_on():
    assert tasks.examples("all", 50, 3) == encoder_decoder.examples(50, 3)
    withheld = encoder_decoder.examples(50, 3, never_negated=encoder_decoder.NEVER_NEGATED)
    assert tasks.examples("withheld", 50, 3) == withheld


def test_the_steps_end_in_the_answer():
    rng = random.Random(0)
    for _ in range(100):
        story = corpus.draw_story(rng)
        for plain, spelled in zip(corpus.readings(story), tasks.in_steps(story), strict=True):
            assert plain._replace(target="") == spelled._replace(target="")
            assert spelled.target[-1] == plain.target[-1]
    sad = story._replace(adjective=3, negated=True)  # not lonely: good
    said = {e.lang: e.target for e in tasks.in_steps(sad) if e.task == "sentiment"}
    assert said == {"ja": "悪くない、良", "zh-tw": "不壞，好"}


# --- what came out ----------------------------------------------------------------------------


def runs(recipe):
    return [entry for entry in results.load("tasks")["runs"] if entry["recipe"] == recipe]


@pytest.mark.parametrize("recipe", tasks.RECIPES)
def test_the_results_are_complete(recipe):
    assert [entry["seed"] for entry in runs(recipe)] == list(range(tasks.SEEDS[recipe]))
    for entry in runs(recipe):
        assert entry["steps"] == encoder_decoder.STEPS == entry["curve"]["step"][-1]
        assert {"python", "torch", "transformers"} <= set(entry["versions"])
        for task in ("sentiment", "summary"):
            for withheld in (False, True):
                for negated in (False, True):
                    assert tasks.share(entry, task, withheld, negated)[1] >= 200


def test_what_was_shown_is_known_and_the_negations_never_shown_are_not():
    for recipe in tasks.RECIPES:
        for entry in runs(recipe):
            for withheld, negated in ((False, False), (False, True), (True, False)):
                assert tasks.share(entry, "sentiment", withheld, negated)[0] >= 0.95
    unseen = {
        recipe: [tasks.share(entry, "sentiment", True, True)[0] for entry in runs(recipe)]
        for recipe in tasks.RECIPES
    }
    assert min(unseen["all"]) >= 0.95
    assert max(unseen["withheld"] + unseen["translated"]) <= 0.6
    assert min(unseen["steps"]) >= 0.9


def in_pairs(recipe):
    """For each run and language: [right with one adjective, right with the other]."""
    hits = [tasks.right(entry, "sentiment") for entry in runs(recipe)]
    return [pair for each in hits for pair in (each[:2], each[2:])]


def test_a_negation_never_shown_is_composed_only_where_the_steps_are_written():
    """Cells are counted: the stories of one cell end in one sentence: one coin toss."""
    withheld = in_pairs("withheld")
    assert len(withheld) == 2 * tasks.SEEDS["withheld"] >= 8 and not any(map(all, withheld))
    assert sum(map(sum, withheld)) <= len(withheld)  # chance would be right in half of the cells
    assert sum(map(sum, in_pairs("translated"))) <= 2
    assert all(map(all, in_pairs("steps"))) and all(map(all, in_pairs("all")))


def test_translation_comes_first_and_polarity_last():
    for entry in runs("all"):
        curve = entry["curve"]
        first = {t: next(n for n, v in enumerate(curve[t]) if v >= 0.9) for t in corpus.TASKS}
        assert max(first["to_zh_tw"], first["to_ja"]) <= min(first["summary"], first["sentiment"])


def test_the_shipped_model_without_some_negations_is_the_one_of_the_results():
    model = encoder_decoder.load("never_negated")

    def right(adjectives, negated):
        told = [s for a in adjectives for s in tasks.stories(a, negated, 15)]
        asked = [e for s in told for e in corpus.readings(s) if e.task == "sentiment"]
        return encoder_decoder.exact_match(model, asked)["sentiment"]

    assert right(tasks.WITHHELD, negated=True) <= 0.6
    assert right(tasks.WITHHELD, negated=False) >= 0.95 <= right((1, 2, 4, 5), negated=True)


def test_a_run_takes_the_place_of_its_namesake(tmp_path):
    path, entry = tmp_path / "tasks.json", {"recipe": "withheld", "seed": 1}
    for extra in ({"loss": 1}, {"recipe": "all"}, {"loss": 2}):
        tasks.add(entry | extra, path)
    found = tasks.json.loads(path.read_text(encoding="utf-8"))["runs"]
    assert found == [{"recipe": "all", "seed": 1}, {"recipe": "withheld", "seed": 1, "loss": 2}]


@turns.in_ci
def test_a_short_run_has_a_curve_and_every_cell(monkeypatch):
    monkeypatch.setattr(tasks, "EVERY", 2)
    monkeypatch.setattr(tasks, "N_CURVE", 2)
    drawn = tasks.examples  # of 8,000 events, which takes longer than the four steps
    monkeypatch.setattr(tasks, "examples", lambda recipe, n, *of: drawn(recipe, min(n, 50), *of))
    monkeypatch.setattr(tasks, "stories", lambda adjective, negated: two[adjective, negated])
    two = {(a, n): [story_with(a, n)] for a in tasks.ADJECTIVES for n in (False, True)}
    entry = tasks.run("steps", 0, steps=4)
    assert entry["curve"]["step"] == [2, 4]
    assert len(entry["cells"]) == 6 * 2 * 2 * 2
    assert tasks.share(entry, "sentiment", withheld=True, negated=True)[1] == 4


def story_with(adjective, negated):
    story = corpus.draw_story(random.Random(1), "test")
    return story._replace(adjective=adjective, negated=negated)


# --- the lesson's own checks ------------------------------------------------------------------


def spans_checked(spoil=lambda source, target: (source, target)):
    """The lesson's check of span corruption, one of the 200 pairs spoiled before it."""
    honest = spans.corrupted

    def corrupted(tokens, rng):
        pair = honest(tokens, rng)
        return spoil(*pair) if rng.random() < 0.05 else pair

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spans, "corrupted", corrupted)
        lesson_cells.measured(
            "05_encoder_decoder", "C13", "spans-measure", "spans-check", "spans-claim"
        )


def test_span_corruption_passes_its_checks():
    spans_checked()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda source, target: ([t for t in source if t != "<extra_id_3>"], target),
        lambda source, target: (source, [t for t in target if t != "<extra_id_3>"]),
        lambda source, target: (
            ["<extra_id_2>" if t == "<extra_id_3>" else t for t in source],
            target,
        ),
        lambda source, target: (source, target[:-1]),
        lambda source, target: (source, target[:-2] + target[-1:]),
        lambda source, target: ([source[1], source[0], *source[2:]], target),
    ],
    ids=["missing", "missing_in_target", "duplicated", "no_end", "token_lost", "order_changed"],
)
def test_a_fault_in_span_corruption_turns_the_lesson_red(spoil):
    with pytest.raises(AssertionError):
        spans_checked(spoil)
