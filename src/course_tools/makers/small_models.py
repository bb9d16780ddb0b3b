"""A small random config and model of any family of transformers.

The rules below set every width, count and window of a family's own default config to a small
number.  Few families need more: SPECIAL.
"""

import copy
import re
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from transformers import CONFIG_MAPPING
from transformers.models.auto import modeling_auto

CAUSAL = modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
SEQ2SEQ = modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
ALONE = modeling_auto.MODEL_MAPPING_NAMES
# The text parts of models that also see, which transformers maps to no language model of their own
TEXT_PARTS = ("mistral4", "qwen2_5_vl_text", "qwen3_vl_text")
FAMILIES = sorted({*CAUSAL, *SEQ2SEQ, *TEXT_PARTS})


@dataclass(frozen=True)
class Shape:
    """One choice of all numbers that a cache can depend on."""

    width: int
    heads: int
    kv_heads: int
    head_dim: int
    window: int
    latent: int
    rope: int
    state: int


SHAPES = {
    "a": Shape(width=64, heads=4, kv_heads=2, head_dim=16, window=16, latent=20, rope=8, state=8),
    "b": Shape(width=96, heads=6, kv_heads=3, head_dim=16, window=11, latent=28, rope=16, state=16),
}
VOCABULARY = 128


def rules(s: Shape) -> list[tuple[str, int]]:
    """Return (pattern of an attribute's whole name, its small value); the first match counts."""
    return [
        (r".*(hidden_layers|n_layers?|num_layers|(en|de)coder_(num_)?layers|num_block_layers)", 4),
        (r"hidden_size|d_model|n_embd|dim|emb_dim|embed_dim|hidden_dim|embedding_size", s.width),
        (r"(decoder|encoder|attention|text|output|out|audio)_hidden_size", s.width),
        (r"word_embed_proj_dim|input_embedding_size|embedding_dim|projection_dim", s.width),
        (r"lru_width|dim_model|d_embed", s.width),
        (
            r"(num_|n_)?((en|de)coder_)?(attention_)?heads?|n_heads|num_(en|de)coder_attention_heads",
            s.heads,
        ),
        (r".*(key_value_heads|kv_heads)", s.kv_heads),
        (
            r"(swa_|global_|attention_)?head_dim|d_kv|d_head|kv_channels|attention_head_size|dim_head",
            s.head_dim,
        ),
        (r".*vocab_size.*", VOCABULARY),
        (r"mamba_d_ssm", 2 * s.width),
        (r".*intermediate_size.*|d_ff|.*ffn_dim|n_inner|ffn_hidden_size|dim_ff|ffn_size|dff", 96),
        (r"num_experts|num_local_experts|n_routed_experts|moe_num_experts|num_routed_experts", 4),
        (r"num_experts_per_tok(en)?|moe_k|top_k_experts|moe_topk|num_selected_experts", 2),
        (r"n_group|topk_group|num_expert_group|topk_groups|n_shared_experts|num_shared_experts", 1),
        (r"q_lora_rank|o_lora_rank", 24),
        (r"kv_lora_rank", s.latent),
        (r"qk_rope_head_dim", s.rope),
        (r"qk_nope_head_dim", 12),
        (r"qk_head_dim", 12 + s.rope),
        (r"v_head_dim", 10),
        (
            r"sliding_window(_size)?|attention_window(_size)?|local_attention_window|window_size",
            s.window,
        ),
        (r"attention_chunk_size", s.window),
        (r"index(er)?_head_dim", s.head_dim),
        (r"index_n_heads", 4),
        (r"index_topk", 8),
        (r"first_k_dense_replace|num_dense_layers|moe_layer_start_index", 1),
        (r"mamba_n_heads|mamba_num_heads|n_mamba_heads", s.width // 8),
        (r"mamba_d_head|mamba_head_dim|mamba_headdim", 16),
        (r"mamba_d_state|ssm_state_size|state_size", s.state),
        (r"mamba_dt_rank|time_step_rank", 4),
        (r"chunk_size|mamba_chunk_size", 8),
        (r"mamba_n_?groups|n_groups", 1),
        (r"linear_num_key_heads", 2),
        (r"linear_num_value_heads", 4),
        (r"linear_num_heads", 4),
        (r"linear_key_head_dim|linear_head_dim", s.state),
        (r"linear_value_head_dim", 12),
    ]


def small_config(family: str, shape: str = "a") -> Any:
    """Make the family's config with small numbers.  Any exception: it cannot be built so."""
    numbers = CONFIG_MAPPING[family]().to_dict()
    small = _shrink(numbers, rules(SHAPES[shape]))
    small.pop("per_layer_config", None)  # its numbers are of the real size
    for name, value in special(family, SHAPES[shape]).items():
        nested = isinstance(value, dict) and isinstance(small.get(name), dict)
        small[name] = small[name] | value if nested else value
    return CONFIG_MAPPING[family].from_dict(small)


def _shrink(numbers: dict, table: list[tuple[str, int]]) -> dict:
    types: list = next((numbers[k] for k in TYPE_LISTS if isinstance(numbers.get(k), list)), [])
    n_layers = max([4, *(types.index(kind) + 1 for kind in set(types))])
    small = {
        name: _small(name, value, table, n_layers, len(types)) for name, value in numbers.items()
    }
    heads, kv_heads = (_first(numbers, pattern) for pattern in (HEADS, KV_HEADS))
    if heads and heads == kv_heads:  # a family with as many kv heads as heads stays so
        small |= {k: _first(small, HEADS) for k in small if re.fullmatch(KV_HEADS, k)}
    if numbers.get("qk_rope_head_dim") and numbers.get("head_dim") == numbers["qk_rope_head_dim"]:
        small["head_dim"] = small["qk_rope_head_dim"]
    return small


TYPE_LISTS = ("layer_types", "layers_block_type", "block_types")
HEADS = r"num_attention_heads|n_heads?|num_heads"
KV_HEADS = r"num_key_value_heads|num_kv_heads|n_kv_heads"


def _first(numbers: dict, pattern: str) -> int | None:
    return next((v for k, v in numbers.items() if re.fullmatch(pattern, k) and v), None)


def _small(name: str, value: Any, table: list[tuple[str, int]], n_layers: int, n_types: int) -> Any:
    if isinstance(value, dict) and ("model_type" in value or name in ("encoder", "decoder")):
        return _shrink(value, table)
    if isinstance(value, list) and n_types and len(value) == n_types:
        return value[:n_layers]
    if name.endswith(("_token_id", "_token_index")):
        too_large = isinstance(value, int) and value >= VOCABULARY
        return [1] if isinstance(value, list) else 1 if too_large else value
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        return copy.deepcopy(value)
    if name == "num_hidden_layers" and n_types:
        return min(value, n_layers)
    for pattern, number in table:
        if re.fullmatch(pattern, name):
            return min(value, number)
    return value


def special(family: str, s: Shape) -> dict[str, Any]:
    """Return what the rules cannot know, mostly lists with one entry a layer."""
    known: dict[str, dict[str, Any]] = {
        "bamba": {"attn_layer_indices": [1, 3]},
        "blenderbot": {"encoder_layers": 4},
        "codegen": {"rotary_dim": 8},
        "gptj": {"rotary_dim": 8},
        "deepseek_v2": {"num_experts_per_tok": 2, "n_group": 1, "topk_group": 1},
        "dbrx": {"attn_config": {"kv_n_heads": 2, "rope_theta": 10000.0}},
        "dots1": {"n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2},
        "emu3": {"pad_token_id": 0},
        "gemma3n_text": {
            "num_kv_shared_layers": 2,
            "num_hidden_layers": 6,
            "layer_types": ["sliding_attention", "sliding_attention", "full_attention"] * 2,
            "intermediate_size": 96,
            "activation_sparsity_pattern": [0.0] * 6,
            "hidden_size_per_layer_input": 16,
        },
        "gemma4_text": {"hidden_size_per_layer_input": 16},
        "led": {"attention_window": [16] * 4},
        "llama": {"num_key_value_heads": s.kv_heads},
        "lfm2_moe": {"layer_types": ["conv", "full_attention"] * 2},
        "bloom": {"n_head": 4},
        "falcon_h1": {"mamba_d_ssm": 64, "mamba_n_heads": 4, "mamba_d_head": 16},
        "granitemoehybrid": {"layer_types": ["linear_attention", "full_attention"] * 2},
        "hunyuan_v1_dense": {"head_dim": 16},
        "hunyuan_v1_moe": {"head_dim": 16, "num_experts": 4, "moe_topk": 2, "num_shared_expert": 1},
        "jamba": {"attn_layer_offset": 1, "attn_layer_period": 2},
        "mamba2": {"num_heads": 8, "head_dim": s.width // 4, "hidden_size": s.width, "expand": 2},
        "ministral": {"head_dim": 16},
        "mistral4": {"head_dim": 2 * s.rope},  # half of it is rotated
        "nemotron": {"num_key_value_heads": 2, "head_dim": 16},
        "qwen2_5_vl_text": {"rope_parameters": {"mrope_section": [2, 3, 3]}},
        "reformer": {"axial_pos_embds": False, "attn_layers": ["local", "lsh", "local", "lsh"]},
        "switch_transformers": {"num_sparse_decoder_layers": 2, "num_sparse_encoder_layers": 2},
        "xlnet": {"d_head": 16, "n_head": s.width // 16, "d_model": s.width},
        "xmod": {"default_language": "en_XX"},
    }
    return known.get(family, {})


def small_model(config: Any, dtype: torch.dtype) -> torch.nn.Module:
    """Make a random model of the class that transformers maps to this config, in dtype."""
    torch.manual_seed(0)
    if not is_seq2seq(config) and hasattr(config.get_text_config(decoder=True), "is_decoder"):
        config.is_decoder = config.get_text_config(decoder=True).is_decoder = True
    mappings = (SEQ2SEQ, CAUSAL) if is_seq2seq(config) else (CAUSAL, SEQ2SEQ, ALONE)
    name = next(names[config.model_type] for names in mappings if config.model_type in names)
    cls = getattr(transformers, name if isinstance(name, str) else name[0])
    return cls._from_config(config, dtype=dtype).eval()


def is_seq2seq(config: Any) -> bool:
    """Tell whether the config is one of an encoder and a decoder."""
    return config.model_type in SEQ2SEQ and config.is_encoder_decoder
