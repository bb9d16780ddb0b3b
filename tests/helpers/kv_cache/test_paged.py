"""A paged cache: what it returns is what a contiguous one holds, and what its blocks cost."""

import random

import pytest
import torch

from helpers.kv_cache import PagedCache
from helpers.models import decoder


def fill(cache: PagedCache, name: str, tokens, like: str = "") -> None:
    cache.begin(name, like)
    for token in tokens:
        cache.append(name, token)


def test_a_real_cache_comes_back_from_scattered_blocks_exactly():
    """Two sequences that grow in turns, so that neither one's blocks are neighbours."""
    with torch.no_grad():
        past = decoder.load()(torch.arange(5, 33)[None], use_cache=True).past_key_values
    real = torch.stack([torch.stack([layer.keys, layer.values]) for layer in past.layers])
    tokens = real[:, :, 0].movedim(3, 0)  # (T, layers, 2, H, d)
    cache = PagedCache(20, 4, *tokens.shape[1:])
    cache.begin("a")
    cache.begin("b")
    for token in tokens:
        cache.append("a", token)
        cache.append("b", -token)
    assert torch.equal(cache.read("a"), tokens) and torch.equal(cache.read("b"), -tokens)
    assert cache.tables["a"] != sorted(cache.tables["a"], reverse=True) or cache.taken == 14
    assert cache.taken == 2 * 7


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_begun_and_ended_each_sequence_reads_its_own_tokens(seed):
    """Against plain lists: forks, endings and writes in any order."""
    rng, cache, lists = random.Random(seed), PagedCache(400, 4), {}
    for step in range(300):
        names = list(lists)
        if not names or rng.random() < 0.1:
            like = rng.choice(["", *names])
            cache.begin(f"{step}", like)
            lists[f"{step}"] = list(lists.get(like, []))
        elif rng.random() < 0.05 and len(names) > 2:
            cache.end(names[0])
            del lists[names[0]]
        else:
            name = rng.choice(names)
            cache.append(name, step)
            lists[name].append(step)
        assert all(cache.read(name).tolist() == tokens for name, tokens in lists.items())
    used = {block for table in cache.tables.values() for block in table}
    assert cache.taken == len(used) and not used & set(cache.free)
    for name in lists:
        cache.end(name)
    assert cache.taken == 0 and sorted(cache.free) == list(range(400))


def test_shared_blocks_are_stored_once_and_copied_only_to_be_written_to():
    cache = PagedCache(20, 4)
    fill(cache, "prompt", range(10))
    cache.begin("a", like="prompt")
    cache.begin("b", like="prompt")
    assert cache.taken == 3 and cache.tables["a"] == cache.tables["b"]
    cache.append("a", 99)
    assert cache.taken == 4 and cache.tables["a"][:2] == cache.tables["b"][:2]
    assert cache.read("b").tolist() == list(range(10))


def state(cache: PagedCache) -> tuple:
    """All that a cache keeps; a block that nobody uses counts as none."""
    used = {number: users for number, users in cache.users.items() if users}
    tables = {name: list(table) for name, table in cache.tables.items()}
    return tables, dict(cache.lengths), list(cache.free), used, cache.pool.tolist()


@pytest.mark.parametrize("shared", [False, True], ids=["a new block", "copy on write"])
def test_an_empty_pool_is_an_error_that_changes_nothing(shared):
    """Afterwards the cache goes on: whoever ends leaves a block to the one that needs it."""
    cache = PagedCache(2, 4)
    fill(cache, "a", range(3 if shared else 4))
    fill(cache, "other", range(4, 6))
    if shared:
        cache.begin("b", like="a")
    writer, before = "b" if shared else "a", state(cache)
    for _ in range(2):
        with pytest.raises(IndexError):
            cache.append(writer, 99)
        assert state(cache) == before
    cache.end("other")
    cache.append(writer, 99)
    assert cache.read("a").tolist()[:3] == [0, 1, 2] and cache.read(writer)[-1] == 99
    cache.end("a")
    assert cache.taken == (1 if shared else 0)
