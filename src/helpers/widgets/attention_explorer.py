"""Which token looks at which, in any transformers model with eager attentions, or in given tensors.

    explorer = AttentionExplorer(model, tokenizer, text="…")   # BERT-, GPT- or T5-like
    explorer                                                   # text, layer and head to choose
    explorer(text="…", layer=2, head=1)                        # the same as a call

    attention_view(weights, queries, keys)                     # one picture: for an Explorer of
                                                               # your own
Imports neither torch nor transformers: the model brings them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..display.svg import Rows, heat_map
from ..language import say
from .controls import Range, Refused, Select, Text, unknown_words
from .explorer import Explorer

MOST_TOKENS = 40
NEW_TOKENS = 12  # of the model's own output, where no target is given
MOST_KNOWN = 400
ENCODER, DECODER, CROSS = KINDS = "encoder", "decoder", "cross"


@dataclass(frozen=True)
class Attention:
    """Weights of all layers and heads: L tensors or nested lists (H, T, S), rows summing to 1."""

    weights: Sequence[Any]
    queries: Sequence[str]  # T tokens
    keys: Sequence[str]  # S tokens
    cross: bool = False  # queries and keys come from two sequences


Source = Callable[..., dict[str, Attention]]


class AttentionExplorer(Explorer):
    """Layer, head and own text for the attention weights of `model`.

    model: BERT-, GPT- or T5-like, with attn_implementation="eager" (else ValueError says so)
    text: what to begin with   target: T5-like: the decoder's text; empty = the model's own output
    title: shown on top

    Of tensors: AttentionExplorer.of(weights, tokens).  Layers and heads count from 1; head 0 is the
    mean of all heads.
    """

    def __init__(
        self, model: Any, tokenizer: Any, text: str, target: str = "", title: str = ""
    ) -> None:
        two = bool(getattr(model.config, "is_encoder_decoder", False))
        source: Source = (_EncoderDecoder if two else _One)(model, tokenizer)
        check, known = _reading(tokenizer), _known(tokenizer)
        texts = [Text("text", say.text("attention_explorer", "text"), text, check, known)]
        if two:
            label = say.text("attention_explorer", "target")
            texts.append(Text("target", label, target, lambda t: check(t) if t.strip() else ""))
        self._begin(source, texts, title)

    @classmethod
    def of(
        cls, weights: Any, tokens: Sequence[str], keys: Sequence[str] = (), title: str = ""
    ) -> "AttentionExplorer":
        """weights: (L, H, T, S), rows summing to 1   tokens: T   keys: S, by default the tokens."""
        explorer = cls.__new__(cls)
        attention = Attention(list(weights), tokens, keys or tokens, cross=bool(keys))
        explorer._begin(lambda: {ENCODER: attention}, [], title)
        return explorer

    def _begin(self, source: Source, texts: list[Text], title: str) -> None:
        found = source(*(t.value for t in texts))
        self._source, self._texts = source, [t.name for t in texts]
        shape = (
            [len(a.weights) for a in found.values()],
            [len(a.weights[0]) for a in found.values()],
        )
        controls = [*texts, *_choices(list(found), max(shape[0]), max(shape[1]))]
        Explorer.__init__(
            self, title or say.text("attention_explorer", "title"), self._look, *controls
        )

    def _look(self, kind: str = "", layer: int = 1, head: int = 1, **texts: str) -> tuple[str, str]:
        found = self._source(*(texts[name] for name in self._texts))
        attention = found[kind or next(iter(found))]
        layer = min(layer, len(attention.weights))
        weights = _rows(attention.weights[layer - 1], head)
        picture, sentence = attention_view(
            weights, attention.queries, attention.keys, attention.cross
        )
        which = (
            say.text("attention_explorer", "which", layer=layer, head=head)
            if head
            else say.text("attention_explorer", "which_mean", layer=layer)
        )
        return picture, which + sentence


def _choices(kinds: list[str], layers: int, heads: int) -> list[Any]:
    """The head, and what else there is more than one of."""
    label = {
        name: say.text("attention_explorer", name) for name in (*KINDS, "kind", "layer", "head")
    }
    controls: list[Any] = []
    if len(kinds) > 1:
        controls.append(Select("kind", label["kind"], {label[kind]: kind for kind in kinds}))
    if layers > 1:
        controls.append(Range("layer", label["layer"], range(1, layers + 1)))
    texts: dict[str, int] = {f"{n}": n for n in range(1, heads + 1)}
    mean = {say.text("attention_explorer", "mean"): 0} if heads > 1 else {}
    controls.append(Select("head", label["head"], texts | mean))
    return controls


def _rows(heads: Any, head: int) -> list[list[float]]:
    """(T, S) as lists; head 0: the mean over all heads."""
    if hasattr(heads, "tolist"):
        chosen = heads.mean(0) if head == 0 else heads[head - 1]
        return chosen.tolist()
    if head:
        return heads[head - 1]
    return [[sum(w) / len(w) for w in zip(*r, strict=True)] for r in zip(*heads, strict=True)]


# --- models -----------------------------------------------------------------------------


class _One:
    """A model with one stack: an encoder or a decoder."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model, tokenizer

    def __call__(self, text: str) -> dict[str, Attention]:
        ids = _encode(self._tokenizer, text)
        out = _run(self._model, input_ids=ids, output_attentions=True)
        tokens = _tokens(self._tokenizer, ids)
        return {ENCODER: Attention(_eager(out.attentions), tokens, tokens)}


