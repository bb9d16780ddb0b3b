"""Sentences as an encoder reads them: vectors of their tokens; what letters alone would find."""

from collections.abc import Sequence
from typing import Any

import torch

BATCH = 25
PREFIX = "query: "  # what multilingual-e5 was trained with (Wang et al. 2024, arXiv:2402.05672)


@torch.no_grad()
def read(model: Any, tokenizer: Any, texts: Sequence[str]) -> list[torch.Tensor]:
    """Return each text's output vectors (T, width), padding left out.

    model: an encoder of transformers; PREFIX stands before each text
    """
    found: list[torch.Tensor] = []
    for start in range(0, len(texts), BATCH):
        batch = [PREFIX + text for text in texts[start : start + BATCH]]
        inputs = tokenizer(batch, padding=True, return_tensors="pt")
        ids, filled = inputs.input_ids, inputs.attention_mask
        outputs = model(input_ids=ids, attention_mask=filled).last_hidden_state
        found += [out[real.bool()] for out, real in zip(outputs, filled, strict=True)]
    return found


def by_letters(asked: Sequence[str], offered: Sequence[str]) -> float:
    """Return the accuracy of choosing the text that shares most characters: |A ∩ B| / |A ∪ B|.

    asked[i] and offered[i] are a pair; of k texts that share equally many, each counts 1/k
    """
    hits = 0.0
    for i, text in enumerate(asked):
        shares = [_shared(text, other) for other in offered]
        best = [j for j, share in enumerate(shares) if share == max(shares)]
        hits += (i in best) / len(best)
    return hits / len(asked)


def _shared(one: str, other: str) -> float:
    a, b = ({letter for letter in text if letter.isalnum()} for text in (one, other))
    return len(a & b) / len(a | b)
