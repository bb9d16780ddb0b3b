"""The bytes of a KV cache, found by a formula, on torch's `meta` device and by measuring.

Names are loaded when they are first asked for: importing the package loads no torch.
"""

from ..lazy import names

__getattr__, __all__ = names(
    __name__,
    {
        "by_formula": ["formula"],
        "by_measuring": ["measured"],
        "by_meta": ["on_meta", "parameter_count"],
        "configs": ["Refused"],
        "diagram": ["waterfall"],
        "fitting": [
            "Fit", "characters", "config", "fits", "gpus", "models", "published", "smallest",
            "stored_bits",
        ],
        "paged": ["PagedCache"],
        "quantisation": ["Quantised", "quantise", "quantised"],
        "size": ["CacheSize", "amount"],
    },
)  # fmt: skip
