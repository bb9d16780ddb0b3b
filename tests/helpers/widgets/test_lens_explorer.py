"""The logit lens against the model's own layers; a model that nobody keeps is let go."""

import gc
import math
import re
import weakref

import pytest
import tiny_models
import torch

from helpers.language import say
from helpers.models import real
from helpers.widgets import AttentionExplorer, LensExplorer, Refused
from helpers.widgets.explorers import lens, reading

TEXT = tiny_models.TEXT
NORMS = {"gpt2": lambda model: model.transformer.ln_f, "llama": lambda model: model.model.norm}


@pytest.fixture(autouse=True, params=["ja", "zh-tw"])
def lang(request):
    say.use(request.param)
    return request.param


def decoder(name):
    model, tokenizer = tiny_models.models()[name]
    return model.eval(), tokenizer


def shown(picture):
    """{label: share} of the bars, the last prediction's last."""
    labels = re.findall(r'<g role="rowheader"><text[^>]*>(.*?)</text>', picture)
    shares = [float(x) for x in re.findall(r">(\d\.\d{3})</text>", picture)]
    assert len(labels) == len(shares) > 1
    return dict(zip(labels, shares, strict=True))


@torch.no_grad()
def by_hand(name, layer, text=TEXT, norm=None):
    """The distribution (V,) that is read behind a layer, from the stream that a hook sees."""
    model, tokenizer = decoder(name)
    body = model.transformer if name == "gpt2" else model.model
    blocks, seen = (body.h if name == "gpt2" else body.layers), {}
    hooks = [
        block.register_forward_hook(lambda _, __, out, n=n: seen.update({n: out}))
        for n, block in enumerate(blocks, 1)
    ]
    hooks.append(blocks[0].register_forward_pre_hook(lambda _, given: seen.update({0: given[0]})))
    model(tokenizer(text, return_tensors="pt").input_ids)
    for hook in hooks:
        hook.remove()
    stream = seen[layer][0] if isinstance(seen[layer], tuple) else seen[layer]
    return model.lm_head((norm or NORMS[name](model))(stream))[0, -1].softmax(-1)


def same(found, shares, tokenizer):
    best = {tokenizer.decode([i]).strip(): shares[i].item() for i in shares.argsort()[-8:]}
    return all(name in found and abs(found[name] - p) <= 6e-4 for name, p in best.items())


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_it_shows_what_the_last_norm_and_the_output_matrix_make_of_a_layer(name, layer):
    model, tokenizer = decoder(name)
    found = shown(LensExplorer(model, tokenizer, text="猫")(text=TEXT, layer=layer).picture)
    shares = by_hand(name, layer)
    final = by_hand(name, 2).argmax().item()
    *_, last = found.values()
    assert last == pytest.approx(shares[final].item(), abs=6e-4)
    found[tokenizer.decode([final])] = last
    assert same(found, shares, tokenizer)
    other = by_hand(name, layer, norm=lambda x: 3 * x)  # a norm that is left out would be seen
    assert not same(found, other, tokenizer)


@pytest.mark.parametrize("name", NORMS)
def test_behind_all_layers_is_the_models_own_prediction(name):
    model, tokenizer = decoder(name)
    seen = LensExplorer(model, tokenizer, text=TEXT)(layer=2)
    with torch.no_grad():
        p = model(tokenizer(TEXT, return_tensors="pt").input_ids).logits[0, -1].softmax(-1)
    token = tokenizer.decode([p.argmax()])
    assert list(shown(seen.picture))[-1] == say.text("lens_explorer", "final", token=token)
    assert seen.sentence.count(token) >= 2 and f"{p.max().item():.3f}" in seen.sentence


def logits(*shares):
    return [math.log(share) for share in shares]


ROWS = [logits(0.5, 0.3, 0.2), logits(0.2, 0.6, 0.2), logits(0.6, 0.3, 0.1), logits(0.1, 0.7, 0.2)]
LABELS = ["猫", "犬", "鳥"]


