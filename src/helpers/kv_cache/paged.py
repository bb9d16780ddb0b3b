"""A paged cache to read: keys and values in blocks of one pool, found through block tables.

Kwon et al. 2023, §4 (arXiv:2309.06180), which vLLM began with.
"""

from collections import Counter

import torch


class PagedCache:
    """Keep the numbers of many sequences in the blocks of one pool.

    pool: (blocks, block, *shape), `block` tokens of shape `shape` in each block
    tables: {name: the numbers of its blocks, in order}   lengths: {name: its tokens}
    IndexError where the pool has no free block; nothing is changed then
    """

    def __init__(self, blocks: int, block: int, *shape: int):
        self.pool, self.block = torch.zeros(blocks, block, *shape), block
        self.free, self.users = list(range(blocks))[::-1], Counter[int]()
        self.tables: dict[str, list[int]] = {}
        self.lengths: dict[str, int] = {}

    def begin(self, name: str, like: str = "") -> None:
        """Add an empty sequence, or one that begins like another and shares its blocks."""
        self.tables[name] = list(self.tables.get(like, ()))
        self.lengths[name] = self.lengths.get(like, 0)
        self.users.update(self.tables[name])

    def append(self, name: str, token: torch.Tensor | float) -> None:
        """Write a token, (*shape), into the sequence's last block, or into a new one."""
        table, place = self.tables[name], self.lengths[name] % self.block
        if place == 0:
            table.append(self._take())
        elif self.users[table[-1]] > 1:  # others read this block: copy on write
            copy = self._take()
            self.pool[copy] = self.pool[table[-1]]
            self.users[table[-1]] -= 1
            table[-1] = copy
        self.pool[table[-1], place] = token
        self.lengths[name] += 1

    def read(self, name: str) -> torch.Tensor:
        """Return a sequence's tokens in their order, (T, *shape)."""
        return self.pool[self.tables[name]].flatten(0, 1)[: self.lengths[name]]

    def end(self, name: str) -> None:
        """Forget a sequence, and free the blocks that no other one shares."""
        table = self.tables.pop(name)
        self.users.subtract(table)
        self.free += [number for number in table if not self.users[number]]
        del self.lengths[name]

    @property
    def taken(self) -> int:
        """The number of blocks in use."""
        return len(self.pool) - len(self.free)

    def _take(self) -> int:
        number = self.free.pop()
        self.users[number] = 1
        return number
