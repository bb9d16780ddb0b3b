"""Quiz banks and claims: TOML in lessons/ → JSON that helpers can read."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.language.say import COMPLETE, TODO

from .parity import unequal
from .problems import Problem, stop_at
from .source import ARGUMENTS


def read_toml(path: Path) -> dict:
    """A TOML file whose every text stands in each complete language.  LessonError if not."""
    name = f"{path.parent.name}/{path.name}"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        stop_at([Problem(name, "-", f"no TOML: {error}", "mend the line that is named")])
    stop_at(_faults(name, "", table))
    return table


def as_json(lesson: str, table: dict) -> str:
    return json.dumps({"lesson": lesson} | _written(table), ensure_ascii=False, indent=1) + "\n"


def texts(table: dict) -> dict[str, str] | None:
    """{language: text} where a table is a text in several languages, else None.

    Without what is still to be written.
    """
    if not set(ARGUMENTS.values()) & table.keys():
        return None
    return {x: table[k] for x, k in ARGUMENTS.items() if table.get(k, TODO) != TODO}


def _written(value: Any) -> Any:
    """The same table without the texts that are still to be written."""
    if isinstance(value, list):
        return [_written(item) for item in value]
    if not isinstance(value, dict):
        return value
    todo = ARGUMENTS.values() if texts(value) is not None else ()
    return {k: _written(v) for k, v in value.items() if k not in todo or v != TODO}


def _faults(name: str, key: str, value: object) -> Iterator[Problem]:
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from _faults(name, f"{key}[{n}]", item)
    elif isinstance(value, dict) and texts(value) is not None:
        yield from _text_faults(name, key, value)
    elif isinstance(value, dict):
        for child, item in value.items():
            yield from _faults(name, f"{key}.{child}".strip("."), item)


def _text_faults(name: str, key: str, text: dict) -> Iterator[Problem]:
    filled = {k for k, v in text.items() if isinstance(v, str) and v.strip() and v != TODO}
    wanted = [ARGUMENTS[lang] for lang in COMPLETE]
    there = {k for k, v in text.items() if v != TODO}
    if set(wanted) - filled or there - filled or text.keys() - set(ARGUMENTS.values()):
        remedy = f"give {' and '.join(wanted)}, none empty"
        yield Problem(name, key, f"has {sorted(filled)}", remedy)
        return
    for what in unequal(texts(text) or {}):
        yield Problem(name, key, what, "make them equal")
