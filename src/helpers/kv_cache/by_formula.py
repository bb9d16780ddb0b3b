"""The size of a KV cache by a formula: from a configuration alone, without a model."""

import functools
import tomllib
from dataclasses import replace
from importlib import resources
from typing import Any

from . import configs, layers
from .configs import refuse
from .size import CacheSize, LayerBytes

LIMIT = "max_position_embeddings"
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
    """Compute the size of a cache from its model's config alone.

    bytes = Σ over layers of  batch · (tokens kept · numbers a token + state) · bytes a number
    config: see configs.read    encoder_len: tokens of the encoder's input, where there is one
    dtype: also "fp8", in which engines keep keys and values (states stay in 16 bits)
    configs.Refused: a family whose cache no test has compared, or a field that is missing
    """
    from_file, config = not configs.is_object(config), configs.read(config)
    refuse_what_returns_nothing(config)
    if not is_checked(config):
        raise refuse("unchecked_family", family=config.model_type)
    size = unchecked(config, seq_len, batch_size, dtype, encoder_len)
    return with_defaults_named(size, config) if from_file else size


def is_checked(config: Any) -> bool:
    """Did the tests compare the decoder's family?  A multimodal model counts by its text part.

    An encoder-decoder has to be compared itself: its text part says nothing of the other cache.
    """
    decoder = configs.text(config)
    is_writer = not config.is_encoder_decoder and not configs.is_encoder_only(decoder)
    families = {config.model_type, decoder.model_type if is_writer else config.model_type}
    return bool(families & checked_families())


@functools.cache
def checked_families() -> frozenset[str]:
    """Return the families whose real caches the tests compared with the formula, byte by byte."""
    source = resources.files(__package__) / "checked_families.toml"
    return frozenset(tomllib.loads(source.read_text(encoding="utf-8"))["families"])


def refuse_what_returns_nothing(config: Any) -> None:
    """Raise Refused for a family whose models return no cache."""
    if config.model_type in RETURN_NOTHING:
        raise refuse("no_cache", family=config.model_type)


def with_defaults_named(size: CacheSize, config: Any) -> CacheSize:
    """Add a note that names the fields which the number rests on and the file lacks."""
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
    """Compute the size for any family, also one that was never compared.

    The tests compare it with real caches, and write down where it holds.
    """
    decoder, source = configs.text(config), configs.source_len(config, encoder_len)
    number = configs.CACHE_DTYPES[configs.dtype_name(dtype, configs.CACHE_DTYPES)]
    batch = configs.count("batch_size", batch_size)
    seq_len = configs.count("seq_len", seq_len)
    rules = [] if configs.is_encoder_only(config) else layers.of(decoder)
    sizes = [_own(rule, seq_len, batch, number) for rule in rules]
    if source is not None:
        sizes += [_cross(rule, source, batch, number) for rule in rules]
    return cache_size("formula", config, seq_len, batch, dtype, sizes, source)


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
    """Return the encoder's keys and values, computed once, never longer, whatever the window."""
    one = source * batch * number
    return LayerBytes("cross", source, {"keys": rule.keys * one, "values": rule.values * one})


def cache_size(
    method: str,
    config: Any,
    seq_len: int,
    batch: int,
    dtype: Any,
    sizes: list[LayerBytes],
    source: int | None,
    held: Any = None,
) -> CacheSize:
    """Put one method's layers and what they depend on together as a CacheSize."""
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
    return CacheSize(method, named, seq_len, batch, dtype, layers_, source, held, tuple(notes))
