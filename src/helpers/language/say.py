"""The language of the course, and every message that a helper shows, from messages/MODULE.toml."""

import functools
import locale
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DECLARED: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("languages.toml").read_text(encoding="utf-8")
)
LANGUAGES = {lang: entry["browsers"] for lang, entry in DECLARED.items()}  # ours -> HTML's tag
COMPLETE = tuple(lang for lang, entry in DECLARED.items() if not entry.get("draft"))
FIRST = COMPLETE[0]
TODO = "TODO"  # stands where a text of a draft has its place and is not written
_current = FIRST


def use(lang: str) -> None:
    """Set the language of all messages; raise ValueError if it is not one of LANGUAGES."""
    global _current
    if lang not in LANGUAGES:
        raise ValueError(f"LANG = {lang!r}; expected one of {', '.join(map(repr, LANGUAGES))}")
    _current = lang


def language() -> str:
    """Return the current language."""
    return _current


def of_the_console() -> str:
    """Return the language whose characters this process's console is set to show."""
    return of_locale(locale.getlocale()[0] or "")


def of_the_system() -> str:
    """Return the language in which the system speaks to its user: of LC_ALL, LC_MESSAGES, LANG.

    Windows, where none of them is set, has one of its own.
    """
    names = [os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    if sys.platform == "win32":
        import ctypes

        ui = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        names.append(locale.windows_locale.get(ui))
    return of_locale(next(filter(None, names), ""))


def key(lang: str | None = None) -> str:
    """Return a language, or the current one, as a key of TOML and JSON tables: _ in place of -."""
    return (lang or _current).replace("-", "_")


def html_lang() -> str:
    """Return the current language as HTML's lang attribute names it."""
    return LANGUAGES[_current]


def choose(texts: Mapping[str, str]) -> str:
    """Return the current language's entry of {"ja": …, …}, else the first language's.

    KeyError if a complete language has none.
    """
    written = texts.get(key(), TODO) != TODO
    return texts[key() if written or _current in COMPLETE else key(FIRST)]


def of_locale(name: str) -> str:
    """Return the complete language of a system whose locale has this name, else the first one."""
    name = name.replace("-", "_").lower()
    spoken = (x for x in COMPLETE if name.startswith(tuple(DECLARED[x]["systems"])))
    return next(spoken, FIRST)


def text(module: str, name: str, /, **values: object) -> str:
    """Return the message NAME of messages/MODULE.toml with its {placeholders} filled.

    KeyError if the message, or a value for one of its placeholders, is missing.
    """
    messages = catalogue(module)
    if name not in messages:
        raise KeyError(f"messages/{module}.toml has no [{name}]; it has {sorted(messages)}")
    return choose(messages[name]).format_map(values)


def catalogue(module: str) -> dict[str, dict[str, str]]:
    """Return all messages of one module: {name: {"ja": …, …}}."""
    return texts_of(Path(__file__).with_name("messages") / f"{module}.toml")


@functools.cache
def texts_of(file: Path) -> dict[str, dict[str, str]]:
    """Return all texts of a file: {name: {"ja": …, …}}."""
    return tomllib.loads(file.read_text(encoding="utf-8"))
