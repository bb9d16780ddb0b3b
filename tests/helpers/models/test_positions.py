"""What a norm does not notice, and which positions enter a score by their distance alone."""

import pytest
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

from helpers.models import decoder, encoder, encoder_decoder, norms, positions, triad

SEEDS = range(3)

# --- norms -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_layer_norm_does_not_notice_ax_plus_b_and_rms_norm_only_ax(seed):
    found = norms.effects(seed=seed)
    same = {name: {key for key, x in row.items() if x <= 1e-12} for name, row in found.items()}
    assert same == {"LayerNorm": {"2x", "3x", "x + 1", "3x + 1"}, "RMSNorm": {"2x", "3x"}}
    assert all(x <= 1e-12 or x > 0.1 for row in found.values() for x in row.values())
    assert {row["2x"] for row in found.values()} == {0.0}  # a power of 2 rounds nothing


@pytest.mark.parametrize("seed", SEEDS)
def test_eps_is_what_notices_a_factor(seed):
    for eps in (1e-5, 1e-6, 1e-12):
        for row in norms.effects(eps, seed=seed).values():
            # x / √(v + eps) at v = 1: the half of eps, times the largest number in x
            assert 0.2 * eps < row["2x"] < 5 * eps
    for row in norms.effects(1e-5, shrunk=1e-2, seed=seed).values():
        assert 0.05 < row["2x"] < 0.5
    assert norms.effects(1e-5, 1e-2, seed=seed)["LayerNorm"]["x + 1"] < 1e-11


def test_the_same_holds_for_torchs_norms():
    for name, layer in (("LayerNorm", nn.LayerNorm), ("RMSNorm", nn.RMSNorm)):
        norm = layer(64, eps=1e-5, dtype=torch.float64)
        x = torch.randn(32, 64, generator=torch.Generator().manual_seed(0)).double()
        for change, f in norms.CHANGES.items():
            effect = (norm(f(x)) - norm(x)).abs().max().item()
            assert effect == pytest.approx(norms.effects(1e-5)[name][change], rel=1e-6, abs=1e-12)


def test_a_norm_that_forgets_the_mean_is_found(monkeypatch):
    monkeypatch.setattr(norms, "KINDS", {"LayerNorm": False, "RMSNorm": False})
    assert norms.effects()["LayerNorm"]["x + 1"] > 0.1


# --- positions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_rotary_and_t5s_scores_know_the_distance_alone(seed):
    drifts = {kind: positions.drift(positions.scores(kind, seed=seed)) for kind in positions.KINDS}
    assert drifts["distance"] <= 1e-12
    assert drifts["none"] <= 1e-12
    assert drifts["rotary"] <= 1e-12
    assert drifts["sinusoidal"] > 1
    assert drifts["learned"] > 4


@pytest.mark.parametrize("seed", SEEDS)
def test_a_score_depends_on_the_distance_at_all(seed):
    for kind in positions.KINDS:
        spread = positions.scores(kind, seed=seed).std()
        assert spread < 1e-12 if kind == "none" else spread > 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_in_float32_rotary_drifts_with_the_place(seed):
    """The angle is rounded: an error of 6e-8 of the place, in radians."""
    single = [
        positions.drift(positions.scores("rotary", start=start, dtype=torch.float32, seed=seed))
        for start in (0, 1_000, 100_000)
    ]
    assert 1e-7 < single[0] < 1e-5 < single[1] < 5e-4 < single[2] < 5e-2
    assert positions.drift(positions.scores("rotary", start=100_000, seed=seed)) <= 1e-12


def test_turning_is_what_llama_does():
    config = LlamaConfig(hidden_size=64, num_attention_heads=1)
    q = torch.randn(1, 1, 50, 64, generator=torch.Generator().manual_seed(0))
    cos, sin = LlamaRotaryEmbedding(config)(q, torch.arange(50)[None])
    theirs, _ = apply_rotary_pos_emb(q, q, cos, sin)
    assert torch.allclose(triad.rotated(q, torch.arange(50)), theirs, atol=1e-5)


def test_sinusoids_are_those_of_the_paper():
    table = positions.sinusoid(50, 8, start=3)
    for row, place in ((0, 3), (49, 52)):
        for i in range(4):
            angle = torch.tensor(place / 10_000 ** (2 * i / 8), dtype=torch.float64)
            assert torch.allclose(table[row, 2 * i], angle.sin(), atol=1e-12)
            assert torch.allclose(table[row, 2 * i + 1], angle.cos(), atol=1e-12)
    # Alone, without tokens and matrices, they too know the distance alone
    assert positions.drift(table @ table.T) <= 1e-12


def small_llama():
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "vocab_size": 50}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    return LlamaForCausalLM(LlamaConfig(initializer_range=0.3, **sizes, **heads)).eval()


MODELS = {
    "encoder": encoder.load,
    "decoder": decoder.load,
    "encoder_decoder": lambda: encoder_decoder.load().encoder,
    "llama": small_llama,
}


@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_scores_of_a_model_are_those_that_it_mixes_by(name):
    """One token all along: the softmax of its scores is the attention that transformers returns."""
    model, n = MODELS[name](), 30
    model.set_attn_implementation("eager")
    theirs = model(torch.full((1, n), 20), output_attentions=True).attentions[0][0]
    whole = encoder_decoder.load() if name == "encoder_decoder" else model
    ours = positions.trained(whole, 20, 20, n)
    seen = torch.ones(n, n, dtype=torch.bool).tril(0 if name in ("decoder", "llama") else n)
    weights = ours.masked_fill(~seen, -torch.inf).softmax(-1)
    assert torch.allclose(weights, theirs, atol=1e-5)


@pytest.mark.parametrize("tokens", [(23, 97), (40, 60), (100, 30)])
def test_the_shipped_bert_and_gpt2_know_places_and_the_shipped_t5_distances(tokens):
    for module, low, high in ((encoder, 1, 50), (decoder, 0.3, 20)):
        for head in positions.trained(module.load(), *tokens):
            assert low < positions.drift(head) < high
    heads = positions.trained(encoder_decoder.load().double(), *tokens)
    assert max(positions.drift(head) for head in heads) <= 1e-12
    assert min(head.std() for head in heads) > 0.1


@pytest.mark.parametrize(
    "fault",
    [
        lambda x, places, theta=1e4: triad_rotated(x, places**1.1, theta),
        lambda x, places, theta=1e4: triad_rotated(x, places, theta) + places[:, None],
        lambda x, places, theta=1e4: torch.cat([x[:, :1] * places[:, None].cos(), x[:, 1:]], 1),
    ],
)
def test_another_turn_does_not_know_the_distance_alone(fault, monkeypatch):
    monkeypatch.setattr(triad, "rotated", fault)
    assert positions.drift(positions.scores("rotary")) > 1e-2


triad_rotated = triad.rotated  # before any of them is put in its place
