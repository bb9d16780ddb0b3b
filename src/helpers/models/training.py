"""The training loop of all lessons, short enough to read, safe to interrupt.

One thread on purpose: at this size a second one brings nothing, and beside a busy neighbour it
costs much.  Same seed, same thread count, same machine: the same weights to the last bit.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ..display.progress_bar import Meter
from ..instruments import measure
from ..language import say

WARM_UP, FLOOR, CLIP = 50, 0.05, 1.0

Batch = Mapping[str, torch.Tensor]


@dataclass
class Run:
    """A training run.

    losses: one a step, nats per token.  stopped: interrupted before the last step.
    """

    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    stopped: bool = False

    def mean_loss(self, last: int = 100) -> float:
        """Return the mean loss of the last steps."""
        tail = self.losses[-last:]
        return sum(tail) / len(tail)


def padded(rows: Sequence[Sequence[int]], value: int) -> torch.Tensor:
    """Return rows of tokens as one tensor (B, T), each filled up with a value on its right."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])


def train(
    model: torch.nn.Module,
    next_batch: Callable[[], Batch],
    steps: int,
    lr: float,
    after_step: Callable[[int], None] | None = None,
    warm_up: int = WARM_UP,
    tell_loss: bool = True,
) -> Run:
    """Train with AdamW (Loshchilov & Hutter 2019) and a warm-up.

    Cosine to 5 %, gradients clipped at norm 1.  warm_up: its steps; 1 is none.
    next_batch: what model(**batch) takes, labels among it.  after_step(n): called after step n.
    tell_loss: the bar shows it; not where a student is still to guess how the training ends.
    Interrupt it (the stop button, Ctrl-C) and the model keeps what it has learned so far.
    """
    torch.set_num_threads(1)
    optimizer = torch.optim.AdamW(_groups(model), lr=lr, betas=(0.9, 0.98), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: learning_rate_share(n, steps, warm_up)
    )
    run, started = Run(), time.monotonic()
    model.train()
    with Meter(steps) as meter:
        try:
            for step in range(1, steps + 1):
                loss = model(**next_batch()).loss
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad(set_to_none=True)
                run.losses.append(loss.item())
                loss_so_far = say.text("training", "loss", loss=f"{run.mean_loss(20):.3f}")
                meter.show(step, loss_so_far if tell_loss else "")
                if after_step:
                    after_step(step)
        except KeyboardInterrupt:
            run.stopped = True
            meter.end(say.text("training", "stopped", done=len(run.losses), steps=steps))
    model.eval()
    run.seconds = time.monotonic() - started
    return run


def learning_rate_share(step: int, steps: int, warm_up: int = WARM_UP) -> float:
    """Return the share of the learning rate at a step: linear up, then a cosine down to FLOOR."""
    cosine = (1 + math.cos(math.pi * min(1.0, step / steps))) / 2
    return min(1.0, (step + 1) / warm_up) * (FLOOR + (1 - FLOOR) * cosine)


def _groups(model: torch.nn.Module) -> list[dict[str, Any]]:
    """Return parameter groups: matrices with weight decay, biases and norms without."""
    parameters = list(model.parameters())
    return [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": 0.01},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]


def parameter_count(model: torch.nn.Module) -> int:
    """Count the parameters; a shared weight (an embedding as output matrix) counts once."""
    return sum(p.numel() for p in model.parameters())


def step_flops(model: torch.nn.Module, batch: Batch) -> int:
    """Count the FLOPs of the matrix products of one training step, forward and backward."""
    math_only = torch.nn.attention.SDPBackend.MATH  # measure.cost cannot count the fused kernel
    with torch.nn.attention.sdpa_kernel(math_only), measure.cost() as spent:
        model(**batch).loss.backward()
    model.zero_grad(set_to_none=True)
    return spent.flops


def batches(rows: torch.Tensor, size: int, seed: int, pad: int) -> Callable[[], torch.Tensor]:
    """Make a function that draws `size` of the rows (n, T), cut to the longest one drawn."""
    generator = torch.Generator().manual_seed(seed)

    def draw() -> torch.Tensor:
        drawn = rows[torch.randint(len(rows), (size,), generator=generator)]
        return drawn[:, : int((drawn != pad).sum(1).max())]

    return draw
