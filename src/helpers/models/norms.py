"""What a norm does not notice: which changes of its input leave its output as it was."""

import torch

from . import triad

KINDS = {"LayerNorm": True, "RMSNorm": False}  # whether the mean is subtracted
CHANGES = {
    "2x": lambda x: 2 * x,  # exact in floating point, and so is what follows from it
    "3x": lambda x: 3 * x,
    "x + 1": lambda x: x + 1,
    "3x + 1": lambda x: 3 * x + 1,
    "-x": lambda x: -x,
    "x + e": lambda x: x + torch.eye(1, x.size(-1), dtype=x.dtype),  # one number alone
}


def effects(
    eps: float = 0.0, shrunk: float = 1.0, dtype: torch.dtype = torch.float64, seed: int = 0
) -> dict[str, dict[str, float]]:
    """Return {norm: {change of the input: largest change of the output}}, for vectors of width 64.

    The norms have weights 1 and add nothing: their outputs are of size 1.
    shrunk: what the input, of variance 1, is multiplied by: eps shows where its square is not large
    """
    x = torch.randn(32, 64, generator=torch.Generator().manual_seed(seed)).to(dtype) * shrunk
    w = {"weight": torch.ones(64, dtype=dtype)}
    found: dict[str, dict[str, float]] = {}
    for name, centred in KINDS.items():
        d = triad.GPT2._replace(centred=centred, eps=eps)
        before = triad.norm(x, w, d)
        found[name] = {
            change: (triad.norm(f(x), w, d) - before).abs().max().item()
            for change, f in CHANGES.items()
        }
    return found
