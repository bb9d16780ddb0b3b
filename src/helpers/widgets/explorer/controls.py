"""The controls of an explorer, declared in Python; each reads what a browser or a call gives."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...language import say
from ...language.typed_numbers import NotANumber, read_number
from ..base.messages import ControlDrawn

LONGEST_LIST = 12


class Refused(ValueError):
    """A value that a control cannot take; the message says what was got and expected."""


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
        """Return the raw value at first: a place in `values`."""
        return 0 if self.value is None else list(self.values).index(self.value)

    def read(self, raw: Any) -> float:
        """Return the value of a raw value."""
        return self.values[int(raw)]

    def accept(self, value: Any) -> float:
        """Return a value that a call gives; raise Refused if the slider cannot stand there."""
        low, high = self.values[0], self.values[-1]
        whole = all(isinstance(known, int) for known in self.values)
        if _is_number(value) and low <= value <= high and (not whole or value == int(value)):
            return int(value) if whole else value
        kind = say.text("explorer", "whole_number" if whole else "number")
        want = say.text("explorer", "kind_between", kind=kind, low=f"{low:g}", high=f"{high:g}")
        raise _refused(self.label, value, want)

    def said(self, value: Any) -> str:
        """Write a value with its unit."""
        shown = f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
        return f"{shown}{self.unit}"

    def drawn(self) -> ControlDrawn:
        """Return what the slider's drawing needs."""
        return {"kind": "range", "texts": [self.said(value) for value in self.values]}


@dataclass(frozen=True)
class Select:
    """A list to choose one from.

    options: texts, or {text: value}   value: one of the values
    """

    name: str
    label: str
    options: Mapping[str, Any] | Sequence[str]
    value: Any = None

    def __post_init__(self) -> None:
        if not self.choices():
            raise ValueError(f"Select {self.name!r}: no options")
        self.start()

    def choices(self) -> dict[str, Any]:
        """Return {text: value} of all options."""
        if isinstance(self.options, Mapping):
            return dict(self.options)
        return {text: text for text in self.options}

    def start(self) -> int:
        """Return the raw value at first: a place in the list."""
        return 0 if self.value is None else list(self.choices().values()).index(self.value)

    def read(self, raw: Any) -> Any:
        """Return the value of a raw value."""
        return list(self.choices().values())[int(raw)]

    def accept(self, value: Any) -> Any:
        """Return the value that a call gives, itself or by its text; raise Refused for others."""
        choices = self.choices()
        if isinstance(value, str) and value in choices:
            return choices[value]
        if value in choices.values():
            return value
        raise _refused(self.label, value, "、".join(map(str, choices)))

    def said(self, value: Any) -> str:
        """Return the text of a value."""
        return next(text for text, known in self.choices().items() if known == value)

    def drawn(self) -> ControlDrawn:
        """Return what the list's drawing needs."""
        return {"kind": "select", "texts": list(self.choices())}


@dataclass(frozen=True)
class Check:
    """A check box."""

    name: str
    label: str
    value: bool = False

    def start(self) -> bool:
        """Return the raw value at first."""
        return self.value

    def read(self, raw: Any) -> bool:
        """Return the value of a raw value."""
        return bool(raw)

    def accept(self, value: Any) -> bool:
        """Return True or False as a call gives it; raise Refused for others."""
        if value in (True, False):
            return bool(value)
        raise _refused(self.label, value, "True、False")

    def said(self, value: Any) -> str:
        """Write "on" or "off" in the student's language."""
        return say.text("explorer", "on" if value else "off")

    def drawn(self) -> ControlDrawn:
        """Return what the check box's drawing needs."""
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
        """Return the value at first, as text."""
        return f"{self.value:.10g}"

    def read(self, raw: Any) -> float:
        """Read what was typed; raise Refused if it is no number in range."""
        try:
            number = read_number(str(raw), [self.unit] if self.unit else [])
        except NotANumber:
            raise _refused(self.label, raw, self._wanted()) from None
        return self.accept(float(number))

    def accept(self, value: Any) -> float:
        """Return a number that a call gives; raise Refused if it is out of range."""
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
        """Write a value with its unit."""
        return f"{value:.10g}{self.unit}"

    def drawn(self) -> ControlDrawn:
        """Return what the field's drawing needs."""
        return {"kind": "number", "unit": self.unit}


@dataclass(frozen=True)
class Text:
    """A field to type a line into.

    check: gets the text, returns "" or one sentence on what to change; the text is then not drawn
    known: the words or characters that may be used, to unfold below the field
    """

    name: str
    label: str
    value: str
    check: Callable[[str], str] | None = None
    known: Collection[str] = ()

    def start(self) -> str:
        """Return the text at first."""
        return self.value

    def read(self, raw: Any) -> str:
        """Read what was typed; raise Refused if the check refuses it."""
        return self.accept(str(raw))

    def accept(self, value: Any) -> str:
        """Return a text that a call gives; raise Refused if the check refuses it."""
        if not isinstance(value, str):
            raise _refused(self.label, value, say.text("explorer", "a_text"))
        if problem := self.check(value) if self.check else "":
            raise Refused(problem)
        return value

    def said(self, value: Any) -> str:
        """Return the text."""
        return value

    def drawn(self) -> ControlDrawn:
        """Return what the field's drawing needs."""
        return {"kind": "text", "known": list(self.known)}


Control = Range | Select | Check | Number | Text


def knows(words: Collection[str], split: Callable[[str], list[str]] = str.split) -> Callable:
    """Make a check for Text: every part of the text is one of `words`, and there are some."""

    def check(text: str) -> str:
        parts = split(text)
        unknown = list(dict.fromkeys(part for part in parts if part not in words))
        return unknown_words(unknown) or ("" if parts else say.text("explorer", "empty"))

    return check


def unknown_words(unknown: Sequence[str]) -> str:
    """Name the unknown words in one sentence; "" if there is none."""
    if not unknown:
        return ""
    return say.text("explorer", "unknown", words=shortened(unknown))


def shortened(words: Sequence[str]) -> str:
    """Quote the words in a list, cut after LONGEST_LIST of them."""
    quoted = [say.text("explorer", "quoted", word=word) for word in words]
    more = "…" if len(words) > LONGEST_LIST else ""
    return "、".join(quoted[:LONGEST_LIST]) + more


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _refused(label: str, got: Any, want: str) -> Refused:
    shown = f"{got}"[:40]
    return Refused(say.text("explorer", "refused", label=label, got=shown, want=want))