@pytest.mark.parametrize(("layer", "rank", "share"), [(0, 2, 0.3), (1, 1, 0.6), (2, 2, 0.3)])
def test_the_sentence_tells_rank_and_share_of_the_last_prediction(lang, layer, rank, share):
    say.use(lang)
    explorer = LensExplorer.of(ROWS, LABELS)
    sentence = explorer(layer=layer).sentence
    place = {
        "ja": f"3個のうち{rank}番目（確率{share:.3f}）",
        "zh-tw": f"排第 {rank}（機率 {share:.3f}）",
    }
    assert place[lang] in sentence
    assert {"ja": "3層を通ってから", "zh-tw": "通過 3 層，它才"}[lang] in sentence
    *others, last = shown(explorer(layer=layer).picture).items()
    assert last == (say.text("lens_explorer", "final", token="犬"), share)
    assert "犬" not in dict(others) and len(others) == 2


@pytest.mark.parametrize(
    ("ranks", "settled"), [([1, 1, 1], 0), ([2, 1, 1], 1), ([1, 2, 1], 2), ([3, 2, 1], 2)]
)
def test_settled_is_the_layer_from_which_nothing_changes(ranks, settled):
    layers = [lens.LensLayer([(0, 1.0)], 1.0, rank) for rank in ranks]
    assert lens.Lens(layers, 0, 2).settled == settled


def test_tensors_and_lists_look_the_same():
    one, other = LensExplorer.of(ROWS, LABELS), LensExplorer.of(torch.tensor(ROWS), LABELS)
    assert [one(layer=n).picture for n in range(4)] == [other(layer=n).picture for n in range(4)]
    with pytest.raises(ValueError, match=r"2.*3"):
        LensExplorer.of(ROWS, LABELS[:2])


def test_a_layer_needs_no_new_run_and_training_does(monkeypatch):
    model, tokenizer = tiny_models.models()["llama"]
    runs = []
    monkeypatch.setattr(lens, "_read", lambda *a: runs.append(a) or real_read(*a))
    explorer = LensExplorer(model, tokenizer, text=TEXT)
    for layer in (0, 1, 2):
        explorer(layer=layer)
    assert len(runs) == 1
    weight, kept = model.lm_head.weight, model.lm_head.weight.detach().clone()
    try:
        with torch.no_grad():
            weight.copy_(weight.roll(1, 0))
        explorer()
        assert len(runs) == 2
    finally:
        with torch.no_grad():
            weight.copy_(kept)


real_read = lens._read


def test_a_model_that_a_lesson_drops_is_let_go_and_said_to_be_gone(lang):
    say.use(lang)
    model, tokenizer = real.stand_in("smollm2"), real.stand_in("smollm2", "tokenizer")
    explorer, kept = LensExplorer(model, tokenizer, text="猫"), weakref.ref(model)
    del model
    gc.collect()
    assert kept() is None, "the explorer keeps the weights in memory"
    gone = say.text("lens_explorer", "gone")
    with pytest.raises(Refused) as told:
        explorer(text="犬")
    assert str(told.value) == gone
    before = explorer.drawing
    values = {"text": "猫", "layer": 1}
    explorer.hear({"action": "set", "request": "r", "values": values})
    assert explorer.notes == {"text": gone} and explorer.drawing is before
    assert explorer.errors == []


@pytest.mark.parametrize("kind", [AttentionExplorer, LensExplorer])
def test_part_of_a_character_is_shown_as_bytes(kind):
    model, tokenizer = real.stand_in("smollm2"), real.stand_in("smollm2", "tokenizer")
    explorer = kind(model, tokenizer, text="猫")
    assert "\ufffd" not in explorer(text="龘").picture
    ids = tokenizer("龘").input_ids
    assert reading.tokens(tokenizer, torch.tensor([ids])) == ["E9", "BE", "98"]
    with pytest.raises(Refused, match="40"):
        explorer(text="龘" * 14)
    with pytest.raises(Refused):
        explorer(text="")