class _EncoderDecoder:
    """A model with three kinds of attention."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._own: tuple[Any, Any] = None, None

    def __call__(self, text: str, target: str) -> dict[str, Attention]:
        source = _encode(self._tokenizer, text)
        outputs = self._outputs(source, target)
        both = {"input_ids": source, "decoder_input_ids": outputs}
        out = _run(self._model, **both, output_attentions=True)
        keys, queries = (_tokens(self._tokenizer, ids) for ids in (source, outputs))
        return {
            ENCODER: Attention(_eager(out.encoder_attentions), keys, keys),
            DECODER: Attention(_eager(out.decoder_attentions), queries, queries),
            CROSS: Attention(_eager(out.cross_attentions), queries, keys, cross=True),
        }

    def _outputs(self, source: Any, target: str) -> Any:
        """(1, T) ids that the decoder reads: start, then the target or, without one, its own."""
        if target.strip():
            rest = _encode(self._tokenizer, target)[0].tolist()
            return source.new_tensor([[self._start(), *rest]])
        trained = sum(parameter._version for parameter in self._model.parameters())
        asked = source.tolist(), trained  # another layer or head needs no new output
        if self._own[0] != asked:
            self._own = asked, self._greedy(source)
        return self._own[1]

    def _start(self) -> int:
        config = self._model.config
        start = config.decoder_start_token_id
        return config.pad_token_id if start is None else start

    def _greedy(self, source: Any) -> Any:
        """(1, 1 + NEW_TOKENS) ids at most: the most probable next token, again and again."""
        ids = source.new_full((1, 1), self._start())
        encoded = _run(self._model.get_encoder(), input_ids=source)
        for _ in range(NEW_TOKENS):
            out = _run(self._model, encoder_outputs=encoded, decoder_input_ids=ids)
            new = out.logits[:, -1:].argmax(-1).to(ids.device)
            ids = source.new_tensor([[*ids[0].tolist(), new.item()]])
            if new.item() == self._model.config.eos_token_id:
                break
        return ids


def _encode(tokenizer: Any, text: str) -> Any:
    """(1, T) ids.  Refused above MOST_TOKENS: the cells could not be read."""
    ids = tokenizer(text, return_tensors="pt").input_ids
    if ids.shape[1] > MOST_TOKENS:
        problem = {"got": ids.shape[1], "most": MOST_TOKENS}
        raise Refused(say.text("attention_explorer", "too_long", **problem))
    return ids


def _run(model: Any, **inputs: Any) -> Any:
    """The model's output without gradients or dropout, on its own device."""
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


def _eager(attentions: Any) -> list[Any]:
    """L tensors (H, T, S).  ValueError where the model computes no attention weights."""
    if not attentions or any(layer is None for layer in attentions):
        raise ValueError(say.text("attention_explorer", "not_eager"))
    return [layer[0].float().cpu() for layer in attentions]


