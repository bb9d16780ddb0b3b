"""Instruments: what a computation really costs, counted while it runs."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from torch.utils.flop_counter import FlopCounterMode

from .peak_memory import MemoryWatch


@dataclass
class Cost:
    """The cost of a block of code.

    flops: of matrix products, a multiply-add is 2.  largest_bytes: of the biggest tensor.
    peak_bytes: the most that all tensors made inside the block held at one time.
    """

    flops: int = 0
    largest_bytes: int = 0
    peak_bytes: int = 0


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
    with FlopCounterMode(display=False) as counter, MemoryWatch() as watch:
        yield spent
    spent.flops = counter.get_total_flops()
    spent.largest_bytes, spent.peak_bytes = watch.largest, watch.most
