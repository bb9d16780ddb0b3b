"""Texts and tokens: what a model of transformers reads, and what its tokenizer knows.

Imports neither torch nor transformers: the model brings them.
"""

from collections.abc import Callable
from typing import Any

from ...language import say
from ..explorer.controls import Refused, unknown_words

MOST_TOKENS = 40
MOST_KNOWN = 400


def encode(tokenizer: Any, text: str) -> Any:
    """Return (1, T) ids; raise Refused above MOST_TOKENS: the cells could not be read."""
    ids = tokenizer(text, return_tensors="pt").input_ids
    if ids.shape[1] > MOST_TOKENS:
        problem = {"got": ids.shape[1], "most": MOST_TOKENS}
        raise Refused(say.text("attention_explorer", "too_long", **problem))
    return ids


def until_end(ids: Any, tokenizer: Any) -> Any:
    """Return (1, T) ids without the end token that a tokenizer may have added: the text goes on."""
    closed = ids.shape[1] > 1 and ids[0, -1] == getattr(tokenizer, "eos_token_id", None)
    return ids[:, :-1] if closed else ids


def evaluate(model: Any, **inputs: Any) -> Any:
    """Return the model's output without gradients or dropout, on its own device."""
    import torch

    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return model(**{name: _moved(value, model.device) for name, value in inputs.items()})
    finally:
        model.train(training)


def _moved(value: Any, device: Any) -> Any:
    return value.to(device) if hasattr(value, "to") else value


def tokens(tokenizer: Any, ids: Any) -> list[str]:
    """Return (1, T) ids as T tokens to read."""
    return [shown_token(tokenizer, id) for id in ids[0].tolist()]


def shown_token(tokenizer: Any, id: int) -> str:
    """Return a token to read: its characters; a part of one as bytes (E6 B3).

    A space is shown as ␣, a new line as ⏎.
    """
    text = tokenizer.decode([id])
    if "\ufffd" in text or not text:
        text = _piece(tokenizer, tokenizer.convert_ids_to_tokens(id))
    return text.strip() or "".join("⏎" if c == "\n" else "␣" for c in text)


def _piece(tokenizer: Any, token: str) -> str:
    """Return a token that holds no whole character."""
    if not tokenizer.is_fast:
        return token
    from ...models.real import pieces  # loads tokenizers

    return pieces.shown(pieces.piece(tokenizer, token))


def readable(tokenizer: Any) -> Callable[[str], str]:
    """Make a check for Text: say what the tokenizer has no token for, or that the text is empty."""

    def check(text: str) -> str:
        found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=tokenizer.is_fast)
        if not found["input_ids"]:
            return say.text("explorer", "empty")
        if not tokenizer.is_fast or tokenizer.unk_token_id is None:
            return ""
        pairs = zip(found["input_ids"], found["offset_mapping"], strict=True)
        unknown = [text[a:b] for id, (a, b) in pairs if id == tokenizer.unk_token_id]
        return unknown_words(
            [word for word in dict.fromkeys(unknown) if word != tokenizer.unk_token]
        )

    return check


def known_words(tokenizer: Any) -> list[str]:
    """Return the vocabulary in its order, if it is small enough to read."""
    if len(tokenizer) > 2 * MOST_KNOWN:  # 250,000 pieces would take 40 MB
        return []
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    special = set(tokenizer.all_special_tokens)
    words = [word for word, _ in vocabulary if word not in special and word.strip()]
    return words if len(words) <= MOST_KNOWN else []
