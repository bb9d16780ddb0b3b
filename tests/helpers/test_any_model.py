"""What must hold for any model holds for each architecture, and a planted fault is found."""

import copy

import pytest
from tiny_models import models

from helpers import any_model
from helpers.instruments import causality
from helpers.language import say
from helpers.models import real

CHECKS = ["parameters", "causality", "kv_bytes", "shift"]
NOTHING = {"bert": {"kv_bytes"}, "e5": {"kv_bytes"}, "t5": {"shift"}}  # not of this architecture


def model(name):
    return real.stand_in(name) if name in ("smollm2", "e5") else copy.deepcopy(models()[name][0])


def red(found):
    return [finding.name for finding in found if finding.holds is False]


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "t5", "smollm2", "e5"])
def test_all_that_can_be_asked_of_an_architecture_holds(name):
    found = any_model.findings(model(name))
    assert [finding.name for finding in found] == CHECKS
    assert red(found) == []
    assert {f.name for f in found if f.holds is None} == NOTHING.get(name, set())


@pytest.mark.parametrize("kind", ["Qwen3ForCausalLM", "ModernBertForMaskedLM", "Phi3ForCausalLM"])
def test_other_families_hold_too(kind):
    assert red(any_model.findings(causality.small(kind))) == []


def test_dropout_plays_no_part_and_is_left_as_it_was():
    made = model("gpt2").train()
    first, second = any_model.findings(made), any_model.findings(made)
    assert first == second and made.training


def one_layer_more(made):
    made.config.num_hidden_layers += 1


def looks_ahead(made):
    made.get_input_embeddings().register_forward_hook(lambda m, i, x: x + x.mean(1, keepdim=True))


def looks_nowhere(made):
    """Each token's embedding is its own output's only source."""
    for layer in made.bert.encoder.layer:
        layer.attention.output.dense.weight.data.zero_()


def fewer_key_heads(made):
    made.config.num_key_value_heads //= 3


def turned_and_stretched(made):
    made.model.rotary_emb.register_forward_hook(lambda m, i, x: (x[0] ** 2, x[1]))


def places_are_lost(made):
    made.model.rotary_emb.register_forward_hook(lambda m, i, x: (x[0] * 0 + 1, x[1] * 0))


def empty_table(made):
    made.transformer.wpe.weight.data.zero_()


FAULTS = [
    ("llama", one_layer_more, "parameters"),
    ("llama", looks_ahead, "causality"),
    ("gpt2", looks_ahead, "causality"),
    ("bert", looks_nowhere, "causality"),
    ("smollm2", fewer_key_heads, "kv_bytes"),
    ("smollm2", turned_and_stretched, "shift"),
    ("smollm2", places_are_lost, "shift"),
    ("gpt2", empty_table, "shift"),
]


@pytest.mark.parametrize(("name", "plant", "check"), FAULTS)
def test_a_planted_fault_is_found(name, plant, check):
    made = model(name)
    plant(made)
    assert check in red(any_model.findings(made))


@pytest.mark.parametrize("lang", ["ja", "zh-tw"])
def test_the_table(lang, capsys, tmp_path):
    say.use(lang)
    models()["gpt2"][0].save_pretrained(tmp_path)
    found = any_model.check(tmp_path)
    title, _, *rows = capsys.readouterr().out.splitlines()
    assert f"{sum(p.numel() for p in models()['gpt2'][0].parameters()):,}" in title
    for finding, row in zip(found, rows, strict=True):
        assert row.split(" | ")[1:3] == [finding.expected, finding.measured]
        assert row.startswith(say.text("any_model", finding.name))
