"""What crosses between judge and student: JSON and the raw bytes of tensors, never pickle.

None, bool, int, float, str, bytes, list, tuple, dict, tensors and numpy arrays arrive as they were
sent; a number of numpy's as Python's own; a tuple with names (collections.namedtuple, what topk
returns) as a tuple.  Anything else arrives as a Foreign that knows nothing but the name of its
type: no method of a student's class ever runs in the judge.
"""

import functools
import itertools
import json
import re
import struct
from typing import Any

import numpy as np
import torch

LIMIT = 64 << 20  # bytes of one message
PLAIN_LIMIT = 4 << 20  # of these, all but tensors: as Python's objects 30 times as large
PLAIN = (type(None), bool, int, float, str)
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.complex64, torch.complex128),
        *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool),
    )
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
NUMBERS = frozenset(np.dtype(code).type for code in "?bhilqBHILQefd")  # numpy's, without longdouble
ARRAYS = {np.dtype(code).name: np.dtype(code) for code in "?bhilqBHILQefdFD"}
FOREIGN = re.compile(r"[A-Za-z_]\w{0,40}( \([\w.]{1,40}\))?", re.ASCII)
HEAD = struct.Struct("<I")
LENGTH = struct.Struct("<I")  # before each message
GREETING = 300  # bytes: the first thing that a new process says
READY = b"ready"  # the first thing that the fork server says


class Foreign:
    """What a student's function returned and what does not cross; type(…) has its name."""


def encode(value: Any, foreign: bool = False) -> bytes:
    """Write a value as one message.  foreign: send the name of types that do not cross.

    length of the JSON, the JSON, the tensors' bytes
    TypeError for a value of another type, ValueError for a message over LIMIT.
    """
    blobs: list[bytes] = []
    body = _packed(value, blobs, foreign)
    head = json.dumps({"value": body, "sizes": [len(blob) for blob in blobs]}).encode()
    if len(head) > PLAIN_LIMIT or len(head) + sum(map(len, blobs)) > LIMIT:
        raise ValueError(f"more than {LIMIT >> 20} MiB, or {PLAIN_LIMIT >> 20} without tensors")
    return HEAD.pack(len(head)) + head + b"".join(blobs)


def decode(message: bytes) -> Any:
    """Read the value of a message from an untrusted sender.  ValueError where it is none."""
    try:
        start = HEAD.size + HEAD.unpack_from(message)[0]
        if start > HEAD.size + PLAIN_LIMIT:
            raise ValueError("too large")
        head = json.loads(message[HEAD.size : start])
        return _unpacked(head["value"], _blobs(message, start, head["sizes"]))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error) as error:
        raise ValueError(f"no message: {type(error).__name__}") from error
    except (RuntimeError, OverflowError, MemoryError) as error:  # too deep; torch's errors
        raise ValueError(f"no message: {type(error).__name__}") from error


def foreign(value: Any) -> tuple[str, str] | None:
    """Find what in VALUE did not cross: ("[1]", "set") is its place and type; None if all did.

    Without recursion: how deep a value is, is for its sender to choose.
    """
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        place, item = waiting.pop()
        if isinstance(item, Foreign):
            return place[:80], type(item).__name__
        if type(item) is dict:
            keys = [key if type(key) in PLAIN else "…" for key in item]
            parts = [*zip(keys, item, strict=True), *zip(keys, item.values(), strict=True)]
        else:
            parts = list(enumerate(item)) if type(item) in (list, tuple) else []
        waiting += [(f"{place}[{key!r}]"[:100], part) for key, part in reversed(parts)]
    return None


