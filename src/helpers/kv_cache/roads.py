"""Three roads to one number: a formula, the real code on the meta device, a real cache."""

import copy
import functools
import tomllib
from dataclasses import replace
from importlib import resources
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    PreTrainedConfig,
)
from transformers.models.auto import modeling_auto

from . import configs, layers, reading
from .configs import refuse
from .size import GB, CacheSize, LayerBytes, amount

# The outputs in which models return what the next token needs.
OUTPUTS = ("past_key_values", "cache_params", "state", "past_buckets_states", "mems")
LIMIT = "max_position_embeddings"
LARGEST = GB  # bytes of a cache that `measured` fills
# Without their CUDA kernels, these run in a Python loop over tokens, or over chunks of 64: the
# longest sequence that takes no minutes.
LOOPS = {
    **dict.fromkeys(("mamba", "falcon_mamba", "jamba", "zamba"), 4_096),
    **dict.fromkeys(("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text", "olmo_hybrid"), 16_384),
    "kimi_linear": 16_384,
}
# Families whose models return nothing for the next token: the state is in the module, or nowhere
RETURN_NOTHING = ("openai-gpt", "xlm", "recurrent_gemma")


def formula(
    config: Any,
    seq_len: int,
    *,
    batch_size: int = 1,
    dtype: Any = "bfloat16",
    encoder_len: int | None = None,
) -> CacheSize:
    """bytes = Σ over layers of  batch · (tokens kept · numbers a token + state) · bytes a number

    config: see configs.read    encoder_len: tokens of the encoder's input, where there is one
    dtype: also "fp8", in which engines keep keys and values (states stay in 16 bits)
    configs.Refused: a family whose cache no test has compared, or a field that is missing
    """
    from_file, config = not isinstance(config, PreTrainedConfig), configs.read(config)
    _refuse_what_returns_nothing(config)
    if not is_checked(config):
        raise refuse("unchecked_family", family=config.model_type)
    size = unchecked(config, seq_len, batch_size, dtype, encoder_len)
    return _with_defaults_named(size, config) if from_file else size


def is_checked(config: Any) -> bool:
    """Is the decoder's family one that the tests compared?  A wrapper counts by its text part.

    An encoder-decoder has to be compared itself: its text part says nothing of the other cache.
    """
    decoder = configs.text(config)
    is_writer = not config.is_encoder_decoder and not configs.is_encoder_only(decoder)
    families = {config.model_type, decoder.model_type if is_writer else config.model_type}
    return bool(families & checked_families())


def _refuse_what_returns_nothing(config: Any) -> None:
    if config.model_type in RETURN_NOTHING:
        raise refuse("no_cache", family=config.model_type)


def _with_defaults_named(size: CacheSize, config: Any) -> CacheSize:
    """Names the fields that the number rests on and that were not in the file."""
    decoder = configs.text(config)
    try:
        used = layers.fields_used(decoder)
    except configs.Refused:  # only the real code knows this family
        return size
    missing = configs.from_the_class(decoder, used)
    if not missing:
        return size
    told = ", ".join(f"{name} = {_told(value)}" for name, value in missing.items())
    return replace(size, notes=(*size.notes, ("note_defaults", {"fields": told})))


def _told(value: Any) -> str:
    return "/".join(dict.fromkeys(value)) if isinstance(value, list) else f"{value}"


def unchecked(
    config: Any, seq_len: int, batch_size: int, dtype: Any, encoder_len: int | None
) -> CacheSize:
    """The formula for any family: the tests compare it, and write down where it holds."""
    decoder, source = configs.text(config), configs.source_len(config, encoder_len)
    number = configs.CACHE_DTYPES[configs.dtype_name(dtype, configs.CACHE_DTYPES)]
    batch = configs.count("batch_size", batch_size)
    seq_len = configs.count("seq_len", seq_len)
    rules = [] if configs.is_encoder_only(config) else layers.of(decoder)
    sizes = [_own(rule, seq_len, batch, number) for rule in rules]
    if source is not None:
        sizes += [_cross(rule, source, batch, number) for rule in rules]
    return _size("formula", config, seq_len, batch, dtype, sizes, source)


def _own(rule: layers.Layer, seq_len: int, batch: int, number: int) -> LayerBytes:
    tokens, one = rule.tokens_kept(seq_len), batch * number
    growing = {"keys": rule.keys, "values": rule.values, "indexer": rule.indexer}
    parts = {name: tokens * size * one for name, size in growing.items() if size}
    for state in rule.states:
        parts[state.name] = parts.get(state.name, 0) + batch * state.bytes(number)
    is_full = rule.window is not None and tokens >= rule.window - 1
    per_token = 0 if is_full else sum(growing.values()) * one
    return LayerBytes(rule.kind, tokens if rule.keys else 0, parts, per_token)


def _cross(rule: layers.Layer, source: int, batch: int, number: int) -> LayerBytes:
    """The encoder's keys and values: computed once, never longer, whatever window there is."""
    one = source * batch * number
    return LayerBytes("cross", source, {"keys": rule.keys * one, "values": rule.values * one})


def on_meta(
    config: Any,
    seq_len: int,
    *,
    batch_size: int = 1,
    dtype: Any = "bfloat16",
    encoder_len: int | None = None,
) -> CacheSize:
    """The model's own code at its real size on torch's meta device: shapes without memory.

    configs.Refused: as in formula, but for families; where torch would loop for minutes, or where
    the model returns no cache
    """
    from_file, config = not isinstance(config, PreTrainedConfig), configs.read(config)
    configs.source_len(config, encoder_len)
    _refuse_what_returns_nothing(config)
    longest = LOOPS.get(configs.text(config).model_type)
    if longest is not None and seq_len > longest:
        raise refuse("slow_loop", family=config.model_type, tokens=f"{longest:,}")
    model = meta_model(config, dtype)
    size = _run("on_meta", model, seq_len, batch_size, encoder_len)
    return _with_defaults_named(size, config) if from_file else size


