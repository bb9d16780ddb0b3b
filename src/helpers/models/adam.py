"""Adam (Kingma & Ba 2015) by PyTorch's own arithmetic, without what its optimizer class loads.

The first step of any `torch.optim.Optimizer` imports torch.compile's tracer and with it SymPy:
60 MB and a second in each kernel, for nothing that is used here.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam


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
        """Change the parameters, all of which have a gradient, in place."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        moments = (self._first, self._second, [], self._steps)
        torch_defaults = {"amsgrad": False, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
        torch_defaults["maximize"] = False
        decay = {"lr": self.lr, "weight_decay": self.weight_decay}
        adam(self.parameters, gradients, *moments, **torch_defaults, **decay)
