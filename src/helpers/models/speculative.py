"""Speculative decoding: a small model drafts tokens, and a larger one accepts or replaces them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, set_seed

from ..world import corpus, tokenizer
from . import decoder, training

DRAFT_STEPS = 200
Rule = Callable[[Tensor, Tensor], Tensor | bool]  # p(x), q(x) of a drafted token → is it accepted?


def drafter(steps: int = DRAFT_STEPS, seed: int = 0) -> GPT2LMHeadModel:
    """Train a draft model for the decoder of lesson 04: one layer of width 32, on its sentences."""
    set_seed(seed)
    model = GPT2LMHeadModel(decoder.config(n_embd=32, n_layer=1, n_head=2))
    model.loss_type = "ForCausalLM"
    batch = decoder.next_batch(decoder.rows(2_000), seed)
    with torch.enable_grad():
        training.train(model, batch, steps, decoder.LEARNING_RATE)
    return model.eval()


def beginning(lang: str, text: str = "") -> Tensor:
    """Return the ids of the beginning of a sentence, (n,): <s>, the language and the text."""
    return decoder.beginnings([text], lang)[0]


def next_token(model: GPT2LMHeadModel, ids: Tensor, last: int = 1) -> Tensor:
    """Return the probabilities of the tokens behind the last `last` places, (last, V).

    ids: (n,)
    """
    with torch.no_grad():
        return model(ids[None]).logits[0, -last:].softmax(-1)


def drawn(probabilities: Tensor) -> Tensor:
    """Draw one token, (1,), from probabilities, (V,)."""
    return torch.multinomial(probabilities, 1)


def accepts(p: Tensor, q: Tensor) -> Tensor:
    """Accept a drafted token with probability min(1, p / q).

    p, q: its probability by the target and by the draft model, ()
    """
    return torch.rand(()) < p / q


def speculate(
    target: GPT2LMHeadModel,
    draft: GPT2LMHeadModel,
    ids: Tensor,
    ahead: int,
    accepts: Rule = accepts,
) -> Tensor:
    """Return 1 to ahead + 1 new tokens by one pass of the target, drawn as the target draws them.

    A drafted token x is accepted with probability min(1, p(x) / q(x)); the first that is not is
    replaced by one from max(0, p - q), made to sum to 1.  p: the target's, q: the draft's.
    ids: (n,)    Leviathan et al. 2023, algorithm 1 (arXiv:2211.17192)
    """
    n, text, q = len(ids), ids, []
    for _ in range(ahead):
        q.append(next_token(draft, text)[0])
        text = torch.cat([text, drawn(q[-1])])
    p = next_token(target, text, ahead + 1)
    for k in range(ahead):
        x = text[n + k]
        if not accepts(p[k, x], q[k][x]):
            rest = (p[k] - q[k]).clamp(min=0)
            return torch.cat([text[n : n + k], drawn(rest / rest.sum())])
    return torch.cat([text[n:], drawn(p[ahead])])


def written(
    target: GPT2LMHeadModel,
    draft: GPT2LMHeadModel,
    start: Tensor,
    ahead: int,
    accepts: Rule = accepts,
) -> tuple[list[int], int]:
    """Write one sentence, and return its new tokens, </s> included, and the passes it took."""
    end, longest = decoder.TOKENIZER.eos_token_id, target.config.n_positions - ahead - 1
    text, passes = start, 0
    while end not in text[len(start) :] and len(text) < longest:
        text = torch.cat([text, speculate(target, draft, text, ahead, accepts)])
        passes += 1
    new = text[len(start) :].tolist()
    return new[: new.index(end) + 1] if end in new else new, passes


def per_pass(
    target: GPT2LMHeadModel, draft: GPT2LMHeadModel, start: Tensor, ahead: int, n: int = 40
) -> float:
    """Write n sentences, and return how many tokens a pass of the target gave on average."""
    made = [written(target, draft, start, ahead) for _ in range(n)]
    return sum(len(new) for new, _ in made) / sum(passes for _, passes in made)


# --- how well a draft model agrees ------------------------------------------------------------


@torch.no_grad()
def agreement(
    target: GPT2LMHeadModel, draft: GPT2LMHeadModel, lang: str, n: int = 50, seed: int = 0
) -> float:
    """Return the mean of Σ min(p, q), the chance that a drafted token is accepted.

    Over the places of n sentences that the target wrote.  Leviathan et al. 2023, corollary 3.6
    """
    found = []
    for text in decoder.sample(target, lang, n, seed):
        ids = decoder.TOKENIZER(tokenizer.tagged(text, lang), return_tensors="pt").input_ids
        p, q = (model(ids).logits[0, 1:-1].softmax(-1) for model in (target, draft))
        found += torch.minimum(p, q).sum(-1).tolist()
    return sum(found) / len(found)


def expected(agreement: float, ahead: int) -> float:
    """Return the tokens of a pass if each drafted token is accepted with the same chance a.

    1 + a + … + a^ahead, which is (1 − a^(ahead + 1)) / (1 − a)
    """
    return sum(agreement**k for k in range(ahead + 1))


# --- is the distribution the target's? --------------------------------------------------------


def exact_pairs(model: GPT2LMHeadModel, ids: Tensor) -> dict[tuple[int, ...], float]:
    """Compute the probability of every pair of next tokens, from 1e-6 on: no sampling."""
    found: dict[tuple[int, ...], float] = {}
    first = next_token(model, ids)[0]
    for x in (first > 1e-6).nonzero()[:, 0]:
        for y, p in enumerate(
            (first[x] * next_token(model, torch.cat([ids, x[None]]))[0]).tolist()
        ):
            if p > 1e-6:
                found[int(x), y] = p
    return found


def drawn_pairs(
    target: GPT2LMHeadModel, draft: GPT2LMHeadModel, ids: Tensor, ahead: int, n: int
) -> Counter[tuple[int, ...]]:
    """Draw n pairs of next tokens by speculative decoding, and count them."""
    found: Counter[tuple[int, ...]] = Counter()
    for _ in range(n):
        text = ids
        while len(text) < len(ids) + 2:
            text = torch.cat([text, speculate(target, draft, text, ahead)])
        found[tuple(text[len(ids) : len(ids) + 2].tolist())] += 1
    return found


def told(text: str, lang: str) -> tuple[str, str] | None:
    """Return (construction, place) of a sentence; None if the grammar cannot say it."""
    event = corpus.parse(text, lang)
    return (event.kind, event.place) if event else None


def exact_sentences(
    model: GPT2LMHeadModel, lang: str, begun: str, person: int = 0
) -> dict[tuple[str, str], float]:
    """Compute {(construction, place): probability} of what the model makes of a beginning.

    The sum over all sentences of the grammar, on this person, that begin so; no sampling.  What is
    missing to 1 are texts that the grammar cannot say.
    """
    texts = (corpus.sentence(event, lang).text for event, _ in corpus.events(person))
    all_told = [text for text in texts if text.startswith(begun)]
    start = len(beginning(lang, begun))
    found: dict[tuple[str, str], float] = defaultdict(float)
    for first in range(0, len(all_told), 256):
        some = all_told[first : first + 256]
        for text, log_p in zip(some, _log_p_of_rest(model, some, lang, start), strict=True):
            if (cell := told(text, lang)) is not None:
                found[cell] += log_p.exp().item()
    return dict(found)


@torch.no_grad()
def _log_p_of_rest(model: GPT2LMHeadModel, texts: Sequence[str], lang: str, start: int) -> Tensor:
    """Return log p of each text behind its first `start` tokens, </s> included, (n,)."""
    tagged = [tokenizer.tagged(text, lang) for text in texts]
    inputs = decoder.TOKENIZER(tagged, padding=True, return_tensors="pt")
    logp = model(**inputs).logits[:, :-1].log_softmax(-1)
    each = logp.gather(-1, inputs.input_ids[:, 1:, None])[..., 0] * inputs.attention_mask[:, 1:]
    return each[:, start - 1 :].sum(-1)


def drawn_sentences(
    target: GPT2LMHeadModel,
    draft: GPT2LMHeadModel,
    lang: str,
    begun: str,
    ahead: int,
    n: int,
    accepts: Rule = accepts,
) -> Counter[tuple[str, str] | None]:
    """Finish n sentences by speculative decoding, and count them by construction and place."""
    start, found = beginning(lang, begun), Counter[tuple[str, str] | None]()
    for _ in range(n):
        new, _ = written(target, draft, start, ahead, accepts)
        rest = decoder.TOKENIZER.decode(new, skip_special_tokens=True)
        found[told(begun + rest, lang)] += 1
    return found


class ChiSquare(NamedTuple):
    """How far counts are from what is expected: Σ (o − e)² / e, and the degrees of freedom."""

    value: float
    freedom: int

    @property
    def p(self) -> float:
        """The chance of a larger value where the counts were drawn with these probabilities."""
        half = torch.tensor([self.freedom / 2, self.value / 2], dtype=torch.float64)
        return torch.special.gammaincc(*half).item()


def chi_square(counts: Mapping[Any, int], exact: Mapping[Any, float]) -> ChiSquare:
    """Compare counts with exact probabilities (Pearson 1900); what is missing to 1 is a cell, too.

    Cells in which fewer than 5 are expected are one cell, with another one if need be.
    """
    n = sum(counts.values())
    large = [cell for cell, p in exact.items() if n * p >= 5]
    cells = [(counts.get(cell, 0), n * exact[cell]) for cell in large]
    seen, expected = (sum(column) for column in zip(*cells, strict=True))
    rest = (n - seen, n - expected)
    if rest[1] < 5:
        least = cells.pop()
        rest = (rest[0] + least[0], rest[1] + least[1])
    cells.append(rest)
    return ChiSquare(sum((o - e) ** 2 / e for o, e in cells), len(cells) - 1)


def misfit(counts: Mapping[Any, int], exact: Mapping[Any, float]) -> float:
    """Return χ² / degrees of freedom: near 1 where the counts have these probabilities."""
    found = chi_square(counts, exact)
    return found.value / found.freedom
