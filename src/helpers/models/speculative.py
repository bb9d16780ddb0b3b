"""Speculative decoding: a small model drafts tokens, and a larger one accepts or replaces them."""

from collections import Counter
from collections.abc import Mapping

import torch
from transformers import GPT2LMHeadModel, set_seed

from ..world import tokenizer
from . import decoder, training

DRAFT_STEPS = 200


def drafter(steps: int = DRAFT_STEPS, seed: int = 0) -> GPT2LMHeadModel:
    """Train a draft model for the decoder of lesson 04: one layer of width 32, on its sentences."""
    set_seed(seed)
    model = GPT2LMHeadModel(decoder.config(n_embd=32, n_layer=1, n_head=2))
    model.loss_type = "ForCausalLM"
    batch = decoder.next_batch(decoder.rows(2_000), seed)
    with torch.enable_grad():
        training.train(model, batch, steps, decoder.LEARNING_RATE)
    return model.eval()


def beginning(lang: str, text: str = "") -> torch.Tensor:
    """Return the ids of the beginning of a sentence, (n,): <s>, the language and the text."""
    return decoder.TOKENIZER(tokenizer.tagged(text, lang), return_tensors="pt").input_ids[0, :-1]


def next_token(model: GPT2LMHeadModel, ids: torch.Tensor, last: int = 1) -> torch.Tensor:
    """Return the probabilities of the tokens behind the last `last` places, (last, V).

    ids: (n,)
    """
    with torch.no_grad():
        return model(ids[None]).logits[0, -last:].softmax(-1)


def drawn(probabilities: torch.Tensor) -> torch.Tensor:
    """Draw one token, (1,), from probabilities, (V,)."""
    return torch.multinomial(probabilities, 1)


def speculate(
    target: GPT2LMHeadModel, draft: GPT2LMHeadModel, ids: torch.Tensor, ahead: int
) -> torch.Tensor:
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
        if torch.rand(()) >= p[k, x] / q[k][x]:
            rest = (p[k] - q[k]).clamp(min=0)
            return torch.cat([text[n : n + k], drawn(rest / rest.sum())])
    return torch.cat([text[n:], drawn(p[ahead])])


def per_pass(
    target: GPT2LMHeadModel, draft: GPT2LMHeadModel, start: torch.Tensor, ahead: int, n: int = 40
) -> float:
    """Write n sentences, and return how many tokens a pass of the target gave on average."""
    end, longest = decoder.TOKENIZER.eos_token_id, target.config.n_positions - ahead - 1
    passes = tokens = 0
    for _ in range(n):
        text = start
        while end not in text[len(start) :] and len(text) < longest:
            text = torch.cat([text, speculate(target, draft, text, ahead)])
            passes += 1
        tokens += _until(text[len(start) :].tolist(), end)
    return tokens / passes


def _until(ids: list[int], end: int) -> int:
    return ids.index(end) + 1 if end in ids else len(ids)


def exact_pairs(model: GPT2LMHeadModel, ids: torch.Tensor) -> dict[tuple[int, ...], float]:
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
    target: GPT2LMHeadModel, draft: GPT2LMHeadModel, ids: torch.Tensor, ahead: int, n: int
) -> Counter[tuple[int, ...]]:
    """Draw n pairs of next tokens by speculative decoding, and count them."""
    found: Counter[tuple[int, ...]] = Counter()
    for _ in range(n):
        text = ids
        while len(text) < len(ids) + 2:
            text = torch.cat([text, speculate(target, draft, text, ahead)])
        found[tuple(text[len(ids) : len(ids) + 2].tolist())] += 1
    return found


def misfit(counts: Mapping[tuple[int, ...], int], exact: Mapping[tuple[int, ...], float]) -> float:
    """Return χ² / degrees of freedom: near 1 where the counts were drawn with these probabilities.

    Cells in which fewer than 5 are expected are one cell, with another one if need be.
    """
    n = sum(counts.values())
    large = [pair for pair, p in exact.items() if n * p >= 5]
    cells = [(counts.get(pair, 0), n * exact[pair]) for pair in large]
    seen, expected = (sum(column) for column in zip(*cells, strict=True))
    rest = (n - seen, n - expected)
    if rest[1] < 5:
        least = cells.pop()
        rest = (rest[0] + least[0], rest[1] + least[1])
    cells.append(rest)
    return sum((o - e) ** 2 / e for o, e in cells) / (len(cells) - 1)
