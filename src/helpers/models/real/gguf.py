"""Read a GGUF file: what it says of itself, and its matrices as numbers of 32 bits.

Only the forms that the course's file uses: whole numbers of 4 and 8 bits in blocks of 32 that
share a scale, and plain floats.  Format: github.com/ggml-org/ggml, docs/gguf.md, version 3.
"""

import math
import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

SCALARS = dict(enumerate("BbHhIif?", 0)) | {10: "Q", 11: "q", 12: "d"}  # as struct names them
STRING, ARRAY = 8, 9
BLOCK = 32  # numbers that share a scale
NIBBLES = ("q", "u1", BLOCK // 2)


def four_bits(pairs: np.ndarray) -> np.ndarray:
    """Return 32 numbers of 4 bits for each row of 16 bytes: all low halves, then all high ones."""
    return np.concatenate([pairs & 15, pairs >> 4], 1, dtype=np.float32)


def _floats(raw: np.ndarray) -> np.ndarray:
    return raw.astype(np.float32)


def _q8_0(raw: np.ndarray) -> np.ndarray:
    """d · q, with one scale d for 32 whole numbers q of 8 bits."""
    return raw["q"] * raw["d"].astype(np.float32)[:, None]


def _q4_1(raw: np.ndarray) -> np.ndarray:
    """d · q + m, with d and m for 32 whole numbers q of 4 bits."""
    q = four_bits(raw["q"])
    q *= raw["d"].astype(np.float32)[:, None]
    q += raw["m"].astype(np.float32)[:, None]
    return q


@dataclass(frozen=True)
class Form:
    """How a tensor's numbers lie in the file: a record, the numbers in it, and what they mean."""

    record: np.dtype
    numbers: int
    read: Callable[[np.ndarray], np.ndarray]


FORMS = {
    0: Form(np.dtype("<f4"), 1, _floats),
    1: Form(np.dtype("<f2"), 1, _floats),
    3: Form(np.dtype([("d", "<f2"), ("m", "<f2"), NIBBLES]), BLOCK, _q4_1),
    8: Form(np.dtype([("d", "<f2"), ("q", "i1", BLOCK)]), BLOCK, _q8_0),
}


class Reader:
    """Reads values one after the other.

    raw: bytes   at: where the next value begins
    """

    def __init__(self, raw: Any) -> None:
        self.raw, self.at = raw, 0

    def one(self, form: str) -> Any:
        """Read one value in a form of struct, little-endian."""
        [value] = struct.unpack_from(f"<{form}", self.raw, self.at)
        self.at += struct.calcsize(f"<{form}")
        return value

    def string(self, size_form: str = "Q") -> str:
        """Read a length, and as many bytes of UTF-8."""
        size = self.one(size_form)
        self.at += size
        return self.raw[self.at - size : self.at].decode("utf-8")

    def array(self, form: str, count: int) -> np.ndarray:
        """Read numbers of one form of numpy."""
        found = np.frombuffer(self.raw, form, count, self.at)
        self.at += found.nbytes
        return found

    def value(self, kind: int) -> Any:
        """Read a value of one of GGUF's kinds."""
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            inner, count = self.one("I"), self.one("Q")
            return [self.value(inner) for _ in range(count)]
        return self.one(SCALARS[kind])


class GgufFile:
    """A GGUF file.

    says: {key: value} of its head, such as {"llama.block_count": 30}
    names: the tensors that it holds
    ValueError where it is none, or of another version
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        head = Reader(self._raw)
        magic, version = head.one("4s"), head.one("I")
        if (magic, version) != (b"GGUF", 3):
            raise ValueError(f"{path.name}: expected GGUF version 3, got {magic!r} {version}")
        tensors, values = head.one("Q"), head.one("Q")
        self.says = {head.string(): head.value(head.one("I")) for _ in range(values)}
        self._where = dict(self._tensor(head) for _ in range(tensors))
        aligned = self.says.get("general.alignment", 32)
        self._data = math.ceil(head.at / aligned) * aligned

    @staticmethod
    def _tensor(head: Reader) -> tuple[str, tuple[tuple[int, ...], int, int]]:
        """Read one line of the table: name, and (shape, kind, place in the data)."""
        name, axes = head.string(), head.one("I")
        shape = tuple(head.one("Q") for _ in range(axes))[::-1]  # the fastest axis comes first
        return name, (shape, head.one("I"), head.one("Q"))

    @property
    def names(self) -> list[str]:
        """The tensors that the file holds."""
        return list(self._where)

    @property
    def numbers(self) -> int:
        """How many numbers all tensors hold."""
        return sum(math.prod(shape) for shape, _, _ in self._where.values())

    def tensor(self, name: str) -> torch.Tensor:
        """Return one tensor in float32.  KeyError for a form that this module does not read."""
        shape, kind, place = self._where[name]
        form = FORMS[kind]
        count = math.prod(shape) // form.numbers
        raw = np.frombuffer(self._raw, form.record, count, self._data + place)
        return torch.from_numpy(form.read(raw).reshape(shape))
