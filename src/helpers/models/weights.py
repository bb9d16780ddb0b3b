"""Weights of transformers' models and blocks under the names that triad.py gives them."""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch

from . import triad
from .triad import Design

FAMILIES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
DESIGNS = {"bert": triad.BERT, "gpt2": triad.GPT2, "t5": triad.T5, "llama": triad.LLAMA}
Weights = dict[str, Any]  # nested: {"blocks": {"0": {"ffn": {"up": {"weight": tensor}}}}}


def take(real: torch.nn.Module, config: Any = None) -> tuple[Weights, Design]:
    """Return (w, d) of a model of transformers, or of one of its blocks with its config.

    KeyError for another family than BERT, GPT-2, T5 and Llama
    """
    config = config or real.config
    family, fields = FAMILIES[config.model_type], config.to_dict()
    fields |= fields.get("rope_parameters") or {}
    chosen = {ours: fields[theirs] for ours, theirs in family["fields"].items()}
    w = _nested(_renamed(real.named_parameters(remove_duplicate=False), family["names"]))
    return w, DESIGNS[config.model_type]._replace(**chosen)


def _renamed(
    parameters: Iterable[tuple[str, torch.Tensor]], names: dict[str, str]
) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in parameters:
        is_lying = value.ndim == 2 and ".c_" in name  # GPT-2 keeps its matrices transposed
        for theirs, ours in names.items():
            name = name.replace(theirs, ours)
        parts = ["q", "k", "v"] if "qkv" in name else ["qkv"]  # and q, k, v in one piece
        pieces = (value.mT if is_lying else value).detach().chunk(len(parts))
        if name:
            yield from ((name.replace("qkv", p), x) for p, x in zip(parts, pieces, strict=True))


def _nested(named: Iterable[tuple[str, torch.Tensor]]) -> Weights:
    """Make a dict of dicts of dotted names; tensors of one name are added up."""
    tree: Weights = {}
    for name, tensor in named:
        *path, last = name.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = node[last] + tensor if last in node else tensor
    return tree
