"""The KV cache, to the byte: by a formula, by the real code on `meta`, by measuring a real one."""

from .configs import Refused
from .fitting import Fit, characters, config, fits, gpus, models, published, smallest, stored_bits
from .formula import formula
from .measured import measured
from .on_meta import on_meta, parameter_count
from .quantisation import Quantised, quantise, quantised
from .size import CacheSize, amount
from .waterfall import waterfall

__all__ = [
    "CacheSize",
    "Fit",
    "Quantised",
    "Refused",
    "amount",
    "characters",
    "config",
    "fits",
    "formula",
    "gpus",
    "measured",
    "models",
    "on_meta",
    "parameter_count",
    "published",
    "quantise",
    "quantised",
    "smallest",
    "stored_bits",
    "waterfall",
]
