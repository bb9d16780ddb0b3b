"""A trained decoder reads, its cache is changed, and it writes on: what is then different.

before = writing_on.write("ja")
after = writing_on.write("ja", change)      change(keys, values) → keys, values
writing_on.differences(before, after)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..models import decoder
from ..world import corpus, tokenizer

READ, WRITTEN, SENTENCES = 8, 24, 200  # tokens read and written, of so many sentences
Change = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Continuation:
    """The cache, the layers' outputs and the sentences after the READ tokens.

    kept: the keys and the values of each layer, (B, H, S, d), as they were changed
    attention: the layers' output for the next token, (layers, B, d)   log_p: for the one after it,
    (B, V)   answers: the whole sentences
    """

    kept: list[tuple[Tensor, Tensor]]
    attention: Tensor
    log_p: Tensor
    answers: list[str]


@torch.no_grad()
def write(lang: str, change: Change | None = None) -> Continuation:
    """Read the beginnings of real sentences, change each layer's cache, and write on greedily."""
    model, ids = decoder.load(), _beginnings(lang)
    cache = model(input_ids=ids[:, :READ], use_cache=True).past_key_values
    for layer in cache.layers:
        if change:
            layer.keys, layer.values = change(layer.keys, layer.values)
    kept = [(layer.keys, layer.values) for layer in cache.layers]
    new, written, steps = ids[:, READ:], [ids], []
    with _attention_of(model) as heard:
        for step in range(WRITTEN):
            place = torch.full_like(new, READ + step)  # whatever is left of the cache
            out = model(input_ids=new, past_key_values=cache, position_ids=place, use_cache=True)
            steps.append(out.logits[:, -1].log_softmax(-1))
            new = steps[-1].argmax(-1, keepdim=True)
            written.append(new)
    first = torch.stack(heard[: len(cache.layers)])
    return Continuation(kept, first, steps[0], _answers(torch.cat(written, 1)))


def differences(before: Continuation, after: Continuation, lang: str) -> dict[str, float]:
    """Return how far two runs are apart, from the cache to the answer.

    keys, values, attention: |after − before| / |before|, the first two where nothing was left out
    kl: Σ p log(p / q) of the next token, a mean   changed, valid: shares of the sentences
    """
    pairs = list(zip(before.answers, after.answers, strict=True))
    found = {} if before.kept[0][0].shape != after.kept[0][0].shape else _of_caches(before, after)
    return found | {
        "attention": _off(after.attention, before.attention),
        "kl": (before.log_p.exp() * (before.log_p - after.log_p)).sum(-1).mean().item(),
        "changed": sum(a != b for a, b in pairs) / len(pairs),
        "valid": sum(corpus.parse(b, lang) is not None for _, b in pairs) / len(pairs),
    }


def _of_caches(before: Continuation, after: Continuation) -> dict[str, float]:
    """Return the mean over the layers."""
    return {
        name: sum(
            _off(new[part], old[part]) for old, new in zip(before.kept, after.kept, strict=True)
        )
        / len(before.kept)
        for part, name in enumerate(("keys", "values"))
    }


def _off(changed: Tensor, original: Tensor) -> float:
    return ((changed - original).norm() / original.norm()).item()


def _beginnings(lang: str) -> Tensor:
    """Return the first READ + 1 tokens of sentences that the model was not trained on."""
    told = [corpus.sentence(event, lang).text for event in corpus.exam("plain", SENTENCES)]
    rows = decoder.TOKENIZER([tokenizer.tagged(text, lang) for text in told]).input_ids
    return torch.tensor([row[: READ + 1] for row in rows])


def _answers(ids: Tensor) -> list[str]:
    texts = decoder.TOKENIZER.batch_decode(ids)
    return [text.split("</s>")[0].split(">")[-1] for text in texts]


@contextmanager
def _attention_of(model: Any) -> Iterator[list[Tensor]]:
    """Collect what each layer's attention gives for the newest token."""
    heard: list[Tensor] = []
    hooks = [
        block.attn.register_forward_hook(lambda _, __, out: heard.append(out[0][:, -1]))
        for block in model.transformer.h
    ]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()
