"""Bytes of memory that are in use at the same time while a model runs; on `meta` none is used."""

import contextlib
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


@dataclass
class Peak:
    """The most memory that tensors made inside a block held at one time, in bytes."""

    bytes: int = 0


class MemoryWatch(TorchDispatchMode):
    """A mode of torch that adds each new tensor's storage, and subtracts it when it is freed.

    most: bytes that were alive at one time.  largest: bytes of the biggest result of an operator
    """

    def __init__(self) -> None:
        super().__init__()
        self.alive: dict[Any, int] = {}
        self.now = self.most = self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        old = {t.untyped_storage()._cdata for t in _tensors((args, kwargs))}
        result = func(*args, **(kwargs or {}))
        for tensor in _tensors(result):
            self.largest = max(self.largest, tensor.numel() * tensor.element_size())
            storage = tensor.untyped_storage()
            if storage._cdata not in old and storage._cdata not in self.alive:
                self._add(storage)
        self.most = max(self.most, self.now)
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        self.alive[key] = size
        self.now += size
        weakref.finalize(storage, self._free, key)

    def _free(self, key: Any) -> None:
        self.now -= self.alive.pop(key, 0)


@contextlib.contextmanager
def peak() -> Iterator[Peak]:
    """Count the bytes that operators inside the block hold at one time.

    with bottleneck.peak() as spent:
        model(ids)
    spent.bytes                       # valid after the block

    Weights and inputs are older than the block and do not count.  What a fused kernel keeps to
    itself is not seen: on CPUs that is one small buffer a thread.
    """
    spent = Peak()
    with MemoryWatch() as watch:
        yield spent
    spent.bytes = watch.most


def _tensors(value: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(value) if torch.is_tensor(leaf)]
