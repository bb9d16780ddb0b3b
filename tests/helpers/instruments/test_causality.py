"""The probe: causal models pass at exactly 0.0, and every mask that leaks is flagged."""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from helpers.instruments import causality
from helpers.language import say
from helpers.models import decoder, encoder, encoder_decoder

N = 12
ONES = torch.ones(N, N).bool()


@pytest.fixture(autouse=True)
def japanese():
    say.use("ja")


class Dropout(GPT2LMHeadModel):
    """Ready to train: what a student's model is in the middle of a loop."""

    def __init__(self):
        super().__init__(GPT2Config(n_embd=32, n_layer=2, n_head=2, vocab_size=50))
        self.train()


class OneAhead(GPT2LMHeadModel):
    """The planted fault: a causal mask that lets one token too many through."""

    def forward(self, input_ids=None, **others):
        n = input_ids.size(1)
        mask = torch.ones(n, n).tril(1).bool()[None, None]
        return super().forward(input_ids=input_ids, attention_mask=mask)


@pytest.mark.parametrize(
    "name",
    [
        *("GPT2LMHeadModel", "GPT2Model", "LlamaForCausalLM", "MistralForCausalLM"),
        *("Qwen2ForCausalLM", "Qwen3ForCausalLM", "Phi3ForCausalLM", "OPTForCausalLM"),
        *("GemmaForCausalLM", "Gemma2ForCausalLM", "Gemma3ForCausalLM", "FalconForCausalLM"),
        *("T5ForConditionalGeneration", "BartForConditionalGeneration"),
    ],
)
def test_a_causal_class_changes_the_past_by_exactly_nothing(name):
    found = causality.probe(name)
    assert (found.name, found.verdict) == (name, "causal")
    assert found.past == 0 and found.ahead == 0 and found.later > 1e-3
    assert (found.changes.diagonal() > 0).all()


@pytest.mark.parametrize(
    "name", ["BertForMaskedLM", "BertModel", "ElectraForMaskedLM", "T5EncoderModel"]
)
def test_a_bidirectional_class_is_flagged(name):
    found = causality.probe(name)
    assert found.verdict == "leaks" and found.ahead == N - 1
    assert (found.changes > 0).all()


def test_the_shipped_models():
    assert causality.probe(decoder.load()).past == 0
    assert causality.probe(encoder_decoder.load()).past == 0
    assert causality.probe(encoder.load()).past > 1


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_a_mask_some_tokens_ahead_is_flagged_and_layers_add_up(offset):
    model = decoder.new(1)
    found = causality.probe(model, attention_mask=ONES.tril(offset)[None, None])
    assert found.verdict == "leaks"
    assert found.ahead == model.config.n_layer * offset
    assert causality.probe(model, attention_mask=ONES.tril()[None, None]).verdict == "causal"


def test_a_model_class_with_a_leaking_mask_is_flagged():
    model = OneAhead(decoder.config()).eval()
    assert causality.probe(model).ahead == 2
    assert causality.probe(OneAhead).verdict == "leaks"


def test_experts_that_compute_tokens_together_are_told_from_a_leak():
    found = causality.probe("MixtralForCausalLM")
    assert found.verdict in ("causal", "rounding")
    assert found.past < 1e-5 * found.later and found.ahead == 0
    leaking = causality.Influence("x", torch.ones(3, 3).tril() + 1e-3)
    rounding = causality.Influence("x", torch.ones(3, 3).tril() + 1e-7)
    assert (leaking.verdict, rounding.verdict) == ("leaks", "rounding")


def test_where_nothing_is_passed_on_nothing_can_be_said(capsys):
    alone = GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=0, n_head=2, vocab_size=50))
    assert causality.probe(alone).verdict == "apart"
    assert "わかりません" in capsys.readouterr().out


def test_a_model_in_training_is_left_as_it_was():
    model = Dropout()
    assert causality.probe(model).verdict == "causal"
    assert model.training
    assert causality.probe(decoder.new()).changes.requires_grad is False


def test_the_same_seed_shows_the_same_changes():
    model = decoder.new(2)
    first, again, other = (causality.probe(model, seed=seed).changes for seed in (0, 0, 1))
    assert first.equal(again) and not first.equal(other)
    assert causality.probe(model, length=5).changes.shape == (5, 5)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("Quen3ForCausalLM", "Qwen3ForCausalLM"),  # the name that was meant
        ("GPT2Config", "ありません"),
        ("BertForSequenceClassification", r"\(1, 2\)"),
        ("ViTModel", "トークンの番号"),
        ("CLIPModel", "小さく作れません"),
        ("Gemma3ForConditionalGeneration", "小さく作れません.*個"),  # 2.7 billion parameters
    ],
)
def test_what_cannot_be_probed_is_told_with_a_reason(model, words):
    with pytest.raises(ValueError, match=words):
        causality.probe(model)


def test_no_language_model_and_a_forward_pass_that_fails():
    with pytest.raises(ValueError, match="Linear"):
        causality.probe(torch.nn.Linear(2, 2))
    with pytest.raises(ValueError, match=r"RuntimeError|ValueError"):
        causality.probe(decoder.new(), attention_mask=ONES.tril()[None, None, :5, :5])


def test_the_change_in_the_middle_is_shown_for_each_position(capsys):
    found = causality.probe(decoder.load())
    told = capsys.readouterr().out.splitlines()
    assert "GPT2LMHeadModel" in told[0] and "0.0" in told[0]
    numbers = told[2].split(" | ")[1:]
    assert numbers[:6] == ["0.0"] * 6 and "0.0" not in numbers[6:]
    assert float(numbers[6]) == pytest.approx(found.changes[6, 6].item(), rel=0.05)
    say.use("zh-tw")
    causality.probe(encoder.load())
    assert "看得到後面" in capsys.readouterr().out
