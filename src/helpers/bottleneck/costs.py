"""What reading a long document and writing a summary costs, by formula: FLOPs and bytes of cache.

A multiply-add is 2 FLOPs; only matrix products are counted, as torch's FlopCounterMode does.
    n   tokens of the document          t   tokens of the summary written so far, the newest one too
"""

import itertools

from ..language import say
from .designs import StackDesign


def pairs(n: int, known: int = 0, skipping: bool = False) -> int:
    """Count the pairs of a query and a key, for n new tokens behind `known` old ones.

    n · (known + n);  a kernel that skips what the causal mask hides: n · known + n (n + 1) / 2
    """
    return n * known + (n * (n + 1) // 2 if skipping else n * n)


def attention_flops(design: StackDesign, n_pairs: int) -> int:
    """Count the FLOPs of one attention: q·k and weight·v, each 2 · head_dim a pair and a head."""
    return 4 * design.n_heads * design.head_dim * n_pairs


def read_flops(design: StackDesign, n: int, known: int = 0, skipping: bool = False) -> int:
    """Count the FLOPs of reading n new tokens behind `known` tokens that have been read before.

    decoder-only:     L · (2 · block · n + attention(pairs))      the old tokens' cache stays valid
    encoder-decoder:  all of known + n again, every token seeing every token, then the keys and
                      values of the cross-attentions, once
    skipping: for the causal attention only; an encoder has no half to skip
    """
    if not design.is_encoder_decoder:
        attention = attention_flops(design, pairs(n, known, skipping))
        return design.n_decoder * (2 * design.block * n + attention)
    n += known
    attention = attention_flops(design, pairs(n))
    encoder = design.n_encoder * (2 * design.block * n + attention)
    cross = design.n_decoder * 2 * design.k_and_v * n
    return encoder + cross


def write_flops(design: StackDesign, n: int, t: int) -> int:
    """Count the FLOPs of the t-th token that the decoder is given, with its output scores.

    decoder-only:     it attends to n + t tokens
    encoder-decoder:  to t by itself and to n by cross-attention, whose keys and values are there;
                      merged attention: to n + t with one query
    """
    layer = 2 * design.block + attention_flops(design, n + t)
    if design.has_cross_attention:
        layer += 2 * design.q_and_o
    return design.n_decoder * layer + 2 * design.head


def first_token_flops(design: StackDesign, n: int, known: int = 0, skipping: bool = False) -> int:
    """Count the FLOPs from the document to the scores of the first token of the summary.

    An encoder-decoder gives its decoder the start token; a decoder-only model has its scores
    from the last token of the document.
    """
    first = write_flops(design, known + n, 1) if design.is_encoder_decoder else 2 * design.head
    return read_flops(design, n, known, skipping) + first


def summary_flops(design: StackDesign, n: int, t: int, skipping: bool = False) -> int:
    """Count the FLOPs of the whole task: read the document, write t tokens of summary."""
    start = 2 if design.is_encoder_decoder else 1
    rest = sum(write_flops(design, n, k) for k in range(start, start + t - 1))
    return first_token_flops(design, n, skipping=skipping) + rest


def growing_flops(
    design: StackDesign, n: int, updates: int, skipping: bool = False, known: int = 0
) -> int:
    """Count the FLOPs of reading a document of n tokens in parts, and being ready after each part.

    Its first `known` tokens have been read before; the parts of the rest are equal, or differ by
    one token.  ValueError unless 0 ≤ known < n and 1 ≤ updates ≤ n - known.
    """
    _between("too_much_shared", known, 0, n - 1, n)
    _between("no_parts", updates, 1, n - known, n)
    ends = [known + (n - known) * k // updates for k in range(updates + 1)]
    return sum(
        read_flops(design, end - old, old, skipping) for old, end in itertools.pairwise(ends)
    )


def cache_bytes(design: StackDesign, n: int, t: int, number: int = 2) -> dict[str, int]:
    """Return {"self": bytes, "cross": bytes}: keys and values of every decoder layer, one sequence.

    decoder-only keeps n + t tokens; an encoder-decoder t of its own and n of the encoder's
    """
    token = 2 * design.n_decoder * design.n_kv_heads * design.head_dim * number
    if design.is_encoder_decoder:
        return {"self": token * t, "cross": token * n}
    return {"self": token * (n + t), "cross": 0}


def batch_bytes(
    design: StackDesign, n: int, t: int, batch: int, shared: int = 0, number: int = 2
) -> int:
    """Return the bytes of a batch's caches whose documents begin with the same `shared` tokens.

    Causal keys and values of equal beginnings are equal: they are kept once.  Those of an encoder
    depend on what follows, so each sequence has its own.  ValueError unless 0 ≤ shared ≤ n.
    """
    _between("too_much_shared", shared, 0, n, n)
    each = sum(cache_bytes(design, n, t, number).values())
    if design.is_encoder_decoder:
        return batch * each
    return batch * each - (batch - 1) * sum(cache_bytes(design, shared, 0, number).values())


def _between(message: str, got: int, low: int, high: int, n: int) -> None:
    if not low <= got <= high:
        raise ValueError(say.text("bottleneck", message, got=got, low=low, high=high, n=n))
