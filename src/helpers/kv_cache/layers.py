"""The terms of the formula: how many numbers one token adds to one layer's cache.

full     2 · n_kv_heads · head_dim                  keys and values (GQA: Ainslie et al. 2023)
window   the same, of the last W − 1 tokens only    (transformers: DynamicSlidingWindowLayer;
         its StaticSlidingWindowLayer has room for W, an engine for whole blocks)
latent   kv_lora_rank + qk_rope_head_dim            once for all heads (DeepSeek-V2, §2.1)
indexed  full or latent, and one index key          (DeepSeek-V3.2: DynamicIndexedLayer)
cross    the encoder's tokens, once
state    nothing: its state has a fixed size        (Mamba, gated delta net, convolutions)
hybrid   attention and a state in one layer
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from .configs import LAYER_COUNTS, refuse


@dataclass(frozen=True)
class FixedState:
    """A tensor of fixed shape for each sequence; is_float32: whatever dtype the model has."""

    name: str
    shape: tuple[int, ...]
    is_float32: bool = False

    def bytes(self, number: int) -> int:
        """Return the bytes of the state for one sequence.

        number: bytes of one number of the cache; no state is kept in fewer than 16 bits
        """
        return prod(self.shape) * (4 if self.is_float32 else max(2, number))


@dataclass(frozen=True)
class Layer:
    """What one layer keeps.

    keys, values, indexer: how many numbers one token adds.  window: W, or None for all.
    """

    kind: str
    keys: int = 0
    values: int = 0
    indexer: int = 0
    window: int | None = None
    states: tuple[FixedState, ...] = ()

    def tokens_kept(self, seq_len: int) -> int:
        """Return min(n, W − 1): the newest token needs W − 1 earlier ones, and itself."""
        return seq_len if self.window is None else min(seq_len, self.window - 1)


def of(config: Any) -> list[Layer]:
    """Return all layers of a decoder; raise Refused, naming what is missing or unknown."""
    types = layer_types(config)
    mixed = getattr(config, "is_heterogeneous", False)
    configs = config.per_layer_config if mixed else [config] * len(types)
    modes = getattr(config, "kv_sharing_modes", None) or [""] * len(types)
    return [
        Layer("none") if mode == "reuse" else layer(own, kind, i)  # Gemma 3n reuses others' keys
        for i, (kind, own, mode) in enumerate(zip(types, configs, modes, strict=True))
    ]


def layer_types(config: Any) -> list[str]:
    """Return transformers' name for each layer's type, as its cache reads them from the config."""
    types = getattr(config, "layer_types", None)
    if types is not None:
        return list(types)
    if getattr(config, "sliding_window", None) is not None:
        kind = "sliding_attention"
    elif getattr(config, "attention_chunk_size", None) is not None:
        kind = "chunked_attention"
    else:
        kind = "full_attention"
    return [kind] * field(config, *LAYER_COUNTS)


def layer(config: Any, kind: str, index: int) -> Layer:
    """Return the layer of this type; raise Refused for a type that no rule here describes."""
    if kind == "full_attention":
        if index in field(config, "cross_attention_layers", default=()):
            return Layer("none")  # Mllama: these read an image's tokens, and there is no image
        return attention(config)
    if kind == "sliding_attention":
        return replace(attention(config), kind="window", window=config.sliding_window)
    if kind == "chunked_attention":
        return replace(attention(config), kind="window", window=config.attention_chunk_size)
    if kind == "indexed_attention":
        return indexed(config, index)
    if kind in ("linear_attention", "conv"):
        return Layer("state", states=states(config))
    if kind in ("hybrid", "hybrid_sliding"):
        window = config.sliding_window if kind == "hybrid_sliding" else None
        return replace(attention(config), kind="hybrid", window=window, states=states(config))
    if kind in ("moe", "mlp"):
        return Layer("none")
    raise refuse("unknown_layer", kind=kind, family=config.model_type)


def attention(config: Any) -> Layer:
    """Return the layer of full or latent attention.

    Full: keys = n_kv_heads · head_dim, values = n_kv_heads · v_head_dim, which is head_dim
    where the config has no other.  Latent: the rank and the rotary part.
    """
    if field(config, "kv_lora_rank", default=0):
        return Layer("latent", config.kv_lora_rank, field(config, "qk_rope_head_dim"))
    n_kv_heads, head_dim = kv_heads(config), head_size(config)
    v_head_dim = field(config, "v_head_dim", default=head_dim)
    return Layer("full", n_kv_heads * head_dim, n_kv_heads * v_head_dim)


def kv_heads(config: Any) -> int:
    """Return the number of heads of keys and values: 1 (MQA), some (GQA), or one a query head."""
    if hasattr(config, "multi_query"):  # Falcon, StarCoder
        # Falcon 40B computes few heads, but transformers repeats them before it keeps them
        repeats = getattr(config, "new_decoder_architecture", False)
        return 1 if config.multi_query and not repeats else query_heads(config)
    nested: Any = getattr(config, "attn_config", None)
    if hasattr(nested, "kv_n_heads"):  # DBRX
        return nested.kv_n_heads
    return field(config, "num_key_value_heads", "num_kv_heads", default=query_heads(config))


def query_heads(config: Any) -> int:
    """Return how many heads of queries there are."""
    return field(config, "num_attention_heads", "n_head", "n_heads", "num_heads")


def head_size(config: Any) -> int:
    """Return head_dim where the config has it, else hidden_size / n_heads."""
    explicit = field(config, "head_dim", "d_kv", "kv_channels", "dim_head", default=0)
    return explicit or field(config, "hidden_size", "d_model", "n_embd") // query_heads(config)


def indexed(config: Any, index: int) -> Layer:
    """Return a layer that looks at few tokens, chosen by comparing one small index key a token."""
    owns = field(config, "indexer_types", default=None)
    size = config.index_head_dim if owns is None or owns[index] == "full" else 0
    return replace(attention(config), kind="indexed", indexer=size)


def states(config: Any) -> tuple[FixedState, ...]:
    """Return the fixed states of a recurrent or convolution layer; raise Refused if unknown."""
    rule = STATES.get(config.model_type)
    if rule is None:
        raise refuse("unknown_state", family=config.model_type)
    return rule(config)


def mamba(config: Any) -> tuple[FixedState, ...]:
    """Return the states of Mamba (Gu & Dao 2023).

    The last inputs of a convolution; N numbers a channel, in float32.
    """
    if config.model_type == "jamba":
        channels, kernel, n = (
            config.mamba_expand * config.hidden_size,
            config.mamba_d_conv,
            config.mamba_d_state,
        )
    else:
        channels, kernel, n = config.intermediate_size, config.conv_kernel, config.state_size
    return FixedState("conv", (channels, kernel)), FixedState("recurrent", (channels, n), True)


def mamba2(config: Any) -> tuple[FixedState, ...]:
    """Return the states of Mamba-2 (Dao & Gu 2024).

    H heads of P · N; the convolution also sees B and C of G groups.
    """
    heads = field(config, "mamba_n_heads", "mamba_num_heads", "n_mamba_heads", "num_heads")
    p = field(config, "mamba_d_head", "mamba_head_dim", "mamba_headdim", "head_dim")
    n = field(config, "mamba_d_state", "ssm_state_size", "state_size")
    groups = field(config, "mamba_n_groups", "mamba_ngroups", "n_groups")
    kernel = field(config, "mamba_d_conv", "conv_kernel")
    channels = heads * p + 2 * groups * n
    return FixedState("conv", (channels, kernel)), FixedState("recurrent", (heads, p, n), True)


def gated_delta(config: Any) -> tuple[FixedState, ...]:
    """Return the states of a gated delta net (Yang et al. 2024).

    A matrix d_k · d_v a head; convolutions over queries, keys, values.
    """
    qk = config.linear_num_key_heads * config.linear_key_head_dim
    heads, d_v = config.linear_num_value_heads, config.linear_value_head_dim
    conv = FixedState("conv", (2 * qk + heads * d_v, config.linear_conv_kernel_dim))
    return conv, FixedState("recurrent", (heads, config.linear_key_head_dim, d_v), True)


def kimi_delta(config: Any) -> tuple[FixedState, ...]:
    """Return the states of Kimi Delta Attention: a matrix d · d a head, and three convolutions."""
    heads, d = config.linear_num_heads, config.linear_head_dim
    conv = FixedState("conv", (3 * heads * d, config.linear_conv_kernel_dim))
    return conv, FixedState("recurrent", (heads, d, d), True)


def short_convolution(config: Any) -> tuple[FixedState, ...]:
    """Return the state of LFM2's short convolution."""
    return (FixedState("conv", (config.hidden_size, config.conv_L_cache)),)


