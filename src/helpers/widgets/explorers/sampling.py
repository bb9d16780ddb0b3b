"""An explorer of temperature, top-k and top-p on a distribution over the next token.

    SamplingExplorer(model, tokenizer, text="…")         # what the model expects after the text
    SamplingExplorer.of(logits, labels)                  # of a given vector

Imports neither torch nor transformers: the model brings them.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ...display.svg import Bar, bars
from ...language import say
from ..explorer.controls import Range, Text
from ..explorer.widget import Explorer
from .distribution import entropy, filtered, softmax
from .reading import encode, evaluate, known_words, readable, shown_token, until_end

SHOWN = 15
TEMPERATURES = [n / 10 for n in range(1, 31)]
SHARES = [n / 20 for n in range(1, 21)]
MOST_K = 20


class SamplingExplorer(Explorer):
    """An explorer of the next token's distribution before and after temperature, top-k, top-p.

    model: GPT-like, returning .logits (1, T, V)   text: the prompt to begin with
    title: shown on top

    Of a vector: SamplingExplorer.of(logits, labels).
    """

    def __init__(self, model: Any, tokenizer: Any, text: str, title: str = "") -> None:
        def next_logits(text: str) -> list[float]:
            ids = until_end(encode(tokenizer, text), tokenizer)
            return evaluate(model, input_ids=ids).logits[0, -1].float().tolist()

        label = say.text("sampling_explorer", "text")
        prompt = Text("text", label, text, readable(tokenizer), known_words(tokenizer))
        self._begin([prompt], next_logits, lambda i: shown_token(tokenizer, i), title)

    @classmethod
    def of(cls, logits: Any, labels: Sequence[str], title: str = "") -> "SamplingExplorer":
        """Make an explorer of given logits.

        logits: (V,)   labels: V texts.  ValueError if their numbers differ.
        """
        explorer = cls.__new__(cls)
        values = logits.tolist() if hasattr(logits, "tolist") else list(logits)
        if len(values) != len(labels) or len(values) < 2:
            raise ValueError(
                say.text("sampling_explorer", "labels", got=len(labels), want=len(values))
            )
        explorer._begin([], lambda: values, lambda i: labels[i], title)
        return explorer

    def _begin(
        self,
        texts: list[Text],
        next_logits: Callable[..., list[float]],
        token: Callable[[int], str],
        title: str,
    ) -> None:
        self._logits, self._token = next_logits, token
        size = len(next_logits(*(t.value for t in texts)))
        names = ("temperature", "top_k", "top_p")
        label = {name: say.text("sampling_explorer", name) for name in names}
        few = range(1, min(size, MOST_K + 1))
        controls = [
            Range("temperature", label["temperature"], TEMPERATURES, 1.0),
            Range("top_k", label["top_k"], [*few, size], size),
            Range("top_p", label["top_p"], SHARES, 1.0),
        ]
        title = title or say.text("sampling_explorer", "title")
        super().__init__(title, self._look, *texts, *controls)

    def _look(self, temperature: float, top_k: int, top_p: float, **text: str) -> tuple[str, str]:
        logits = self._logits(*text.values())
        return sampling_view(logits, self._token, temperature, top_k, top_p)


def sampling_view(
    logits: Sequence[float],
    label: Callable[[int], str],
    temperature: float,
    top_k: int,
    top_p: float,
) -> tuple[str, str]:
    """Draw (SVG, sentence): the SHOWN most probable tokens before and after.

    label: index -> text
    """
    before, after = softmax(logits), filtered(logits, temperature, top_k, top_p)
    order = sorted(range(len(before)), key=lambda i: (-before[i], i))
    rows = [Bar(label(i), after[i], before[i], kept=after[i] > 0) for i in order[:SHOWN]]
    kept = [i for i, p in enumerate(after) if p > 0]
    shown = {
        "kept": len(kept),
        "size": len(after),
        "mass": f"{100 * sum(before[i] for i in kept):.1f}",
        "bits_before": f"{entropy(before):.2f}",
        "bits_after": f"{abs(entropy(after)):.2f}",
        "token": label(order[0]),
        "p_before": f"{before[order[0]]:.3f}",
        "p_after": f"{after[order[0]]:.3f}",
    }
    rest = len(after) - len(rows)
    more = say.text("sampling_explorer", "more", rest=rest) if rest > 0 else ""
    picture = bars(rows, say.text("sampling_explorer", "picture"))
    return picture, say.text("sampling_explorer", "sentence", **shown) + more
