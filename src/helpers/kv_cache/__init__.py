"""The KV cache, to the byte: by a formula, by the real code on `meta`, by measuring a real one."""

from .configs import Refused
from .roads import formula, measured, on_meta, parameter_count
from .size import CacheSize, amount

__all__ = ["CacheSize", "Refused", "amount", "formula", "measured", "on_meta", "parameter_count"]
