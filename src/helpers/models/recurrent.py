"""A recurrent network and an attention, counted in steps that must wait for one another."""

from typing import Any

import torch
from torch import nn


def recurrent(x: torch.Tensor, cell: nn.Module) -> torch.Tensor:
    """Run a cell along x (B, T, d), each state from the one before it: states (B, T, d).

    cell: nn.RNNCell, nn.GRUCell (Cho et al. 2014, arXiv:1406.1078), or the like
    """
    state, states = torch.zeros_like(x[:, 0]), []
    for token in x.unbind(1):
        state = cell(token, state)
        states.append(state)
    return torch.stack(states, 1)


def longest_chain(result: torch.Tensor) -> int:
    """Count the operations of the longest chain in which each needs the one before it.

    They are those of autograd's graph behind a result that requires gradients; however many
    processors there are, they run one after the other.
    """
    longest: dict[Any, int] = {}
    waiting: list[Any] = [result.grad_fn]
    while waiting:
        node = waiting[-1]
        needs = [before for before, _ in node.next_functions if before is not None]
        missing = [before for before in needs if before not in longest]
        waiting += missing
        if not missing:
            longest[waiting.pop()] = 1 + max((longest[before] for before in needs), default=0)
    return longest[result.grad_fn]
