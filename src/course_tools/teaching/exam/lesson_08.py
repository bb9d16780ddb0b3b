"""Lesson 08: equal parameters, where decoding becomes bound by compute, documents in parts."""

import random

from helpers.bottleneck import costs, designs

from .questions import Draw, Values

D_MODEL = 96  # of any model: it cancels out


def equal(rng: random.Random) -> Values:
    """The ratio of KV caches at equal parameters, where the decoder-only model has whole layers."""
    encoder, decoder = rng.randint(4, 12), rng.choice([3, 6, 9])
    both = designs.plain("both", encoder, decoder, D_MODEL)
    layers = next(
        n for n in range(1, 60) if designs.plain("one", 0, n, D_MODEL).weights >= both.weights
    )
    one = designs.plain("one", 0, layers, D_MODEL)
    ratio = sum(costs.cache_bytes(one, 512, 0).values()) / sum(
        costs.cache_bytes(both, 512, 0).values()
    )
    values = {"encoder": encoder, "decoder": decoder, "layers": layers}
    return values | {"answer": round(ratio, 2)}


def busy(rng: random.Random) -> Values:
    """The batch from which on decoding is bound by compute, with weights of some bits."""
    tera, bandwidth = rng.choice([240, 320, 400, 480, 960]), rng.choice([1, 2, 4])
    bits = rng.choice([4, 8, 16])
    ridge = tera / bandwidth  # FLOPs a byte
    intensity = 2 / (bits / 8)  # of one sequence: 2 FLOPs for a weight
    return {"tera": tera, "bandwidth": bandwidth, "bits": bits, "answer": round(ridge / intensity)}


def parts(rng: random.Random) -> Values:
    """Tokens that an encoder reads in all when a document arrives in equal parts."""
    updates, part = rng.randint(4, 12), rng.choice([500, 1000, 1500, 2000])
    read = sum(part * k for k in range(1, updates + 1))
    return {"updates": updates, "part": part, "once": updates * part, "answer": read}


DRAWS: dict[str, Draw] = {"equal": equal, "busy": busy, "parts": parts}
