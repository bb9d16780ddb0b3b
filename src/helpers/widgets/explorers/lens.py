"""An explorer of a decoder's logit lens: what would be written next, read behind each layer.

    LensExplorer(model, tokenizer, text="…")        # a Llama or a GPT-2, and the student's own text
    LensExplorer.of(logits, labels)                 # of given logits, a row for each layer

Source: nostalgebraist 2020, interpreting GPT: the logit lens.
Imports neither torch nor transformers: the model brings them.
"""

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...display.svg import Bar, bars
from ...language import say
from ..explorer.controls import Range, Refused, Text
from ..explorer.widget import Explorer
from .distribution import softmax
from .reading import encode, evaluate, known_words, readable, shown_token, until_end

SHOWN = 9  # beside the last prediction


@dataclass(frozen=True)
class LensLayer:
    """What is read behind one layer.

    likeliest: (token's index, share), the largest first
    share, rank: of the last prediction; ranks count from 1
    """

    likeliest: Sequence[tuple[int, float]]
    share: float
    rank: int


@dataclass(frozen=True)
class Lens:
    """What is read behind 0, 1 … L layers of a model with V tokens.

    final: the index of the last prediction
    """

    layers: Sequence[LensLayer]
    final: int
    size: int

    @property
    def settled(self) -> int:
        """After how many layers the last prediction is the likeliest, and stays it."""
        others = [n for n, layer in enumerate(self.layers) if layer.rank > 1]
        return max(others, default=-1) + 1


class LensExplorer(Explorer):
    """An explorer of the next token's distribution behind each layer of a decoder.

    model: a Llama or a GPT-2 of transformers.  The explorer does not keep it in memory: once
    nobody else does, it says so.   text: what to begin with   title: shown on top

    Of logits: LensExplorer.of(logits, labels).
    """

    def __init__(self, model: Any, tokenizer: Any, text: str, title: str = "") -> None:
        source = _Decoder(model, tokenizer)
        known = readable(tokenizer)
        label = say.text("lens_explorer", "text")
        check = Text(
            "text", label, text, lambda t: source.missing() or known(t), known_words(tokenizer)
        )
        self._begin([check], source, lambda i: shown_token(tokenizer, i), title)

    @classmethod
    def of(cls, logits: Any, labels: Sequence[str], title: str = "") -> "LensExplorer":
        """Make an explorer of given logits.

        logits: (L + 1, V), behind 0 … L layers   labels: V texts
        """
        explorer = cls.__new__(cls)
        rows = [row.tolist() if hasattr(row, "tolist") else list(row) for row in logits]
        if {len(row) for row in rows} != {len(labels)}:
            got, want = len(labels), len(rows[0]) if rows else 0
            raise ValueError(say.text("sampling_explorer", "labels", got=got, want=want))
        lens = _of_lists(rows)
        explorer._begin([], lambda: lens, lambda i: labels[i], title)
        return explorer

    def _begin(
        self,
        texts: list[Text],
        source: Callable[..., Lens],
        token: Callable[[int], str],
        title: str,
    ) -> None:
        self._source, self._token = source, token
        layers = range(len(source(*(t.value for t in texts)).layers))
        slider = Range("layer", say.text("lens_explorer", "layer"), layers, layers[-1] // 2)
        title = title or say.text("lens_explorer", "title")
        super().__init__(title, self._look, *texts, slider)

    def _look(self, layer: int, **text: str) -> tuple[str, str]:
        return lens_view(self._source(*text.values()), self._token, layer)


class _Decoder:
    """Reads a decoder's stream behind every layer, at the last token of a text."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = weakref.ref(model), tokenizer
        self._last: tuple[Any, Any] = None, None

    def missing(self) -> str:
        """Say that the model is gone; "" while it is there."""
        return "" if self._model() is not None else say.text("lens_explorer", "gone")

    def __call__(self, text: str) -> Lens:
        """Read a text; another layer of the same text needs no new run."""
        model = self._model()
        if model is None:
            raise Refused(self.missing())
        asked = text, sum(parameter._version for parameter in model.parameters())
        if self._last[0] != asked:
            ids = until_end(encode(self._tokenizer, text), self._tokenizer)
            self._last = asked, _read(model, ids)
        return self._last[1]


def _read(model: Any, ids: Any) -> Lens:
    """Return the lens of ids (1, T): the last norm and the output matrix behind each layer."""
    import torch

    out = evaluate(model.base_model, input_ids=ids, output_hidden_states=True)
    with torch.no_grad():
        before = torch.stack([layer[0, -1] for layer in out.hidden_states[:-1]])  # (L, d_model)
        read = torch.cat([_norm(model)(before), out.last_hidden_state[:, -1]])  # behind the norm
        logits = model.get_output_embeddings()(read).float()  # (L + 1, V)
    final = int(logits[-1].argmax())
    shares = logits.softmax(-1)
    best = shares.topk(min(SHOWN, shares.size(1)))
    ranks = (logits > logits[:, final, None]).sum(1) + 1
    both = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    likeliest = [list(zip(*row, strict=True)) for row in both]
    rows = zip(likeliest, shares[:, final].tolist(), ranks.tolist(), strict=True)
    return Lens([LensLayer(*row) for row in rows], final, shares.size(1))


def _of_lists(rows: Sequence[Sequence[float]]) -> Lens:
    """Return the lens of logits (L + 1, V) in lists."""
    final = max(range(len(rows[-1])), key=rows[-1].__getitem__)
    layers = []
    for row in rows:
        shares = softmax(row)
        order = sorted(range(len(row)), key=lambda i: (-row[i], i))
        rank = sum(value > row[final] for value in row) + 1
        layers.append(LensLayer([(i, shares[i]) for i in order[:SHOWN]], shares[final], rank))
    return Lens(layers, final, len(rows[-1]))


def _norm(model: Any) -> Any:
    """Return the norm behind the last layer: a Llama's norm, a GPT-2's ln_f."""
    body = model.base_model
    return body.norm if hasattr(body, "norm") else body.ln_f


def lens_view(lens: Lens, label: Callable[[int], str], layer: int) -> tuple[str, str]:
    """Draw (SVG, sentence): the likeliest tokens behind a layer, and the last prediction there.

    label: index -> text   layer: how many layers were passed
    """
    seen, final = lens.layers[layer], label(lens.final)
    rows = [Bar(label(i), share) for i, share in seen.likeliest if i != lens.final]
    rows.append(Bar(say.text("lens_explorer", "final", token=final), seen.share))
    best, share = seen.likeliest[0]
    shown = {
        "layer": layer,
        "best": label(best),
        "share": f"{share:.3f}",
        "final": final,
        "rank": f"{seen.rank:,}",
        "size": f"{lens.size:,}",
        "at_rank": f"{seen.share:.3f}",
        "settled": lens.settled,
    }
    picture = bars(rows, say.text("lens_explorer", "picture"))
    return picture, say.text("lens_explorer", "sentence", **shown)
