"""Which token looks at which, in any transformers model with eager attentions, or in given tensors.

    explorer = AttentionExplorer(model, tokenizer, text="…")   # BERT-, GPT- or T5-like
    explorer                                                   # text, layer and head to choose
    explorer(text="…", layer=2, head=1)                        # the same as a call

    attention_view(weights, queries, keys)                     # one picture: for an Explorer of
                                                               # your own
Imports neither torch nor transformers: the model brings them.
"""

from collections.abc import Sequence
from typing import Any

from ...display.svg import Rows, heat_map
from ...language import say
from ..explorer.controls import Range, Select, Text
from ..explorer.widget import Explorer
from .reading import known_words, readable
from .weights import ENCODER, KINDS, Attention, OneStack, Source, TwoStacks


class AttentionExplorer(Explorer):
    """An explorer of a model's attention weights: layer, head and the student's own text.

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
        source: Source = (TwoStacks if two else OneStack)(model, tokenizer)
        check, known = readable(tokenizer), known_words(tokenizer)
        texts = [Text("text", say.text("attention_explorer", "text"), text, check, known)]
        if two:
            label = say.text("attention_explorer", "target")
            texts.append(Text("target", label, target, lambda t: check(t) if t.strip() else ""))
        self._begin(source, texts, title)

    @classmethod
    def of(
        cls, weights: Any, tokens: Sequence[str], keys: Sequence[str] = (), title: str = ""
    ) -> "AttentionExplorer":
        """Make an explorer of given weights.

        weights: (L, H, T, S), rows summing to 1   tokens: T   keys: S, by default the
        tokens.
        """
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
    """Return the controls for the head, and for what else there is more than one of."""
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
    """Return weights (T, S) as lists; head 0 is the mean over all heads."""
    if hasattr(heads, "tolist"):
        chosen = heads.mean(0) if head == 0 else heads[head - 1]
        return chosen.tolist()
    if head:
        return heads[head - 1]
    return [[sum(w) / len(w) for w in zip(*r, strict=True)] for r in zip(*heads, strict=True)]


# --- one picture ------------------------------------------------------------------------


def attention_view(
    weights: Any, queries: Sequence[str], keys: Sequence[str], cross: bool = False
) -> tuple[str, str]:
    """Draw (SVG, sentence) of one head; the kind of mask is read off the exact zeros.

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
    """Return "full", "causal", "prefix", "cross" or "other", by the weights that are exactly 0.

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
    """Say where the largest weight is, of the queries that have a choice.

    A first token that sees only itself says nothing.
    """
    free = [r for r, row in enumerate(weights) if sum(w > 0 for w in row) > 1] or range(
        len(weights)
    )
    weight, r, c = max((w, -r, -c) for r in free for c, w in enumerate(weights[r]))
    shown = {"query": queries[-r], "key": keys[-c], "weight": f"{weight:.3f}"}
    return say.text("attention_explorer", "largest", **shown)
