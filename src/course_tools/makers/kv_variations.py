"""The second walk: every switch, depth, head count and window of a family's config, one at a time.

A family whose small model agrees with the formula can still be wrong for a real one: with another
switch, or with an encoder and a decoder of different depths.  So a family counts as checked only
where the formula and the real code on `meta` also agree in every variation of its config.
"""

import contextlib
import re
import signal
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import CONFIG_MAPPING

from helpers import kv_cache
from helpers.kv_cache import configs
from helpers.kv_cache.by_formula import is_checked, unchecked

from . import small_models

LENGTH, OUTPUT = 37, 7  # tokens; of an encoder-decoder its input, and what it writes
SECONDS = 25  # of one variation
# Whole numbers that a cache depends on: what a pattern's names are set to, one after another
CHANGES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    (r".*(hidden_layers|n_layers?|num_layers|(en|de)coder_(num_)?layers|block_layers)", (2, 3)),
    (r".*(key_value_heads|kv_heads)", (1, 4)),
    (r"((num_|n_)?((en|de)coder_)?|num_(en|de)coder_)(attention_)?heads?", (2,)),
    (r"((swa_|global_|attention_)?head_dim|d_kv|kv_channels|dim_head)", (24,)),
    (r"v_head_dim", (6,)),
    (r"kv_lora_rank", (12,)),
    (r"(sliding_window|attention_window|window_size|attention_chunk_size)", (None, 5)),
    (r"sliding_window_pattern|max_window_layers|num_kv_shared_layers", (1, 2)),
    (r"(mamba_)?n_groups|mamba_ngroups", (2,)),
    (r"mamba_expand|conv_kernel|mamba_d_conv|conv_L_cache|linear_conv_kernel_dim", (3,)),
    (r"index_head_dim|linear_(key|value)_head_dim", (4,)),
    (r"layer_types|cross_attention_layers", (None,)),
)
# Switches that choose another class or output, and say nothing of the cache of this one
NOT_TOGGLED = {
    *("use_cache", "output_attentions", "output_hidden_states", "return_dict", "torchscript"),
    *("tie_word_embeddings", "tie_encoder_decoder", "use_bfloat16", "chunk", "cross_attention"),
    *("is_decoder", "is_encoder_decoder", "add_cross_attention"),
}
TYPES = ("layer_types", "layers_block_type", "block_types", "per_layer_config")


@dataclass
class VariationsCheck:
    """How a family fares: how many variations were compared, and those that differ."""

    family: str
    compared: int = 0
    differ: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether something was compared, and nothing differs."""
        return self.compared > 0 and not self.differ


def examine(family: str, *, quick: bool = False) -> VariationsCheck:
    """Compare all variations of one family; quick: only its depths, where T5 was wrong."""
    second = VariationsCheck(family)
    for name, value in variations(family, quick=quick):
        found = both_methods(family, name, value)
        if found is None:
            continue
        second.compared += 1
        if found[0] != found[1]:
            second.differ.append(f"{name} = {value}: formula {found[0]:,}, real {found[1]:,}")
    return second


def variations(family: str, *, quick: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield (name of a field, "decoder.num_layers" if it is nested; another value)."""
    numbers = small_models.small_config(family).to_dict()
    for name, value in _fields(numbers):
        last = name.rsplit(".", 1)[-1]
        if isinstance(value, bool):
            if last not in NOT_TOGGLED and not quick:
                yield name, not value
            continue
        for pattern, others in CHANGES[:1] if quick else CHANGES:
            if re.fullmatch(pattern, last):
                yield from ((name, other) for other in others if other != value)


def both_methods(family: str, name: str, value: Any) -> tuple[int, int] | None:
    """Return (formula, on meta) in bytes; None where the config is impossible or refused."""
    try:
        config = changed(family, name, value)
        if family not in small_models.SEQ2SEQ:  # Whisper: what transformers maps is its decoder
            config.is_encoder_decoder = False
        source = LENGTH if config.is_encoder_decoder else None
        length = OUTPUT if source else LENGTH
        with time_limit(SECONDS):
            real = real_bytes(config, length, source)
        ours = unchecked(config, length, 1, "bfloat16", source).total_bytes
    except Exception:  # whatever a family's own code raises for a config that cannot be
        return None
    return ours, real


def real_bytes(config: Any, length: int, source: int | None) -> int:
    """Count on meta or, where the code asks for a value that meta has not, in a real cache."""
    try:
        return kv_cache.on_meta(config, length, encoder_len=source).total_bytes
    except configs.Refused:
        model = small_models.small_model(config, torch.bfloat16)
        return kv_cache.measured(model, length, encoder_len=source).total_bytes


def changed(family: str, name: str, value: Any) -> Any:
    """Return the family's small config with one field changed, and no lists of the old depth."""
    numbers = deepcopy(small_models.small_config(family).to_dict())
    *path, last = name.split(".")
    level = numbers
    for part in path:
        level = level[part]
    level[last] = value
    if isinstance(level.get("attention_window"), list):  # LED: one a layer
        level["attention_window"] = level["attention_window"][0]
    for kind in TYPES:
        if kind != last and (re.fullmatch(CHANGES[0][0], last) or kind == "per_layer_config"):
            level.pop(kind, None)
    return CONFIG_MAPPING[family].from_dict(numbers)


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise TimeoutError after so many seconds, where the system has alarms (not on Windows)."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _fields(numbers: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in numbers.items():
        if isinstance(value, dict) and "model_type" in value:
            yield from _fields(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


# --- wrappers: models that also see or hear, whose text part is a checked family ------------------


def wrappers() -> list[str]:
    """Return every family that is no language model but has a checked one inside."""
    found = []
    for family in CONFIG_MAPPING:
        with contextlib.suppress(Exception):  # some classes need arguments
            config = CONFIG_MAPPING[family]()
            inner = configs.text(config).model_type
            if inner != family and family not in small_models.FAMILIES and is_checked(config):
                found.append(family)
    return found
