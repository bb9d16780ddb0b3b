"""Quiz banks and claims: TOML in lessons/ → JSON that helpers can read."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

from .parity import differences
from .problems import Problem, stop_at

BOTH = {"ja", "zh_tw"}


def read_toml(path: Path) -> dict:
    """A TOML file whose every text stands in both languages.  LessonError if not."""
    name = f"{path.parent.name}/{path.name}"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        stop_at([Problem(name, "-", f"no TOML: {error}", "mend the line that is named")])
    stop_at(_faults(name, "", table))
    return table


def as_json(lesson: str, table: dict) -> str:
    return json.dumps({"lesson": lesson} | table, ensure_ascii=False, indent=1) + "\n"


def _faults(name: str, key: str, value: object) -> Iterator[Problem]:
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from _faults(name, f"{key}[{n}]", item)
    elif isinstance(value, dict) and BOTH & value.keys():
        yield from _text_faults(name, key, value)
    elif isinstance(value, dict):
        for child, item in value.items():
            yield from _faults(name, f"{key}.{child}".strip("."), item)


def _text_faults(name: str, key: str, text: dict) -> Iterator[Problem]:
    filled = {k for k, v in text.items() if isinstance(v, str) and v.strip()}
    if filled != BOTH or text.keys() != BOTH:
        yield Problem(name, key, f"has {sorted(filled)}", "give ja and zh_tw, neither empty")
        return
    for kind, ja, zh_tw in differences(text["ja"], text["zh_tw"]):
        yield Problem(
            name, key, f"unequal {kind}: ja has {ja}, zh-tw has {zh_tw}", "make them equal"
        )
