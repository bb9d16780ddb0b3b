"""The designs as running models: read a document, write a token, read a document in parts."""

from typing import Any

import torch

from ..instruments.peak_memory import peak
from .designs import StackDesign, build


def read(model: Any, n: int, use_cache: bool = True) -> Any:
    """Read n tokens, and compute the scores of the first token of the summary.

    An encoder-decoder gives its decoder the start token; of a decoder-only model the document's
    last token has the scores.
    """
    ids = torch.ones(1, n, dtype=torch.long, device=model.device)
    if model.config.is_encoder_decoder:
        return model(input_ids=ids, decoder_input_ids=ids[:, :1], use_cache=use_cache)
    no_padding = torch.ones_like(ids)
    return model(input_ids=ids, attention_mask=no_padding, use_cache=use_cache, logits_to_keep=1)


def write(model: Any, before: Any) -> Any:
    """Compute the scores of one more token, with the cache of what `read` or `write` returned."""
    one = torch.ones(1, 1, dtype=torch.long, device=model.device)
    if model.config.is_encoder_decoder:
        encoded = (before.encoder_last_hidden_state,)
        past = before.past_key_values
        return model(encoder_outputs=encoded, decoder_input_ids=one, past_key_values=past)
    return model(input_ids=one, past_key_values=before.past_key_values)


def read_in_parts(model: Any, n: int, updates: int) -> None:
    """Read n tokens in equal parts, and be ready to write after each.

    decoder-only: the new part alone, behind the cache.  encoder-decoder: all tokens so far, through
    the encoder and into the keys and values of the cross-attentions.
    """
    ids = torch.ones(1, n, dtype=torch.long, device=model.device)
    past = None
    for k in range(updates):
        start, end = n * k // updates, n * (k + 1) // updates
        if model.config.is_encoder_decoder:
            encoded = model.get_encoder()(input_ids=ids[:, :end]).last_hidden_state
            for layer in model.get_decoder().layers:
                layer.encoder_attn.k_proj(encoded), layer.encoder_attn.v_proj(encoded)
        else:
            part = ids[:, start:end]
            past = model.transformer(input_ids=part, past_key_values=past).past_key_values


def peak_of_reading(design: StackDesign, n: int, attention: str, device: str = "cpu") -> int:
    """Measure the most bytes that are alive together while n tokens are read without a cache."""
    model = build(design, n, attention, device)
    with peak() as spent:
        read(model, n, use_cache=False)
    return spent.bytes
