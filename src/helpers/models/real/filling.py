"""Put weights that were read from a file into a model of transformers."""

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers.utils import logging


def filled(kind: Any, config: Any, weights: dict[str, torch.Tensor], **made: Any) -> Any:
    """Make a model of a class with exactly these weights, in eval mode, attention in plain steps.

    ValueError where a parameter has no weight, or a weight no parameter or another shape
    made: more arguments of the class
    """
    with silent():
        model, info = kind.from_pretrained(
            None, config=config, state_dict=weights, output_loading_info=True, **made
        )
    wrong = {what: sorted(found)[:3] for what, found in info.items() if found}
    if wrong:
        raise ValueError(f"{kind.__name__}: {wrong}")
    model.set_attn_implementation("eager")  # the one that can return its attention weights
    return model


def in_one_place(
    weights: Iterable[tuple[str, torch.Tensor]], numbers: int
) -> dict[str, torch.Tensor]:
    """Copy weights side by side into one tensor of so many numbers: {name: its part}.

    Whoever drops the model gets the memory back: of many small pieces the system takes none.
    """
    place, at, found = torch.empty(numbers), 0, dict[str, torch.Tensor]()
    for name, weight in weights:
        found[name] = place[at : at + weight.numel()].view(weight.shape).copy_(weight)
        at += weight.numel()
    return found


def give_back() -> None:
    """Return memory that nothing uses any more to the system; glibc keeps it of small pieces.

    A dropped tokenizer of e5 leaves 0.2 GB behind otherwise.
    """
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


class HandedOver:
    """A tokenizer that is not copied where it is to be copied deeply: e5's takes 0.3 GB."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def __deepcopy__(self, memo: dict) -> Tokenizer:
        return self._tokenizer


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Let transformers show no bars and no warnings of its own inside the block."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
