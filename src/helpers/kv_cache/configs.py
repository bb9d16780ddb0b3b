"""A model's config, from wherever a student has it: an object, a dict, a file, pasted JSON."""

import json
import os
from pathlib import Path
from typing import Any

from transformers import CONFIG_MAPPING, PreTrainedConfig
from transformers.models.auto import modeling_auto

from .. import say

DTYPES = {"float32": 4, "float16": 2, "bfloat16": 2}  # bytes of one number
LAYER_COUNTS = (
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
    "decoder_layers",
    "num_decoder_layers",
)


class Refused(ValueError):
    """No number is given rather than a guessed one; the message names what is missing.

    reason: the message's name    values: what it names, for code and for pages in English
    """

    def __init__(self, message: str, reason: str, values: dict[str, object]):
        super().__init__(message)
        self.reason, self.values = reason, values


def refuse(name: str, **values: object) -> Refused:
    return Refused(say.text("kv_cache", name, **values), name, values)


def read(config: Any) -> PreTrainedConfig:
    """The config object of transformers.  Refused: what it lacks, or that it is none.

    config: a PreTrainedConfig, its dict, a path to config.json or its folder, or the JSON itself
    """
    if isinstance(config, PreTrainedConfig):
        return config
    fields = _fields(config)
    kind = fields.get("model_type")
    if kind is None:
        raise refuse("missing_field", field="model_type")
    if kind not in CONFIG_MAPPING:
        raise refuse("unknown_family", family=kind)
    if not any(name in layer for layer in _levels(fields) for name in LAYER_COUNTS):
        raise refuse("missing_field", field=LAYER_COUNTS[0])
    try:
        return CONFIG_MAPPING[kind].from_dict(fields)
    except Exception as error:  # transformers validates with many exception classes
        raise refuse("invalid_config", family=kind, error=f"{error}".splitlines()[-1]) from error


def text(config: PreTrainedConfig) -> PreTrainedConfig:
    """The part of the config that describes the decoder."""
    return config.get_text_config(decoder=True)


def name(config: PreTrainedConfig) -> str:
    """What a student calls the model: the name it was loaded by, else its family."""
    return config.name_or_path or config.model_type


def dtype_name(dtype: Any) -> str:
    """ "bfloat16" of torch.bfloat16 or "bfloat16".  Refused for what no cache is kept in here."""
    known = str(dtype).removeprefix("torch.")
    if known not in DTYPES:
        raise refuse("unknown_dtype", got=known, known=", ".join(DTYPES))
    return known


def count(what: str, value: Any) -> int:
    """A whole number of at least 1.  Refused if it is none."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise refuse("not_a_count", what=what, got=repr(value))
    return value


def source_len(config: PreTrainedConfig, encoder_len: int | None) -> int | None:
    """encoder_len where the model has an encoder, None where not.  Refused if it is missing."""
    if not config.is_encoder_decoder:
        if encoder_len is not None:
            raise refuse("no_encoder", family=config.model_type)
        return None
    if encoder_len is None:
        raise refuse("missing_encoder_len", family=config.model_type)
    return count("encoder_len", encoder_len)


def is_encoder_only(config: PreTrainedConfig) -> bool:
    """BERT and its like: no token waits for the next one, so nothing is kept."""
    kind, generates = config.model_type, config.is_encoder_decoder
    if kind in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or generates:
        masked = kind in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
        return masked and not generates and getattr(config, "is_decoder", None) is False
    return kind in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES


def _fields(config: Any) -> dict[str, Any]:
    if isinstance(config, dict):
        return config
    if isinstance(config, str) and config.lstrip().startswith("{"):
        return _parse(config, "JSON")
    if not isinstance(config, str | os.PathLike):
        raise refuse("not_a_config", got=type(config).__name__)
    path = Path(config)
    path = path / "config.json" if path.is_dir() else path
    try:
        return _parse(path.read_text(encoding="utf-8-sig"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise refuse("unreadable", path=config, error=error) from error


def _parse(source: str, where: str) -> dict[str, Any]:
    try:
        fields = json.loads(source)
    except json.JSONDecodeError as error:
        raise refuse("not_json", where=where, line=error.lineno, error=error.msg) from error
    if not isinstance(fields, dict):
        raise refuse("not_a_config", got=type(fields).__name__)
    return fields


def _levels(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The config and the configs inside it (text_config, decoder, …)."""
    return [fields, *(value for value in fields.values() if isinstance(value, dict))]