def meta_model(config: Any, dtype: Any = "bfloat16") -> Any:
    """The model at its real size, without memory.  configs.Refused if its code cannot be built.

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
        raise refuse("not_built", family=config.model_type, error=_first_line(error)) from error


def parameter_count(config: Any) -> int:
    """How many parameters the model has; a matrix that is used twice counts once."""
    return sum(p.numel() for p in meta_model(config).parameters())


def measured(
    model_or_cache: Any,
    seq_len: int | None = None,
    *,
    batch_size: int = 1,
    encoder_len: int | None = None,
) -> CacheSize:
    """The tensors of a real cache: one that exists, or one that a model fills now.

    model_or_cache: a model (which then needs seq_len), or what it returned as past_key_values
    """
    if isinstance(model_or_cache, torch.nn.Module):
        model: Any = model_or_cache
        if seq_len is None:
            raise refuse("missing_argument", argument="seq_len")
        configs.source_len(model.config, encoder_len)
        _refuse_the_impossible(model, seq_len, batch_size, encoder_len)
        return _run("measured", model, seq_len, batch_size, encoder_len)
    return _read_cache(model_or_cache)


def _refuse_the_impossible(
    model: Any, seq_len: int, batch_size: int, encoder_len: int | None
) -> None:
    """Refused, with the number, where the cache would take more than LARGEST: no dead kernel."""
    if not is_checked(model.config):
        return
    size = unchecked(model.config, seq_len, batch_size, model.dtype, encoder_len)
    if size.total_bytes > LARGEST:
        raise refuse("too_large", total=amount(size.total_bytes), largest=amount(LARGEST))


class _NoPadding(TorchDispatchMode):
    """Answers yes where code asks a meta tensor "is the whole mask True?": nothing is padded."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        asks = func is torch.ops.aten._local_scalar_dense.default
        if asks and args[0].device.type == "meta" and args[0].dtype == torch.bool:
            return True
        return func(*args, **(kwargs or {}))


@functools.cache
def checked_families() -> frozenset[str]:
    """The families whose real caches the tests compared with the formula, byte for byte."""
    source = resources.files(__package__) / "checked_families.toml"
    return frozenset(tomllib.loads(source.read_text(encoding="utf-8"))["families"])


def _auto_class(config: Any) -> Any:
    if configs.is_encoder_only(config):
        return AutoModel
    kind = config.model_type
    is_causal = kind in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    if config.is_encoder_decoder or not is_causal:
        pairs = modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
        return AutoModelForSeq2SeqLM if kind in pairs else AutoModel
    return AutoModelForCausalLM


@torch.no_grad()
def _run(
    road: str, model: Any, seq_len: int, batch_size: int, encoder_len: int | None
) -> CacheSize:
    """One forward over random tokens; then read what it keeps for the next one."""
    seq_len, batch = configs.count("seq_len", seq_len), configs.count("batch_size", batch_size)
    tokens = torch.ones(batch, seq_len, dtype=torch.long, device=model.device)
    inputs: dict[str, Any] = {"input_ids": tokens}
    if encoder_len is not None:
        source = torch.ones(batch, encoder_len, dtype=torch.long, device=model.device)
        inputs = {"input_ids": source, "decoder_input_ids": tokens}
    if not configs.is_encoder_only(model.config):
        inputs["use_cache"] = True
    try:
        with _NoPadding():
            out = model(**inputs)
    except Exception as error:  # whatever the model's own code raises
        family = model.config.model_type
        raise refuse("not_run", family=family, error=_first_line(error)) from error
    cache = next((c for c in (getattr(out, k, None) for k in OUTPUTS) if c is not None), None)
    sizes, held = reading.layers(cache), reading.held(cache)
    if not held.payload and not configs.is_encoder_only(model.config):
        raise refuse("no_cache", family=model.config.model_type)
    dtype = str(model.dtype)
    return _size(road, model.config, seq_len, batch, dtype, sizes, encoder_len, held=held)


def _read_cache(cache: Any) -> CacheSize:
    sizes, held = reading.layers(cache), reading.held(cache)
    if not held.payload:
        raise refuse("empty_cache", got=type(cache).__name__)
    shape, dtype = reading.first_keys(cache)
    source = next((layer.tokens for layer in sizes if layer.kind == "cross"), None)
    length = cache.get_seq_length() if hasattr(cache, "get_seq_length") else 0
    kind = type(cache).__name__
    return CacheSize("measured", kind, length, shape[0], dtype, tuple(sizes), source, held)


def _size(
    road: str,
    config: Any,
    seq_len: int,
    batch: int,
    dtype: Any,
    sizes: list[LayerBytes],
    source: int | None,
    held: Any = None,
) -> CacheSize:
    dtype, named = configs.dtype_name(dtype, configs.CACHE_DTYPES), configs.name(config)
    decoder, notes = configs.text(config), list[tuple[str, dict[str, object]]]()
    if configs.is_encoder_only(config):
        notes.append(("note_encoder_only", {}))
    if decoder.model_type != config.model_type and not config.is_encoder_decoder:
        notes.append(("note_text_part", {"family": decoder.model_type}))
    trained = getattr(decoder, LIMIT, None)
    if isinstance(trained, int) and 0 < trained < seq_len and configs.is_given(decoder, LIMIT):
        notes.append(("note_too_long", {"tokens": f"{trained:,}"}))
    layers_ = tuple(sizes)
    return CacheSize(road, named, seq_len, batch, dtype, layers_, source, held, tuple(notes))


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
