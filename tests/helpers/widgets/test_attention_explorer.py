"""Attention and sampling explorers on random BERT, GPT-2, Llama and T5, against transformers."""

import re

import pytest
import tiny_models
import torch
from tiny_models import TEXT

from helpers.language import say
from helpers.widgets import AttentionExplorer, Refused, SamplingExplorer
from helpers.widgets.explorers.distribution import filtered

ONE = {"bert": "full", "gpt2": "causal", "llama": "causal"}
T5 = {"encoder": "full", "decoder": "causal", "cross": "cross"}


@pytest.fixture(autouse=True, params=["ja", "zh-tw"])
def lang(request):
    say.use(request.param)
    yield
    say.use("ja")


@pytest.fixture(scope="module")
def models():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tiny_models.models()
    torch.set_num_threads(threads)


def numbers(picture):
    """The numbers of the picture's table, as a tensor (T, S)."""
    rows = re.findall("<tr>(<th scope=.row.>.*?)</tr>", picture)
    return torch.tensor([[float(x) for x in re.findall("<td>(.*?)</td>", row)] for row in rows])


def same(found, want):
    return found.shape == want.shape and (found - want).abs().max() <= 0.00051


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("layer, head", [(1, 1), (1, 4), (2, 3), (2, 0)])
def test_it_shows_what_the_model_computes(models, name, layer, head):
    model, tokenizer = models[name]
    seen = AttentionExplorer(model, tokenizer, text="猫")(text=TEXT, layer=layer, head=head)
    ids = tokenizer(TEXT, return_tensors="pt").input_ids
    with torch.no_grad():
        weights = model.eval()(ids, output_attentions=True).attentions[layer - 1][0]
    assert same(numbers(seen.picture), weights[head - 1] if head else weights.mean(0))
    assert f"（{ONE[name]}）" in seen.sentence


@pytest.mark.parametrize("kind", T5)
def test_an_encoder_decoder_has_three_kinds(models, kind):
    model, tokenizer = models["t5"]
    explorer = AttentionExplorer(model, tokenizer, text=TEXT)
    seen = explorer(kind=kind, layer=2, head=4, target="犬黒")
    ids = tokenizer(TEXT, return_tensors="pt").input_ids
    outputs = torch.tensor([[0, *tokenizer("犬黒").input_ids]])
    with torch.no_grad():
        out = model.eval()(input_ids=ids, decoder_input_ids=outputs, output_attentions=True)
    assert same(numbers(seen.picture), out[f"{kind}_attentions"][1][0, 3])
    assert f"（{T5[kind]}）" in seen.sentence


def test_an_empty_target_is_the_models_own_output(models):
    model, tokenizer = models["t5"]
    explorer = AttentionExplorer(model, tokenizer, text=TEXT)
    ids = tokenizer(TEXT, return_tensors="pt").input_ids
    own = model.eval().generate(
        ids, max_new_tokens=12, min_new_tokens=0, do_sample=False, num_beams=1
    )
    picture = explorer(kind="cross").picture
    assert numbers(picture).shape == (own.shape[1], ids.shape[1])
    queries = re.findall('<th scope="row">(.*?)</th>', picture)
    assert queries == [tokenizer.decode([id]) for id in own[0].tolist()]


def test_the_own_output_follows_training(models):
    model, tokenizer = models["t5"]
    explorer = AttentionExplorer(model, tokenizer, text=TEXT)
    explorer(kind="decoder")
    head, kept = model.lm_head.weight, model.lm_head.weight.detach().clone()
    try:
        with torch.no_grad():
            head.copy_(head.roll(1, 0))  # another token is the most probable one
        fresh = AttentionExplorer(model, tokenizer, text=TEXT)
        assert explorer(kind="decoder") == fresh(kind="decoder")
    finally:
        with torch.no_grad():
            head.copy_(kept)


def test_training_mode_and_gradients_stay_as_they_were(models):
    model, tokenizer = models["gpt2"]
    model.train()
    explorer = AttentionExplorer(model, tokenizer, text=TEXT)
    assert model.training and explorer().picture == explorer().picture  # no dropout
    assert all(parameter.grad is None for parameter in model.parameters())
    model.eval()


