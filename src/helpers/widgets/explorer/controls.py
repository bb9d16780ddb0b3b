"""The controls of an explorer, declared in Python.  Each reads what a browser or a call gives."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...language import say
from ...language.typed_numbers import NotANumber, read_number
from ..base.messages import ControlDrawn

LONGEST_LIST = 12


class Refused(ValueError):
    """A value that a control cannot take: what was got, what was expected, for the student."""


@dataclass(frozen=True)
class Range:
    """A slider over `values`, in rising order: range(1, 13), [1, 2, 4, 8], [n / 10 for n in …].

    value: where it begins (the first one unless given)   unit: shown behind the number
    A call may give any number between the ends (a whole one if all values are whole).
    """

    name: str
    label: str
    values: Sequence[float]
    value: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.values, self.values[1:], strict=False))
        if len(self.values) < 2 or not rising:
            raise ValueError(f"Range {self.name!r}: two or more rising values, not {self.values!r}")
        self.start()

    def start(self) -> int:
        """The first raw value: a place in `values`."""
        return 0 if self.value is None else list(self.values).index(self.value)

    def read(self, raw: Any) -> float:
        return self.values[int(raw)]

    def accept(self, value: Any) -> float:
        low, high = self.values[0], self.values[-1]
        whole = all(isinstance(known, int) for known in self.values)
        if _is_number(value) and low <= value <= high and (not whole or value == int(value)):
            return int(value) if whole else value
        kind = say.text("explorer", "whole_number" if whole else "number")
        want = say.text("explorer", "kind_between", kind=kind, low=f"{low:g}", high=f"{high:g}")
        raise _refused(self.label, value, want)

    def said(self, value: Any) -> str:
        shown = f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
        return f"{shown}{self.unit}"

    def drawn(self) -> ControlDrawn:
        return {"kind": "range", "texts": [self.said(value) for value in self.values]}


@dataclass(frozen=True)
class Select:
    """One of several: options are texts, or {text: value}.  value: one of the values."""

    name: str
    label: str
    options: Mapping[str, Any] | Sequence[str]
    value: Any = None

    def __post_init__(self) -> None:
        if not self.choices():
            raise ValueError(f"Select {self.name!r}: no options")
        self.start()

    def choices(self) -> dict[str, Any]:
        """{text: value}"""
        if isinstance(self.options, Mapping):
            return dict(self.options)
        return {text: text for text in self.options}

    def start(self) -> int:
        return 0 if self.value is None else list(self.choices().values()).index(self.value)

    def read(self, raw: Any) -> Any:
        return list(self.choices().values())[int(raw)]

    def accept(self, value: Any) -> Any:
        """One of the values, or its text."""
        choices = self.choices()
        if isinstance(value, str) and value in choices:
            return choices[value]
        if value in choices.values():
            return value
        raise _refused(self.label, value, "、".join(map(str, choices)))

    def said(self, value: Any) -> str:
        return next(text for text, known in self.choices().items() if known == value)

    def drawn(self) -> ControlDrawn:
        return {"kind": "select", "texts": list(self.choices())}


@dataclass(frozen=True)
class Check:
    """A check box."""

    name: str
    label: str
    value: bool = False

    def start(self) -> bool:
        return self.value

    def read(self, raw: Any) -> bool:
        return bool(raw)

    def accept(self, value: Any) -> bool:
        if value in (True, False):
            return bool(value)
        raise _refused(self.label, value, "True、False")

    def said(self, value: Any) -> str:
        return say.text("explorer", "on" if value else "off")

    def drawn(self) -> ControlDrawn:
        return {"kind": "check"}


@dataclass(frozen=True)
class Number:
    """A number to type, read as people type it (`１２．５`, `12万`); whole: no fraction."""

    name: str
    label: str
    value: float
    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    unit: str = ""

    def start(self) -> str:
        return f"{self.value:.10g}"

    def read(self, raw: Any) -> float:
        try:
            number = read_number(str(raw), [self.unit] if self.unit else [])
        except NotANumber:
            raise _refused(self.label, raw, self._wanted()) from None
        return self.accept(float(number))

    def accept(self, value: Any) -> float:
        if not _is_number(value) or not self.low <= value <= self.high:
            raise _refused(self.label, value, self._wanted())
        if self.whole and value != int(value):
            raise _refused(self.label, value, self._wanted())
        return int(value) if self.whole else value

    def _wanted(self) -> str:
        kind = say.text("explorer", "whole_number" if self.whole else "number")
        low, high = (f"{end:g}" for end in (self.low, self.high))
        if math.isfinite(self.low) and math.isfinite(self.high):
            return say.text("explorer", "kind_between", kind=kind, low=low, high=high)
        if math.isfinite(self.low):
            return say.text("explorer", "kind_from", kind=kind, low=low)
        return kind

    def said(self, value: Any) -> str:
        return f"{value:.10g}{self.unit}"

    def drawn(self) -> ControlDrawn:
        return {"kind": "number", "unit": self.unit}


@dataclass(frozen=True)
class Text:
    """A line to type.

    check: gets the text, returns "" or one sentence on what to change; the text is then not drawn
    known: the words or characters that may be used, to unfold below the field
    """

    name: str
    label: str
    value: str
    check: Callable[[str], str] | None = None
    known: Collection[str] = ()

    def start(self) -> str:
        return self.value

    def read(self, raw: Any) -> str:
        return self.accept(str(raw))

    def accept(self, value: Any) -> str:
        if not isinstance(value, str):
            raise _refused(self.label, value, say.text("explorer", "a_text"))
        if problem := self.check(value) if self.check else "":
            raise Refused(problem)
        return value

    def said(self, value: Any) -> str:
        return value

    def drawn(self) -> ControlDrawn:
        return {"kind": "text", "known": list(self.known)}


Control = Range | Select | Check | Number | Text


def knows(words: Collection[str], split: Callable[[str], list[str]] = str.split) -> Callable:
    """A check for Text: every part of the text is one of `words`, and there is at least one."""

    def check(text: str) -> str:
        parts = split(text)
        unknown = list(dict.fromkeys(part for part in parts if part not in words))
        return unknown_words(unknown) or ("" if parts else say.text("explorer", "empty"))

    return check


def unknown_words(unknown: Sequence[str]) -> str:
    """One sentence that names them; "" if there is none."""
    if not unknown:
        return ""
    return say.text("explorer", "unknown", words=shortened(unknown))


def shortened(words: Sequence[str]) -> str:
    quoted = [say.text("explorer", "quoted", word=word) for word in words]
    more = "…" if len(words) > LONGEST_LIST else ""
    return "、".join(quoted[:LONGEST_LIST]) + more


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _refused(label: str, got: Any, want: str) -> Refused:
    shown = f"{got}"[:40]
    return Refused(say.text("explorer", "refused", label=label, got=shown, want=want))
