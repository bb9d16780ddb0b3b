"""The language of the course, and every word that a helper shows (kept in messages/MODULE.toml)."""

import functools
import locale
import tomllib
from collections.abc import Mapping
from importlib import resources

LANGUAGES = {"ja": "ja", "zh-tw": "zh-Hant-TW"}  # ours -> the language tag that browsers know
_current = "ja"


def use(lang: str) -> None:
    """Set the language of all messages.  ValueError if it is not one of LANGUAGES."""
    global _current
    if lang not in LANGUAGES:
        raise ValueError(f"LANG = {lang!r}; expected one of {', '.join(map(repr, LANGUAGES))}")
    _current = lang


def language() -> str:
    return _current


def of_the_system() -> str:
    """For a console: zh-tw where the system speaks Chinese, else ja."""
    name = (locale.getlocale()[0] or "").lower()
    return "zh-tw" if name.startswith(("zh", "chinese")) else "ja"


def key() -> str:
    """The current language as a key of TOML and JSON tables: "ja" or "zh_tw"."""
    return _current.replace("-", "_")


def html_lang() -> str:
    return LANGUAGES[_current]


def choose(texts: Mapping[str, str]) -> str:
    """The current language's entry of {"ja": …, "zh_tw": …}."""
    return texts[key()]


def text(module: str, name: str, /, **values: object) -> str:
    """The message NAME of messages/MODULE.toml with its {placeholders} filled.

    KeyError if the message, or a value for one of its placeholders, is missing.
    """
    messages = catalogue(module)
    if name not in messages:
        raise KeyError(f"messages/{module}.toml has no [{name}]; it has {sorted(messages)}")
    return choose(messages[name]).format_map(values)


@functools.cache
def catalogue(module: str) -> dict[str, dict[str, str]]:
    """All messages of one module: {name: {"ja": …, "zh_tw": …}}."""
    source = resources.files(__package__) / "messages" / f"{module}.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))