@pytest.mark.parametrize("name", ["gpt2", "bert", "t5"])
def test_a_model_that_is_not_eager_says_what_to_do(name):
    model, tokenizer = tiny_models.models("sdpa")[name]
    with pytest.raises(ValueError, match=r"attn_implementation=.eager"):
        AttentionExplorer(model, tokenizer, text=TEXT)


@pytest.mark.parametrize("name", ["gpt2", "bert", "t5"])
def test_what_it_says_to_do_works(name):
    tiny_models.models.cache_clear()
    model, tokenizer = tiny_models.models("sdpa")[name]
    model.set_attn_implementation("eager")
    assert AttentionExplorer(model, tokenizer, text=TEXT).drawing.picture
    tiny_models.models.cache_clear()


@pytest.mark.parametrize("name", ["gpt2", "bert", "t5"])
def test_unknown_characters_and_long_texts_are_refused_in_words(models, name):
    explorer = AttentionExplorer(*models[name], text=TEXT)
    with pytest.raises(Refused, match="「龍」、「x」"):
        explorer(text="猫龍x")
    with pytest.raises(Refused, match=r"4[1-4].*40"):
        explorer(text="猫" * 41)
    with pytest.raises(Refused):
        explorer(text="")
    assert explorer(text="猫[UNK]").picture  # typed on purpose


def test_the_known_characters_are_listed(models):
    explorer = AttentionExplorer(*models["gpt2"], text=TEXT)
    assert explorer.controls["text"].drawn()["known"] == list(tiny_models.CHARACTERS)


@pytest.mark.parametrize("heads", [1, 2])
def test_one_layer_needs_no_control(heads):
    explorer = AttentionExplorer.of(torch.rand(1, heads, 2, 2).softmax(-1), "ab")
    assert list(explorer.controls) == ["head"] and explorer(head=1) == explorer()


def test_tensors_and_lists_look_the_same():
    weights = torch.rand(2, 3, 4, 4).softmax(-1)
    a, b = (AttentionExplorer.of(w, "abcd") for w in (weights, weights.tolist()))
    for head in (0, 1, 3):
        one, other = (e(layer=2, head=head) for e in (a, b))
        assert same(numbers(one.picture), numbers(other.picture))


# --- sampling ---------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("top_k", [1, 4, 30])
@pytest.mark.parametrize("top_p", [0.1, 0.5, 0.9, 1.0])
def test_filtered_is_what_generate_does(temperature, top_k, top_p):
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    logits = torch.randn(30, generator=torch.Generator().manual_seed(top_k))
    scores = TemperatureLogitsWarper(temperature)(None, logits[None])
    scores = TopKLogitsWarper(top_k)(None, scores)
    scores = TopPLogitsWarper(top_p)(None, scores) if top_p < 1 else scores
    mine = torch.tensor(filtered(logits.tolist(), temperature, top_k, top_p))
    assert (mine - scores[0].softmax(-1)).abs().max() < 1e-5
    assert ((mine > 0) == scores[0].isfinite()).all()


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_sampling_begins_with_the_models_own_distribution(models, name):
    model, tokenizer = models[name]
    explorer = SamplingExplorer(model, tokenizer, text="猫が")
    seen = explorer(text=TEXT, top_k=2)
    with torch.no_grad():
        ids = tokenizer(TEXT, return_tensors="pt").input_ids
        p = model.eval()(ids).logits[0, -1].softmax(-1)
    shown = [float(x) for x in re.findall(r">(0\.\d+) →", seen.picture)]
    assert shown == pytest.approx(p.sort(descending=True).values[: len(shown)].tolist(), abs=6e-4)
    assert tokenizer.decode([p.argmax()]) in seen.sentence
    assert f"{100 * p.topk(2).values.sum().item():.1f}%" in seen.sentence
    with pytest.raises(Refused, match="「龍」"):
        explorer(text="龍")
