"""Adam (Kingma & Ba 2015) by PyTorch's own arithmetic, without what its optimizer class loads.

The first step of any `torch.optim.Optimizer` imports torch.compile's tracer and with it SymPy:
60 MB and a second in each kernel, for nothing that is used here.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam

# of torch.optim.Adam
TORCH_DEFAULTS: dict[str, Any] = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
TORCH_DEFAULTS |= {"amsgrad": False, "maximize": False}


class Adam:
    """The same steps as torch.optim.Adam's, to the last bit.

    lr: learning rate.  weight_decay: times the parameters in each step's gradient.
    """

    def __init__(self, parameters: Sequence[Tensor], lr: float, weight_decay: float = 0.0):
        self.parameters, self.lr, self.weight_decay = list(parameters), lr, weight_decay
        self._first = [torch.zeros_like(p) for p in self.parameters]  # moments of the gradient
        self._second = [torch.zeros_like(p) for p in self.parameters]
        self._steps = [torch.tensor(0.0) for _ in self.parameters]

    def zero_grad(self) -> None:
        """Let the gradients go."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Change the parameters that have a gradient, in place."""
        kept = zip(self.parameters, self._first, self._second, self._steps, strict=True)
        with_gradient = [state for state in kept if state[0].grad is not None]
        parameters, first, second, steps = map(list, zip(*with_gradient, strict=True))
        gradients: list[Any] = [parameter.grad for parameter in parameters]
        chosen: dict[str, Any] = {"lr": self.lr, "weight_decay": self.weight_decay}
        adam(parameters, gradients, first, second, [], steps, **TORCH_DEFAULTS, **chosen)
