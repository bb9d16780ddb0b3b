"""Sentences one by one and in batches; what shared letters alone would find."""

import pytest
import torch

from helpers.models import real, sentences
from helpers.world import parallel


@torch.no_grad()
def test_padding_changes_nothing_and_is_left_out():
    model, tokenizer = real.stand_in("e5"), real.stand_in("e5", "tokenizer")
    texts = [parallel.sentence(event, "ja") for event in parallel.different(30)]
    found = sentences.read(model, tokenizer, texts)
    for text, vectors in zip(texts, found, strict=True):
        alone = tokenizer(sentences.PREFIX + text, return_tensors="pt").input_ids
        assert torch.allclose(vectors, model(alone).last_hidden_state[0], atol=1e-5)


def test_letters_find_what_shares_most_of_them_and_ties_count_in_part():
    assert sentences.by_letters(["abc", "xyz"], ["abd", "xyw"]) == 1
    assert sentences.by_letters(["abc", "xyz"], ["xyw", "abd"]) == 0
    assert sentences.by_letters(["ab", "cd"], ["pq", "rs"]) == pytest.approx(0.5)
    assert sentences.by_letters(["a.", "b,"], ["b.", "a,"]) == 0  # punctuation does not count
