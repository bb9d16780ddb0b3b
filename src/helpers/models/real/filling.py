"""Put weights that were read from a file into a model of transformers."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from transformers.utils import logging


def filled(kind: Any, config: Any, weights: dict[str, torch.Tensor], **made: Any) -> Any:
    """Make a model of a class with exactly these weights, in eval mode, attention in plain steps.

    ValueError where a parameter has no weight, or a weight no parameter or another shape
    made: more arguments of the class
    """
    config._attn_implementation = "eager"  # the one that can return its attention weights
    with silent():
        model, info = kind.from_pretrained(
            None, config=config, state_dict=weights, output_loading_info=True, **made
        )
    wrong = {what: sorted(found)[:3] for what, found in info.items() if found}
    if wrong:
        raise ValueError(f"{kind.__name__}: {wrong}")
    return model


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
