"""In-context copying: random symbols that come a second time (Olsson et al. 2022, §4).

What follows a symbol cannot be known from the weights, only from its first appearance.
"""

from collections.abc import Callable
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, set_seed

SYMBOLS, LENGTHS = 24, (5, 12)  # LENGTHS: shortest and longest string of the training
STEPS, LEARNING_RATE, BATCH_SIZE = 500, 4e-3, 32
PART = 4  # strings read at once: the logits of a large vocabulary fill the memory


def new(layers: int, seed: int = 0) -> LlamaForCausalLM:
    """Make a model with random weights, of which the attention weights can be asked for."""
    set_seed(seed)
    sizes: dict[str, Any] = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": layers,
    }
    sizes |= {"num_attention_heads": 4, "num_key_value_heads": 4, "max_position_embeddings": 64}
    sizes |= {"attn_implementation": "eager"}
    ids: dict[str, Any] = {
        "vocab_size": SYMBOLS,
        "pad_token_id": None,
        "bos_token_id": None,
        "eos_token_id": None,
    }
    config = LlamaConfig(
        tie_word_embeddings=False,
        initializer_range=0.05,
        **sizes,
        **ids,
    )
    return LlamaForCausalLM(config).eval()


def repeated(
    n: int, size: int, generator: torch.Generator, symbols: range = range(SYMBOLS)
) -> torch.Tensor:
    """Draw size strings of n different symbols, each twice in a row: (size, 2 n)."""
    draws = [torch.randperm(len(symbols), generator=generator)[:n] for _ in range(size)]
    once = torch.stack(draws) + symbols.start
    return torch.cat([once, once], 1)


def next_batch(seed: int = 0, size: int = BATCH_SIZE) -> Callable[[], dict[str, torch.Tensor]]:
    """Make the batches for training.train, with labels where the context tells the next symbol."""
    generator = torch.Generator().manual_seed(seed)

    def batch() -> dict[str, torch.Tensor]:
        n = int(torch.randint(LENGTHS[0], LENGTHS[1] + 1, (1,), generator=generator))
        ids = repeated(n, size, generator)
        labels = ids.clone()
        labels[:, : n + 1] = -100  # the first string, and the first symbol of the second
        return {"input_ids": ids, "labels": labels}

    return batch


@torch.no_grad()
def accuracy(
    model: LlamaForCausalLM,
    n: int,
    size: int = 200,
    symbols: range = range(SYMBOLS),
    seed: int = 7,
) -> float:
    """Return the share of the second string, but for its first symbol, that is likeliest."""
    ids = repeated(n, size, torch.Generator().manual_seed(seed), symbols)
    likeliest = [model(input_ids=part).logits[:, n:-1].argmax(-1) for part in ids.split(PART)]
    return (torch.cat(likeliest) == ids[:, n + 1 :]).double().mean().item()


@torch.no_grad()
def attention(
    model: LlamaForCausalLM,
    n: int,
    size: int = 50,
    symbols: range = range(SYMBOLS),
    seed: int = 7,
) -> dict[str, torch.Tensor]:
    """Return two mean weights of each head, (layers, heads).

    "target": from a symbol of the second string to the one that followed its first appearance;
    "previous": from any symbol to the one before it.
    """
    ids = repeated(n, size, torch.Generator().manual_seed(seed), symbols)
    weights = torch.stack(
        model(input_ids=ids, output_attentions=True).attentions
    )  # (L, B, H, T, T)
    query, later = torch.arange(n, 2 * n - 1), torch.arange(1, 2 * n)
    looked = {"target": (query, query - n + 1), "previous": (later, later - 1)}
    return {name: weights[..., q, k].mean((1, 3)) for name, (q, k) in looked.items()}


def chance(n: int) -> dict[str, float]:
    """Return the accuracy of guessing among n symbols: any of them, or those that are left.

    The first is 1/n.  Before the second string goes on to its symbol j + 1, n - j are left over:
    (1/(n-1) + ... + 1/2 + 1) / (n-1), a harmonic number.
    """
    return {"any": 1 / n, "unused": sum(1 / left for left in range(1, n)) / (n - 1)}
