"""The size of a KV cache by the model's own code on torch's meta device."""

import copy
from typing import Any

import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    PreTrainedConfig,
)
from transformers.models.auto import modeling_auto

from . import configs
from .by_formula import refuse_what_returns_nothing, with_defaults_named
from .by_measuring import first_line, run
from .configs import refuse
from .size import CacheSize

# Without their CUDA kernels, these run in a Python loop over tokens, or over chunks of 64: the
# longest sequence that takes no minutes.
LOOPS = {
    **dict.fromkeys(("mamba", "falcon_mamba", "jamba", "zamba"), 4_096),
    **dict.fromkeys(("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text", "olmo_hybrid"), 16_384),
    "kimi_linear": 16_384,
}


def on_meta(
    config: Any,
    seq_len: int,
    *,
    batch_size: int = 1,
    dtype: Any = "bfloat16",
    encoder_len: int | None = None,
) -> CacheSize:
    """Run the model's own code at its real size on torch's meta device: shapes without memory.

    configs.Refused: as in formula, but for families; where torch would loop for minutes, or where
    the model returns no cache
    """
    from_file, config = not isinstance(config, PreTrainedConfig), configs.read(config)
    configs.source_len(config, encoder_len)
    refuse_what_returns_nothing(config)
    longest = LOOPS.get(configs.text(config).model_type)
    if longest is not None and seq_len > longest:
        raise refuse("slow_loop", family=config.model_type, tokens=f"{longest:,}")
    model = meta_model(config, dtype)
    size = run("on_meta", model, seq_len, batch_size, encoder_len)
    return with_defaults_named(size, config) if from_file else size


def meta_model(config: Any, dtype: Any = "bfloat16") -> Any:
    """Build the model at its real size, without memory; raise Refused if its code cannot be built.

    batched_mm computes experts without asking for a value of a tensor, which meta has not.
    """
    config = copy.deepcopy(configs.read(config))  # what is set below is not the student's
    numbers = getattr(torch, configs.dtype_name(dtype))
    try:
        with torch.device("meta"):
            model = _auto_class(config).from_config(config, dtype=numbers).eval()
        model.config.pad_token_id = None  # else some look for it among the tokens
        if hasattr(model, "set_experts_implementation"):
            model.set_experts_implementation("batched_mm")
        return model
    except Exception as error:  # whatever the model's own code raises
        raise refuse("not_built", family=config.model_type, error=first_line(error)) from error


def parameter_count(config: Any) -> int:
    """Count the model's parameters; a matrix that is used twice counts once."""
    return sum(p.numel() for p in meta_model(config).parameters())


def _auto_class(config: Any) -> Any:
    if configs.is_encoder_only(config):
        return AutoModel
    kind = config.model_type
    is_causal = kind in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    if config.is_encoder_decoder or not is_causal:
        pairs = modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
        return AutoModelForSeq2SeqLM if kind in pairs else AutoModel
    return AutoModelForCausalLM
