"""The attention weights of a model, of all layers and heads, by kind of attention.

Imports neither torch nor transformers: the model brings them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...language import say
from .reading import encode, evaluate, tokens

NEW_TOKENS = 12  # of the model's own output, where no target is given
ENCODER, DECODER, CROSS = KINDS = "encoder", "decoder", "cross"


@dataclass(frozen=True)
class Attention:
    """Weights of all layers and heads: L tensors or nested lists (H, T, S), rows summing to 1."""

    weights: Sequence[Any]
    queries: Sequence[str]  # T tokens
    keys: Sequence[str]  # S tokens
    cross: bool = False  # queries and keys come from two sequences


Source = Callable[..., dict[str, Attention]]


class OneStack:
    """A model with one stack: an encoder or a decoder."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model, tokenizer

    def __call__(self, text: str) -> dict[str, Attention]:
        """Run the model on a text, and return its weights by the name of the attention."""
        ids = encode(self._tokenizer, text)
        out = evaluate(self._model, input_ids=ids, output_attentions=True)
        read = tokens(self._tokenizer, ids)
        return {ENCODER: Attention(_eager(out.attentions), read, read)}


class TwoStacks:
    """A model with two stacks, and with three kinds of attention."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._own: tuple[Any, Any] = None, None

    def __call__(self, text: str, target: str) -> dict[str, Attention]:
        """Run the model on source and target, and return the weights of its attentions."""
        source = encode(self._tokenizer, text)
        outputs = self._outputs(source, target)
        both = {"input_ids": source, "decoder_input_ids": outputs}
        out = evaluate(self._model, **both, output_attentions=True)
        keys, queries = (tokens(self._tokenizer, ids) for ids in (source, outputs))
        return {
            ENCODER: Attention(_eager(out.encoder_attentions), keys, keys),
            DECODER: Attention(_eager(out.decoder_attentions), queries, queries),
            CROSS: Attention(_eager(out.cross_attentions), queries, keys, cross=True),
        }

    def _outputs(self, source: Any, target: str) -> Any:
        """Return (1, T) ids that the decoder reads: start, then the target, or its own output."""
        if target.strip():
            rest = encode(self._tokenizer, target)[0].tolist()
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
        """Return (1, 1 + NEW_TOKENS) ids at most: the most probable next token, again and again."""
        ids = source.new_full((1, 1), self._start())
        encoded = evaluate(self._model.get_encoder(), input_ids=source)
        for _ in range(NEW_TOKENS):
            out = evaluate(self._model, encoder_outputs=encoded, decoder_input_ids=ids)
            new = out.logits[:, -1:].argmax(-1).to(ids.device)
            ids = source.new_tensor([[*ids[0].tolist(), new.item()]])
            if new.item() == self._model.config.eos_token_id:
                break
        return ids


def _eager(attentions: Any) -> list[Any]:
    """Return L tensors (H, T, S); raise ValueError where a model has no attention weights."""
    if not attentions or any(layer is None for layer in attentions):
        raise ValueError(say.text("attention_explorer", "not_eager"))
    return [layer[0].float().cpu() for layer in attentions]
