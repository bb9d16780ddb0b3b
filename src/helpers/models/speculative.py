"""Speculative decoding: a small model drafts tokens, and a larger one accepts or replaces them."""

import torch
from transformers import GPT2LMHeadModel, set_seed

from . import decoder, training

DRAFT_STEPS = 200


def drafter(steps: int = DRAFT_STEPS, seed: int = 0) -> GPT2LMHeadModel:
    """Train a draft model for the decoder of lesson 04: one layer of width 32, on its sentences."""
    set_seed(seed)
    model = GPT2LMHeadModel(decoder.config(n_embd=32, n_layer=1, n_head=2))
    model.loss_type = "ForCausalLM"
    batch = decoder.next_batch(decoder.rows(2_000), seed)
    training.train(model, batch, steps, decoder.LEARNING_RATE)
    return model.eval()


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
