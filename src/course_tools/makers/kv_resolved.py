"""The configs of models.toml as transformers completes them, so that a size needs no transformers.

python -m course_tools.makers.kv_resolved

Writes src/helpers/kv_cache/resolved.json: for each model the fields that a size depends on.
"""

import functools
import json
import re
from pathlib import Path
from typing import Any

from helpers.kv_cache import configs, fitting, layers

from .. import command

FILE = Path(fitting.__file__).with_name("resolved.json")
# what weights, activations and notes depend on, beside the rules of layers.py
ALSO = ("model_type", "vocab_size", "hidden_size", "intermediate_size", "d_ff",
        "max_position_embeddings", "num_hidden_layers")  # fmt: skip
NOT_PLAIN = {"per_layer_config", "is_heterogeneous"}


@functools.cache
def names() -> tuple[str, ...]:
    """Return every field that the rules of layers.py may read, by their source."""
    source = Path(layers.__file__).read_text(encoding="utf-8")
    found = set(re.findall(r"\bconfig\.(\w+)", source)) | set(configs.LAYER_COUNTS)
    for call in re.findall(r"(?:getattr|field)\(([^()]*)\)", source):
        found |= set(re.findall(r'"(\w+)"', call))
    return tuple(sorted(found - NOT_PLAIN))


def fields(decoder: Any) -> dict[str, Any]:
    """Return the fields of a decoder's config that a size depends on and that are set."""
    found = {name: getattr(decoder, name, None) for name in (*names(), *ALSO)}
    return {name: value for name, value in sorted(found.items()) if is_plain(value)}


def is_plain(value: Any) -> bool:
    """Can JSON hold it, and is it set?"""
    return isinstance(value, str | int | list | tuple)


def entry(key: str) -> dict[str, Any]:
    """Return one model's entry, from the config object of transformers."""
    config = fitting.config(key)
    decoder = configs.text(config)
    whole = {
        "is_encoder_decoder": config.is_encoder_decoder,
        "is_encoder_only": configs.is_encoder_only(config),
        "tie_word_embeddings": bool(config.tie_word_embeddings),
    }
    given = [name for name in (*names(), *ALSO) if configs.is_given(decoder, name)]
    return {"fields": fields(decoder) | whole, "given": sorted(set(given))}


def text() -> str:
    """Return what the file must hold."""
    found = {model.name: entry(key) for key, model in fitting.models().items()}
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def main(argv: list[str]) -> int:
    """Write the file."""
    command.parser("kv_resolved", __doc__).parse_args(argv)
    FILE.write_text(text(), encoding="utf-8")
    print(FILE)
    return 0


if __name__ == "__main__":
    command.run(main)
