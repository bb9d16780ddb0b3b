"""What torch computes for the triad page: the models as files, and its still table's numbers."""

import json
from typing import Any

import torch

from helpers.language.say import COMPLETE
from helpers.models import decoder, encoder, encoder_decoder
from helpers.world import tokenizer

from . import sentences, weights

Table = dict[str, dict[str, Any]]


def files() -> dict[str, bytes]:
    """Return {name: content}: the models' index and numbers, the table of each language."""
    index, numbers = weights.files()
    tables = {f"{lang}.json": table(lang) for lang in COMPLETE}
    told = {
        name: json.dumps(value).encode() for name, value in {"index.json": index, **tables}.items()
    }
    return told | {"weights.bin": numbers}


def table(lang: str) -> Table:
    """Return {"answers": by model, "moved": by model} of the first sentence that is offered."""
    first, word, at = sentences.shown(lang)
    old, new = first["text"], sentences.exchanged(first["text"], word)
    moved = {"encoder": still(encoder, old, new, lang), "decoder": still(decoder, old, new, lang)}
    return {"answers": filled(old, at, lang), "moved": moved}


@torch.no_grad()
def filled(sentence: str, at: int, lang: str) -> dict[str, str]:
    """Return what each model answers: the blank's likeliest characters, or the translation."""
    hidden = sentence[:at] + tokenizer.MASK + sentence[at + 1 :]
    both = encoder.fill(encoder.load(), hidden, lang)[0]
    left = decoder.load()(decoder.beginnings([sentence[:at]], lang)).logits[0, -1].softmax(-1)
    asked = sentences.prompts()[lang] + sentence
    translated = encoder_decoder.answer(encoder_decoder.load(), [asked])[0]
    return {"encoder": _best(both), "decoder": _best(left), "encoder_decoder": translated}


def _best(shares: torch.Tensor, n: int = 3) -> str:
    top = shares.topk(n)
    names = encoder.TOKENIZER.convert_ids_to_tokens(top.indices.tolist())
    return " ".join(f"{name} {p:.2f}" for name, p in zip(names, top.values.tolist(), strict=True))


@torch.no_grad()
def still(module: Any, old: str, new: str, lang: str) -> dict[str, int]:
    """Count the positions whose logits move when a word is exchanged, and those that do not."""
    ids = [tokenizer.tagged(one, lang) for one in (old, new)]
    before, after = module.load()(module.TOKENIZER(ids, return_tensors="pt").input_ids).logits
    moved = int((before - after).abs().amax(-1).gt(0).sum())
    return {"all": len(before), "moved": moved, "still": len(before) - moved}