def _packed(value: Any, blobs: list[bytes], foreign: bool) -> Any:
    """Return a value as JSON, tensors put into BLOBS.

    type(), not isinstance: a subclass may have methods of its own, so it is foreign.
    """
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind in NUMBERS:
        return value.item()
    if kind is bytes:
        blobs.append(value)
        return {"bytes": len(blobs) - 1}
    if kind is list:
        return [_packed(item, blobs, foreign) for item in value]
    if kind is tuple or _has_names(value):
        return {"tuple": [_packed(item, blobs, foreign) for item in tuple.__iter__(value)]}
    if kind is dict:
        pairs = value.items()
        return {"dict": [[_packed(part, blobs, foreign) for part in pair] for pair in pairs]}
    if kind in (torch.Tensor, torch.nn.Parameter) and value.dtype in NAMES and _dense(value):
        blobs.append(_bytes(value))
        return {"tensor": [NAMES[value.dtype], list(value.shape), len(blobs) - 1]}
    if kind is np.ndarray and value.dtype.name in ARRAYS:
        blobs.append(value.astype(ARRAYS[value.dtype.name]).tobytes())
        return {"array": [value.dtype.name, list(value.shape), len(blobs) - 1]}
    if not foreign:
        raise TypeError(f"a {_called(value)} does not cross")
    return {"foreign": _called(value)}


def _has_names(value: Any) -> bool:
    """Tell whether it is a tuple whose members have names: a namedtuple, what topk returns."""
    kind = type(value)
    named = hasattr(kind, "_fields") or hasattr(kind, "n_sequence_fields")
    return isinstance(value, tuple) and (named or kind is torch.Size)


def _called(value: Any) -> str:
    """Return the name of a value's type; of a tensor or an array also what is unusual about it."""
    kind = type(value)
    if kind in (torch.Tensor, torch.nn.Parameter):
        odd = value.dtype if _dense(value) else value.layout if value.is_cpu else value.device.type
        return f"Tensor ({odd})"
    return f"ndarray ({value.dtype.name})" if kind is np.ndarray else kind.__name__


def _dense(tensor: torch.Tensor) -> bool:
    return tensor.layout == torch.strided and tensor.device.type == "cpu"


def _bytes(tensor: torch.Tensor) -> bytes:
    plain = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return plain.view(torch.uint8).numpy().tobytes()


def _blobs(message: bytes, start: int, sizes: list[int]) -> dict[int, bytes]:
    """Each byte belongs to one blob, and each blob to one value: nothing grows on the way."""
    if any(type(n) is not int or n < 0 for n in sizes) or start + sum(sizes) != len(message):
        raise ValueError("sizes")
    ends = [start, *(start + end for end in itertools.accumulate(sizes))]
    return {n: message[a:b] for n, (a, b) in enumerate(itertools.pairwise(ends))}


def _unpacked(value: Any, blobs: dict[int, bytes]) -> Any:
    if isinstance(value, list):
        return [_unpacked(item, blobs) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tuple":
        return tuple(_unpacked(item, blobs) for item in content)
    if kind == "dict":
        return {_unpacked(key, blobs): _unpacked(item, blobs) for key, item in content}
    if kind == "bytes":
        return blobs.pop(content)
    if kind == "tensor":
        dtype, shape, number = content
        return _tensor(dtype, shape, blobs.pop(number))
    if kind == "array":
        dtype, shape, number = content
        return _array(dtype, shape, blobs.pop(number))
    if kind == "foreign":
        return _foreign(content if FOREIGN.fullmatch(content) else "object")()
    raise ValueError(f"unknown kind {kind!r}")


@functools.lru_cache(maxsize=256)
def _foreign(name: str) -> type[Foreign]:
    return type(name, (Foreign,), {})


def _tensor(dtype: str, shape: list[int], blob: bytes) -> torch.Tensor:
    data = bytearray(blob)
    kind = DTYPES[dtype]
    if not data:
        return torch.empty(shape, dtype=kind) if 0 in shape else torch.empty(0).reshape(shape)
    flat = torch.frombuffer(data, dtype=torch.uint8)
    flat = flat.ne(0) if kind == torch.bool else flat.view(kind)  # a bool of 7 is no bool
    return flat.reshape([int(n) for n in shape])


def _array(dtype: str, shape: list[int], blob: bytes) -> np.ndarray:
    kind = ARRAYS[dtype]
    flat = np.frombuffer(bytearray(blob), np.uint8)
    flat = flat != 0 if kind == np.bool_ else flat.view(kind)
    return flat.reshape([int(n) for n in shape])
