"""Sentences that a model wrote, judged by the exact grammar of the mini world."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from . import corpus

FEW = 20  # from fewer texts no share is told: √(p (1 − p) / n) of two texts may be 0


class Judged(NamedTuple):
    """Counts of judged texts.

    Of the texts some are sentences of the mini world (valid).  Of these, some stand in no
    training row (new), and some have a (person, place) that was held out from training
    (unseen).
    """

    texts: int
    valid: int
    new: int
    unseen: int

    def share(self, name: str) -> tuple[float, float]:
        """Return share and standard error.

        "valid" of all texts, "new" and "unseen" of the valid ones.
        (nan, nan) where there are fewer than FEW to count from.
        """
        total = self.texts if name == "valid" else self.valid
        if total < FEW:
            return float("nan"), float("nan")
        share = getattr(self, name) / total
        return share, corpus.standard_error(share, total)


def judge(texts: Iterable[str], lang: str, known: Collection[str]) -> Judged:
    """Judge texts by the grammar; known: the sentences of the training rows."""
    texts = list(texts)
    told = {text: event for text in set(texts) if (event := corpus.parse(text, lang))}
    valid = [text for text in texts if text in told]
    new = sum(text not in known for text in valid)
    unseen = sum(corpus.held_out(told[text]) for text in valid)
    return Judged(len(texts), len(valid), new, unseen)


def both(judged: Iterable[Judged]) -> Judged:
    """Add the counts of several."""
    return Judged(*map(sum, zip(*judged, strict=True)))


def new_by_grammar(known: Collection[str]) -> float:
    """Return the exact share of new sentences of one who draws from the training grammar.

    1 − Σ p(s) over the sentences s of the training rows (known), the mean of both languages: the
    baseline of Judged.share("new").
    """
    shares = []
    for lang in corpus.LANGUAGES:
        told = (event for text in set(known) if (event := corpus.parse(text, lang)))
        shares.append(1 - sum(corpus.probability(event, "train") for event in told))
    return sum(shares) / len(shares)
