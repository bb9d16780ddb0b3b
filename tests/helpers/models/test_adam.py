"""Our Adam is torch.optim's to the last bit, and training by it loads none of torch.compile."""

import os
import subprocess
import sys

import pytest
import torch
import turns
from places import ROOT

from helpers.models.adam import Adam


def trained(make, steps: int = 40) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    shapes = [(7, 5), (5,), (3, 7), (2,)]  # the last one gets no gradient
    parameters = [torch.randn(s, generator=generator).requires_grad_() for s in shapes]
    optimizer = make(parameters)
    for _ in range(steps):
        x = torch.randn(3, generator=generator)
        optimizer.zero_grad()
        (x @ parameters[2] @ parameters[0] * parameters[1]).tanh().sum().backward()
        optimizer.step()
    return parameters


@pytest.mark.parametrize("decay", [0.0, 3e-4])
@pytest.mark.parametrize("lr", [1e-2, 0.3])
def test_every_bit_is_that_of_torch(lr, decay):
    ours = trained(lambda p: Adam(p, lr=lr, weight_decay=decay))
    theirs = trained(lambda p: torch.optim.Adam(p, lr=lr, weight_decay=decay))
    assert all(map(torch.equal, ours, theirs))
    other = trained(lambda p: torch.optim.Adam(p, lr=lr, weight_decay=decay + 0.1))
    assert list(map(torch.equal, ours, other)) == [False] * 3 + [True]


TRAIN = """
import sys, torch
from helpers.models import facts
task = facts.ask([["a", "b"], ["c", "d"]], ["?1", "?2"], lambda one, two: [one, two])
def model(inputs, parameters, visible):
    return parameters[0][inputs[:, -1]], None
facts.train(model, [torch.zeros(99, len(task.number))], task, steps=2)
print("torch._dynamo" in sys.modules, "sympy" in sys.modules)
torch.optim.Adam([torch.zeros(1).requires_grad_()]).step()
print("torch._dynamo" in sys.modules)
"""


@turns.in_ci
def test_training_in_lesson_01_loads_no_compiler():
    """The last word: if PyTorch's own class no longer loads it, ours is not needed."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", TRAIN], env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False", "True"], done.stderr
