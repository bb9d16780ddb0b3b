"""One block each of BERT, GPT-2, T5 and Llama from transformers: small, random, run and probed."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers import BertConfig, GPT2Config, LlamaConfig, PreTrainedConfig, T5Config
from transformers.models.bert.modeling_bert import BertLayer
from transformers.models.gpt2.modeling_gpt2 import GPT2Block
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaRotaryEmbedding
from transformers.models.t5.modeling_t5 import T5Block

from . import triad, weights

WIDTH, HEADS, KV_HEADS = 64, 4, 2  # Llama alone has fewer keys and values than queries
SIZES: dict[str, Any] = {"hidden_size": WIDTH, "num_attention_heads": HEADS}
BLOCKS: dict[str, tuple[Callable[..., PreTrainedConfig], Callable[..., nn.Module]]] = {
    "BertLayer": (lambda **same: BertConfig(intermediate_size=4 * WIDTH, **same), BertLayer),
    "GPT2Block": (GPT2Config, GPT2Block),
    "T5Block": (
        lambda **same: T5Config(d_kv=WIDTH // HEADS, d_ff=4 * WIDTH, **same),
        lambda config, **_: T5Block(config, has_relative_attention_bias=True),
    ),
    "LlamaDecoderLayer": (
        lambda **same: LlamaConfig(
            num_key_value_heads=KV_HEADS, intermediate_size=3 * WIDTH, **same
        ),
        LlamaDecoderLayer,
    ),
}


def make(name: str, seed: int = 0) -> tuple[nn.Module, PreTrainedConfig]:
    """Make a block and its config; all weights are random, those of norms and biases too.

    name: a key of BLOCKS
    """
    make_config, make_block = BLOCKS[name]
    config = make_config(attn_implementation="sdpa", **SIZES)
    block = make_block(config, layer_idx=0)
    generator = torch.Generator().manual_seed(seed)
    for key, p in block.named_parameters():
        around = 1.0 if p.ndim == 1 and key.endswith("weight") else 0.0  # a norm's weights
        p.data = around + 0.1 * torch.randn(p.shape, generator=generator)
    return block.eval(), config


@torch.no_grad()
def run(block: nn.Module, config: Any, x: torch.Tensor) -> torch.Tensor:
    """Run a block of transformers on x (B, T, width) as its model does, without padding."""
    turns = {}
    if isinstance(block, LlamaDecoderLayer):  # its model works out the turns once for all layers
        places = torch.arange(x.size(1))[None]
        turns = {"position_embeddings": LlamaRotaryEmbedding(config)(x, places)}
    out = block(x, **turns)
    return out[0] if isinstance(out, tuple) else out


@torch.no_grad()
def by_hand(block: nn.Module, config: PreTrainedConfig, x: torch.Tensor) -> torch.Tensor:
    """Run triad.block on x (B, T, width) with the weights of a block of transformers."""
    (w, d), n = weights.take(block, config), x.size(1)
    mask = torch.ones(n, n, dtype=torch.bool).tril() if is_causal(block, config) else None
    table = w["distances"]["weight"] if "distances" in w else None
    bias = 0.0 if table is None else triad.distance_bias(n, table, d, causal=False)
    return triad.block(x, w, d, mask, bias)


def is_causal(block: nn.Module, config: PreTrainedConfig) -> bool:
    """Does a change of the last token leave all before it exactly as they were?"""
    x = _input()
    changed = torch.cat([x[:, :-1], -x[:, -1:]], 1)
    return torch.equal(run(block, config, x)[:, :-1], run(block, config, changed)[:, :-1])


def knows_order(block: nn.Module, config: PreTrainedConfig) -> bool:
    """Does the last token's output change when the tokens before it are put in another order?"""
    x = _input()
    reordered = torch.cat([x[:, :-1].flip(1), x[:, -1:]], 1)
    last, again = (run(block, config, y)[:, -1] for y in (x, reordered))
    return not torch.allclose(last, again, atol=1e-4)


@torch.no_grad()
def norms_first(block: nn.Module, config: PreTrainedConfig) -> bool:
    """Does a block whose parts add nothing hand on exactly what it got?"""
    silent, x = copy.deepcopy(block), _input()
    w, _ = weights.take(silent, config)  # of the same memory as the block's own
    for output in (w["attention"]["o"], w["ffn"]["down"]):
        for tensor in output.values():
            tensor.zero_()
    return torch.equal(run(silent, config, x), x)


@torch.no_grad()
def subtracts_mean(block: nn.Module, config: PreTrainedConfig) -> bool:
    """Does the norm give the same when 1 is added to every number of its input?"""
    norm, x = _norm(block), _input()
    return torch.allclose(norm(x), norm(x + 1), atol=1e-4)


def divisor(block: nn.Module, config: PreTrainedConfig) -> float:
    """Return what the scores are divided by."""
    factors: Any = (getattr(part, "scaling", None) for part in block.modules())
    return 1 / next(factor for factor in factors if factor is not None)


def differences(seed: int = 0) -> dict[str, dict[str, Any]]:
    """Return {block: {property: value}}, probed on the blocks or counted in their weights."""
    return {name: _properties(*make(name, seed)) for name in BLOCKS}


def _properties(block: nn.Module, config: PreTrainedConfig) -> dict[str, Any]:
    w, _ = weights.take(block, config)
    ffn = sum(tensor.numel() for matrix in w["ffn"].values() for tensor in matrix.values())
    q, k = (len(w["attention"][name]["weight"]) for name in "qk")
    return {
        "norm": type(_norm(block)).__name__,
        "subtracts_mean": subtracts_mean(block, config),
        "norms_first": norms_first(block, config),
        "is_causal": is_causal(block, config),
        "knows_order": knows_order(block, config),
        "divisor": divisor(block, config),
        "adds_vectors": "bias" in w["attention"]["q"],
        "kv_heads": HEADS * k // q,
        "activation": _activation(config),
        "ffn_matrices": len(w["ffn"]),
        "parameters": sum(p.numel() for p in block.parameters()),
        "ffn_parameters": ffn,
    }


def _activation(config: PreTrainedConfig) -> str:
    fields = ("hidden_act", "activation_function", "dense_act_fn")
    return next(getattr(config, name) for name in fields if hasattr(config, name))


def _norm(block: nn.Module) -> nn.Module:
    return next(part for part in block.modules() if "Norm" in type(part).__name__)


def _input() -> torch.Tensor:
    return torch.randn(1, 12, WIDTH, generator=torch.Generator().manual_seed(1))
