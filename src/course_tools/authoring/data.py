"""Tables of a lesson (quiz bank, claims, measured numbers): TOML in, JSON for helpers out."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from helpers.language.say import COMPLETE, TODO

from .inline_texts import ARGUMENTS
from .parity import unequal
from .problems import Problem
from .reading import SourceFile


@dataclass(frozen=True)
class Table(SourceFile):
    """A TOML file as it was read.  With faults, its table is not fit for use."""

    table: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, file: str, text: str) -> Self:
        """Return a table with this text.  A text must stand in each complete language."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            remedy = "mend the line that is named"
            return cls(file, text, faults=(Problem(file, "-", f"no TOML: {error}", remedy),))
        return cls(file, text, table, faults=tuple(_faults(file, "", table)))


def as_json(lesson: str, table: dict[str, Any]) -> str:
    """Return what helpers read of a lesson's quiz bank or claims."""
    return json.dumps({"lesson": lesson} | _written(table), ensure_ascii=False, indent=1) + "\n"


def texts(table: dict) -> dict[str, str] | None:
    """Return {language: text} where a table is a text in several languages, else None.

    Without what is still to be written.
    """
    if not set(ARGUMENTS.values()) & table.keys():
        return None
    return {x: table[k] for x, k in ARGUMENTS.items() if table.get(k, TODO) != TODO}


def _written(value: Any) -> Any:
    """Return the same table without the texts that are still to be written."""
    if isinstance(value, list):
        return [_written(item) for item in value]
    if not isinstance(value, dict):
        return value
    todo = ARGUMENTS.values() if texts(value) is not None else ()
    return {k: _written(v) for k, v in value.items() if k not in todo or v != TODO}


def _faults(file: str, key: str, value: object) -> Iterator[Problem]:
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from _faults(file, f"{key}[{n}]", item)
    elif isinstance(value, dict) and texts(value) is not None:
        yield from _text_faults(file, key, value)
    elif isinstance(value, dict):
        for child, item in value.items():
            yield from _faults(file, f"{key}.{child}".strip("."), item)


def _text_faults(file: str, key: str, text: dict) -> Iterator[Problem]:
    filled = {k for k, v in text.items() if isinstance(v, str) and v.strip() and v != TODO}
    wanted = [ARGUMENTS[lang] for lang in COMPLETE]
    there = {k for k, v in text.items() if v != TODO}
    if set(wanted) - filled or there - filled or text.keys() - set(ARGUMENTS.values()):
        remedy = f"give {' and '.join(wanted)}, none empty"
        yield Problem(file, key, f"has {sorted(filled)}", remedy)
        return
    for what in unequal(texts(text) or {}):
        yield Problem(file, key, what, "make them equal")
