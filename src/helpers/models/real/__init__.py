"""Real models: weights that others trained and published, from a package, a folder or the hub."""

from ...lazy import names

__getattr__, __all__ = names(
    __name__,
    {
        "asking": ["ask"],
        "doors": ["available", "load", "stand_in"],
        "entries": ["Entry", "entry"],
        "pieces": ["shown", "split"],
        "refusals": ["Unavailable"],
    },
)
