"""What the grader says: words.toml, in English and in the students' languages."""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path

ENGLISH = "en"


@functools.cache
def catalogue() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def text(name: str, lang: str, values: Mapping[str, object] | None = None) -> str:
    """The message NAME, its {placeholders} filled.  KeyError if there is none."""
    return catalogue()[name][lang.replace("-", "_")].format_map(dict(values or {}))
