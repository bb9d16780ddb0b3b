"""A decoder alone for the tasks of lesson 05: it reads a prompt and a text, writes the answer.

One sequence: the source, </s>, the answer, </s>.  Only the answer is taught, as in lesson 05.
A task is asked for in one wording, whatever the language of the text, and every summary is also
taught as a translation into the other language: so the words that ask for the withheld pair are
known, its answers are written elsewhere, and only the combination is new.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, set_seed

from ..world import corpus
from . import encoder_decoder, training

TOKENIZER = encoder_decoder.TOKENIZER
LEARNING_RATE, BATCH_SIZE, LENGTH = 1e-2, 32, 128
WITHHELD = ("summary", "zh-tw")  # a task in a language that it is never asked in
ASKING = "ja"  # the language of the words that ask


def new(seed: int = 0) -> LlamaForCausalLM:
    """Make a decoder with as many layers as lesson 05's encoder and decoder, and of that width."""
    set_seed(seed)
    sizes: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 170, "num_hidden_layers": 4}
    sizes |= {"num_attention_heads": 4, "num_key_value_heads": 4, "max_position_embeddings": LENGTH}
    ids: dict[str, Any] = {"vocab_size": len(TOKENIZER), "pad_token_id": TOKENIZER.pad_token_id}
    ids |= {"bos_token_id": None, "eos_token_id": TOKENIZER.eos_token_id}
    config = LlamaConfig(tie_word_embeddings=True, initializer_range=0.1, **sizes, **ids)
    return LlamaForCausalLM(config).eval()


def asked(n: int, seed: int, split: str) -> list[corpus.Example]:
    """Return the examples of lesson 05, each with the prompt in the words of one language."""
    found = []
    for example in encoder_decoder.examples(n, seed, split):
        text = example.source.removeprefix(corpus.prompt(example.task, example.lang, ""))
        source = corpus.prompt(example.task, ASKING, text)
        found.append(example._replace(source=source))
    return found


def examples(n: int = 8000, seed: int = 0, split: str = "train") -> list[corpus.Example]:
    """Draw the training examples, without the withheld pair of task and language.

    Instead of it, retold summaries.
    """
    found = asked(n, seed, split)
    return [e for e in found if (e.task, e.lang) != WITHHELD] + retold(found)


def retold(found: Sequence[corpus.Example]) -> list[corpus.Example]:
    """Return the summaries among `found` as translations into Chinese and Japanese, by turns."""
    summaries = [
        [e.target for e in found if (e.task, e.lang) == ("summary", la)] for la in corpus.LANGUAGES
    ]
    again = []
    for ja, zh in zip(*summaries, strict=True):
        again.append(corpus.Example("to_zh_tw", "ja", corpus.prompt("to_zh_tw", ASKING, ja), zh))
        again.append(corpus.Example("to_ja", "zh-tw", corpus.prompt("to_ja", ASKING, zh), ja))
    return again


def next_batch(
    data: Sequence[corpus.Example], seed: int = 0, size: int = BATCH_SIZE
) -> Callable[[], dict[str, torch.Tensor]]:
    """Make the batches for training.train.

    The labels are the inputs where the answer stands: the model shifts.
    """
    sources = TOKENIZER([example.source for example in data]).input_ids
    targets = TOKENIZER([example.target for example in data]).input_ids
    generator = torch.Generator().manual_seed(seed)

    def batch() -> dict[str, torch.Tensor]:
        drawn = torch.randint(len(data), (size,), generator=generator).tolist()
        rows = [sources[n] + targets[n] for n in drawn]
        taught = [[-100] * len(sources[n]) + targets[n] for n in drawn]
        return {
            "input_ids": training.padded(rows, TOKENIZER.pad_token_id),
            "attention_mask": training.padded([[1] * len(row) for row in rows], 0),
            "labels": training.padded(taught, -100),
        }

    return batch


@torch.no_grad()
def answer(model: Any, sources: Sequence[str]) -> list[str]:
    """Answer greedily sources of any lengths.

    Those of one length go together, without padding.
    """
    ids = TOKENIZER(list(sources)).input_ids
    answers = [""] * len(ids)
    settings: dict[str, Any] = {"max_new_tokens": 40, "do_sample": False}
    settings |= {"pad_token_id": TOKENIZER.pad_token_id, "eos_token_id": TOKENIZER.eos_token_id}
    for length in {len(row) for row in ids}:
        places = [n for n, row in enumerate(ids) if len(row) == length]
        asked = torch.tensor([ids[n] for n in places])
        out = model.generate(asked, attention_mask=torch.ones_like(asked), **settings)
        texts = TOKENIZER.batch_decode(out[:, length:], skip_special_tokens=True)
        for place, text in zip(places, texts, strict=True):
            answers[place] = text
    return answers