def inkling(config: Any) -> tuple[FixedState, ...]:
    """Return the states of Inkling's four short convolutions.

    Over keys, values, and twice over the residual stream.
    """
    own = attention(config)
    widths = (own.keys, own.values, config.hidden_size, config.hidden_size)
    return tuple(FixedState("conv", (width, config.conv_kernel_size), True) for width in widths)


def zaya(config: Any) -> tuple[FixedState, ...]:
    """Return the states of ZAYA's compressed convolutional attention."""
    width = (config.num_attention_heads + config.num_key_value_heads) * config.head_dim
    conv = FixedState("conv", (width, config.cca_time0 + config.cca_time1 - 2))
    return conv, FixedState("recurrent", (config.num_key_value_heads * config.head_dim // 2,))


STATES: dict[str, Callable[[Any], tuple[FixedState, ...]]] = {
    **dict.fromkeys(("mamba", "falcon_mamba", "jamba"), mamba),
    **dict.fromkeys(("mamba2", "bamba", "falcon_h1", "granitemoehybrid", "nemotron_h"), mamba2),
    **dict.fromkeys(("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text", "olmo_hybrid"), gated_delta),
    "kimi_linear": kimi_delta,
    **dict.fromkeys(("lfm2", "lfm2_moe", "lfm3"), short_convolution),
    **dict.fromkeys(("inkling_text", "inkling2_text"), inkling),
    "zaya": zaya,
}
NOT_COUNTED = ("model_type", "per_layer_config", "is_heterogeneous", "kv_sharing_modes")
_REQUIRED = object()


class Reading:
    """A config that notes which of its fields were read and were there."""

    def __init__(self, config: Any):
        self.config, self.names = config, list[str]()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.config, name)
        if value is not None and name not in NOT_COUNTED:
            self.names.append(name)
        return value


def fields_used(config: Any) -> list[str]:
    """Return the fields of a decoder's config that its cache depends on, by the rules here."""
    reading = Reading(config)
    of(reading)
    return list(dict.fromkeys(reading.names))


def field(config: Any, *names: str, default: Any = _REQUIRED) -> Any:
    """Return the first of these fields that is set, else the default; raise Refused without one."""
    for name in names:
        if (value := getattr(config, name, None)) is not None:
            return value
    if default is _REQUIRED:
        raise refuse("missing_field", field=names[0])
    return default