def _tokens(tokenizer: Any, ids: Any) -> list[str]:
    return [shown_token(tokenizer, id) for id in ids[0].tolist()]


def shown_token(tokenizer: Any, id: int) -> str:
    """A token as it can be read: decoded where that gives whole characters; a space as ␣."""
    text = tokenizer.decode([id])
    if "\ufffd" in text or not text:
        text = tokenizer.convert_ids_to_tokens(id)
    return text.strip() or "␣" * len(text)


def _reading(tokenizer: Any) -> Callable[[str], str]:
    """A check for Text: what the tokenizer has no token for, or an empty text, in a sentence."""

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


def _known(tokenizer: Any) -> list[str]:
    """The vocabulary in its order, if it is small enough to read."""
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    special = set(tokenizer.all_special_tokens)
    words = [word for word, _ in vocabulary if word not in special and word.strip()]
    return words if len(words) <= MOST_KNOWN else []


# --- one picture ------------------------------------------------------------------------


def attention_view(
    weights: Any, queries: Sequence[str], keys: Sequence[str], cross: bool = False
) -> tuple[str, str]:
    """(SVG, sentence) of one head.  The kind of mask is read off the exact zeros.

    weights: (T, S), rows summing to 1   queries: T tokens   keys: S tokens
    cross: the keys come from another sequence
    """
    rows = weights.tolist() if hasattr(weights, "tolist") else [list(row) for row in weights]
    if (len(rows), {len(row) for row in rows}) != (len(queries), {len(keys)}):
        got = f"({len(rows)}, {len(rows[0]) if rows else 0})"
        want = f"({len(queries)}, {len(keys)})"
        raise ValueError(say.text("attention_explorer", "shape", got=got, want=want))
    picture = heat_map(rows, queries, keys, say.text("attention_explorer", "picture"))
    return picture, _shape_says(rows, cross) + _largest_says(rows, queries, keys)


def mask_kind(weights: Rows, cross: bool = False) -> str:
    """ "full", "causal", "prefix", "cross" or "other", by the exact zeros (a weight of 0.0).

    causal: all above the diagonal are zero, no other   prefix: the same, but the first columns are
    free of zeros   cross: another sequence's tokens, no zero
    """
    zeros = {(r, c) for r, row in enumerate(weights) for c, w in enumerate(row) if w == 0}
    if cross:
        return "other" if zeros else "cross"
    if not zeros:
        return "full"
    first = min(c for _, c in zeros)
    n = len(weights)
    above = {(r, c) for r in range(n) for c in range(first, n) if c > r}
    if zeros != above:
        return "other"
    return "causal" if first == 1 else "prefix"


def _shape_says(weights: Rows, cross: bool) -> str:
    kind = mask_kind(weights, cross)
    zeros = [c for row in weights for c, w in enumerate(row) if w == 0]
    shown = {"zeros": len(zeros), "cells": sum(map(len, weights)), "prefix": min(zeros, default=0)}
    if kind == "prefix":
        return say.text(
            "attention_explorer", "is_prefix", zeros=shown["zeros"], prefix=shown["prefix"]
        )
    if kind == "causal":
        return say.text("attention_explorer", "is_causal", zeros=shown["zeros"])
    if kind == "other":
        return say.text(
            "attention_explorer", "is_other", zeros=shown["zeros"], cells=shown["cells"]
        )
    rows, columns = len(weights), len(weights[0])
    return say.text(
        "attention_explorer",
        "is_cross" if kind == "cross" else "is_full",
        rows=rows,
        columns=columns,
    )


def _largest_says(weights: Rows, queries: Sequence[str], keys: Sequence[str]) -> str:
    """Of the queries that have a choice: a first token that sees only itself says nothing."""
    free = [r for r, row in enumerate(weights) if sum(w > 0 for w in row) > 1] or range(
        len(weights)
    )
    weight, r, c = max((w, -r, -c) for r in free for c, w in enumerate(weights[r]))
    shown = {"query": queries[-r], "key": keys[-c], "weight": f"{weight:.3f}"}
    return say.text("attention_explorer", "largest", **shown)
