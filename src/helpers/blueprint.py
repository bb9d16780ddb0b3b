"""What a config.json decides: parameters by part, which field sets which shape, FLOPs of a block.

Models are built by their own code at their real size on torch's meta device, without memory.
"""

import functools
import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import GPT2Config
from transformers.models.gpt2.modeling_gpt2 import GPT2Block

from .instruments import measure
from .kv_cache import by_meta, configs
from .models import triad, weights

# The part of a parameter whose name holds one of these; earlier parts first.
PARTS = {
    "norms": ("norm", "ln_"),
    "positions": ("position_embeddings", "token_type_embeddings", "wpe", "relative_attention_bias"),
    "embedding": ("word_embeddings", "wte", "shared", "embed_tokens"),
    "cross_attention": ("encdecattention",),
    "attention": ("attention", "attn"),
    "ffn": ("mlp", "intermediate", "output.dense", "densereludense"),
    "head": ("lm_head", "pooler"),
}
# Another value of a field that is neither a number nor a truth value
OTHER = {"gelu": "relu", "gelu_new": "relu", "relu": "gated-gelu", "silu": "relu"}
# A model of the same fields that is small enough to be run
SMALL = {
    **dict.fromkeys(("hidden_size", "n_embd", "d_model"), 64),
    **dict.fromkeys(("intermediate_size", "d_ff"), 128),
    **dict.fromkeys(("num_attention_heads", "n_head", "num_heads"), 4),
    **dict.fromkeys(("max_position_embeddings", "n_positions"), 64),
    **dict.fromkeys(configs.LAYER_COUNTS, 2),
    **{"num_key_value_heads": 2, "d_kv": 16, "vocab_size": 100},
    **{"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2},
}


@functools.cache
def _models() -> Mapping[str, Any]:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return {name: model for name, model in tomllib.loads(text).items() if name != "date"}


def config(name: str) -> dict[str, Any]:
    """Return the fields of a model's config.json: "bert-base", "gpt2", "t5-base", "llama-3-8b"."""
    return dict(_models()[name]["config"])


def shapes(config: Any) -> dict[str, tuple[int, ...]]:
    """Return {parameter: shape} of the model that a config describes; what is tied stands once.

    config: whatever kv_cache takes: fields, an object, JSON, a path; configs.Refused if it is none
    """
    return {name: tuple(p.shape) for name, p in by_meta.meta_model(config).named_parameters()}


def part(name: str) -> str:
    """Return the part that a parameter belongs to, by its name; ValueError if it is in none."""
    for found, marks in PARTS.items():
        if any(mark in name.lower() for mark in marks):
            return found
    raise ValueError(f"no part has a parameter named like {name}: {', '.join(PARTS)}")


def parts(config: Any) -> dict[str, int]:
    """Count the parameters of each part that the model has."""
    return _by_part(shapes(config))


def block(config: Any) -> dict[str, int]:
    """Count the numbers in the matrices of one block: {"attention": 4d², "ffn": 8d²} in GPT-2.

    The last block of the model: of T5's decoder, so with "cross_attention"
    """
    all_shapes = shapes(config)
    last = [name for name in all_shapes if part(name) == "ffn"][-1]
    prefix = re.match(r".*?\.\d+\.", last)
    matrices = {name: shape for name, shape in all_shapes.items() if len(shape) == 2}
    inside = {n: shape for n, shape in matrices.items() if prefix and n.startswith(prefix[0])}
    return _by_part(inside)


def _by_part(named: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, shape in named.items():
        found[part(name)] = found.get(part(name), 0) + math.prod(shape)
    return found


def changes(fields: Mapping[str, Any]) -> dict[str, dict[str, tuple[Any, Any]]]:
    """Change each field of a config.json alone and rebuild: {field: {parameter: (before, after)}}.

    Empty where the field sets no shape; a shape is None where there is no such parameter.  The
    models are built with two layers.  Fields of which no other value is known (names, lists, null)
    are left out.
    """
    small = dict(fields) | {name: 2 for name in configs.LAYER_COUNTS if name in fields}
    before, found = shapes(small), {}
    for name in fields:
        if (other := _another(name, small[name])) is not None:
            after = shapes(small | {name: other})
            names = [key for key in {**before, **after} if before.get(key) != after.get(key)]
            found[name] = {key: (before.get(key), after.get(key)) for key in names}
    return found


def sets(fields: Mapping[str, Any]) -> dict[str, str]:
    """Say what each field of a config.json sets: {field: "shape", "result" or "nothing"}.

    result: a small model of these fields (SMALL) computes something else with the same weights
    nothing: neither, when text is read; some are for training, some for generating
    """
    small = {name: SMALL.get(name, value) for name, value in fields.items()}
    before, found = _result(small), {}
    for name, changed in changes(fields).items():
        after = before if changed else _result(small | {name: _another(name, small[name])})
        kind = "nothing" if torch.allclose(before, after, atol=1e-4) else "result"
        found[name] = "shape" if changed else kind
    return found


@torch.no_grad()
def _result(fields: Mapping[str, Any]) -> torch.Tensor:
    """Run the small model of these fields, its weights drawn from one seed, on 40 tokens."""
    kind = type(by_meta.meta_model(fields))
    model, generator = kind(configs.read(dict(fields))).eval(), torch.Generator().manual_seed(0)
    for p in model.parameters():
        p.copy_(0.3 * torch.randn(p.shape, generator=generator))
    ids = torch.randint(3, fields["vocab_size"], (1, 40), generator=generator)
    return model(ids, **({"decoder_input_ids": ids} if model.config.is_encoder_decoder else {}))[0]


def _another(field: str, value: Any) -> Any:
    """Return another valid value: the opposite, another function, a neighbour, the double; None."""
    if isinstance(value, bool):
        return not value
    if not isinstance(value, int | float):
        return OTHER.get(value) if isinstance(value, str) else None
    if field.endswith("_token_id"):
        return value - 1 if value else 1
    return 0.5 if value < 0.01 else value * 2  # the double of an eps would not be seen


def flops(n: int, d: int) -> tuple[int, int]:
    """Return the FLOPs of a block of width d on n tokens: 24 n d², and 4 n² d of the scores.

    12 d² numbers stand in its matrices; every one is multiplied and added once for each token.  The
    scores q kᵀ, and the values that they mix, are n² products of d numbers each.  Equal at n = 6 d.
    """
    return 24 * n * d**2, 4 * n**2 * d


def counted(n: int, d: int) -> int:
    """Count the FLOPs of triad.block with a GPT-2 block of width d on n tokens, while it runs."""
    config = GPT2Config(n_embd=d, n_head=d // 64)
    with torch.device("meta"), measure.cost() as spent:
        w, design = weights.take(GPT2Block(config), config)
        triad.block(torch.empty(1, n, d), w, design)
    return spent.flops


def crossover(config: Any) -> float:
    """Return the length n at which a block's scores cost as many FLOPs as its matrices: 6 d."""
    decoder = configs.text(configs.read(config))
    heads, numbers = decoder.num_attention_heads, block(config)
    d_k = getattr(decoder, "head_dim", None) or decoder.hidden_size // heads
    return (numbers["attention"] + numbers["ffn"]) / (2 * heads * d_k)
