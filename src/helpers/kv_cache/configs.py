"""Read a model's config from wherever a student has it: an object, a dict, a file, pasted JSON."""

import copy
import functools
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from ..language import say

DTYPES = {"float32": 4, "float16": 2, "bfloat16": 2}  # bytes of one number
# What an engine can keep, though no model computes in it: 8 bits, with one scale a tensor
CACHE_DTYPES = {**DTYPES, "fp8": 1, "float8_e4m3fn": 1, "float8_e5m2": 1}
# The decoder's own depth first: of T5 and its kin, the others are the encoder's.  (BART's
# decoder_layers is num_hidden_layers in what text() returns.)
LAYER_COUNTS = (
    "num_decoder_layers",
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
    "decoder_layers",
)
TEXT_PARTS = ("text_config", "decoder")  # where a config.json of several parts has the decoder
GIVEN = "_kv_cache_given"  # the attribute that names what a file said


class Resolved:
    """A decoder's config with every field that a size depends on, from a table: no transformers.

    fields: as the object of transformers has them, model_type among them
    given: the fields that the model's config.json itself says
    """

    attribute_map: ClassVar[dict[str, str]] = {}
    name_or_path = ""
    is_encoder_decoder = is_encoder_only = False
    tie_word_embeddings = True

    def __init__(self, fields: Mapping[str, Any], given: Iterable[str], name: str) -> None:
        vars(self).update(fields, name_or_path=name, **{GIVEN: list(given)})

    def get_text_config(self, decoder: bool = True) -> "Resolved":
        """Return the config itself: it is the decoder's."""
        return self


class Refused(ValueError):
    """No number can be given, and none is guessed; the message names what is missing.

    reason: the message's name    values: what it names, for code and for pages in English
    """

    def __init__(self, message: str, reason: str, values: dict[str, object]):
        super().__init__(message)
        self.reason, self.values = reason, values

    def _render_traceback_(self) -> list[str]:
        """Return the sentence that IPython shows instead of a traceback through this package."""
        return [f"{self}"]


def refuse(name: str, **values: object) -> Refused:
    """Make a Refused of a message in the student's language."""
    return Refused(say.text("kv_cache", name, **values), name, values)


def is_object(config: Any) -> bool:
    """Is it a config object, of transformers or Resolved, and no file or dict?"""
    return hasattr(config, "get_text_config")


def read(config: Any) -> Any:
    """Return the config object of transformers; raise Refused for what it lacks, or if it is none.

    config: a PreTrainedConfig, its dict, a path to config.json or its folder, or the JSON itself
    """
    if is_object(config):
        return config
    from transformers import CONFIG_MAPPING  # slow: an object does not need it

    fields = _fields(config)
    kind = fields.get("model_type")
    if kind is None:
        raise refuse("missing_field", field="model_type")
    if kind not in CONFIG_MAPPING:
        raise refuse("unknown_family", family=kind)
    if not any(name in layer for layer in _levels(fields) for name in LAYER_COUNTS):
        raise refuse("missing_field", field="num_hidden_layers")
    try:
        found = CONFIG_MAPPING[kind].from_dict(fields)
    except Exception as error:  # transformers validates with many exception classes
        raise refuse("invalid_config", family=kind, error=f"{error}".splitlines()[-1]) from error
    for part in (found, text(found)):  # of an old encoder-decoder, text() is a copy each time
        setattr(part, GIVEN, _names(fields))
    return found


def is_given(decoder: Any, name: str) -> bool:
    """Did the file give this field, by whatever name?

    Of an object without a file: was it set?
    decoder: what text() returns.  An object's field counts as set where it is not its class's own.
    """
    said = getattr(decoder, GIVEN, None)
    alias = decoder.attribute_map.get(name, name)
    if said is not None:
        return bool({name, alias, f"decoder_{name.removeprefix('num_')}"} & set(said))
    own: Any = type(decoder)
    return getattr(decoder, name, None) != getattr(_of_the_class(own), name, None)


def from_the_class(decoder: Any, used: list[str]) -> dict[str, object]:
    """Return {field: value} of the fields that a number rests on and that the file does not have.

    Nothing for an object, whose fields somebody chose; nothing that follows from the file.
    """
    if getattr(decoder, GIVEN, None) is None:
        return {}
    missing = {name: getattr(decoder, name) for name in used if not is_given(decoder, name)}
    as_in_files = {} if decoder.is_encoder_decoder else decoder.attribute_map
    return {
        as_in_files.get(name, name): value
        for name, value in missing.items()
        if not _follows(decoder, name, value)
    }


