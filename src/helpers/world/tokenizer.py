"""Tokenizers of the mini world: fast tokenizers of transformers, one character a token.

All three architectures share one vocabulary, so a token has the same number everywhere; they
differ in the special tokens that stand around a text.
"""

import functools
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from . import corpus
from .corpus import LANGUAGES

PAD, UNK, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
BOS, EOS = "<s>", "</s>"
TAGS = {lang: f"<{lang}>" for lang in LANGUAGES}  # the language that a sentence is in
SENTINELS = [f"<extra_id_{n}>" for n in range(8)]  # T5's name for the n-th missing span
SPECIAL = [PAD, UNK, CLS, SEP, MASK, BOS, EOS, *TAGS.values(), *SENTINELS]
FRAMES = {  # architecture -> what stands around a text
    "encoder": ([CLS], [SEP]),
    "decoder": ([BOS], [EOS]),
    "encoder_decoder": ([], [EOS]),
}


@functools.cache
def load(architecture: str, more: str = "") -> PreTrainedTokenizerFast:
    """Return the tokenizer of "encoder", "decoder" or "encoder_decoder"; ValueError for others.

    more: characters that the mini world does not have; their numbers come behind all others.
    Texts may start with a tag of TAGS; tokenizer(text).input_ids adds the special tokens.
    """
    if architecture not in FRAMES:
        raise ValueError(f"architecture = {architecture!r}; expected one of {list(FRAMES)}")
    vocabulary = {token: n for n, token in enumerate([*SPECIAL, *corpus.characters(), *more])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token=UNK))
    inner.pre_tokenizer = pre_tokenizers.Split(Regex("."), behavior="isolated")
    inner.decoder = decoders.Fuse()
    inner.post_processor = _frame(*FRAMES[architecture], vocabulary)
    names = {"pad_token": PAD, "unk_token": UNK, "mask_token": MASK, "cls_token": CLS}
    names |= {"sep_token": SEP, "bos_token": BOS, "eos_token": EOS}
    others = [*TAGS.values(), *SENTINELS]
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, extra_special_tokens=others, model_max_length=128, **names
    )


def _frame(before: list[str], after: list[str], vocabulary: dict[str, int]):
    around = [(token, vocabulary[token]) for token in before + after]
    return processors.TemplateProcessing(
        single=" ".join([*before, "$A", *after]), special_tokens=around
    )


def tagged(text: str, lang: str) -> str:
    """Put the tag of its language before a text, as encoder and decoder are trained on it."""
    return TAGS[lang] + text


def subwords(texts: Iterable[str], vocabulary_size: int) -> PreTrainedTokenizerFast:
    """Train a byte-pair encoding on these texts (Sennrich et al. 2016, §3.2), as an example.

    Frequent neighbours grow together until the vocabulary is full; models use characters here,
    because a blank must be one token.
    """
    inner = Tokenizer(models.BPE(unk_token=UNK))
    inner.decoder = decoders.Fuse()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size, special_tokens=[UNK], show_progress=False
    )
    inner.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token=UNK)
