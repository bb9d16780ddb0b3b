"""Trained weights that ship with the course: fp16 safetensors, and the card of how they were made.

python -m helpers.results.make_checkpoints makes them again.
"""

import json
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load, save

from ...language import say

FOLDER = Path(__file__).parent


def load_into(model: torch.nn.Module, name: str, folder: Path = FOLDER) -> Any:
    """Load shipped weights into a model, ready to use (fp16, computed with as float32).

    FileNotFoundError if there are none of this name; ValueError if they belong to another model.
    """
    source = folder / f"{name}.safetensors"
    if not source.is_file():
        raise FileNotFoundError(say.text("checkpoints", "missing", name=name))
    weights = {key: value.float() for key, value in load(source.read_bytes()).items()}
    own = {key: value.shape for key, value in model.named_parameters()}
    if own != {key: value.shape for key, value in weights.items()}:
        raise ValueError(say.text("checkpoints", "other_model", name=name))
    model.load_state_dict(weights, strict=False)  # tied weights are stored once
    cast(Any, model).tie_weights()
    return model.eval()


def as_bytes(model: torch.nn.Module) -> bytes:
    """Return the parameters as fp16 safetensors; what is tied is stored once."""
    return save({name: p.detach().half().contiguous() for name, p in model.named_parameters()})


def card() -> dict[str, Any]:
    """Return how the weights were trained and how they do: {name: {steps, loss, …}}."""
    return json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