def _follows(decoder: Any, name: str, value: Any) -> bool:
    """Does the value of a missing field assume nothing that the file does not say?

    True for head_dim = hidden_size / n_heads, and where every layer is the usual one.
    """
    if name == "layer_types":
        return set(value) == {"full_attention"}
    pair = ("hidden_size", "num_attention_heads")
    if name != "head_dim" or not all(is_given(decoder, part) for part in pair):
        return False
    width, heads = (getattr(decoder, part) for part in pair)
    return value == width // heads


@functools.cache
def _of_the_class(kind: type) -> Any:
    """Return a config of this class as it is without a file; None where it cannot be made so."""
    try:
        return kind()
    except Exception:  # some classes need arguments
        return None


def text(config: Any) -> Any:
    """Return the part of the config that describes the decoder."""
    if config.attribute_map.get("num_hidden_layers") == "encoder_layers":  # BART's kin alone
        config = copy.deepcopy(config)
        config.is_encoder_decoder = True  # else transformers answers with the encoder's numbers
    return config.get_text_config(decoder=True)


def name(config: Any) -> str:
    """Return the model's name: the one it was loaded by, else its family."""
    return config.name_or_path or config.model_type


def dtype_name(dtype: Any, known: Mapping[str, int] = DTYPES) -> str:
    """Return "bfloat16" for torch.bfloat16 or "bfloat16"; raise Refused for an unknown dtype.

    known: DTYPES, in which models compute, or CACHE_DTYPES, in which an engine keeps a cache
    """
    named = str(dtype).removeprefix("torch.")
    if named not in known:
        raise refuse("unknown_dtype", got=named, known=", ".join(known))
    return named


def count(what: str, value: Any) -> int:
    """Return a whole number of at least 1; raise Refused if it is none."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise refuse("not_a_count", what=what, got=repr(value))
    return value


def source_len(config: Any, encoder_len: int | None) -> int | None:
    """Return encoder_len for a model with an encoder, else None; raise Refused if it is missing."""
    if not config.is_encoder_decoder:
        if encoder_len is not None:
            raise refuse("no_encoder", family=config.model_type)
        return None
    if encoder_len is None:
        raise refuse("missing_encoder_len", family=config.model_type)
    return count("encoder_len", encoder_len)


def is_encoder_only(config: Any) -> bool:
    """Is the model like BERT, in which no token waits for the next one, so nothing is kept?"""
    if isinstance(config, Resolved):
        return config.is_encoder_only
    from transformers.models.auto import modeling_auto

    kind, generates = config.model_type, config.is_encoder_decoder
    if kind in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or generates:
        masked = kind in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
        return masked and not generates and getattr(config, "is_decoder", None) is False
    return kind in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES


def _fields(config: Any) -> dict[str, Any]:
    if isinstance(config, dict):
        return config
    if isinstance(config, str) and _is_pasted(config):
        return _parse(config.strip("\ufeff \n\t"), "JSON")
    if not isinstance(config, str | os.PathLike):
        raise refuse("not_a_config", got=type(config).__name__)
    path = Path(config)
    try:
        path = path / "config.json" if path.is_dir() else path
        source = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse("not_text", path=_short(config)) from error
    except (OSError, ValueError) as error:  # no such file, or a name that no file can have
        raise refuse("no_file", path=_short(config)) from error
    return _parse(source, path.name)


def _is_pasted(text: str) -> bool:
    """Is this JSON, or meant as JSON?

    A path has one line and begins with no brace.
    """
    return text.strip("\ufeff \n\t").startswith("{") or "\n" in text.strip()


def _short(path: str | os.PathLike[str]) -> str:
    whole = os.fspath(path)
    return whole if len(whole) <= 80 else f"…{whole[-80:]}"  # its end names the file


def _names(fields: dict[str, Any]) -> list[str]:
    """Return the fields that a file gives for the decoder: its own, and those of its text part."""
    parts = [fields[name] for name in TEXT_PARTS if isinstance(fields.get(name), dict)]
    return sorted({name for level in (fields, *parts) for name in level})


def _parse(source: str, where: str) -> dict[str, Any]:
    try:
        fields = json.loads(source)
    except json.JSONDecodeError as error:
        raise refuse("not_json", where=where, line=error.lineno, error=error.msg) from error
    if not isinstance(fields, dict):
        raise refuse("not_a_config", got=type(fields).__name__)
    return fields


def _levels(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the config and the configs inside it (text_config, decoder, …)."""
    return [fields, *(value for value in fields.values() if isinstance(value, dict))]
