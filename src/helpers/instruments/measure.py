"""Instruments: what a computation really costs, counted while it runs."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from .peak_memory import peak


@dataclass
class Cost:
    """flops: of matrix products, a multiply-add is 2.  largest_bytes: of the biggest tensor.

    peak_bytes: the most that all tensors made inside the block held at one time.
    """

    flops: int = 0
    largest_bytes: int = 0
    peak_bytes: int = 0


class _Largest(TorchDispatchMode):
    """Looks at the result of every operator and remembers the largest."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        sizes = (t.numel() * t.element_size() for t in tree_leaves(result) if torch.is_tensor(t))
        self.bytes = max(self.bytes, *sizes, 0)
        return result


@contextlib.contextmanager
def cost() -> Iterator[Cost]:
    """Count FLOPs, the largest tensor and the peak of memory of the operators inside the block.

    with measure.cost() as spent:
        attention(q, k, v)
    spent.flops, spent.largest_bytes, spent.peak_bytes      # valid after the block

    torch knows no FLOPs of its fused attention kernel for CPUs: that one counts 0.  Select the
    MATH backend (torch.nn.attention.sdpa_kernel) around the block to count it.
    """
    spent = Cost()
    with FlopCounterMode(display=False) as counter, _Largest() as largest, peak() as held:
        yield spent
    spent.flops, spent.largest_bytes = counter.get_total_flops(), largest.bytes
    spent.peak_bytes = held.bytes
