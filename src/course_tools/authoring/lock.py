"""pairs.lock: what somebody has read in every language, as a hash of each text of a lesson.

A line:  FILE/KEY HASH HASH …   in the order of the languages; "-", or no more, where one has none
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

from helpers.language.say import LANGUAGES

from ..prose.texts import Text, of_lesson
from .problems import Problem, stop_at
from .source import lessons

NAME = "pairs.lock"
LINE = re.compile(r"\S+/\S+( [0-9a-f]{12}| -)* [0-9a-f]{12}$")
NONE = "-"
Pair = dict[str, Text]  # {language: text}


def problems(root: Path) -> list[Problem]:
    """Every pair that is not as it was confirmed."""
    return [problem for folder in lessons(root) for problem in _of_lesson(root, folder)]


def confirm(root: Path, wanted: list[str]) -> list[Text]:
    """Lock the named pairs as they are now, and tell which.  LessonError for an unknown name.

    LESSON:KEY or, after such a one, KEY of the same lesson; a cell's key stands for all its pairs.
    """
    done: list[Text] = []
    for folder, keys in _sorted_out(root, wanted).items():
        pairs, locked = _pairs(root, folder), _read(folder)
        chosen = [name for name in pairs if any(_names(key, name) for key in keys)]
        locked |= {name: _hashes(pairs[name]) for name in chosen}
        lines = [f"{name} {' '.join(locked[name])}\n" for name in pairs if name in locked]
        (folder / NAME).write_text("".join(lines), encoding="utf-8", newline="\n")
        done += [text for name in chosen for text in pairs[name].values()]
    return done


def _of_lesson(root: Path, folder: Path) -> Iterator[Problem]:
    locked = _read(folder)
    for name, pair in _pairs(root, folder).items():
        now, before = _hashes(pair), locked.get(name)
        if now != before:
            yield next(iter(pair.values())).problem(
                0,
                _what(now, before),
                f"read {_and(pair)}, then: python start.py confirm {folder.name}:{name}",
            )


def _what(now: tuple[str, ...], before: tuple[str, ...] | None) -> str:
    if before is None:
        return "this pair was never confirmed"
    both = zip_longest(LANGUAGES, now, before, fillvalue=NONE)
    changed = [lang for lang, a, b in both if a != b]
    which = f"only {changed[0]}" if len(changed) == 1 else _and(changed)
    return f"{which} changed since the pair was confirmed"


def _and(languages: Iterable[str]) -> str:
    return " and ".join(languages)


def _pairs(root: Path, folder: Path) -> dict[str, Pair]:
    """{FILE/KEY: {language: text}} in the order of the sources."""
    pairs: dict[str, Pair] = {}
    for text in of_lesson(root, folder):
        pairs.setdefault(f"{Path(text.file).stem}/{text.key}", {})[text.lang] = text
    if not pairs:
        stop_at([Problem(folder.name, "-", "the lesson has no text", "write it or remove it")])
    return pairs


def _hashes(pair: Pair) -> tuple[str, ...]:
    """One for each language; what is missing at the end leaves none."""
    there = max(n for n, lang in enumerate(LANGUAGES, 1) if lang in pair)
    return tuple(_hash(pair.get(lang)) for lang in list(LANGUAGES)[:there])


def _hash(text: Text | None) -> str:
    return hashlib.sha256(text.words.encode()).hexdigest()[:12] if text else NONE


def _read(folder: Path) -> dict[str, tuple[str, ...]]:
    path = folder / NAME
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    place, remedy = f"{folder.name}/{NAME}", "remove the line, then confirm the pair again"
    wrong = [x for x in lines if not LINE.match(x) or len(x.split()) - 1 > len(LANGUAGES)]
    stop_at(Problem(place, "-", f"cannot read {x!r}", remedy) for x in wrong)
    return {name: tuple(hashes) for name, *hashes in map(str.split, lines)}


def _sorted_out(root: Path, wanted: list[str]) -> dict[Path, list[str]]:
    """{lesson's folder: keys}"""
    folders = {folder.name: folder for folder in lessons(root)}
    found: dict[Path, list[str]] = {}
    remedy = "write LESSON:FILE/KEY, as python start.py build --check names it"
    lesson, there = "", dict[str, list[str]]()  # pairs of the named lessons, read once
    for word in wanted:
        lesson, key = word.split(":", 1) if ":" in word else (lesson, word)
        folder = folders.get(lesson)
        if folder and lesson not in there:
            there[lesson] = list(_pairs(root, folder))
        if folder is None or not any(_names(key, name) for name in there[lesson]):
            stop_at([Problem(lesson or "-", key, "no such pair", remedy)])
        else:
            found.setdefault(folder, []).append(key)
    return found


def _names(key: str, name: str) -> bool:
    return name == key or name.startswith(f"{key}.")
