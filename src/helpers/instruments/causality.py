"""Does a change of a later token reach earlier outputs?  Measured for any model of token ids.

    causality.probe(model)                # a model
    causality.probe("Qwen3ForCausalLM")   # a class of transformers, built small with random weights
    causality.probe(model, attention_mask=mask)   # with more arguments of its forward pass
    causality.influence(model)            # measured alike, and not shown

One token after the other is changed, and the outputs at all positions are compared.  All passes
have equal shapes, so a causal mask shows as exactly 0.0 and not as a small number.
"""

import difflib
from dataclasses import dataclass
from typing import Any, cast

import torch
import transformers

from ..display import show
from ..display.markup import Html
from ..language import say

ROUNDING = 1e-5  # of the changes that may be: experts (MoE) compute tokens of both sides together
LARGEST = 20_000_000  # parameters of a class that is built small
SMALL = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "intermediate_size": 128,
    "vocab_size": 128,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


@dataclass(frozen=True)
class Influence:
    """What a change of each token does at each position.

    changes[i, j]: how much the outputs at position i change when only token j does, (T, T).
    """

    name: str
    changes: torch.Tensor

    @property
    def past(self) -> float:
        """The largest change at positions before the changed token."""
        return self.changes.triu(1).max().item()

    @property
    def later(self) -> float:
        """The largest change at positions behind the changed token.

        It shows that the probe can see at all.
        """
        return self.changes.tril(-1).max().item()

    @property
    def ahead(self) -> int:
        """How many tokens ahead an output can see; rounding does not count."""
        outputs, tokens = (self.changes > ROUNDING * self.later).nonzero(as_tuple=True)
        return max(0, int((tokens - outputs).max()))

    @property
    def verdict(self) -> str:
        """ "causal", "rounding" (causal, computed together), "leaks", "apart" (none is reached)."""
        if self.later == 0:
            return "leaks" if self.past else "apart"
        if self.past == 0:
            return "causal"
        return "rounding" if self.past <= ROUNDING * self.later else "leaks"


def probe(model: Any, length: int = 12, seed: int = 0, **inputs: Any) -> Influence:
    """Show, and return, what influence() measures."""
    found = influence(model, length, seed, **inputs)
    _display(found)
    return found


def influence(model: Any, length: int = 12, seed: int = 0, **inputs: Any) -> Influence:
    """Change each of `length` random tokens in turn, and measure what changes where.

    model: a model of transformers, or the name of one of its classes.  Of an encoder-decoder the
    decoder is probed.  ValueError if the model gives no output for each token.
    """
    if isinstance(model, str | type):
        model = small(model)
    return Influence(type(model).__name__, _changes(model, length, seed, inputs))


def small(kind: str | type, seed: int = 0) -> Any:
    """Make a small model of a class of transformers: 2 layers of width 64, random weights.

    ValueError if there is no such class, or if it cannot be built small from one common config.
    """
    name = kind if isinstance(kind, str) else kind.__name__
    made = getattr(transformers, kind, None) if isinstance(kind, str) else kind
    if getattr(made, "config_class", None) is None:
        near = difflib.get_close_matches(name, set(dir(transformers)) - {name}, 3)
        raise ValueError(say.text("causality", "no_class", name=name, near=", ".join(near) or "-"))
    made = cast(Any, made)
    try:
        config = made.config_class(**_settable(made.config_class))
        with torch.device("meta"):
            parameters = sum(p.numel() for p in made(config).parameters())
    except Exception as error:
        raise ValueError(say.text("causality", "not_small", name=name, why=_line(error))) from error
    if parameters > LARGEST:
        why = say.text("causality", "too_large", parameters=f"{parameters:,}")
        raise ValueError(say.text("causality", "not_small", name=name, why=why))
    transformers.set_seed(seed)
    return made(config).eval()


def _settable(config: type) -> dict[str, int]:
    """Return SMALL without what the config computes itself."""
    return {k: v for k, v in SMALL.items() if not isinstance(getattr(config, k, None), property)}


@torch.no_grad()
def _changes(model: Any, length: int, seed: int, inputs: dict[str, Any]) -> torch.Tensor:
    tokens = _ordinary_tokens(model)
    generator = torch.Generator().manual_seed(seed)
    drawn, source = torch.randint(len(tokens), (2, length), generator=generator)
    if model.config.is_encoder_decoder:
        inputs = {"input_ids": tokens[source][None].to(model.device)} | inputs
    was_training = model.training
    model.eval()  # dropout would change everything
    try:
        before = _outputs(model, tokens[drawn], inputs)
        columns = []
        for j in range(length):
            changed = drawn.clone()
            changed[j] = (changed[j] + 1) % len(tokens)
            after = _outputs(model, tokens[changed], inputs)
            columns.append((after - before).abs().amax(-1))
    finally:
        model.train(was_training)
    return torch.stack(columns, 1)


def _ordinary_tokens(model: Any) -> torch.Tensor:
    """Return all token ids but the special ones."""
    try:
        count = model.get_input_embeddings().num_embeddings
        settings = model.config.to_dict()
    except (AttributeError, NotImplementedError) as error:
        message = say.text("causality", "no_tokens", got=type(model).__name__)
        raise ValueError(message) from error
    special = {value for key, value in settings.items() if key.endswith("_token_id")}
    return torch.tensor([n for n in range(count) if n not in special])


def _outputs(model: Any, ids: torch.Tensor, inputs: dict[str, Any]) -> torch.Tensor:
    """Return outputs (T, n) for ids (T,); of an encoder-decoder those of its decoder."""
    ids = ids[None].to(model.device)
    name = "decoder_input_ids" if model.config.is_encoder_decoder else "input_ids"
    try:
        result = model(**(inputs | {name: ids}))
    except Exception as error:
        raise ValueError(say.text("causality", "forward", why=_line(error))) from error
    out = result.get("logits", result.get("last_hidden_state"))
    if out is None or out.shape[:2] != ids.shape or not bool(out.isfinite().all()):
        shape = None if out is None else tuple(out.shape)
        raise ValueError(say.text("causality", "no_outputs", got=shape, want=tuple(ids.shape)))
    return out[0].float()


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _display(found: Influence) -> None:
    """Show the verdict, and what a change in the middle does at each position."""
    middle = len(found.changes) // 2
    values = {"name": found.name, "past": _number(found.past), "ahead": found.ahead}
    verdict = say.text("causality", found.verdict, **values)
    title = say.text("causality", "position"), say.text("causality", "change", n=middle + 1)
    column = [_number(value) for value in found.changes[:, middle].tolist()]
    positions = [str(n) for n in range(1, len(column) + 1)]
    body, plain = show.table([title[0], *positions], [[title[1], *column]])
    show.fragment(Html("<p>{}</p>{}").format(verdict, body), f"{verdict}\n{plain}")


def _number(value: float) -> str:
    return f"{value:.2g}" if value else "0.0"
